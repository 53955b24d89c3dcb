"""For how many days does a period count in which a commitment ends?

Customers leave when their term ends and hardly ever between: the risk of a whole term falls on
its end. A week that holds the end of a year's term carries as much risk as a month that does,
and far more than one that holds the end of a month's. Told in days alone, a rate would have to
be learnt anew for every length of period and of term; so a period that holds the end counts as
the term is long, and rates are learnt per day that counts.

Nor is an end near by like one far off: who is to stay has often signed again weeks before, and
who has not signed on the eve is mostly leaving. So it is also learnt how often it happened in
each period, to terms of each length, where their end falls in it and where not, and the days
count by that.

And whoever has stayed through the ends of many terms is likelier to stay through the next than
a newcomer who looks the same: of those who were going to leave, more have left. How much
likelier, a young company has hardly seen: where no second year has ended, all that is known of
years is of first ones. So it is taken from what is true of any mixture of customers.

What is left for the trees to learn is who is likelier to leave than others. As they do, they
also move what each kind had on average in each period; so once they have learnt, what they
expect is held against what happened, and the days count by that as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd

from features.asof import Bools
from training.engine.cells import watched
from training.engine.matrix import Matrix, clocks_in_period
from training.engine.periods import Floats, FollowUp, Ints, Periods

RENEWAL, TERM, TENURE = "days_to_renewal", "term_days", "tenure_days"
"""The inputs that say when the commitment ends, how long it runs, and since when."""
USUAL_TERM = 30.0
"""Stands in for a term that is not known."""
SHORTEST, LONGEST = 28.0, 366.0
NEAR_DAYS, MOST = 14.0, 0.5
LENGTHS = (45.0, 200.0)
"""A term of months is told from one of quarters, and that from one of years."""
DOUBT_EVENTS = 10.0
"""What happened is believed by half where so many events were to be expected."""
LEAST_DAYS = 1e-6
UNLIKE = 0.5
"""How unlike those are who look alike: the variance of what their risks are multiplied by."""


@dataclass(frozen=True, slots=True, eq=False)
class TermDays:
    """How many times a day counts, beside the length of its term: a row per kind, by period.

    The kinds are terms of each length that end in the period, then those that do not, then
    what has no term. ``daily_risk`` is that of everybody, over all days.
    """

    times: Floats
    daily_risk: float

    @classmethod
    def learnt(
        cls,
        matrix: Matrix,
        followup: FollowUp,
        *,
        cause: int,
        periods: Periods,
        grows_with_age: bool = False,
    ) -> Self:
        """Hold what happened to each kind in each period against one rate for all that counts.

        Rates are learnt on top of it, so that only how the kinds and periods differ matters.
        Where it is said that the risk ``grows_with_age``, nobody's falls for having stayed.
        """
        events, days = watched(followup, cause=cause, periods=periods)
        every = np.ones((2 * len(LENGTHS) + 3, periods.count))
        alike = cls(every, daily_risk=0.0 if grows_with_age else events / max(days, 1.0))
        due = alike.of(matrix, periods) * periods.exposure(followup.days)
        expected = due * (events / max(due.sum(), LEAST_DAYS))
        return alike.held_against(expected, matrix, followup, cause=cause, periods=periods)

    def held_against(
        self,
        expected: Floats,
        matrix: Matrix,
        followup: FollowUp,
        *,
        cause: int,
        periods: Periods,
    ) -> Self:
        """Let days count more where more happened than was expected, by kind and period.

        ``expected`` are events: rows by periods.
        """
        ended_in = periods.period_of(followup.days)
        struck = np.flatnonzero((followup.cause == cause) & (ended_in < periods.count))
        cell = _kinds(matrix, periods) * periods.count + np.arange(periods.count)
        due = np.bincount(cell.ravel(), expected.ravel(), minlength=self.times.size)
        seen = np.bincount(cell[struck, ended_in[struck]], minlength=self.times.size)
        more = (seen + DOUBT_EVENTS) / (due + DOUBT_EVENTS)
        return replace(self, times=self.times * more.reshape(self.times.shape))

    def of(self, matrix: Matrix, periods: Periods) -> Floats:
        """How many times each day of each period counts: rows by periods."""
        times = self.times[_kinds(matrix, periods), np.arange(periods.count)]
        times = times * staying(matrix, periods, daily_risk=self.daily_risk)
        counted: Floats = times * counted_days(matrix, periods)
        return counted

    def to_parts(self) -> dict[str, Any]:
        """Give everything, fit for JSON."""
        return {"times": self.times.tolist(), "daily_risk": self.daily_risk}

    @classmethod
    def from_parts(cls, told: Mapping[str, Any]) -> Self:
        return cls(np.array(told["times"], dtype=np.float64), float(told["daily_risk"]))


def counted_days(matrix: Matrix, periods: Periods) -> Floats:
    """How many times each day of each period counts: rows by periods; 1 without a renewal.

    >>> values = np.array([[5.0, 30.0], [40.0, 360.0]])
    >>> matrix = Matrix(values, (RENEWAL, TERM), (RENEWAL,))
    >>> counted_days(matrix, Periods((0.0, 15.0, 60.0))).tolist()
    [[2.0, 1.0], [1.0, 8.0]]
    """
    times = np.ones((len(matrix), periods.count))
    if RENEWAL not in matrix.clocks:
        return times
    column, term = [matrix.names.index(RENEWAL)], _term_days(matrix)
    for period, (start, length) in enumerate(periods.spans):
        place = clocks_in_period(matrix.values, column, start=start, length=length)[:, 0]
        ends_here = (place >= 0) & (place < 1)
        times[ends_here, period] = term[ends_here] / length
    return times


def staying(matrix: Matrix, periods: Periods, *, daily_risk: float) -> Floats:
    """How many times a newcomer's risk is left of whoever stayed so far: rows by periods.

    The risk that somebody has survived is that of all the days up to the end of their last
    term. Where the risks of those who look alike are Gamma distributed, those left after it
    have ``1 / (1 + variance * survived)`` of the mean (Vaupel, Manton and Stallard, The impact
    of heterogeneity in individual frailty on the dynamics of mortality, Demography 16, 1979).
    The renewals of two kinds of customers imply variances of 1.4 and 1.5 where nothing else is
    known of them (data of Berry and Linoff in Fader and Hardie, How to project customer
    retention, Journal of Interactive Marketing 21, 2007); inputs that tell customers apart
    leave less.

    A second year, and a first, where half of all leave within a year:

    >>> values = np.array([[65.0, 365.0, 665.0], [65.0, 365.0, 300.0]])
    >>> matrix = Matrix(values, (RENEWAL, TERM, TENURE), (RENEWAL,))
    >>> staying(matrix, Periods((0.0, 60.0, 90.0)), daily_risk=0.5 / 365).tolist()
    [[0.8, 0.8], [1.0, 1.0]]
    """
    if RENEWAL not in matrix.clocks or not {TERM, TENURE} <= set(matrix.names):
        return np.ones((len(matrix), periods.count))
    renewal, tenure = matrix.column(RENEWAL)[:, None], matrix.column(TENURE)[:, None]
    term = _term_days(matrix)[:, None]
    ended_by_then = np.ceil(np.maximum(periods.starts - renewal, 0.0) / term)
    stayed = np.maximum(tenure + renewal - term, 0.0) + ended_by_then * term
    survived: Floats = daily_risk * np.nan_to_num(stayed)
    return 1 / (1 + UNLIKE * survived)


def leaves_with_its_term(matrix: Matrix, followup: FollowUp, *, cause: int) -> bool:
    """Whether most of those who left by a cause stayed to the end of their commitment.

    Customers under contract do; students who withdraw do not, and of them a term's end says
    nothing. False where no end was known of anybody who left.
    """
    if RENEWAL not in matrix.clocks:
        return False
    renewal = matrix.column(RENEWAL)
    left = (followup.cause == cause) & ~np.isnan(renewal)
    stayed = followup.days[left] >= renewal[left] - NEAR_DAYS
    return bool(left.any() and stayed.mean() > MOST)


def is_bound(matrix: Matrix) -> Bools:
    """Whether each row is known to be bound for longer than some weeks."""
    if RENEWAL not in matrix.clocks:
        return np.zeros(len(matrix), dtype=bool)
    told: Bools = _term_days(matrix) > LENGTHS[0]
    return told & ~np.isnan(matrix.column(RENEWAL))


def term_lengths(values: pd.DataFrame) -> Ints:
    """Number of each row's length of term, the shortest first; where no end is known, one more.

    >>> table = pd.DataFrame({RENEWAL: [5.0, 5.0, np.nan], TERM: [30.0, 365.0, 365.0]})
    >>> term_lengths(table).tolist()
    [0, 2, 3]
    """
    absent = pd.Series(np.nan, index=values.index)
    renewal, term = (values.get(name, absent) for name in (RENEWAL, TERM))
    length = np.searchsorted(LENGTHS, term.fillna(USUAL_TERM).to_numpy(dtype=np.float64))
    return np.where(renewal.isna(), len(LENGTHS) + 1, length)


def _kinds(matrix: Matrix, periods: Periods) -> Ints:
    """Which kind of term each row has in each period."""
    lengths = len(LENGTHS) + 1
    nothing = np.full((len(matrix), periods.count), 2 * lengths)
    if RENEWAL not in matrix.clocks:
        return nothing
    renewal = matrix.column(RENEWAL)[:, None]
    length = np.searchsorted(LENGTHS, _term_days(matrix))[:, None]
    ends_here = (renewal >= periods.starts) & (renewal < periods.ends)
    return np.where(np.isnan(renewal), nothing, length + np.where(ends_here, 0, lengths))


def _term_days(matrix: Matrix) -> Floats:
    if TERM not in matrix.names:
        return np.full(len(matrix), USUAL_TERM)
    told = matrix.column(TERM)
    return np.where(np.isnan(told), USUAL_TERM, np.clip(told, SHORTEST, LONGEST))
