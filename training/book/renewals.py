"""On which of the days ahead does an account decide whether to go on?

An account on a yearly contract leaves at its renewal, whatever its mood in between; one on a
monthly contract decides every month. The end of the commitment and the length of the term are
known in advance, and so are the days around every end of a term to come.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from features.asof import Bools, Ints
from training.engine.periods import Floats, Periods

NEAR_DAYS = 7
"""A decision falls within a week of the end of a term: papers are late, and early."""
SHORTEST_TERM_DAYS = 28.0
DOUBT_EVENTS = 3.0
"""How many events it takes to believe half of what was seen."""
LEAST = 1e-12
CLOCK, TERM = "days_to_renewal", "term_days"


def decisive_days(values: pd.DataFrame, days: int) -> Floats | None:
    """How many days of its term each of the coming days (columns) stands for.

    The days near an end of a term share the whole term, those between stand for none of it.
    A term is taken to follow, and to have followed, one of the same length. An account without
    a contract has no such days: NaN. None where no account has a contract.

    >>> terms = pd.DataFrame({"days_to_renewal": [10.0], "term_days": [364.0]})
    >>> decisive_days(terms, 20)[0, [2, 3, 16, 17]].tolist()
    [0.0, 26.0, 26.0, 0.0]
    """
    if CLOCK not in values or TERM not in values:
        return None
    ends = values[CLOCK].to_numpy(dtype=np.float64)[:, None]
    if np.isnan(ends).all():
        return None
    term = np.maximum(values[TERM].to_numpy(dtype=np.float64)[:, None], SHORTEST_TERM_DAYS)
    place = np.mod(np.arange(days) - ends, term)
    near = (place < NEAR_DAYS) | (place >= term - NEAR_DAYS)
    stands_for: Floats = np.where(np.isnan(place), np.nan, near * term / (2 * NEAR_DAYS))
    return stands_for


def is_open(values: pd.DataFrame, *, days: int) -> Bools:
    """Whether an account may still decide what it pays on each of the coming days (columns).

    Who has signed the next term before it begins has decided, until that one ends.

    >>> terms = pd.DataFrame({"days_to_renewal": [10.0, 35.0], "term_days": [364.0, 30.0]})
    >>> is_open(terms, days=30)[:, [0, 27, 28]].tolist()
    [[True, True, True], [False, False, True]]
    """
    if CLOCK not in values or TERM not in values:
        return np.ones((len(values), days), dtype=bool)
    ends, term = (values[name].to_numpy(dtype=np.float64)[:, None] for name in (CLOCK, TERM))
    return ~((ends > term) & (np.arange(days) < ends - NEAR_DAYS))


@dataclass(frozen=True, slots=True)
class RenewalFactors:
    """How often it happens for each event expected: per day of a term at its end, and away."""

    near: float = 1.0
    away: float = 1.0

    @classmethod
    def learnt(cls, expected: Floats, came: Floats, decisive: Floats | None) -> Self:
        """Compare what was expected with what came, day by day (rows by days)."""
        if decisive is None:
            return cls()
        near, away = decisive > 0, decisive == 0
        if not near.any() or not away.any():
            return cls()
        at_ends = expected * np.nan_to_num(decisive)
        return cls(_factor(at_ends, came, where=near), _factor(expected, came, where=away))

    def moved(self, daily: Floats, decisive: Floats | None) -> Floats:
        """Move daily rates that know of no terms to the days on which things are decided."""
        if decisive is None:
            return daily
        return daily * self._times(decisive[:, : daily.shape[1]])

    def gathered(self, daily: Floats, decisive: Floats | None, periods: Periods) -> Floats:
        """Gather daily rates that know of terms on those days, each period for itself.

        What a model said of a whole period stays what it said; ``decisive`` holds the last
        period to its end, even where ``daily`` stops before.
        """
        if decisive is None:
            return daily
        times = self._times(decisive)
        period = period_of_days(periods, times.shape[1])
        for each in np.unique(period):
            days = period == each
            times[:, days] /= np.maximum(times[:, days].mean(axis=1, keepdims=True), LEAST)
        gathered: Floats = daily * times[:, : daily.shape[1]]
        return gathered

    def _times(self, decisive: Floats) -> Floats:
        near = np.where(decisive > 0, self.near * decisive, self.away)
        return np.where(np.isnan(decisive), 1.0, near)


def period_of_days(periods: Periods, days: int) -> Ints:
    """The period of each coming day; the last one goes on past its end."""
    middle = np.arange(days, dtype=np.float64) + 0.5
    return np.minimum(periods.period_of(middle), periods.count - 1)


def _factor(expected: Floats, came: Floats, *, where: Bools) -> float:
    seen, said = float(came[where].sum()), float(expected[where].sum())
    return (seen + DOUBT_EVENTS) / (said + DOUBT_EVENTS)
