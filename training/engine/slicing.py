"""How much does each input of an account move its risk, when risk is a curve over time?

The score to explain is ``g(x)``, the mean log hazard over the horizon: a weighted mean over
its periods. The period is one of the model's inputs, and blame must not fall on the calendar:
so the period is sliced out of every tree. A split on it is replaced by the branch that the
period takes, a split on a clock is moved by as many days as the period lies ahead, and what
remains is a genuine LightGBM model of the account's inputs alone, whose prediction is ``g``.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import lightgbm
import numpy as np

from training.engine.hazard import Hazard
from training.engine.matrix import CLOCK_REACH_DAYS, Matrix
from training.engine.periods import Floats, Ints, Periods
from training.engine.trees import (
    ABSENT_GOES_LEFT,
    ABSENT_IS,
    ABSENT_IS_NAN,
    ABSENT_IS_NOTHING,
    ABSENT_IS_ZERO,
    Tree,
    model_text,
    parse_trees,
)

_REFERENCE_ROWS = 20_000
# Every leaf keeps a cover, however rare: one row in this many.
_ONE_IN = 2_000_000
_FAR = 1e300


@dataclass(frozen=True, eq=False)
class Sliced:
    """The mean log hazard over a horizon, as trees over an account's inputs.

    Rows are counted through the trees on a reference population; ``base`` is its mean score.
    """

    trees: tuple[Tree, ...]
    names: tuple[str, ...]
    clocks: tuple[str, ...]

    @cached_property
    def base(self) -> float:
        return sum(
            float((tree.leaf_value * (tree.leaf_count / tree.leaf_count.sum())).sum())
            for tree in self.trees
        )

    @cached_property
    def booster(self) -> lightgbm.Booster:
        return lightgbm.Booster(model_str=model_text(self.trees, inputs=len(self.names)))

    def score(self, matrix: Matrix, *, threads: int = 1) -> Floats:
        """Mean log hazard of each row."""
        matrix.must_be(self.names, self.clocks)
        scores: Floats = self.booster.predict(
            matrix.values, raw_score=True, num_threads=threads
        )
        return scores


def horizon_weights(rates: Floats, *, periods: Periods, horizon_days: float) -> Floats:
    """Weigh each period by its share of the events expected before the horizon.

    ``rates`` are daily, one row per account and one column per period. The weights sum to one.
    """
    days = np.clip(horizon_days - periods.starts, 0.0, periods.lengths)
    expected = rates.mean(axis=0) * days if len(rates) else days
    total = expected.sum()
    weights: Floats = expected / total if total > 0 else days / days.sum()
    return weights


def sliced(hazard: Hazard, weights: Floats, *, reference: Matrix, threads: int = 1) -> Sliced:
    """Give the weighted mean of a hazard's logs over its periods, the period sliced out.

    At most 20 000 rows of the reference, evenly spaced, are counted through the trees.
    """
    reference.must_be(hazard.names, hazard.clocks)
    trees = tuple(_merged(hazard, weights, reference.clock_columns))
    uncounted = Sliced(trees, hazard.names, hazard.clocks)
    every = max(1, -(-len(reference) // _REFERENCE_ROWS))
    rows = reference.values[::every]
    if not len(rows):
        return uncounted
    leaf = uncounted.booster.predict(rows, pred_leaf=True, num_threads=threads)
    leaves = np.asarray(leaf, dtype=np.int64).reshape(len(rows), len(trees))
    counted = (_recounted(tree, leaves[:, number]) for number, tree in enumerate(trees))
    return replace(uncounted, trees=tuple(counted))


def _merged(hazard: Hazard, weights: Floats, clocks: Sequence[int]) -> Iterator[Tree]:
    """One tree where periods take the same branches, else one for each; then the constants."""
    constant = hazard.log_shift * float(weights.sum())
    for tree in parse_trees(hazard.model):
        shapes: dict[bytes, tuple[Tree, float]] = {}
        for (start, length), weight in zip(hazard.periods.spans, weights, strict=True):
            if weight == 0:
                continue
            cut = _without_period(tree, len(hazard.names), start)
            shape = _at(cut, clocks, start=start, length=length)
            _, so_far = shapes.get(shape.print, (shape, 0.0))
            shapes[shape.print] = shape, so_far + weight
        for shape, weight in shapes.values():
            if shape.nodes:
                yield replace(shape, leaf_value=shape.leaf_value * weight)
            else:
                constant += float(shape.leaf_value[0]) * weight
    yield Tree.constant(constant)


def _without_period(tree: Tree, column: int, start: float) -> Tree:
    """Replace every split on the period by the branch that this period takes."""
    nodes: list[int] = []
    leaves: list[int] = []
    left: list[int] = []
    right: list[int] = []

    def grow(child: int) -> int:
        while child >= 0 and tree.feature[child] == column:
            goes_left = start <= tree.threshold[child]
            child = int(tree.left[child] if goes_left else tree.right[child])
        if child < 0:
            leaves.append(~child)
            return ~(len(leaves) - 1)
        place = len(nodes)
        nodes.append(child)
        left.append(0)
        right.append(0)
        left[place] = grow(int(tree.left[child]))
        right[place] = grow(int(tree.right[child]))
        return place

    grow(0 if tree.nodes else ~0)
    return Tree(
        feature=tree.feature[nodes],
        threshold=tree.threshold[nodes],
        decision=tree.decision[nodes],
        left=np.array(left, dtype=np.int64),
        right=np.array(right, dtype=np.int64),
        leaf_value=tree.leaf_value[leaves],
        leaf_count=tree.leaf_count[leaves],
    )


def _at(tree: Tree, clocks: Sequence[int], *, start: float, length: float) -> Tree:
    """Let splits on clocks read the as-of value where they were learnt within a period.

    ``(value - start) / length <= threshold`` becomes ``value <= threshold * length + start``.
    Where absence was not learnt, LightGBM reads it as 0 within the period, which must not move
    with the threshold.
    """
    on_clock = np.isin(tree.feature, clocks)
    if not on_clock.any():
        return tree
    absent = tree.decision & ABSENT_IS
    if (absent[on_clock] == ABSENT_IS_ZERO).any():
        raise ValueError("a model that takes zeros for absent values cannot be sliced")
    zero_side = np.where(tree.threshold >= 0, ABSENT_GOES_LEFT, 0) | ABSENT_IS_NAN
    unlearnt = on_clock & (absent == ABSENT_IS_NOTHING)
    days = tree.threshold * length
    moved = days + start
    # LightGBM parts 0 from what is below it at -1e-35, which a sum with days would swallow.
    moved = np.where(
        (moved - start) / length > tree.threshold, np.nextafter(moved, -np.inf), moved
    )
    moved = np.where(days >= CLOCK_REACH_DAYS, _FAR, moved)
    moved = np.where(days < -CLOCK_REACH_DAYS, -_FAR, moved)
    return replace(
        tree,
        threshold=np.where(on_clock, moved, tree.threshold),
        decision=np.where(unlearnt, zero_side, tree.decision),
    )


def _recounted(tree: Tree, leaf: Ints) -> Tree:
    counts = np.bincount(leaf, minlength=len(tree.leaf_value)) * max(1, _ONE_IN // len(leaf))
    return replace(tree, leaf_count=np.maximum(counts, 1))
