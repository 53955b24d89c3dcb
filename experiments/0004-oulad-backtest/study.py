"""On real students and mornings never trained on: who withdraws, and when is work handed in?

Runs ``milepost backtest`` on the Open University data and holds what was said against a
logistic regression of the same inputs, the simple rules, and the due dates.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from features.asof import as_dates
from features.assemble import FeatureSet
from features.store import read_features
from pipelines.backtest import kept_backtest
from pipelines.lake import MEASURES, Lake
from training.engine.followed import follow
from training.engine.periods import CENSORED, Floats
from training.proof.judged import ASKED, Backtest, Judged
from training.proof.metrics import (
    account_bootstrap,
    auc,
    average_precision,
    brier,
    ece,
    predicted_over_observed,
)
from training.questions.steps import follow_steps

ROOT = Path(__file__).parents[2]
AS_OF = date(2014, 4, 26)
CONFIG = ROOT / "configs/oulad"
WITHDRAWS_WITHIN, HANDS_IN_WITHIN = 56, 28
MOST_ROWS = 40_000
OURS, THEIRS = "Milepost", "logistic regression"
DRAWS = 200
DUE_EDGES = (-np.inf, 0, 28, 112, np.inf)
DUE_NAMES = ("overdue", "within 28 days", "within 112 days", "after the longest horizon")


def main(lake: Path) -> None:
    """Backtest, then print every comparison as Markdown."""
    command = [str(ROOT / ".venv/bin/milepost"), "backtest", "--config", str(CONFIG)]
    asked = [*command, "--as-of", AS_OF.isoformat(), "--lake", str(lake)]
    subprocess.run(asked, check=True, stdout=subprocess.DEVNULL)
    store = Lake(lake, "oulad")
    tested = kept_backtest(store, AS_OF)
    features = read_features(store.path("builds", AS_OF))
    print(f"\n### Withdraws within {WITHDRAWS_WITHIN} days\n")
    _compare(_withdrawals(features, tested))
    print(f"\n### Hands in the next assignment within {HANDS_IN_WITHIN} days\n")
    _compare(_next_assignments(features, tested))
    _dates(store.read("backtests", AS_OF, file=MEASURES))
    _dates_by_due(tested)
    _farthest_off(tested)


@dataclass(frozen=True, eq=False)
class Told:
    """What was said of one origin's rows by each predictor, and what came."""

    origin: date
    families: np.ndarray
    came: Floats
    said: dict[str, Floats]


def _compare(origins: Iterator[Told]) -> None:
    """Print every measure of every predictor, and the lead at each origin and over all."""
    told = list(origins)
    came = np.concatenate([one.came for one in told])
    names = [name for name in told[0].said if all(name in one.said for one in told)]
    print(f"{len(told)} origins, {len(came)} rows, {int(came.sum())} events\n")
    print("| predictor | AUC | average precision | Brier | ECE | predicted/observed |")
    print("|---|---|---|---|---|---|")
    for name in names:
        chance = np.concatenate([one.said[name] for one in told])
        print(
            f"| {name} | {auc(chance, came):.3f} | {average_precision(chance, came):.3f} "
            f"| {brier(chance, came):.4f} | {ece(chance, came):.4f} "
            f"| {predicted_over_observed(chance, came):.2f} |"
        )
    head = ["origin", "events", f"{OURS}'s AUC", f"{THEIRS}'s", "lead, 95 %"]
    print("\n| " + " | ".join([*head, "lead in average precision, 95 %"]) + " |")
    print("|---|---|---|---|---|---|")
    for one in sorted(told, key=lambda one: one.origin):
        _lead(str(one.origin), one.families, one.came, one.said)
    families = np.concatenate([one.families for one in told])
    both = {n: np.concatenate([one.said[n] for one in told]) for n in (OURS, THEIRS)}
    _lead("all", families, came, both)


def _lead(origin: str, families: np.ndarray, came: Floats, said: dict[str, Floats]) -> None:
    """By how much Milepost is ahead, and the interval of other accounts being drawn."""
    code = pd.factorize(families)[0].astype(np.int64)
    ours, theirs = said[OURS], said[THEIRS]

    def interval(lead: Callable[[Floats], float]) -> str:
        low, high = account_bootstrap(lead, code, seed=0, draws=DRAWS)
        return f"{lead(np.ones(len(came))):+.4f} ({low:+.4f} to {high:+.4f})"

    ordered, precise = (
        interval(lambda w, of=of: of(ours, came, weights=w) - of(theirs, came, weights=w))
        for of in (auc, average_precision)
    )
    print(
        f"| {origin} | {int(came.sum())} | {auc(ours, came):.3f} | {auc(theirs, came):.3f} "
        f"| {ordered} | {precise} |"
    )


def _withdrawals(features: FeatureSet, tested: Backtest) -> Iterator[Told]:
    for judged in tested.judged["churn"]:
        learnt = follow(features, training_day=judged.origin_day, every_days=28, min_events=30)
        came = learnt.followup.happened_by(WITHDRAWS_WITHIN, cause=0)
        came[learnt.day + WITHDRAWS_WITHIN > learnt.end_day] = np.nan
        inputs = _numbers(features.values)
        today = np.flatnonzero(features.snapshots["day"] == judged.origin_day)
        said = _logistic(inputs[learnt.rows], came, inputs[today])
        yield _told(judged, WITHDRAWS_WITHIN, np.arange(len(today)), said)


def _next_assignments(features: FeatureSet, tested: Backtest) -> Iterator[Told]:
    """Of each student the open assignment that is due next, at each origin."""
    inputs = _numbers(features.values)
    own = features.steps[list(features.step_catalogue)].to_numpy(dtype=np.float64)
    for judged in tested.judged["milestones"]:
        learnt = follow(features, training_day=judged.origin_day, every_days=28, min_events=30)
        cases = follow_steps(features, learnt, most_rows=10**9)
        first = _due_next(cases.steps["snapshot"].to_numpy(), cases.steps["days_to_due"])
        came = cases.followup.happened_by(HANDS_IN_WITHIN, cause=0)[first]
        came[cases.day[first] + HANDS_IN_WITHIN > learnt.end_day] = np.nan
        taught = cases.steps.iloc[first]
        rows = learnt.rows[taught["snapshot"].to_numpy()]
        columns = taught[list(features.step_catalogue)].to_numpy(dtype=np.float64)
        today = _due_next(judged.about["account_id"].to_numpy(), judged.about["due_days"])
        asked = _steps_of(features, judged, today)
        said = _logistic(
            np.hstack([inputs[rows], columns]),
            came,
            np.hstack([inputs[features.steps["snapshot"].to_numpy()[asked]], own[asked]]),
        )
        yield _told(judged, HANDS_IN_WITHIN, today, said)


def _due_next(owner: np.ndarray, due: "pd.Series[float]") -> np.ndarray:
    """Positions of each owner's first step that is due from today on."""
    ahead = np.flatnonzero((due >= 0).to_numpy())
    order = ahead[np.argsort(due.to_numpy()[ahead], kind="stable")]
    return np.sort(order[np.unique(owner[order], return_index=True)[1]])


def _steps_of(features: FeatureSet, judged: Judged, rows: np.ndarray) -> np.ndarray:
    """Positions, in the feature set's steps, of judged ones."""
    at = features.snapshots.iloc[features.steps["snapshot"]]
    today = np.flatnonzero((at["day"] == judged.origin_day).to_numpy())
    keys = [at["account_id"].to_numpy()[today], features.steps["milestone"].to_numpy()[today]]
    places = pd.Series(today, index=pd.MultiIndex.from_arrays(keys))
    wanted = judged.about.iloc[rows]
    asked = pd.MultiIndex.from_arrays([wanted["account_id"], wanted["milestone"]])
    return places.reindex(asked).to_numpy(dtype=np.int64)


def _told(judged: Judged, horizon: int, rows: np.ndarray, logistic: Floats) -> Told:
    at = judged.horizons.index(horizon)
    rules = {name: chances[rows, at] for name, chances in judged.rules.items()}
    return Told(
        origin=as_dates(np.array([judged.origin_day]))[0].date(),
        families=judged.about["family"].to_numpy()[rows],
        came=judged.followup.happened_by(horizon, cause=ASKED)[rows],
        said={OURS: judged.said[rows, at], THEIRS: logistic, **rules},
    )


def _numbers(values: pd.DataFrame) -> Floats:
    """Every number, and an indicator for every label."""
    labels = values.select_dtypes(exclude="number").columns
    dummies = pd.get_dummies(values, columns=list(labels), dtype=float)
    return dummies.to_numpy(dtype=np.float64)


def _logistic(inputs: Floats, came: Floats, today: Floats) -> Floats:
    """Taught by the mornings that everybody was followed from, as a regression must be."""
    known = np.flatnonzero(~np.isnan(came))
    known = known[:: -(-len(known) // MOST_ROWS)]
    regression = make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True),
        StandardScaler(),
        LogisticRegression(max_iter=300),
    )
    chance: Floats = regression.fit(inputs[known], came[known]).predict_proba(today)[:, 1]
    return chance


def _dates(measures: pd.DataFrame) -> None:
    told = measures.loc[(measures["origin"] == "all") & (measures["group_kind"] == "all")]
    print("\n### Dates\n\n| who | what | value | 95 % | of |\n|---|---|---|---|---|")
    named = ["days_off", "by_p10", "before_p50", "by_p50", "by_p90", "coverage_80"]
    for line in told.loc[told["measure"].isin(named)].itertuples():
        interval = "" if np.isnan(line.low) else f"{line.low:.3f} to {line.high:.3f}"
        print(
            f"| {line.predictor} | {line.measure} | {line.value:.3f} | {interval} "
            f"| {line.events} |"
        )


def _dates_by_due(tested: Backtest) -> None:
    """Days off by when it is due, where the model names a date and where it names none."""
    told = pd.concat(
        [_reached(judged) for judged in tested.judged["milestones"]], ignore_index=True
    )
    due = pd.cut(told["due_days"], DUE_EDGES, labels=DUE_NAMES)
    has_date = told["eta_p50_days"].notna()
    print("\n### Days off, by when it was due\n")
    print("| due | handed in | the model names a date | its days off | the due date's there |")
    print("|---|---|---|---|---|")
    groups = [("all", pd.Series(data=True, index=told.index))]
    groups += [(name, due == name) for name in DUE_NAMES]
    groups += [(f"asked on {day}", told["origin"] == day) for day in sorted({*told["origin"]})]
    for name, rows in (*groups, ("without a due date", told["due_days"].isna())):
        own = told.loc[rows & has_date]
        if not rows.any():
            print(f"| {name} | 0 | | | |")
            continue
        off = [(own[c] - own["reached"]).abs().median() for c in ("eta_p50_days", "due_days")]
        shown = f"{has_date[rows].mean():.0%} | {off[0]:.0f} | {off[1]:.0f}"
        print(f"| {name} | {rows.sum()} | {shown} |")


def _farthest_off(tested: Backtest) -> None:
    """Where next assignments came most unlike what was said, by module and origin."""
    told = pd.concat([_next_of(judged) for judged in tested.judged["milestones"]])
    kinds = told.groupby(["origin", "segment", "milestone"])
    found = kinds.agg(students=("said", "size"), said=("said", "mean"), came=("came", "mean"))
    worst = (found["students"] * (found["said"] - found["came"])).abs().nlargest(5).index
    print(f"\n### Where most was said of the next {HANDS_IN_WITHIN} days that did not come\n")
    print("| origin | module | assignment | students | said | came |\n" + "|---" * 6 + "|")
    for (origin, module, milestone), line in found.loc[worst].iterrows():
        shares = f"{line['said']:.0%} | {line['came']:.0%}"
        print(f"| {origin} | {module} | {milestone} | {line['students']:.0f} | {shares} |")


def _next_of(judged: Judged) -> pd.DataFrame:
    today = _due_next(judged.about["account_id"].to_numpy(), judged.about["due_days"])
    at = judged.horizons.index(HANDS_IN_WITHIN)
    return judged.about.iloc[today].assign(
        origin=as_dates(np.array([judged.origin_day]))[0].date(),
        said=judged.said[today, at],
        came=judged.followup.happened_by(HANDS_IN_WITHIN, cause=ASKED)[today],
    )


def _reached(judged: Judged) -> pd.DataFrame:
    """The steps of one origin that were reached while everybody was watched."""
    days, cause = judged.followup.days, judged.followup.cause
    watched = min(days[cause == CENSORED].min(initial=np.inf), judged.horizons[-1])
    rows = (cause == ASKED) & (days < watched)
    about = judged.about.reindex(columns=[*judged.about, *({"eta_p50_days"} - {*judged.about})])
    origin = as_dates(np.array([judged.origin_day]))[0].date()
    told = about.assign(reached=np.floor(days), origin=origin)
    return told.loc[rows].reset_index(drop=True)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "lake").absolute())
