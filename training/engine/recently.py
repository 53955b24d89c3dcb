"""How high is the level of a hazard today, where it may have changed a few weeks ago?

Prices rise, or a rival appears, and from one week to the next more leave than any past can have
taught. What was expected in each of the last fortnights is held against what came: the level
was one and the same throughout, or it changed once, two, four, six or eight weeks ago, and
nobody knows which. Each of these is weighed by how likely it makes the counts (a Poisson count
under a level that is Gamma distributed; the single change point of Barry and Hartigan, A
Bayesian analysis for change point problems, JASA 88, 1993), and the level of today is the mean
over all of them. So a change is believed as far as the counts speak for it, and no threshold
decides.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy.special import gammaln

from training.engine.calibrate import LOOKED_AT_DAYS, counted_lately
from training.engine.periods import Floats, FollowUp, Ints, Periods

CHANGED_DAYS_AGO = (14, 28, 42, 56)
HAS_CHANGED = 0.5
"""The chance, before anything was counted, that the level changed on one of those days."""
STEADY = 20.0
"""Shape of the level of a model that has learnt from the past: it is mostly off by a fifth."""
CHANGED = 2.0
"""Shape of the level after a change, which may be anything from a quarter to twice."""


def recent_shift(
    rates: Floats,
    followup: FollowUp,
    as_of_days: Floats | Ints,
    *,
    periods: Periods,
    cause: int,
    training_day: float,
    accounts: Ints,
) -> float:
    """Say how much to add to all log rates, so that they are those of today.

    ``rates`` are the daily rates of each row by period, ``as_of_days`` and ``training_day``
    days of one calendar. An event seen from several mornings of its account counts once.
    """
    edges = (0, *CHANGED_DAYS_AGO, LOOKED_AT_DAYS)
    counts = [
        counted_lately(
            *(rates, followup, as_of_days),
            periods=periods,
            cause=cause,
            training_day=training_day,
            last_days=first,
            but_days=last,
            accounts=accounts,
        )
        for last, first in pairwise(edges)
    ]
    observed, expected = zip(*counts, strict=True)
    return float(np.log(level_today(observed, expected)))


def level_today(observed: Sequence[float], expected: Sequence[float]) -> float:
    """The mean level of the newest stretch, which comes first: how many times the expected.

    >>> level_today([10, 10, 10, 10, 20], [10, 10, 10, 10, 20])
    1.0
    >>> round(level_today([20, 20, 10, 10, 20], [10, 10, 10, 10, 20]), 1)
    1.8
    """
    came, meant = np.cumsum(observed), np.cumsum(expected)
    newer = slice(0, len(came) - 1)
    changed = _evidence(came[newer], meant[newer], CHANGED)
    changed += _evidence(came[-1] - came[newer], meant[-1] - meant[newer], STEADY)
    steady = _evidence(came[-1:], meant[-1:], STEADY)
    chance = np.repeat([HAS_CHANGED / len(changed), 1 - HAS_CHANGED], [len(changed), 1])
    weight = np.log(chance) + np.concatenate((changed, steady))
    weight = np.exp(weight - weight.max())
    shape = np.repeat([CHANGED, STEADY], [len(changed), 1])
    return float(np.average((shape + came) / (shape + meant), weights=weight))


def _evidence(observed: Floats, expected: Floats, shape: float) -> Floats:
    """Log likelihood of counts whose level is Gamma with mean one, but for what all share."""
    told: Floats = gammaln(shape + observed) - (shape + observed) * np.log(shape + expected)
    told += shape * np.log(shape) - gammaln(shape)
    return told
