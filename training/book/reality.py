"""What should have happened on each day behind us, going by the models, and what did?

Every day of every account is told once: by the last morning before it that may teach. What was
expected is then moved to the days on which things are decided, and held against what came,
month by month, to learn the level that all accounts share.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pandas as pd

from features.asof import Ints
from training.book.level import MONTH_DAYS, SharedLevel
from training.book.renewals import RenewalFactors, decisive_days, period_of_days
from training.book.stakes import Stakes
from training.engine.periods import Floats, FollowUp, Periods
from training.questions.changes import HALF_EVENT, YEAR_DAYS


def by_day(rates: Floats, periods: Periods, *, days: int) -> Floats:
    """Spread daily rates by period over single days; the last period's go on past its end."""
    daily: Floats = rates[:, period_of_days(periods, days)]
    return daily


@dataclass(frozen=True, slots=True, eq=False)
class Reality:
    """Rows by days since the row's morning; a day that nobody watched holds zeros."""

    day: Ints
    """The morning of each row."""
    end_day: int
    """Up to where what came is known."""
    expected: Floats
    came: Floats
    decisive: Floats | None
    """See ``decisive_days``; to the end of the last period."""
    periods: Periods
    arr: Floats
    """What each row's account paid; NaN where it is not known."""

    @classmethod
    def seen(
        cls,
        rates: Floats,
        followup: FollowUp,
        values: pd.DataFrame,
        *,
        cause: int,
        periods: Periods,
        day: Ints,
        end_day: int,
    ) -> Self:
        """Hold a cause's daily rates (rows by periods) against what followed each row."""
        mornings = np.unique(day)
        until = np.append(mornings[1:], end_day)[np.searchsorted(mornings, day)] - day
        days = int(until.max(initial=1))
        watched = np.clip(np.minimum(followup.days, until)[:, None] - np.arange(days), 0.0, 1.0)
        came = np.zeros((len(day), days))
        hit = np.flatnonzero((followup.cause == cause) & (followup.days < until))
        came[hit, followup.days[hit].astype(np.int64)] = 1.0
        expected = by_day(rates, periods, days=days) * watched
        decisive = decisive_days(values, _whole(periods, days))
        return cls(day, end_day, expected, came, decisive, periods, paid_by(values))

    @property
    def events(self) -> float:
        return float(self.came.sum())

    def decided(self, correction: "Correction") -> Self:
        """Move what was expected to the days on which things are decided."""
        expected = correction.placed(self.expected, self.decisive, self.periods)
        times = correction.stakes.times(self.arr)[:, None]
        return replace(self, expected=expected * times)

    def counted_days(self) -> Floats:
        """How many days were watched of each row, the days counted on which it decides.

        Of a year's term in which nothing came only the days around its end tell anything.
        ``expected`` must be told by a rate of one.
        """
        usual = (self.events + HALF_EVENT) / (float(self.expected.sum()) + YEAR_DAYS)
        due, own = usual * self.expected, self.decisive_in_time
        factors = RenewalFactors.learnt(due, self.came, own)
        counted: Floats = factors.moved(due, own).sum(axis=1) / usual
        return counted

    @property
    def decisive_in_time(self) -> Floats | None:
        """Of the days that are told alone."""
        days = self.expected.shape[1]
        return None if self.decisive is None else self.decisive[:, :days]

    def by_month(self) -> tuple[list[float], list[float]]:
        """Events expected and seen in each month of 30 days counted back, oldest first."""
        ahead = np.arange(self.expected.shape[1])
        back = (self.end_day - 1 - (self.day[:, None] + ahead)) // MONTH_DAYS
        back = np.maximum(back, 0)
        months = int(back.max(initial=0)) + 1
        sums = [
            np.bincount(back.ravel(), weights=cells.ravel(), minlength=months)[::-1]
            for cells in (self.expected, self.came)
        ]
        return sums[0].tolist(), sums[1].tolist()


@dataclass(frozen=True, slots=True, eq=False)
class Correction:
    """What a model's daily rates still lack: when things are decided, how those fare that pay
    much, and the shared level.
    """

    factors: RenewalFactors
    stakes: Stakes
    level: SharedLevel
    is_model: bool
    """A model's rates say in which period an account decides, and are at the level of today."""

    @classmethod
    def learnt(cls, reality: Reality, *, is_model: bool = False) -> Self:
        own = reality.decisive_in_time
        factors = RenewalFactors.learnt(reality.expected, reality.came, own)
        level = SharedLevel.learnt((), ())
        placing = cls(factors, Stakes.unknown(), level, is_model)
        sums = (
            cells.sum(axis=1) for cells in (reality.decided(placing).expected, reality.came)
        )
        weighing = replace(placing, stakes=Stakes.learnt(reality.arr, *sums))
        months = reality.decided(weighing).by_month()
        return replace(weighing, level=SharedLevel.learnt(*months, is_of_today=is_model))

    def placed(self, daily: Floats, decisive: Floats | None, periods: Periods) -> Floats:
        """Put daily rates on the days on which things are decided."""
        if self.is_model:
            return self.factors.gathered(daily, decisive, periods)
        return self.factors.moved(daily, decisive)

    def daily(
        self, rates: Floats, values: pd.DataFrame, *, periods: Periods, days: int
    ) -> Floats:
        """Rates on each of the coming days, before the shared level."""
        decisive = decisive_days(values, _whole(periods, days))
        placed = self.placed(by_day(rates, periods, days=days), decisive, periods)
        return placed * self.stakes.times(paid_by(values))[:, None]


def paid_by(values: pd.DataFrame) -> Floats:
    """What each row's account pays a year; NaN where no input tells."""
    unknown = pd.Series(np.nan, index=values.index)
    return np.asarray(values.get("arr", unknown), dtype=np.float64)


def _whole(periods: Periods, days: int) -> int:
    """Days to the end of the period that holds the last of some days."""
    last = period_of_days(periods, days)[-1]
    return max(days, int(np.ceil(periods.ends[last])))
