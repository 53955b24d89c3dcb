"""What do all accounts share, and how far may it move?

A bad quarter hits everybody: over a whole book, luck averages out and the mood of the market
does not. The level is how many events came for each that the account-level models expected. It
drifts from month to month; how fast, and where it stands, is learnt from the months behind us
(Harvey and Fernandes 1989, "Time series models for count or qualitative observations").
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import gammaln

from training.engine.periods import Floats

MONTH_DAYS = 30
KEEPS = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Which share of last month's knowledge still holds: the kinds of market looked at."""
LEAST_EVENTS = 1e-6
DOUBT_EVENTS = 5.0
"""What stands in for history before there is any: as many events as expected."""


@dataclass(frozen=True, slots=True, eq=False)
class SharedLevel:
    """The level after the last month seen: for each kind of market, a Gamma distribution."""

    keep: Floats
    weight: Floats
    """How well each kind of market foretold the months seen; sums to one."""
    shape: Floats
    rate: Floats
    doubt: float = 0.0
    """By which share of itself the level may be wrong altogether: a standard error."""
    freedom: float = 1.0
    """From so many quarters, less one, the doubt is known."""

    @classmethod
    def learnt(cls, expected: Sequence[float], came: Sequence[float]) -> Self:
        """Follow the level through the months, oldest first.

        ``expected`` holds the events that the models expected of each month, ``came`` those
        that came. A month in which nothing was expected teaches nothing.
        """
        keep = np.array(KEEPS)
        shape, rate = np.full(len(keep), DOUBT_EVENTS), np.full(len(keep), DOUBT_EVENTS)
        said = np.zeros(len(keep))
        for due, seen in zip(expected, came, strict=True):
            shape, rate = _widened(shape, rate, keep)
            if due > LEAST_EVENTS:
                said += _log_chance(seen, shape, rate / due)
                shape, rate = shape + seen, rate + due
        likely = np.exp(said - said.max())
        doubt, freedom = _doubt(expected, came)
        return cls(keep, likely / likely.sum(), shape, rate, doubt, freedom)

    @property
    def mean(self) -> float:
        """Events to expect for each that the models expect."""
        return float((self.weight * self.shape / self.rate).sum())

    def paths(self, months: int, *, draws: int, rng: np.random.Generator) -> Floats:
        """Draw the level of the months to come: one row per draw, one column per month.

        Every draw starts somewhere the level may be now, and drifts on from there, up as often
        as down: its mean stays, its spread grows. Over all of a draw lies one doubt about what
        the models say, with the long tails of what is known from few quarters.
        """
        kind = rng.choice(len(self.keep), size=draws, p=self.weight)
        keep, shape, rate = self.keep[kind], self.shape[kind], self.rate[kind]
        level = rng.gamma(shape) / rate
        drawn = np.empty((draws, months))
        for month in range(months):
            left = np.maximum(shape * keep, 1e-9)
            level = level * rng.beta(left, np.maximum(shape - left, 1e-9)) / keep
            shape = left
            drawn[:, month] = level
        off = 1 + self.doubt * rng.standard_t(self.freedom, size=draws)
        return drawn * np.clip(off, 0.0, 2.0)[:, None]


def _doubt(expected: Sequence[float], came: Sequence[float]) -> tuple[float, float]:
    """The standard error of a level that never moved, with quarters scattered as they were.

    Quarters scatter more than luck would have it (McCullagh and Nelder 1989, section 6.2.3);
    the fewer there were, the less is known of that too.
    """
    due, seen = (_by_quarter(each) for each in (expected, came))
    due, seen = due[due > LEAST_EVENTS], seen[due > LEAST_EVENTS]
    freedom = max(len(due) - 1, 1)
    if not len(due):
        return 1 / np.sqrt(DOUBT_EVENTS), freedom
    level = (seen.sum() + DOUBT_EVENTS) / (due.sum() + DOUBT_EVENTS)
    scatter = ((seen - level * due) ** 2 / (level * due)).sum() / freedom
    error = np.sqrt(max(scatter, 1.0) / (seen.sum() + DOUBT_EVENTS))
    return min(float(error), 1.0), freedom


def _by_quarter(months: Sequence[float]) -> Floats:
    """Sums of three months, counted back from the last."""
    back = np.arange(len(months))[::-1] // 3
    return np.bincount(back, weights=np.array(months, dtype=float)).astype(np.float64)


def _widened(shape: Floats, rate: Floats, keep: Floats) -> tuple[Floats, Floats]:
    """Let a month pass: the mean stays, less is known."""
    return shape * keep, rate * keep


def _log_chance(seen: float, shape: Floats, rate: Floats) -> Floats:
    """Log of the negative binomial chance of a count, fractions of events included."""
    chance: Floats = (
        gammaln(shape + seen)
        - gammaln(shape)
        - gammaln(seen + 1.0)
        + shape * np.log(rate / (1 + rate))
        - seen * np.log1p(rate)
    )
    return chance
