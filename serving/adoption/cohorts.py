"""Who began when, and for how long have we watched them?

A cohort is the accounts of one kickoff month. Accounts that have left belong to it as well:
whoever leaves without a milestone has not reached it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from features.asof import NEVER, Bools, Ints, day_number, ordinal
from features.assemble import FeatureSet

ALL = "all"
"""The segment of everybody, and the cohort of all months."""


@dataclass(frozen=True, slots=True, eq=False)
class Cohorts:
    """Every account that was ever live, a row each, in the order of ids."""

    account_id: np.ndarray
    segment: np.ndarray
    cohort: np.ndarray
    """The month of the kickoff, as ``2025-03``."""
    kickoff_day: Ints
    exit_day: Ints
    """The day of leaving; far ahead while live."""
    today: int

    def __len__(self) -> int:
        return len(self.account_id)

    def watched(self, days: int) -> Bools:
        """Whether so many days have passed since the kickoff, gone or not."""
        return self.kickoff_day + days <= self.today

    def groups(self) -> Iterator[tuple[str, str, Bools]]:
        """Every segment and cohort with its accounts: all together first, then the parts."""
        everybody = np.ones(len(self), dtype=np.bool_)
        segments = sorted(set(self.segment.tolist()))
        months = sorted(set(self.cohort.tolist()))
        for segment in (ALL, *(segments if len(segments) > 1 else ())):
            own = everybody if segment == ALL else self.segment == segment
            yield segment, ALL, own
            for month in months:
                if (own & (self.cohort == month)).any():
                    yield segment, month, own & (self.cohort == month)


def cohorts_of(features: FeatureSet, as_of: date) -> Cohorts:
    """Gather the accounts, each as it was last known."""
    last = features.known_as.drop_duplicates("account_id", keep="last")
    last = last.sort_values("account_id", ignore_index=True)
    kickoff = pd.Series(last["kickoff_at"])
    exits = features.exits.loc[features.exits["returned_at"].isna()]
    left = pd.Series(day_number(exits["exited_at"]), index=exits["account_id"])
    left = left[~left.index.duplicated(keep="last")]
    gone = last["account_id"].map(left).fillna(-NEVER).to_numpy(dtype=np.int64)
    return Cohorts(
        account_id=last["account_id"].to_numpy(dtype=object),
        segment=last["segment"].astype(str).to_numpy(dtype=object),
        cohort=kickoff.dt.strftime("%Y-%m").to_numpy(dtype=object),
        kickoff_day=day_number(kickoff),
        exit_day=gone,
        today=ordinal(as_of),
    )
