"""What do all accounts share, and how far may it move?

A bad quarter hits everybody: over a whole book, luck averages out and the mood of the market
does not. The level is how many events came for each that the account-level models expected. It
drifts from month to month, and in some markets comes home: how fast, how far, and where it
stands is learnt from the months behind us (Harvey and Fernandes 1989, "Time series models for
count or qualitative observations"; Lewis, McKenzie and Hugus 1989, "Gamma processes").
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import gammaln

from training.engine.periods import Floats

MONTH_DAYS = 30
KEEPS = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Which share of last month's knowledge or mood still holds: the kinds of market looked at."""
HOMES = (5.0, 20.0, 80.0)
"""How closely a market that comes home to one stays there: as if so many events were known."""
LEAST_EVENTS = 1e-6
LEAST_FREEDOM, MOST_SPREAD = 3.0, 3.0
"""With fewer quarters Student's tails have no variance; no mood is believed beyond its cube."""
DOUBT_EVENTS = 5.0
"""What stands in for history before there is any: as many events as expected."""


@dataclass(frozen=True, slots=True, eq=False)
class SharedLevel:
    """The level after the last month seen: for each kind of market, a Gamma distribution."""

    keep: Floats
    home: Floats
    """The shape to which the level comes home; infinite where it drifts and never does."""
    weight: Floats
    """How well each kind of market foretold the months seen; sums to one."""
    shape: Floats
    rate: Floats
    doubt: float = 0.0
    """By which share of itself the level may be wrong altogether: a standard error."""
    freedom: float = 1.0
    """From so many quarters, less one, the doubt is known."""
    usual: float = 1.0
    """What the level is at home: events of all the past for each that the models say."""

    @classmethod
    def learnt(
        cls, expected: Sequence[float], came: Sequence[float], *, is_of_today: bool = False
    ) -> Self:
        """Follow the level through the months, oldest first.

        ``expected`` holds the events that the models expected of each month, ``came`` those
        that came. A month in which nothing was expected teaches nothing. Where what they say
        ``is_of_today``, their level was set by the last weeks, which is no home to come to: it
        is known from all the past then.
        """
        keep, home = _markets()
        shape, rate = np.full(len(keep), DOUBT_EVENTS), np.full(len(keep), DOUBT_EVENTS)
        usual = _never_moving(sum(expected), sum(came)) if is_of_today else 1.0
        expected = [usual * due for due in expected]
        # Before anything is known every kind of market is as likely. The models are learnt from
        # all these months, which come to one on average: a mood seldom lasts beside them.
        said = np.zeros(len(keep))
        for due, seen in zip(expected, came, strict=True):
            shape, rate = _widened(shape, rate, keep, home)
            if due > LEAST_EVENTS:
                said += _log_chance(seen, shape, rate / due)
                shape, rate = shape + seen, rate + due
        likely = np.exp(said - said.max())
        doubt, freedom = _doubt(expected, came)
        return cls(keep, home, likely / likely.sum(), shape, rate, doubt, freedom, usual)

    @property
    def mean(self) -> float:
        """Events to expect for each that the models expect."""
        return self.usual * float((self.weight * self.shape / self.rate).sum())

    def expected(self, months: int) -> Floats:
        """The mean of the level in each of the months to come."""
        share = (
            np.where(np.isinf(self.home), 1.0, self.keep) ** np.arange(1, months + 1)[:, None]
        )
        level = share * self.shape / self.rate + (1 - share)
        told: Floats = self.usual * (self.weight * level).sum(axis=1)
        return told

    def paths(self, months: int, *, draws: int, rng: np.random.Generator) -> Floats:
        """Draw the level of the months to come: one row per draw, one column per month.

        Every draw starts somewhere the level may be now. In some it drifts on from there, up as
        often as down: its mean stays, its spread grows. In others it comes home month by
        month. How far it moves is itself known from few quarters, and over all of a draw lies
        one doubt about what the models say: both have the long tails of Student's t. However
        few draws there are, each month has the mean that is to be expected of it.
        """
        kind = rng.choice(len(self.keep), size=draws, p=self.weight)
        keep, home = self.keep[kind], self.home[kind]
        shape, rate = self.shape[kind], self.rate[kind]
        returns, level = np.isfinite(home), rng.gamma(shape) / rate
        fresh = np.where(returns, (1 - keep) * np.where(returns, home, 1.0), 1.0)
        drawn = np.empty((draws, months))
        for month in range(months):
            left = np.maximum(shape * keep, LEAST_EVENTS)
            level = level * rng.beta(left, np.maximum(shape - left, LEAST_EVENTS))
            new = rng.gamma(fresh) / np.where(returns, home, 1.0)
            level = np.where(returns, level + new, level / keep)
            shape, rate = _widened(shape, rate, keep, home)
            drawn[:, month] = level
        drawn = _spread_as_known(drawn, self.freedom, rng)
        off = 1 + self.doubt * rng.standard_t(self.freedom, size=draws)
        # Of a few draws all may lie at the lower end, and a mean of nothing cannot be moved.
        drawn = drawn * np.clip(off, LEAST_EVENTS, 2.0)[:, None]
        told: Floats = drawn * self.expected(months) / drawn.mean(axis=0)
        return told


def _spread_as_known(drawn: Floats, freedom: float, rng: np.random.Generator) -> Floats:
    """Let each draw lie further from the middle, or less far, as the spread may really be.

    A spread learnt from few quarters is a guess, and what is to be expected under all the
    guesses has Student's tails (Gelman et al. 2013, section 3.2). Each month keeps its mean.
    """
    freedom = max(freedom, LEAST_FREEDOM)
    times = np.sqrt(freedom / rng.chisquare(freedom, size=(len(drawn), 1)))
    drawn = np.maximum(drawn, LEAST_EVENTS)
    middle = np.median(drawn, axis=0)
    moved = middle * (drawn / middle) ** np.minimum(times, MOST_SPREAD)
    told: Floats = moved * drawn.mean(axis=0) / moved.mean(axis=0)
    return told


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
    level = _never_moving(due.sum(), seen.sum())
    scatter = ((seen - level * due) ** 2 / (level * due)).sum() / freedom
    error = np.sqrt(max(scatter, 1.0) / (seen.sum() + DOUBT_EVENTS))
    return min(float(error), 1.0), freedom


def _never_moving(expected: float, came: float) -> float:
    return float((came + DOUBT_EVENTS) / (expected + DOUBT_EVENTS))


def _by_quarter(months: Sequence[float]) -> Floats:
    """Sums of three months, counted back from the last."""
    back = np.arange(len(months))[::-1] // 3
    return np.bincount(back, weights=np.array(months, dtype=float)).astype(np.float64)


def _markets() -> tuple[Floats, Floats]:
    """Keep and home of every kind of market: those that drift, and those that come home."""
    pairs = [(keep, home) for home in (np.inf, *HOMES) for keep in KEEPS]
    return np.array([keep for keep, _ in pairs]), np.array([home for _, home in pairs])


def _widened(shape: Floats, rate: Floats, keep: Floats, home: Floats) -> tuple[Floats, Floats]:
    """Let a month pass: less is known; where the level comes home, its mean goes towards one.

    A share of the level stays, and what is new makes up for the rest: their sum is taken to be
    a Gamma of its own mean and variance.
    """
    mean = np.where(np.isinf(home), shape / rate, keep * shape / rate + 1 - keep)
    spread = keep * shape / rate**2 + (1 - keep) / home
    spread = np.where(np.isinf(home), shape / rate**2 / keep, spread)
    return mean**2 / spread, mean / spread


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
