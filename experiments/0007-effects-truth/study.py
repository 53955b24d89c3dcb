"""Do the intervals of the effects cover the truth, and is a step without effect found out?

Simulates companies, estimates every effect, and holds it against the truth of the very
landmarks it speaks of: the chance of leaving within the horizon if the milestone were reached
at the end of the window, less that of going on from there, computed from the laws and averaged
with the same overlap weights. Once as a run sees the company, with engagement hidden; once with
all that both the step and leaving hang on given as three more inputs: the hidden state
(engagement, sponsor, trouble) of the week in which the step may be taken. It is drawn on the
morning itself, before any step, and no step moves it.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, fields, replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from configs.load import Configuration, load
from features.asof import ordinal
from features.assemble import FeatureSet, build_features
from features.catalogue import Catalogue, Feature
from features.simulated import LAST_DAY, simulate
from features.simulated.laws import in_trouble, level_of, sponsor_gone
from features.simulated.leaving import chance_of_leaving
from features.simulated.mornings import Outlooks, outlooks
from features.simulated.truth import EFFECT_DAYS, reached_now
from features.simulated.world import Lives, lived
from features.sources import open_source
from training.effects.contrast import TWO_SIDED_95
from training.effects.crossfit import cross_fit
from training.effects.effect import Effect
from training.effects.estimate import SEED, bridges, compared, judged_together
from training.effects.landmarks import BUSY_MONTH, Book, Landmarks, landmark_book
from training.effects.together import Cell
from training.engine.periods import Floats

ROOT = Path(__file__).parents[2]
ACCOUNTS = 2500
EVERY_DAYS = 7
AS_OF = LAST_DAY + timedelta(days=1)
HIDDEN = {"engagement": level_of, "sponsor_gone": sponsor_gone, "in_trouble": in_trouble}
NO_EFFECT = "dashboards_polished"
TINY = 1e-12


def main(first: int, last: int, kept: Path) -> None:
    """Print a line per company, and what they say together.

    Each company's estimates are kept in a folder, so that several runs can share the work; what
    they may be called is decided anew each time.
    """
    kept.mkdir(parents=True, exist_ok=True)
    estimates = [_kept_cells(seed, kept) for seed in range(first, last + 1)]
    companies = [own for each in estimates for _, own in each.groupby("seen")]
    cells = pd.concat([_judged(own) for own in companies], ignore_index=True)
    for seen, own in cells.groupby("seen"):
        print(f"\n### {seen}\n")
        print("| seed | cells | covered | error / s.e. | covered before | before |")
        print("|---|---|---|---|---|---|")
        for seed, of_seed in own.groupby("seed"):
            _print_row(str(seed), of_seed)
        _print_row("all", own)
    _print_called(cells)
    _print_milestones(cells)


def _judged(cells: pd.DataFrame) -> pd.DataFrame:
    """One company's cells, and what each may be called: an effect or not, by which rule."""
    told = [_cell(row) for row in cells.astype(object).to_dict("records")]
    placebo = [each.effect for each in told if each.effect.milestone == BUSY_MONTH]
    real = [each for each in told if each.effect.milestone != BUSY_MONTH]
    evidence = [effect.evidence for effect in judged_together(real, placebo)]
    own = cells.loc[(cells["milestone"] != BUSY_MONTH).to_numpy()]
    before = TWO_SIDED_95 * own["plain_error"]
    own = own.assign(
        evidence=evidence,
        is_called=[each == "adjusted" for each in evidence],
        alone=(own["low"] > 0) | (own["high"] < 0),
        before=own["plain_points"].abs() > before,
        is_covered=(own["low"] <= own["truth"]) & (own["truth"] <= own["high"]),
        was_covered=(own["plain_points"] - own["truth"]).abs() <= before,
    )
    return own.loc[own["points"].notna()]


def _cell(row: dict[str, object]) -> Cell:
    names = {field.name for field in fields(Effect)}
    known = {name: None if pd.isna(value) else value for name, value in row.items()}
    told = {name: value for name, value in known.items() if name in names}
    return Cell(Effect(**{**told, "remark": told["remark"] or ""}), float(row["error"]))


def _print_row(name: str, cells: pd.DataFrame) -> None:
    told, plain = (
        (cells[points] - cells["truth"]) / cells[error]
        for points, error in (("points", "error"), ("plain_points", "plain_error"))
    )
    print(
        f"| {name} | {len(cells)} | {cells['is_covered'].mean():.1%} | {told.mean():+.2f} "
        f"| {cells['was_covered'].mean():.1%} | {plain.mean():+.2f} |"
    )


def _print_called(cells: pd.DataFrame) -> None:
    print("\n### Cells called an effect, by which rule\n")
    print("| seen | cells | rule | with an effect | without |")
    print("|---|---|---|---|---|")
    rules = {
        "before": "interval leaves out zero, nothing taken off",
        "alone": "interval leaves out zero",
        "is_called": "as the product does",
    }
    for seen, own in cells.groupby("seen"):
        idle = own["milestone"] == NO_EFFECT
        for rule, name in rules.items():
            real, false = own.loc[~idle, rule], own.loc[idle, rule]
            print(
                f"| {seen} | {len(own)} | {name} | {real.sum()} of {len(real)} "
                f"| {false.sum()} of {len(false)} |"
            )


def _print_milestones(cells: pd.DataFrame) -> None:
    print("\n### By milestone, all companies and segments, points\n")
    print("| milestone | seen | truth | estimated | lent | covered | covered before | called |")
    print("|---|---|---|---|---|---|---|---|")
    for (milestone, seen), own in cells.groupby(["milestone", "seen"]):
        print(
            f"| {milestone} | {seen} | {100 * own['truth'].mean():.2f} "
            f"| {100 * own['points'].mean():.2f} | {100 * own['lent'].mean():.2f} "
            f"| {own['is_covered'].mean():.0%} | {own['was_covered'].mean():.0%} "
            f"| {own['is_called'].mean():.0%} |"
        )


def _kept_cells(seed: int, kept: Path) -> pd.DataFrame:
    file = kept / f"{ACCOUNTS}-{seed}.csv"
    if not file.exists():
        _cells(seed).to_csv(file, index=False)
    return pd.read_csv(file)


def _cells(seed: int) -> pd.DataFrame:
    """Every estimated cell of one company, both ways, with its truth."""
    features, configuration = a_company(seed)
    lives = lived(accounts=ACCOUNTS, seed=seed)
    rows = []
    for seen, told in (("hidden", features), ("observed", with_hidden(features, lives))):
        book = landmark_book(
            told,
            training_day=ordinal(AS_OF),
            horizon_days=EFFECT_DAYS,
            min_events=configuration.project.models.min_events,
        )
        rows += [{"seed": seed, "seen": seen, **row} for row in _held(book, lives)]
    return pd.DataFrame(rows)


def a_company(seed: int) -> tuple[FeatureSet, Configuration]:
    """Simulate one and build its features, a morning every week."""
    with tempfile.TemporaryDirectory() as folder:
        simulate(Path(folder) / "tables", accounts=ACCOUNTS, seed=seed)
        os.environ["MILEPOST_DEMO_DATA"] = str(Path(folder) / "tables")
        shutil.copytree(ROOT / "configs" / "demo", Path(folder) / "demo")
        project = Path(folder) / "demo" / "project.toml"
        text = project.read_text("utf-8")
        project.write_text(text.replace("every_days = 7 ", f"every_days = {EVERY_DAYS} "))
        configuration = load(project.parent)
        source = open_source(configuration.project, configuration.folder)
        return build_features(source.tables, configuration, as_of=AS_OF), configuration


def with_hidden(features: FeatureSet, lives: Lives) -> FeatureSet:
    """The same features, and the hidden state of the week that begins on each morning.

    The last morning's week has not been lived: its state is unknown.
    """
    snapshots, states = features.snapshots, lives.journeys.state
    week = _weeks(snapshots["day"].to_numpy(), lives)
    now = states[_number(snapshots["account_id"]), np.minimum(week, states.shape[1] - 1)]
    state = np.where(week < states.shape[1], now, -1).astype(np.int64)
    values = features.values.assign(
        **{name: np.where(state < 0, np.nan, of(state)) for name, of in HIDDEN.items()}
    )
    more = [Feature(name, "account", name, name, "count", "not begun") for name in HIDDEN]
    catalogue = Catalogue([*features.catalogue.values(), *more])
    return replace(features, values=values, catalogue=catalogue)


def _held(book: Book, lives: Lives) -> Iterator[dict[str, object]]:
    over = bridges(book)
    for cell in compared(book.busy_months(), over):
        yield _row(cell, cell, 0.0)
    for landmarks in book.milestones():
        expected = cross_fit(landmarks, seed=SEED)
        truth = _truth(landmarks, book, lives)
        plain = compared(landmarks, {}, expected)
        for cell, before in zip(compared(landmarks, over, expected), plain, strict=True):
            rows = (landmarks.segment == cell.effect.segment) & np.isfinite(truth)
            weight = np.where(rows & ~landmarks.is_reached, expected.reaching, 0.0)
            total = max(float(weight.sum()), TINY)
            yield _row(cell, before, float((weight * np.nan_to_num(truth)).sum()) / total)


def _row(cell: Cell, before: Cell, truth: float) -> dict[str, object]:
    """A cell, the same before anything was taken off for hidden engagement, and the truth."""
    plain = {"plain_points": before.effect.points, "plain_error": before.error}
    return {**asdict(cell.effect), "error": cell.error, **plain, "truth": truth}


def _truth(landmarks: Landmarks, book: Book, lives: Lives) -> Floats:
    """The effect on each landmark that had not reached it by the end of the window.

    These stand for those that had: weighed by the chance of reaching it they are, in all that
    is known, the overlap of the two. NaN for the others.
    """
    snapshots = book.features.snapshots.iloc[landmarks.snapshot]
    end = _weeks(snapshots["day"].to_numpy() + book.window_days, lives)
    seen = outlooks(
        lives.company,
        lives.journeys,
        span=lives.span,
        shock_day=lives.shock_day,
        weeks=np.unique(end),
    )
    is_open = seen.where(seen.is_open(landmarks.milestone))
    known = pd.Series(
        against_going_on(is_open, landmarks.milestone),
        index=pd.MultiIndex.from_arrays([is_open.account, is_open.week]),
    )
    asked = pd.MultiIndex.from_arrays([_number(snapshots["account_id"]), end])
    return known.reindex(asked).to_numpy(dtype=np.float64)


def against_going_on(rows: Outlooks, milestone: str) -> Floats:
    """The chance of leaving if it were reached now, less that of going on as things are."""
    if milestone == NO_EFFECT:
        return np.zeros(len(rows))
    with_it = chance_of_leaving(reached_now(rows, milestone), horizon_days=EFFECT_DAYS)
    return with_it - chance_of_leaving(rows, horizon_days=EFFECT_DAYS)


def _weeks(day: np.ndarray, lives: Lives) -> np.ndarray:
    first = ordinal(pd.Timestamp(lives.span.first_monday).date())
    weeks: np.ndarray = (day - first) // 7
    return weeks


def _number(account_ids: "pd.Series[str]") -> np.ndarray:
    """The simulator's own number of each account."""
    return account_ids.str.removeprefix("acc_").astype(np.int64).to_numpy() - 1


if __name__ == "__main__":
    first, last, *folder = sys.argv[1:] or ("11", "12")
    main(int(first), int(last), Path(folder[0] if folder else tempfile.mkdtemp()))
