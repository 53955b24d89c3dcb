"""What was said has had its time: did it come true?

A statement is graded when its horizon has passed for every account of its morning, with time
for exits to be reported; before that, only those that left would be known, and they would pass
for everybody. Whole accounts are drawn again for the intervals.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from features.asof import Ints, as_dates
from features.assemble import FeatureSet
from serving.statements import churn_column, step_column
from training.engine.followed import CHURN, OTHER, lag_known_by
from training.engine.outcomes import exit_events, first_of, followed_until, reached_events
from training.engine.periods import Floats, FollowUp
from training.proof.metrics import account_bootstrap, auc, brier, predicted_over_observed

ALL, RECENT = "all", "recent"
MOST_GRADED = 100_000
"""Rows beyond this narrow no interval that matters: all are counted, a sample is measured."""
DRAWS = 100
COLUMNS = (
    "question",
    "said_by",
    "horizon_days",
    "month",
    "mornings",
    "statements",
    "events",
    "accounts_struck",
    "expected",
    "predicted_over_observed",
    "predicted_over_observed_low",
    "predicted_over_observed_high",
    "auc",
    "auc_low",
    "auc_high",
    "brier",
    "brier_low",
    "brier_high",
)


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """What came after each statement, and up to which day that is known."""

    day: Ints
    accounts: np.ndarray
    followup: FollowUp
    """Cause 0 is what was asked about."""
    known_until: int

    def matured(self, horizon: int) -> Ints:
        """Rows whose whole morning has been followed to the horizon."""
        return np.flatnonzero(self.day + horizon <= self.known_until)


def graded(
    *,
    accounts: pd.DataFrame,
    milestones: pd.DataFrame,
    features: FeatureSet,
    as_of_day: int,
    horizons: Sequence[int],
    recent_days: int,
) -> pd.DataFrame:
    """Grade statements by question, speaker, horizon and month of statement.

    ``accounts`` and ``milestones`` are the ledger's rows (``day`` is the morning). Month
    ``all`` is everything, ``recent`` the newest ``recent_days`` of what has matured.
    """
    rows: list[dict[str, Any]] = []
    for question, said_by, said, column in _asked(accounts, milestones):
        came = _came(question, said, features, as_of_day)
        for horizon in horizons:
            if column(horizon) not in said:
                continue
            chance = said[column(horizon)].to_numpy(dtype=np.float64)
            told = {"question": question, "said_by": said_by, "horizon_days": horizon}
            for month, grades in _by_month(chance, came, horizon, recent_days):
                rows.append({**told, "month": month, **grades})
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _asked(
    accounts: pd.DataFrame, milestones: pd.DataFrame
) -> Iterator[tuple[str, str, pd.DataFrame, Callable[[int], str]]]:
    """Give each question and who spoke (the model, or a simple rule in its place)."""
    if len(accounts):
        for source, own in accounts.dropna(subset="risk_source").groupby("risk_source"):
            yield "churn", str(source), own.reset_index(drop=True), churn_column
    if len(milestones):
        yield "milestones", "model", milestones, step_column


def _came(question: str, said: pd.DataFrame, features: FeatureSet, as_of_day: int) -> Outcomes:
    day = said["day"].to_numpy(dtype=np.int64)
    lag = lag_known_by(as_of_day, features.exits)
    events = exit_events(features.exits, said["account_id"], day, (CHURN, OTHER))
    followup = followed_until(day, events, training_day=as_of_day, lag_days=lag)
    if question == "milestones":
        keys = said[["account_id", "milestone"]]
        events = reached_events(features.reached, keys)
        reached = followed_until(day, events, training_day=as_of_day, lag_days=0)
        followup = first_of(reached, followup, shift=1)
    ids = said["account_id"].to_numpy(dtype=object)
    return Outcomes(day, ids, followup, as_of_day - lag)


def _by_month(
    chance: Floats, came: Outcomes, horizon: int, recent_days: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    rows = came.matured(horizon)
    rows = rows[~np.isnan(chance[rows])]
    if not len(rows):
        return
    day = came.day[rows]
    month = as_dates(day).dt.strftime("%Y-%m").to_numpy(dtype=object)
    chosen = {ALL: rows, RECENT: rows[day > day.max() - recent_days]}
    chosen |= {str(name): rows[month == name] for name in sorted(set(month))}
    for name, own in chosen.items():
        yield name, _grades(chance, came, own, horizon)


def _grades(chance: Floats, came: Outcomes, rows: Ints, horizon: int) -> dict[str, Any]:
    accounts = pd.factorize(came.accounts[rows])[0]
    happened = came.followup.take(rows).happened_by(horizon, cause=0)
    told: dict[str, Any] = {
        "mornings": len(np.unique(came.day[rows])),
        "statements": len(rows),
        "events": int(happened.sum()),
        "accounts_struck": len(np.unique(accounts[happened == 1])),
        "expected": float(chance[rows].sum()),
    }
    kept = accounts % max(-(-len(rows) // MOST_GRADED), 1) == 0
    rows, happened, accounts = rows[kept], happened[kept], accounts[kept].astype(np.int64)
    # Sorted once, the measures that rank have nothing left to sort in each draw.
    order = np.argsort(chance[rows], kind="stable")
    said, true, accounts = chance[rows][order], happened[order], accounts[order]
    for name, measure in (
        ("predicted_over_observed", predicted_over_observed),
        ("auc", auc),
        ("brier", brier),
    ):
        low, high = account_bootstrap(
            lambda weights, m=measure: m(said, true, weights=weights),  # type: ignore[misc]
            accounts,
            seed=0,
            draws=DRAWS,
        )
        told |= {name: measure(said, true), f"{name}_low": low, f"{name}_high": high}
    return told
