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
from dataclasses import replace
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
from training.effects.crossfit import cross_fit
from training.effects.effect import Effect
from training.effects.estimate import SEED, compared, judge
from training.effects.landmarks import Book, Landmarks, landmark_book
from training.engine.periods import Floats

ROOT = Path(__file__).parents[2]
ACCOUNTS = 2500
EVERY_DAYS = 7
AS_OF = LAST_DAY + timedelta(days=1)
HIDDEN = {"engagement": level_of, "sponsor_gone": sponsor_gone, "in_trouble": in_trouble}
NO_EFFECT = "dashboards_polished"


def main(first: int, last: int, kept: Path) -> None:
    """Print a line per company, and what they say together.

    Each company's cells are kept in a folder, so that several runs can share the work.
    """
    kept.mkdir(parents=True, exist_ok=True)
    seeds = range(first, last + 1)
    cells = pd.concat([_kept_cells(seed, kept) for seed in seeds], ignore_index=True)
    for seen, own in cells.groupby("seen"):
        print(f"\n### {seen}\n")
        print("| seed | cells | covered | mean error / s.e. | without effect, called one |")
        print("|---|---|---|---|---|")
        for seed, of_seed in own.groupby("seed"):
            _print_row(str(seed), of_seed)
        _print_row("all", own)
    print("\n### By milestone, all companies and segments: truth, estimate, covered\n")
    print("| milestone | seen | true points | estimated | covered | adjusted |")
    print("|---|---|---|---|---|---|")
    for (milestone, seen), own in cells.groupby(["milestone", "seen"]):
        print(
            f"| {milestone} | {seen} | {100 * own['truth'].mean():.2f} "
            f"| {100 * own['points'].mean():.2f} | {_covered(own).mean():.0%} "
            f"| {(own['evidence'] == 'adjusted').mean():.0%} |"
        )


def _print_row(name: str, cells: pd.DataFrame) -> None:
    real = cells.loc[cells["milestone"] != "busy_month"]
    error = (real["points"] - real["truth"]) / (real["high"] - real["points"]) * 1.96
    idle = real.loc[real["milestone"] == NO_EFFECT]
    bare = (idle["high"] < 0).sum()
    called = (idle["evidence"] == "adjusted").sum()
    print(
        f"| {name} | {len(real)} | {_covered(real).mean():.1%} | {error.mean():+.2f} "
        f"| {called} of {len(idle)} ({bare} without the placebo) |"
    )


def _covered(cells: pd.DataFrame) -> "pd.Series[bool]":
    return (cells["low"] <= cells["truth"]) & (cells["truth"] <= cells["high"])


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
    placebo = {cell.effect.segment: cell.effect for cell in compared(book.busy_months())}
    for landmarks in book.milestones():
        expected = cross_fit(landmarks, seed=SEED)
        truth = _truth(landmarks, book, lives)
        for cell in compared(landmarks, expected):
            if cell.effect.points is None:
                continue
            effect = judge(cell.effect, placebo.get(cell.effect.segment))
            rows = (landmarks.segment == effect.segment) & np.isfinite(truth)
            weight = np.where(rows & ~landmarks.is_reached, expected.reaching, 0.0)
            yield _row(effect, float((weight * np.nan_to_num(truth)).sum() / weight.sum()))


def _row(effect: Effect, truth: float) -> dict[str, object]:
    names = ("segment", "milestone", "evidence", "points", "low", "high")
    return {name: getattr(effect, name) for name in names} | {"truth": truth}


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
    first, last, *folder = sys.argv[1:] or ("1", "10")
    main(int(first), int(last), Path(folder[0] if folder else tempfile.mkdtemp()))
