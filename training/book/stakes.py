"""Do accounts that pay much leave, grow and shrink as often as the models say?

A rule or a model may be right about accounts and wrong about money, where those that pay much
fare otherwise than it says. What came of each part of the book, cut so that each holds a like
share of the money, is held against what was expected of it. Few accounts hold most of the
money, so that less is known of it: what a part does may be anything that its few events allow.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from features.asof import Ints
from training.engine.periods import Floats

SHARES = (0.25, 0.5, 0.75)
"""Of the money, below each edge between two parts."""
MOST_PARTS = len(SHARES) + 1
DOUBT_EVENTS = 10.0
"""So many events of a part are believed by half."""


@dataclass(frozen=True, slots=True, eq=False)
class Stakes:
    """How often it happens in each part for each event expected of it: Gamma distributions."""

    edges: tuple[float, ...]
    """The ARR at which the next part begins; none where nobody pays."""
    shape: Floats
    rate: Floats

    @classmethod
    def unknown(cls) -> Self:
        """One part, of which nothing is known but what is expected."""
        return cls((), np.ones(1), np.ones(1))

    @classmethod
    def learnt(cls, arr: Floats, expected: Floats, came: Floats) -> Self:
        """Hold events against what was expected, a row per account and morning.

        As many are expected of the whole as came of it: the level is told elsewhere.
        """
        edges = _edges(arr)
        if not edges or not expected.sum() > 0:
            return cls.unknown()
        part = np.searchsorted(edges, np.nan_to_num(arr), side="right")
        seen = np.bincount(part, weights=came, minlength=len(edges) + 1)
        due = np.bincount(part, weights=expected, minlength=len(edges) + 1)
        due *= (seen.sum() + DOUBT_EVENTS) / (due.sum() + DOUBT_EVENTS)
        known = DOUBT_EVENTS + np.stack([seen, due]).astype(np.float64)
        return cls(edges, known[0], known[1])

    def part_of(self, arr: Floats) -> Ints:
        """The part of the book that each account belongs to."""
        return np.searchsorted(self.edges, np.nan_to_num(arr), side="right").astype(np.int64)

    def times(self, arr: Floats) -> Floats:
        """By how much to multiply what is expected of each account."""
        mean: Floats = (self.shape / self.rate)[self.part_of(arr)]
        return mean

    def drawn(self, *, draws: int, rng: np.random.Generator) -> Floats:
        """How far off ``times`` may be: a row per draw, a column per part, with mean one."""
        if not self.edges:
            return np.ones((draws, 1))
        off = rng.gamma(self.shape, size=(draws, len(self.shape)))
        told: Floats = off / off.mean(axis=0)
        return told


def _edges(arr: Floats) -> tuple[float, ...]:
    paid = np.sort(arr[arr > 0])
    if not len(paid):
        return ()
    share = np.cumsum(paid) / paid.sum()
    return tuple(np.unique(paid[np.searchsorted(share, SHARES)]).tolist())
