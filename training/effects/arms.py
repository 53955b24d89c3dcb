"""How far apart are accounts that were treated and accounts held out by lot?

The difference of means, with what was known of each account before taken off (Lin 2013,
"Agnostic notes on regression adjustments"): a line of its own in each arm, so that the lot
alone makes it right, whatever the line. Families were drawn, so families are counted. A small
arm in which hardly anybody left tells little of its own scatter: that of all accounts together
is the least it is taken to have. It is asked again every quarter; the interval is widened so
that four looks together are wrong no more often than one at 95 % would be (Pocock 1977).
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.stats import t as student

from features.asof import Bools, Ints
from training.engine.periods import Floats

LOOKS = 4
LEVEL = 1 - 0.0182
"""Of each of four looks, so that all four hold together 95 times in a hundred."""
POWER = 0.8
FEWEST_FAMILIES = 12
"""In an arm; with fewer, no line is drawn and nothing is claimed."""
LEAST_SPREAD = 1e-12
"""With less variance than this, what was known before tells nobody apart."""


@dataclass(frozen=True, slots=True, eq=False)
class Arms:
    """Who was in which arm, what came of it, and what was known before."""

    is_treated: Bools
    family: Ints
    outcome: Floats
    before: Floats
    """What was known of each account before the lot was drawn, as one number."""
    weight: Floats

    def take(self, rows: Bools) -> Self:
        """Keep some of the accounts."""
        return type(self)(
            self.is_treated[rows],
            self.family[rows],
            self.outcome[rows],
            self.before[rows],
            self.weight[rows],
        )


@dataclass(frozen=True, slots=True)
class Gap:
    """Treated less held out, and what would have been seen."""

    points: float
    error: float
    freedom: float
    treated: float
    """The plain mean of the treated, and of the held out."""
    held_out: float
    families: tuple[int, int]

    @property
    def interval(self) -> tuple[float, float]:
        """What holds over four quarterly looks in 95 of 100 programmes."""
        reach = reach_of(self.freedom) * self.error
        return self.points - reach, self.points + reach

    @property
    def smallest(self) -> float:
        """The smallest true difference that would be seen four times out of five."""
        return float((reach_of(self.freedom) + student.ppf(POWER, self.freedom)) * self.error)


def reach_of(freedom: float) -> float:
    """Standard errors from the middle of an interval to its ends."""
    return float(student.ppf((1 + LEVEL) / 2, freedom))


def gap(arms: Arms) -> Gap | None:
    """Compare the arms; None where one of them is too small to be compared."""
    sides = (arms.is_treated, ~arms.is_treated)
    families = (_count(arms.family[sides[0]]), _count(arms.family[sides[1]]))
    if min(families) < FEWEST_FAMILIES or not arms.weight.sum() > 0:
        return None
    lines = [_line(arms, side) for side in sides]
    scatter = _scatter(arms, lines)
    parts = [
        max(_own_scatter(line, arms.family, count), scatter * count / line.weight**2)
        for line, count in zip(lines, families, strict=True)
    ]
    # Welch and Satterthwaite: the arm that scatters most says how well the scatter is known.
    known_by = sum(p**2 / (count - 2) for p, count in zip(parts, families, strict=True))
    error = sum(parts)
    if not known_by > 0:
        return None
    means = [np.average(arms.outcome[s], weights=arms.weight[s]) for s in sides]
    return Gap(
        points=lines[0].level - lines[1].level,
        error=float(np.sqrt(error)),
        freedom=float(error**2 / known_by),
        treated=float(means[0]),
        held_out=float(means[1]),
        families=families,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Line:
    """One arm's line, read at the mean of all accounts."""

    level: float
    moved_by: Floats
    """How each row moves the level."""
    left_over: Floats
    """What the line does not tell of each row, at its weight; nothing of the other arm's."""
    weight: float


def _line(arms: Arms, side: Bools) -> _Line:
    weight = np.where(side, arms.weight, 0.0)
    total = weight.sum()
    known = arms.before - np.average(arms.before, weights=arms.weight)
    here, mean = (weight * known).sum() / total, (weight * arms.outcome).sum() / total
    spread = (weight * (known - here) ** 2).sum()
    steep = (weight * (known - here) * (arms.outcome - mean)).sum()
    slope = steep / spread if spread > LEAST_SPREAD * total else 0.0
    left_over = weight * (arms.outcome - mean - slope * (known - here))
    pull = here * (known - here) / spread if spread > LEAST_SPREAD * total else 0.0
    return _Line(
        level=float(mean - slope * here),
        moved_by=left_over * (1 / total - pull),
        left_over=left_over,
        weight=float(total),
    )


def _own_scatter(line: _Line, family: Ints, count: int) -> float:
    moved = np.bincount(family, weights=line.moved_by)
    return float((moved**2).sum() * count / (count - 2))


def _scatter(arms: Arms, lines: list[_Line]) -> float:
    """How far a family lies from its line, in all arms together: the mean square."""
    left_over = np.bincount(arms.family, weights=lines[0].left_over + lines[1].left_over)
    return float((left_over**2).sum() / max(_count(arms.family) - 1, 1))


def _count(family: Ints) -> int:
    return len(np.unique(family))
