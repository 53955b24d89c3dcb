"""Into which stretches of the future is the horizon cut, and what happened in each of them?

A row's clock starts on its as-of morning, day 0. A period holds its first moment and not its
last, so an exit recorded on day 7 belongs to the period that starts there, and "within 30 days"
means days 0 to 29: with data kept by the day, exactly thirty of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CENSORED = -1

# Narrow while much is still decided, then aligned with how customers are billed.
_APART_DAYS = 7
_USUAL_EDGES = (0, 7, 14, 30, 45, 60, 90, 120, 150, 180)
_NARROW_EDGES = (*range(0, 64, 7), *range(77, 183, 14), *range(210, 3651, 30))
_LEAST_DAYS = 4


@dataclass(frozen=True, slots=True)
class Periods:
    """Stretches of days after the as-of morning; within each, a hazard is taken as constant."""

    edges: tuple[float, ...]

    def __post_init__(self) -> None:
        rising = all(earlier < later for earlier, later in pairwise(self.edges))
        if len(self.edges) < 2 or self.edges[0] != 0 or not rising:
            raise ValueError(f"edges must rise from 0, not {self.edges}")

    @classmethod
    def covering(cls, horizons: Sequence[int]) -> Self:
        """Cut at every horizon, at the usual days not too near one, and end with the last.

        >>> Periods.covering([28, 56]).edges
        (0.0, 7.0, 14.0, 28.0, 45.0, 56.0)
        """
        last = max(horizons)
        usual = {d for d in _USUAL_EDGES if min(abs(d - h) for h in horizons) >= _APART_DAYS}
        days = {0, *usual, *horizons}
        return cls(tuple(float(day) for day in sorted(days) if day <= last))

    @classmethod
    def narrow(cls, horizons: Sequence[int]) -> Self:
        """Cut finely, for what happens near a date that is known: by weeks, then fortnights.

        >>> Periods.narrow([28, 56]).edges
        (0.0, 7.0, 14.0, 21.0, 28.0, 35.0, 42.0, 49.0, 56.0)
        """
        last = max(horizons)
        fine = {d for d in _NARROW_EDGES if min(abs(d - h) for h in horizons) >= _LEAST_DAYS}
        days = {0, *fine, *horizons}
        return cls(tuple(float(day) for day in sorted(days) if day <= last))

    def spread(self, rates: Floats, onto: Self) -> Floats:
        """Daily rates by these periods, as the mean over each of other periods.

        What is expected up to any edge that both have in common stays the same.

        >>> Periods((0.0, 30.0)).spread(np.array([[0.2]]), Periods((0.0, 10.0, 30.0))).tolist()
        [[0.2, 0.2]]
        """
        overlap = np.minimum(self.ends[:, None], onto.ends)
        overlap = np.clip(overlap - np.maximum(self.starts[:, None], onto.starts), 0.0, None)
        # Not by a matrix product: see training/engine/weighing.py.
        spread: Floats = np.einsum("ij,jk->ik", rates, overlap / onto.lengths)
        return spread

    @property
    def starts(self) -> Floats:
        return np.array(self.edges[:-1])

    @property
    def ends(self) -> Floats:
        return np.array(self.edges[1:])

    @property
    def lengths(self) -> Floats:
        return np.diff(self.edges)

    @property
    def spans(self) -> list[tuple[float, float]]:
        """Start and length of each period."""
        return list(zip(self.starts.tolist(), self.lengths.tolist(), strict=True))

    @property
    def count(self) -> int:
        return len(self.edges) - 1

    def exposure(self, days: Floats) -> Floats:
        """Days that each row spent in each period, when it was watched for ``days`` days."""
        return np.clip(days[:, None] - self.starts, 0.0, self.lengths)

    def period_of(self, days: Floats) -> Ints:
        """Index of the period that holds each moment; ``count`` where it lies past the end."""
        return np.searchsorted(self.ends, days, side="right")


@dataclass(frozen=True, slots=True, eq=False)
class FollowUp:
    """What happened first after each row's as-of morning, as far as it is known.

    ``days[i]`` runs to the event or, where ``cause[i]`` is ``CENSORED``, to the last moment up
    to which nothing is known to have happened.
    """

    days: Floats
    cause: Ints

    def __post_init__(self) -> None:
        if self.days.shape != self.cause.shape or self.days.ndim != 1:
            raise ValueError("days and cause must be one value per row each")
        if not (self.days >= 0).all():
            raise ValueError("a follow-up cannot end before it starts")

    def __len__(self) -> int:
        return len(self.days)

    def take(self, rows: Ints) -> Self:
        return type(self)(self.days[rows], self.cause[rows])

    def happened_by(self, horizon_days: float, *, cause: int) -> Floats:
        """1 where ``cause`` came first and before the horizon, 0 where not, NaN where unknown.

        Unknown is a row that was censored before the horizon. A row that ended by another cause
        is known: it can no longer end by this one.
        """
        soon = self.days < horizon_days
        happened = np.where(soon & (self.cause == cause), 1.0, 0.0)
        return np.where(soon & (self.cause == CENSORED), np.nan, happened)
