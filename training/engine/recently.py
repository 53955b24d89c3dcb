"""How high is the level of a hazard today, where it may have changed a few weeks ago?

Prices rise, or a rival appears, and from one week to the next more leave than any past can have
taught. What was expected in each of the last fortnights is held against what came: the level
was one and the same throughout, or it changed once, two to ten weeks ago, and nobody knows
which. Each of these is weighed by how likely it makes the counts (a Poisson count under a level
that is Gamma distributed; the single change point of Barry and Hartigan, A Bayesian analysis
for change point problems, JASA 88, 1993), and the level of today is the mean over all of them.
So a change is believed as far as the counts speak for it, and no threshold decides.

Who is bound for longer than a month mostly decides some weeks before the term ends: of those a
change is seen later than of others, by how much nobody knows either.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
from scipy.special import gammaln

from features.asof import Bools, Ints
from training.engine.calibrate import Lately
from training.engine.periods import Floats

FORTNIGHT = 14
CHANGED_FORTNIGHTS_AGO = (1, 2, 3, 4, 5)
DECIDED_FORTNIGHTS_BEFORE = (0, 1, 2, 3)
"""How long before its term ends an account that is bound may have decided."""
LOOKED_BACK_DAYS = 112
HAS_CHANGED = 0.4
"""The chance, before anything was counted, that the level changed on one of those days."""
STEADY = 20.0
"""Shape of the level of a model that has learnt from the past: it is mostly off by a fifth."""
CHANGED = 2.0
"""Shape of the level after a change, which may be anything from a quarter to twice."""


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Events in each of the last fortnights, the newest first, and in the weeks before them."""

    observed: Floats
    expected: Floats

    @classmethod
    def of(cls, lately: Lately) -> Self:
        edges = [FORTNIGHT * back for back in (0, *CHANGED_FORTNIGHTS_AGO)]
        told = [
            lately.counted(first, but_days=last)
            for last, first in pairwise((*edges, LOOKED_BACK_DAYS))
        ]
        observed, expected = np.array(told, dtype=np.float64).T
        return cls(observed, expected)

    def since(self, fortnights: Ints) -> Floats:
        """What came, and what was expected (first axis), in so many of the last fortnights."""
        both = np.stack([self.observed, self.expected])
        sums: Floats = np.pad(both.cumsum(axis=1), ((0, 0), (1, 0)))[:, fortnights]
        return sums

    @property
    def whole(self) -> Floats:
        return np.array([self.observed.sum(), self.expected.sum()])


def recent_shift(lately: Lately, *, bound: Bools) -> float:
    """Say how much to add to all log rates, so that they are those of today.

    ``bound`` are the rows of those who decide before a term ends, rather than as they leave.
    """
    free, late = (Counts.of(lately.take(np.flatnonzero(rows))) for rows in (~bound, bound))
    return float(np.log(level_today(free, late)))


def level_today(free: Counts, bound: Counts) -> float:
    """The mean level of the newest fortnight: how many times the expected.

    >>> expected, nobody = np.array([10.0, 10, 10, 10, 10, 30]), np.zeros(6)
    >>> level_today(Counts(expected, expected), Counts(nobody, nobody))
    1.0
    >>> came = np.array([20.0, 20, 10, 10, 10, 30])
    >>> round(level_today(Counts(came, expected), Counts(nobody, nobody)), 1)
    1.8
    """
    ago, wait = np.array(CHANGED_FORTNIGHTS_AGO)[:, None], np.array(DECIDED_FORTNIGHTS_BEFORE)
    after = free.since(ago + 0 * wait) + bound.since(np.maximum(ago - wait, 0))
    whole = free.whole + bound.whole
    came, meant = after.reshape(2, -1)
    changed = _evidence(came, meant, CHANGED)
    changed += _evidence(whole[0] - came, whole[1] - meant, STEADY)
    steady = _evidence(whole[:1], whole[1:], STEADY)
    chance = np.repeat([HAS_CHANGED / len(changed), 1 - HAS_CHANGED], [len(changed), 1])
    weight = np.log(chance) + np.concatenate((changed, steady))
    weight = np.exp(weight - weight.max())
    shape = np.repeat([CHANGED, STEADY], [len(changed), 1])
    came, meant = np.append(came, whole[0]), np.append(meant, whole[1])
    return float(np.average((shape + came) / (shape + meant), weights=weight))


def _evidence(observed: Floats, expected: Floats, shape: float) -> Floats:
    """Log likelihood of counts whose level is Gamma with mean one, but for what all share."""
    told: Floats = gammaln(shape + observed) - (shape + observed) * np.log(shape + expected)
    told += shape * np.log(shape) - gammaln(shape)
    return told
