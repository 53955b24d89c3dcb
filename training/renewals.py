"""On which of the days ahead does an account decide whether to go on?

An account on a yearly contract leaves at its renewal, whatever its mood in between; one on a
monthly contract decides every month. The end of the commitment and the length of the term are
known in advance, and so are the days around every end of a term to come.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from features.asof import Bools
from training.periods import Floats

NEAR_DAYS = 7
"""A decision falls within a week of the end of a term: papers are late, and early."""
SHORTEST_TERM_DAYS = 28.0
DOUBT_EVENTS = 3.0
"""How many events it takes to believe half of what was seen."""
CLOCK, TERM = "days_to_renewal", "term_days"


def near_renewal(values: pd.DataFrame, days: int) -> Bools | None:
    """Whether each of the coming days (columns) is near an end of a term; None without terms.

    A term is taken to follow, and to have followed, one of the same length. Accounts without a
    contract are never near an end.

    >>> terms = pd.DataFrame({"days_to_renewal": [10.0], "term_days": [365.0]})
    >>> near = near_renewal(terms, 20)
    >>> near[0].nonzero()[0].tolist()
    [3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]
    """
    if CLOCK not in values or TERM not in values:
        return None
    ends = values[CLOCK].to_numpy(dtype=np.float64)[:, None]
    term = np.maximum(values[TERM].to_numpy(dtype=np.float64)[:, None], SHORTEST_TERM_DAYS)
    place = np.mod(np.arange(days) - ends, term)
    near: Bools = (place < NEAR_DAYS) | (place >= term - NEAR_DAYS)
    return near


@dataclass(frozen=True, slots=True)
class RenewalFactors:
    """How much more often than the model says it happens near an end of a term, and away."""

    near: float = 1.0
    away: float = 1.0

    @classmethod
    def learnt(cls, expected: Floats, came: Floats, near: Bools | None) -> Self:
        """Compare what was expected with what came, day by day (rows by days)."""
        if near is None or not near.any() or near.all():
            return cls()
        return cls(_factor(expected, came, where=near), _factor(expected, came, where=~near))

    def applied(self, daily: Floats, near: Bools | None) -> Floats:
        """Move daily rates from the days on which nothing is decided to those when it is."""
        if near is None:
            return daily
        return daily * np.where(near, self.near, self.away)


def _factor(expected: Floats, came: Floats, *, where: Bools) -> float:
    seen, said = float(came[where].sum()), float(expected[where].sum())
    return (seen + DOUBT_EVENTS) / (said + DOUBT_EVENTS)
