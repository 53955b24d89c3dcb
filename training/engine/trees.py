"""How is a LightGBM model read, changed and written as text?

Only what decides a prediction is kept of each tree: its splits, its leaves and how many rows
fell into each. Numbers are written so that they read back bit by bit.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from features.asof import Bools
from training.engine.periods import Floats, Ints

# LightGBM's decision types, as bits: a categorical split, absent values go left, and what
# counts as absent (two bits: nothing, zero, NaN).
CATEGORICAL, ABSENT_GOES_LEFT = 1, 2
ABSENT_IS_NOTHING, ABSENT_IS_ZERO, ABSENT_IS_NAN = 0, 4, 8
ABSENT_IS = 12


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """One tree. Node 0 is the root; a child below zero is the leaf ``~child``."""

    feature: Ints
    threshold: Floats
    decision: Ints
    left: Ints
    right: Ints
    leaf_value: Floats
    leaf_count: Ints

    @classmethod
    def constant(cls, value: float) -> Self:
        none = np.zeros(0, dtype=np.int64)
        return cls(
            none, np.zeros(0), none, none, none, np.array([value]), np.ones(1, dtype=np.int64)
        )

    @property
    def nodes(self) -> int:
        return len(self.feature)

    @property
    def absent_is_zero(self) -> Bools:
        """Where a split takes zeros for absent, too."""
        absent_is_zero: Bools = self.decision & ABSENT_IS == ABSENT_IS_ZERO
        return absent_is_zero

    @property
    def absent_left(self) -> Bools:
        """Where absent values turn left; those that were not learnt are read as zeros."""
        learnt = (self.decision & ABSENT_IS) != ABSENT_IS_NOTHING
        return np.where(learnt, (self.decision & ABSENT_GOES_LEFT) != 0, self.threshold >= 0)

    @property
    def print(self) -> bytes:
        """Equal for trees that predict the same in the same way."""
        shape = (self.feature, self.threshold, self.decision, self.left, self.right)
        return b"|".join(part.tobytes() for part in (*shape, self.leaf_value))

    def node_counts(self) -> Ints:
        """How many rows passed through each node."""
        counts = np.zeros(self.nodes, dtype=np.int64)
        # LightGBM numbers a node after its parent, so children are ready before parents are.
        for node in reversed(range(self.nodes)):
            for child in (self.left[node], self.right[node]):
                counts[node] += self.leaf_count[~child] if child < 0 else counts[child]
        return counts


def parse_trees(model: str) -> list[Tree]:
    """Read the trees of a model without categorical splits from LightGBM's text."""
    body = model.partition("\nend of trees")[0]
    return [_parse(block) for block in re.split(r"^Tree=\d+$", body, flags=re.MULTILINE)[1:]]


def model_text(trees: Sequence[Tree], *, inputs: int) -> str:
    """Write trees as a model that LightGBM loads; its prediction is the sum of their leaves."""
    head = [
        "tree",
        "version=v4",
        "num_class=1",
        "num_tree_per_iteration=1",
        "label_index=0",
        f"max_feature_idx={inputs - 1}",
        "feature_names=" + " ".join(f"Column_{column}" for column in range(inputs)),
        "feature_infos=" + " ".join(["none"] * inputs),
    ]
    blocks = [f"Tree={number}\n{_written(tree)}" for number, tree in enumerate(trees)]
    return "\n\n\n".join(["\n".join(head), *blocks, "end of trees\n"])


def _parse(block: str) -> Tree:
    fields = dict(line.partition("=")[::2] for line in block.strip().splitlines())
    decision = _ints(fields.get("decision_type", ""))
    if (decision & CATEGORICAL).any():
        raise ValueError("a model with categorical splits cannot be read as numeric trees")
    values = _floats(fields["leaf_value"])
    return Tree(
        feature=_ints(fields.get("split_feature", "")),
        threshold=_floats(fields.get("threshold", "")),
        decision=decision,
        left=_ints(fields.get("left_child", "")),
        right=_ints(fields.get("right_child", "")),
        leaf_value=values,
        leaf_count=_ints(fields.get("leaf_count", "")) if len(values) > 1 else np.ones(1, int),
    )


def _written(tree: Tree) -> str:
    fields = {
        "num_leaves": [len(tree.leaf_value)],
        "num_cat": [0],
        "leaf_value": tree.leaf_value.tolist(),
        "is_linear": [0],
        "shrinkage": [1],
    }
    if tree.nodes:
        fields |= {
            "split_feature": tree.feature.tolist(),
            "threshold": tree.threshold.tolist(),
            "decision_type": tree.decision.tolist(),
            "left_child": tree.left.tolist(),
            "right_child": tree.right.tolist(),
            "leaf_count": tree.leaf_count.tolist(),
            "internal_count": tree.node_counts().tolist(),
        }
    return "\n".join(f"{name}={' '.join(map(repr, values))}" for name, values in fields.items())


def _ints(words: str) -> Ints:
    return np.array(words.split(), dtype=np.int64)


def _floats(words: str) -> Floats:
    return np.array([float(word) for word in words.split()], dtype=np.float64)
