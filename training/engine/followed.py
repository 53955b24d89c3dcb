"""Which past mornings may teach, and what is known of what followed each of them?"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from features.asof import Ints
from features.assemble import FeatureSet
from features.history import reporting_lag_days
from training.engine.outcomes import exit_events, followed_until
from training.engine.periods import FollowUp

CHURN = "churn"
OTHER = "other"


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """Snapshots that may teach, and what is known of what followed them."""

    rows: Ints
    """Positions in the feature set's snapshots."""
    day: Ints
    account: Ints
    causes: tuple[str, ...]
    """Causes of exit, churn first, as numbered in ``followup``."""
    followup: FollowUp
    training_day: int
    lag_days: int

    @property
    def end_day(self) -> int:
        """Up to where follow-up is complete: later silence may be an exit not yet reported."""
        return self.training_day - self.lag_days

    def take(self, positions: Ints) -> "Followed":
        """Keep some of the rows."""
        return replace(
            self,
            rows=self.rows[positions],
            day=self.day[positions],
            account=self.account[positions],
            followup=self.followup.take(positions),
        )

    def watched_since(self, day: float) -> Ints:
        """Positions of the rows that were still followed after a day."""
        return np.flatnonzero(self.day + self.followup.days > day)

    def exited(self, cause: str = CHURN) -> int:
        """How many accounts are known to have left by a cause."""
        struck = self.followup.cause == self.causes.index(cause)
        return len(np.unique(self.account[struck]))


def causes_of(exits: pd.DataFrame, *, known_before: int, min_events: int) -> tuple[str, ...]:
    """Churn, every other cause with enough known exits, and one for the rest of them."""
    known = exits.loc[exits["known_at"] < pd.Timestamp(known_before, unit="D")]
    counts = known.loc[known["cause"] != CHURN, "cause"].value_counts()
    common = sorted(str(cause) for cause in counts[counts >= min_events].index)
    rest = (OTHER,) if len(counts) > len(common) else ()
    return (CHURN, *common, *rest)


def follow(
    features: FeatureSet, *, training_day: int, every_days: int, min_events: int
) -> Followed:
    """Choose the mornings that may teach, and look up what followed by the training day."""
    day = features.snapshots["day"].to_numpy(dtype=np.int64)
    chosen = spaced_back(np.unique(day[day < training_day]), training_day, every_days)
    rows = np.flatnonzero(np.isin(day, chosen))
    accounts = features.snapshots["account_id"].iloc[rows]
    causes = causes_of(features.exits, known_before=training_day, min_events=min_events)
    events = exit_events(features.exits, accounts, day[rows], causes)
    lag = lag_known_by(training_day, features.exits)
    followup = followed_until(day[rows], events, training_day=training_day, lag_days=lag)
    keep = np.flatnonzero(followup.days > 0)
    return Followed(
        rows=rows[keep],
        day=day[rows[keep]],
        account=pd.factorize(accounts.iloc[keep])[0].astype(np.int64),
        causes=causes,
        followup=followup.take(keep),
        training_day=training_day,
        lag_days=lag,
    )


def spaced_back(days: Ints, last: int, step: int) -> Ints:
    """Days at least a step apart, counted back from the last.

    >>> spaced_back(np.array([1, 8, 15, 22, 29]), 36, 14).tolist()
    [8, 22]
    """
    chosen: list[int] = []
    for day in days[::-1]:
        if (chosen[-1] if chosen else last) - day >= step:
            chosen.append(int(day))
    return np.array(chosen[::-1], dtype=np.int64)


def lag_known_by(day: int, exits: pd.DataFrame) -> int:
    """Days within which nearly all exits known by a day had become known."""
    return reporting_lag_days(exits.loc[exits["known_at"] < pd.Timestamp(day, unit="D")])
