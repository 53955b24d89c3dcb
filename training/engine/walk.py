"""What does a model say of every row in every period, without asking once per period?

From one period to the next only the period itself and the clocks have changed, and most trees
ask about neither: they are asked once. A tree of few splits is not walked at all: which splits
a row would pass to the left are the bits of a number, and a table says which leaf that number
leads to. Many rows pass a split at a time, which machines do well. Leaves are summed in the
order of the trees, as LightGBM sums them: the result is the same to the last bit.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from features.asof import Bools
from training.engine.compiled import compiled
from training.engine.matrix import CLOCK_REACH_DAYS
from training.engine.periods import Floats, Ints, Periods
from training.engine.trees import Tree

MOST_SPLITS = 10
"""Trees of more splits than this would need tables too large to stay at hand."""
ROWS_AT_ONCE = 512
_ZERO = 1e-35
_STANDS_STILL, _IS_CLOCK, _IS_PERIOD = 0, 1, 2


class Walk(NamedTuple):
    """Trees laid out flat; splits on clocks and on the period come last in each tree."""

    first_split: Ints
    first_moving: Ints
    """Where in each tree the splits begin that another period may decide otherwise."""
    first_cell: Ints
    feature: Ints
    kind: Ints
    threshold: Floats
    absent_left: Bools
    absent_is_zero: Bools
    leaf: Floats
    """Each tree's table: the value of the leaf that a pattern of left turns leads to."""
    inputs: Ints
    """The columns that are read; features count among these, and the period comes after."""
    reach_days: float
    """How far off a clock is still told from one further off."""


def lay_out(trees: Sequence[Tree], *, inputs: int, clocks: Sequence[int]) -> Walk | None:
    """Lay out trees whose last input is the period; None where one has too many splits."""
    if max((tree.nodes for tree in trees), default=0) > MOST_SPLITS:
        return None
    all_features = [tree.feature for tree in trees]
    read = np.unique(np.concatenate([*all_features, np.zeros(0, dtype=np.int64)]))
    read = read[read < inputs].astype(np.int64)
    kinds = [_kinds(tree, inputs, clocks) for tree in trees]
    orders = [np.argsort(kind > _STANDS_STILL, kind="stable") for kind in kinds]
    nodes = np.array([tree.nodes for tree in trees], dtype=np.int64)
    still = np.array([(kind == _STANDS_STILL).sum() for kind in kinds], dtype=np.int64)
    starts = _starts(nodes)
    tables = [_table(tree, order) for tree, order in zip(trees, orders, strict=True)]
    return Walk(
        first_split=starts,
        first_moving=starts[:-1] + still,
        first_cell=_starts(2**nodes),
        feature=np.searchsorted(read, _ordered(all_features, orders)),
        kind=_ordered(kinds, orders),
        threshold=_ordered([tree.threshold for tree in trees], orders),
        absent_left=_ordered([tree.absent_left for tree in trees], orders),
        absent_is_zero=_ordered([tree.absent_is_zero for tree in trees], orders),
        leaf=np.concatenate([*tables, np.zeros(0)]),
        inputs=read,
        reach_days=CLOCK_REACH_DAYS,
    )


def log_rates(walk: Walk, values: Floats, periods: Periods) -> Floats:
    """Sum of the leaves of each row (its as-of values) in each period."""
    return _summed(walk, values, periods.starts, periods.lengths)


def _kinds(tree: Tree, inputs: int, clocks: Sequence[int]) -> Ints:
    kind = np.where(np.isin(tree.feature, clocks), _IS_CLOCK, _STANDS_STILL)
    return np.where(tree.feature == inputs, _IS_PERIOD, kind).astype(np.int64)


def _ordered(parts: Sequence[np.ndarray], orders: Sequence[Ints]) -> np.ndarray:
    picked = [part[order] for part, order in zip(parts, orders, strict=True)]
    return np.concatenate([*picked, np.zeros(0, dtype=picked[0].dtype if picked else float)])


def _starts(sizes: Ints) -> Ints:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def _table(tree: Tree, order: Ints) -> Floats:
    """Value of the leaf for each pattern, whose bit k is set where ``order[k]`` turns left."""
    if not tree.nodes:
        return tree.leaf_value[:1]
    pattern = np.arange(2**tree.nodes)
    bit = np.empty(tree.nodes, dtype=np.int64)
    bit[order] = np.arange(tree.nodes)
    at = np.zeros(len(pattern), dtype=np.int64)
    for _ in range(tree.nodes):
        inside = at >= 0
        node = at[inside]
        turns_left = (pattern[inside] >> bit[node]) & 1
        at[inside] = np.where(turns_left == 1, tree.left[node], tree.right[node])
    return tree.leaf_value[~at]


@compiled
def _summed(walk: Walk, values: Floats, starts: Floats, lengths: Floats) -> Floats:
    out = np.empty((len(values), len(starts)))
    columns = np.zeros((len(walk.inputs), ROWS_AT_ONCE))
    sums = np.empty((len(starts), ROWS_AT_ONCE))
    still = np.empty(ROWS_AT_ONCE, np.int64)
    for first in range(0, len(values), ROWS_AT_ONCE):
        rows = min(ROWS_AT_ONCE, len(values) - first)
        for place in range(len(walk.inputs)):
            columns[place, :rows] = values[first : first + rows, walk.inputs[place]]
        sums[:] = 0.0
        for tree in range(len(walk.first_moving)):
            still[:] = 0
            root = walk.first_split[tree]
            for split in range(root, walk.first_moving[tree]):
                _turn(walk, split, split - root, columns[walk.feature[split]], still)
            if walk.first_moving[tree] == walk.first_split[tree + 1]:
                _add_to_all(walk, tree, still, sums)
            else:
                _add_to_each(walk, tree, columns, still, starts, lengths, sums)
        out[first : first + rows] = sums[:, :rows].T
    return out


@compiled
def _add_to_all(walk: Walk, tree: int, pattern: Ints, sums: Floats) -> None:
    """Add the leaf that each row reaches in a tree that every period decides alike."""
    cells = walk.leaf[walk.first_cell[tree] : walk.first_cell[tree + 1]]
    value = np.empty(ROWS_AT_ONCE)
    for row in range(ROWS_AT_ONCE):
        value[row] = cells[pattern[row]]
    for period in range(len(sums)):
        own = sums[period]
        for row in range(ROWS_AT_ONCE):
            own[row] += value[row]


@compiled
def _add_to_each(
    walk: Walk,
    tree: int,
    columns: Floats,
    still: Ints,
    starts: Floats,
    lengths: Floats,
    sums: Floats,
) -> None:
    """Add the leaf that each row reaches in each period."""
    cells = walk.leaf[walk.first_cell[tree] : walk.first_cell[tree + 1]]
    pattern = np.empty(ROWS_AT_ONCE, np.int64)
    shown = np.empty(ROWS_AT_ONCE)
    root = walk.first_split[tree]
    for period in range(len(starts)):
        pattern[:] = still
        for split in range(walk.first_moving[tree], walk.first_split[tree + 1]):
            if walk.kind[split] == _IS_PERIOD:
                shown[:] = starts[period]
            else:
                column = columns[walk.feature[split]]
                _clock_in_period(
                    column, starts[period], lengths[period], walk.reach_days, shown
                )
            _turn(walk, split, split - root, shown, pattern)
        own = sums[period]
        for row in range(ROWS_AT_ONCE):
            own[row] += cells[pattern[row]]


@compiled
def _clock_in_period(
    column: Floats, start: float, length: float, reach: float, shown: Floats
) -> None:
    """Write where in the period each clock runs out: see ``clocks_in_period``."""
    for row in range(ROWS_AT_ONCE):
        days = column[row] - start
        days = reach if days > reach else days
        days = -reach if days < -reach else days
        shown[row] = days / length


@compiled
def _turn(walk: Walk, split: int, bit: int, value: Floats, pattern: Ints) -> None:
    """Set a bit in the pattern of each row that turns left at a split, as LightGBM decides."""
    threshold, absent_left = walk.threshold[split], walk.absent_left[split]
    mask = np.int64(1) << np.int64(bit)
    if walk.absent_is_zero[split]:
        for row in range(ROWS_AT_ONCE):
            x = value[row]
            left = absent_left if np.isnan(x) or abs(x) <= _ZERO else x <= threshold
            pattern[row] |= mask if left else np.int64(0)
    else:
        for row in range(ROWS_AT_ONCE):
            x = value[row]
            left = absent_left if np.isnan(x) else x <= threshold
            pattern[row] |= mask if left else np.int64(0)
