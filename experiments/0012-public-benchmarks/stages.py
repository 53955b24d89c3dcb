"""How many trees are enough, and what is said where too few ended to tell?

A model that grows tree by tree passes through stages. Fifths of the people that taught nothing
say how likely each stage makes what came of them. No stage is chosen: where few ended, which
one is likeliest hangs on who was asked, and is often far from the best. All stages are averaged
instead, each by its likelihood; that is, each tree counts by the chance that it is needed.

Those fifths are asked of models that learn eight times as fast as the one that will be used:
in an eighth of the trees they pass through the same stages.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise

import numpy as np

from training.engine.hazard import Hazard, HazardSettings, fit_hazard
from training.engine.matrix import Matrix
from training.engine.periods import FollowUp, Periods
from training.engine.trees import Tree, model_text, parse_trees
from training.engine.walk import lay_out, log_rates

STAGES = (10, 25, 50, 100, 150, 200, 300, 400)
FASTER, FIFTHS, ASKED = 8, 5, 2
LEAST_CHANCE = 0.05
"""Trees that are less likely to be needed are not grown."""
SEED = 11


def fit_in_stages(
    matrix: Matrix,
    followup: FollowUp,
    *,
    cause: int,
    periods: Periods,
    settings: HazardSettings,
) -> Hazard:
    """Learn the daily rate of one cause; each tree counts by the chance that it is needed."""
    learnt = partial(fit_hazard, cause=cause, periods=periods)
    ends = _quickly(STAGES)
    rate = settings.learning_rate * FASTER
    quick = replace(settings, trees=ends[-1], learning_rate=rate)
    fifth, likely = _fifths(followup, cause), np.zeros(len(STAGES))
    for number in range(ASKED):
        taught, asked = np.flatnonzero(fifth != number), np.flatnonzero(fifth == number)
        grown = learnt(matrix.take(taught), followup.take(taught), settings=quick)
        came = followup.take(asked)
        likely += stage_likelihoods(grown, matrix.take(asked), came, cause=cause, ends=ends)
    needed = chances_needed(likely)
    needed = needed[needed >= LEAST_CHANCE]
    grown_to = STAGES[: len(needed)]
    whole = learnt(matrix, followup, settings=replace(settings, trees=grown_to[-1]))
    return faded(whole, np.repeat(needed, np.diff([0, *grown_to])))


def stage_likelihoods(
    grown: Hazard, matrix: Matrix, came: FollowUp, *, cause: int, ends: Sequence[int]
) -> np.ndarray:
    """Log of how likely what came is under the rates of one cause, when a stage ends.

    ``ends`` says after how many trees; each tree is asked once.
    """
    trees, periods = parse_trees(grown.model), grown.periods
    ended_in, exposure = periods.period_of(came.days), periods.exposure(came.days)
    struck = np.flatnonzero((came.cause == cause) & (ended_in < periods.count))
    told, likely = np.zeros((len(matrix), periods.count)), []
    for start, end in pairwise((0, *ends)):
        if start < len(trees):
            told += _log_rates(trees[start:end], matrix, periods)
        expected = (np.exp(told) * exposure).sum()
        likely.append(told[struck, ended_in[struck]].sum() - expected)
    return np.array(likely)


def chances_needed(likely: np.ndarray) -> np.ndarray:
    """How likely the trees of each stage are needed: that it, or one after it, is the right.

    Before anybody is asked, every stage is as likely as any other.

    >>> chances_needed(np.log([0.2, 0.1, 0.1])).round(2).tolist()
    [1.0, 0.5, 0.25]
    """
    chances = np.exp(likely - likely.max())
    needed: np.ndarray = (chances / chances.sum())[::-1].cumsum()[::-1]
    return needed / needed[0]


def faded(hazard: Hazard, counts: np.ndarray) -> Hazard:
    """The hazard whose trees each count so much; where it has fewer, the rest is not asked."""
    trees = [
        replace(tree, leaf_value=tree.leaf_value * count)
        for tree, count in zip(parse_trees(hazard.model), counts, strict=False)
    ]
    return replace(hazard, model=model_text(trees, inputs=len(hazard.names) + 1))


def _quickly(stages: Sequence[int]) -> list[int]:
    return [round(trees / FASTER) for trees in stages]


def _fifths(followup: FollowUp, cause: int) -> np.ndarray:
    """In which fifth each row is; as many in each whom the cause struck."""
    fifth = np.empty(len(followup), dtype=np.int64)
    chance = np.random.default_rng(SEED)
    for kind in (followup.cause == cause, followup.cause != cause):
        own = chance.permutation(np.flatnonzero(kind))
        fifth[own] = np.arange(len(own)) % FIFTHS
    return fifth


def _log_rates(trees: Sequence[Tree], matrix: Matrix, periods: Periods) -> np.ndarray:
    walk = lay_out(trees, inputs=len(matrix.names), clocks=matrix.clock_columns)
    assert walk is not None
    return log_rates(walk, matrix.values, periods)
