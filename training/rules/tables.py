"""What do simple tables say: how do accounts like this one usually fare?

"Like this one" means the same segment, or about the same number of days since last use. The
chance of each horizon is read off the Aalen–Johansen curve of those accounts, so that censored
rows count for as long as they were followed, and exits of other causes are not forgotten.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from training.engine.matrix import Matrix
from training.engine.periods import CENSORED, Floats, FollowUp, Ints

# A group smaller than this fares like everybody, as far as anyone can tell.
_LEAST_ROWS = 100
_MOST_GROUPS = 20


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """What a rule may look at: a model's inputs, and the segment of each row."""

    matrix: Matrix
    segments: Sequence[str]


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """Whether ``cause`` comes first and before each horizon, and what is known of it."""

    followup: FollowUp
    cause: int
    horizons: tuple[int, ...]

    def incidence(self, rows: NDArray[np.bool_] | None = None) -> tuple[float, ...]:
        """Chance by each horizon among some rows, or all."""
        some = self.followup if rows is None else self.followup.take(np.flatnonzero(rows))
        return tuple(incidence(some, cause=self.cause, horizons=self.horizons).tolist())

    def incidence_of_group(self, rows: NDArray[np.bool_]) -> tuple[float, ...]:
        return self.incidence(rows if rows.sum() >= _LEAST_ROWS else None)


def incidence(followup: FollowUp, *, cause: int, horizons: Sequence[float]) -> Floats:
    """Share of rows that end by ``cause`` before each horizon (Aalen and Johansen 1978).

    Rows that ended by another cause can no longer end by this one. Without other causes it is
    one minus the Kaplan–Meier estimate of staying.
    """
    ended = followup.cause != CENSORED
    times, events = np.unique(followup.days[ended], return_counts=True)
    struck = np.sort(followup.days[followup.cause == cause])
    of_cause = np.searchsorted(struck, times, "right") - np.searchsorted(struck, times, "left")
    at_risk = len(followup) - np.searchsorted(np.sort(followup.days), times, side="left")
    staying = np.concatenate([[1.0], np.cumprod(1 - events / at_risk)])
    reached = np.concatenate([[0.0], np.cumsum(staying[:-1] * of_cause / at_risk)])
    return reached[np.searchsorted(times, np.asarray(horizons, np.float64), side="left")]


@dataclass(frozen=True, slots=True)
class IncidenceByValue:
    """Chances of those with about the same value of one input, or with none."""

    kind: ClassVar[str] = "incidence_by_value"
    name: str
    column: str
    overall: tuple[float, ...]
    bounds: tuple[float, ...]
    """The highest value of each group but the last."""
    by_group: tuple[tuple[float, ...], ...]
    """Chances by horizon of each group, lowest values first, and at the end of the absent."""

    @classmethod
    def fit(cls, name: str, column: str, evidence: Evidence, question: Question) -> Self:
        value = evidence.matrix.column(column)
        bounds = _bounds(value[~np.isnan(value)])
        group = _group_of(value, bounds)
        by_group = tuple(
            question.incidence_of_group(group == number) for number in range(len(bounds) + 2)
        )
        return cls(name, column, question.incidence(), tuple(bounds.tolist()), by_group)

    def predict(self, evidence: Evidence) -> Floats:
        group = _group_of(evidence.matrix.column(self.column), np.array(self.bounds))
        return np.array(self.by_group)[group]

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, **asdict(self)}

    @classmethod
    def from_dict(cls, parts: Mapping[str, Any]) -> Self:
        by_group = tuple(tuple(chances) for chances in parts["by_group"])
        overall, bounds = tuple(parts["overall"]), tuple(parts["bounds"])
        return cls(parts["name"], parts["column"], overall, bounds, by_group)


@dataclass(frozen=True, slots=True)
class IncidenceBySegment:
    """Chances of each row's segment; of everybody where the segment is new or small."""

    kind: ClassVar[str] = "incidence_by_segment"
    name: ClassVar[str] = "Kaplan-Meier by segment"
    overall: tuple[float, ...]
    by_segment: Mapping[str, tuple[float, ...]]

    @classmethod
    def fit(cls, evidence: Evidence, question: Question) -> Self:
        segments = np.asarray(evidence.segments, dtype=str)
        by_segment = {
            str(name): question.incidence_of_group(segments == name)
            for name in np.unique(segments)
        }
        return cls(question.incidence(), by_segment)

    def predict(self, evidence: Evidence) -> Floats:
        names, segment = np.unique(np.asarray(evidence.segments, str), return_inverse=True)
        chances = [self.by_segment.get(str(name), self.overall) for name in names]
        return np.array(chances).reshape(-1, len(self.overall))[segment]

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, **asdict(self)}

    @classmethod
    def from_dict(cls, parts: Mapping[str, Any]) -> Self:
        by_segment = {name: tuple(chances) for name, chances in parts["by_segment"].items()}
        return cls(tuple(parts["overall"]), by_segment)


def _bounds(present: Floats) -> Floats:
    """The highest value of each group but the last, so that none is small.

    A group that would be small joins its neighbour, which is more like it than everybody is.
    """
    groups = min(_MOST_GROUPS, len(present) // _LEAST_ROWS)
    cuts = np.arange(1, max(groups, 1)) / max(groups, 1)
    values = np.unique(np.quantile(present, cuts, method="lower")) if len(cuts) else cuts
    kept, below = [], 0
    rows = np.searchsorted(np.sort(present), values, side="right")
    for value, up_to in zip(values, rows, strict=True):
        if min(up_to - below, len(present) - up_to) >= _LEAST_ROWS:
            kept.append(value)
            below = up_to
    return np.array(kept, dtype=np.float64)


def _group_of(value: Floats, bounds: Floats) -> Ints:
    """Number of each value's group; the absent are the group after the last."""
    group = np.searchsorted(bounds, value, side="left")
    return np.where(np.isnan(value), len(bounds) + 1, group)
