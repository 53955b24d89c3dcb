"""By which day has which share reached it, when some leave first and others are still waiting?

The Aalen-Johansen estimator (Aalen and Johansen 1978): on every day, those who reach it and
those who leave are held against those who could be seen to do either. Nobody is dropped for
still waiting, nobody who left counts as one who may yet reach it, and who was first seen late
counts from then on.
"""

from dataclasses import dataclass

import numpy as np

from training.engine.periods import Floats, Ints

REACHED, LEFT = 0, 1
HANDS = 100
"""Families are dealt into so many hands, and hands are drawn: as good as drawing families."""
DRAWS = 200
LEVEL = 0.95
_CLOSE = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Waits:
    """For each clock that started: when it was first seen, and when and how it ended.

    All in whole days since it started; what is still waiting ends with the last whole day on
    which it was watched. One that was first seen late, on day ``seen > 0``, can only have ended
    on a later day; one seen from its start may have ended on day 0.
    """

    seen: Ints
    days: Ints
    cause: Ints
    """REACHED, LEFT, or CENSORED where it is still waiting."""
    family: Ints
    """Accounts of one parent share their fate."""

    def __post_init__(self) -> None:
        if (self.days < 0).any() or ((self.seen > 0) & (self.days <= self.seen)).any():
            raise ValueError("a wait cannot end before it was seen")

    def __len__(self) -> int:
        return len(self.days)

    def ended(self, cause: int) -> int:
        """How many ended so."""
        return int((self.cause == cause).sum())


@dataclass(frozen=True, slots=True, eq=False)
class Incidence:
    """The share that had reached it by the end of each day, first of all, then of each draw."""

    shares: Floats

    @classmethod
    def of(cls, waits: Waits, *, draws: int = DRAWS, seed: int = 0) -> "Incidence":
        """Estimate from the waits, and again from families drawn with replacement."""
        hand = np.unique(waits.family, return_inverse=True)[1] % HANDS
        hands = int(hand.max(initial=0)) + 1
        chance = np.random.default_rng(seed)
        drawn = chance.multinomial(hands, np.full(hands, 1 / hands), size=draws)
        taken = np.vstack([np.ones((1, hands)), drawn])
        # Whole numbers, so that sums are exact in whatever order they are taken.
        told = [taken @ tally for tally in _tallies(waits, hand, hands)]
        return cls(_chained(*told))

    def by(self, day: int) -> tuple[float, float, float]:
        """Share that had reached it by the end of a day, and the interval's ends."""
        at = self.shares[:, min(day, self.shares.shape[1] - 1)]
        low, high = _ends(at[1:])
        return float(at[0]), low, high

    def day_of(self, share: float) -> tuple[float, float, float]:
        """The first day by whose end the share had reached it, and the interval's ends.

        Infinite where it was not seen to be reached by so many.
        """
        enough = self.shares >= share - _CLOSE
        days = np.where(enough.any(axis=1), enough.argmax(axis=1), np.inf)
        low, high = _ends(days[1:])
        return float(days[0]), low, high


def _tallies(waits: Waits, hand: Ints, hands: int) -> tuple[Floats, Floats, Floats]:
    """Of each hand on each day: who reached it, who left, and who could have been seen to."""
    days = int(waits.days.max(initial=0)) + 2
    place = hand * days

    def count(at: Ints) -> Floats:
        found = np.bincount(at, minlength=hands * days).reshape(hands, days)
        return found.astype(np.float64)

    ended = [waits.cause == cause for cause in (REACHED, LEFT)]
    reached, left = (count((place + waits.days)[rows]) for rows in ended)
    enters = count(place + np.where(waits.seen > 0, waits.seen + 1, 0))
    watched = np.cumsum(enters - count(place + waits.days + 1), axis=1)
    return reached[:, :-1], left[:, :-1], watched[:, :-1]


def _chained(reached: Floats, left: Floats, watched: Floats) -> Floats:
    """Share reached by the end of each day: a row per draw, a column per day.

    >>> _chained(*(np.array([day]) for day in ([1.0, 0, 1], [0.0, 1, 0], [4.0, 3, 1]))).tolist()
    [[0.25, 0.25, 0.75]]
    """
    reaching, leaving = (
        np.divide(n, watched, out=np.zeros_like(n), where=watched > 0) for n in (reached, left)
    )
    waiting = np.cumprod(1 - reaching - leaving, axis=1)
    before = np.hstack([np.ones((len(waiting), 1)), waiting[:, :-1]])
    chained: Floats = np.cumsum(before * reaching, axis=1)
    return chained


def _ends(drawn: Floats) -> tuple[float, float]:
    outside = (1 - LEVEL) / 2
    low, high = np.quantile(drawn, [outside, 1 - outside], method="closest_observation")
    return float(low), float(high)
