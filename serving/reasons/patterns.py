"""What does each leaf of a model ask of an account?

A leaf asks one thing of each input on its path: which way to go at every split on it. A row
agrees or does not, input by input; which inputs it agrees with is its pattern at that leaf, and
all that its contributions depend on. Trees are laid out here in flat arrays, so that patterns
are read off many rows at once.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.asof import Bools
from training.engine.periods import Floats, Ints
from training.engine.trees import Tree

MOST_SPLITS = 64
"""A row's way through one tree is kept in the bits of one machine word."""

_WIDEST_TABLE = 10
_TABLE_CELLS = 8_000_000

Bits = NDArray[np.uint64]


class Patterns(NamedTuple):
    """Trees laid out flat: splits, leaves, and each leaf's conditions, one per input."""

    inputs: Ints
    """The model inputs that any tree splits on; everything below counts among these."""
    first_split: Ints
    first_leaf: Ints
    split_input: Ints
    threshold: Floats
    absent_left: Bools
    absent_is_zero: Bools
    value: Floats
    first_condition: Ints
    condition_input: Ints
    cover: Floats
    """Share of rows that agree with the condition."""
    splits: Bits
    """The splits of its tree that the condition is about."""
    goes_left: Bits
    """Those of them where a row that agrees goes left."""
    first_cell: Ints
    """Where each leaf's table starts; below zero where it has too many inputs for one."""
    cells: int


def lay_out(trees: Sequence[Tree]) -> Patterns:
    """Lay out trees of at most 64 splits each; those without any contribute nothing."""
    trees = [tree for tree in trees if tree.nodes]
    leaves = [leaf for tree in trees for leaf in _leaves(tree)]
    conditions = [condition for _, conditions in leaves for condition in conditions]
    inputs = np.unique([condition.input for condition in conditions])
    width = np.array([len(conditions) for _, conditions in leaves], dtype=np.int64)
    first_cell, cells = _cells(width)
    return Patterns(
        inputs=inputs,
        first_split=_starts([tree.nodes for tree in trees]),
        first_leaf=_starts([len(tree.leaf_value) for tree in trees]),
        split_input=np.searchsorted(inputs, np.concatenate([t.feature for t in trees])),
        threshold=np.concatenate([tree.threshold for tree in trees]),
        absent_left=np.concatenate([tree.absent_left for tree in trees]),
        absent_is_zero=np.concatenate([tree.absent_is_zero for tree in trees]),
        value=np.array([value for value, _ in leaves], dtype=np.float64),
        first_condition=_starts(width),
        condition_input=np.searchsorted(inputs, [c.input for c in conditions]),
        cover=np.array([c.cover for c in conditions], dtype=np.float64),
        splits=np.array([c.splits for c in conditions], dtype=np.uint64),
        goes_left=np.array([c.goes_left for c in conditions], dtype=np.uint64),
        first_cell=first_cell,
        cells=cells,
    )


class _Condition(NamedTuple):
    """What a leaf asks of one input: which way to go at each split on it."""

    input: int
    cover: float
    splits: int
    goes_left: int


def _leaves(tree: Tree) -> list[tuple[float, list[_Condition]]]:
    counts = tree.node_counts()
    found: list[tuple[int, list[_Condition]]] = []

    def walk(child: int, path: dict[int, _Condition]) -> None:
        if child < 0:
            found.append((~child, list(path.values())))
            return
        at = int(tree.feature[child])
        for below, left in ((int(tree.left[child]), 1), (int(tree.right[child]), 0)):
            count = tree.leaf_count[~below] if below < 0 else counts[below]
            so_far = path.get(at, _Condition(at, 1.0, 0, 0))
            narrower = _Condition(
                at,
                so_far.cover * float(count / counts[child]),
                so_far.splits | 1 << child,
                so_far.goes_left | left << child,
            )
            walk(below, {**path, at: narrower})

    walk(0, {})
    return [(float(tree.leaf_value[leaf]), conditions) for leaf, conditions in found]


def _starts(sizes: Sequence[int] | Ints) -> Ints:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def _cells(width: Ints) -> tuple[Ints, int]:
    """Give a table to each leaf that is narrow enough for all tables to stay small."""
    cells = width << np.minimum(width, _WIDEST_TABLE)
    widest = _WIDEST_TABLE
    while cells[width <= widest].sum() > _TABLE_CELLS:
        widest -= 1
    kept = np.where(width <= widest, cells, 0)
    return np.where(width <= widest, np.cumsum(kept) - kept, -1), int(kept.sum())
