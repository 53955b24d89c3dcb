"""What do the segments of one milestone say together, and all milestones beside each other?

Where many estimates are looked at, some are far from zero by luck. A milestone is proven only
by all its segments together, and only beside all the other milestones that were looked at;
without that, no single segment of it is an effect.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import erfc, sqrt

import numpy as np

from training.effects.effect import Effect
from training.engine.periods import Floats

SURE = 0.05
"""The chance that, where no milestone does anything, one of them is proven all the same."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One segment's estimate of one milestone, with the standard error of its points."""

    effect: Effect
    error: float


def proven_together(cells: Sequence[Cell]) -> frozenset[str]:
    """Milestones whose segments together leave out zero (Holm 1979, over all milestones)."""
    chances = {}
    for milestone, at in _by_milestone(cells):
        points, errors = _measured(cells, at)
        mean, error = pooled(points, errors)
        chances[milestone] = erfc(abs(mean) / error / sqrt(2)) if error > 0 else 1.0
    return frozenset(holm(chances))


def holm(chances: Mapping[str, float]) -> Iterator[str]:
    """Names that stand beside all others, the surest first.

    >>> list(holm({"a": 0.001, "b": 0.03, "c": 0.02}))
    ['a', 'c', 'b']
    >>> list(holm({"a": 0.001, "b": 0.06, "c": 0.03}))
    ['a']
    """
    for number, (name, chance) in enumerate(sorted(chances.items(), key=lambda each: each[1])):
        if chance > SURE / (len(chances) - number):
            return
        yield name


def drawn_together(cells: Sequence[Cell]) -> list[float | None]:
    """Draw each milestone's segments together, and the milestones, by how little each is known.

    Where milestones differ by no more than luck, all are reckoned to do the same.
    """
    own = [(at, *_measured(cells, at)) for _, at in _by_milestone(cells)]
    if not own:
        return [None] * len(cells)
    means, errors = (
        np.array(each) for each in zip(*(pooled(p, e) for _, p, e in own), strict=True)
    )
    best: dict[int, float] = {}
    for (at, points, known), mean, drawn in zip(own, means, shrunk(means, errors), strict=True):
        best |= dict(zip(at, (shrunk(points, known) + drawn - mean).tolist(), strict=True))
    return [best.get(i) for i in range(len(cells))]


def shrunk(points: Floats, errors: Floats) -> Floats:
    """Draw estimates towards their mean (empirical Bayes).

    >>> shrunk(np.array([-0.02, -0.04]), np.array([0.01, 0.01])).round(3).tolist()
    [-0.025, -0.035]
    """
    mean, _ = pooled(points, errors)
    beyond = spread(points, errors)
    kept = beyond / (beyond + errors**2)
    drawn: Floats = mean + kept * (points - mean)
    return drawn


def pooled(points: Floats, errors: Floats) -> tuple[float, float]:
    """The mean of estimates that differ by more than their errors, and its own error."""
    weights = 1 / (errors**2 + spread(points, errors))
    return float((weights * points).sum() / weights.sum()), float(1 / np.sqrt(weights.sum()))


def spread(points: Floats, errors: Floats) -> float:
    """The variance between estimates beyond their errors (DerSimonian and Laird 1986).

    >>> round(spread(np.array([-0.02, -0.06]), np.array([0.01, 0.01])), 6)
    0.0007
    """
    if len(points) < 2:
        return 0.0
    weights = 1 / errors**2
    mean = (weights * points).sum() / weights.sum()
    beyond = (weights * (points - mean) ** 2).sum() - (len(points) - 1)
    scale = weights.sum() - (weights**2).sum() / weights.sum()
    return max(float(beyond / scale), 0.0)


def _by_milestone(cells: Sequence[Cell]) -> Iterator[tuple[str, list[int]]]:
    """The measured cells of each milestone."""
    measured = [i for i, cell in enumerate(cells) if cell.effect.points is not None]
    for milestone in dict.fromkeys(cells[i].effect.milestone for i in measured):
        yield milestone, [i for i in measured if cells[i].effect.milestone == milestone]


def _measured(cells: Sequence[Cell], at: Sequence[int]) -> tuple[Floats, Floats]:
    points = np.array([cells[i].effect.points for i in at], dtype=np.float64)
    return points, np.array([cells[i].error for i in at], dtype=np.float64)
