"""How does one more week, seen from its beginning, change what is to be expected?

The hidden states and the places on the ladder are few, so that the chance of anything to come
is computed backwards, week by week, without any sampling: by the law that the journeys follow,
applied to a table of values instead of to a draw.

A table of values has the axes hidden state, place on the spine, executive review, integration,
dashboards (of size one where they do not matter) and columns (cases that differ in what is due
when).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from features.simulated.ladder import (
    DASHBOARDS_DONE,
    RUNGS,
    SPINE,
    SPINE_SLUGS,
    dashboards_after,
    side_gate,
)
from features.simulated.laws import (
    ACQUIRED_A_WEEK,
    DIRECT_EFFECTS,
    SEGMENTS,
    STATES,
    leaving_hazard,
    step_chance,
    transitions,
)
from features.simulated.weeks import Floats, Ints

SIDES: Mapping[str, tuple[int, int]] = {
    "executive_review_held": (2, 2),
    "systems_integrated": (3, 3),
    "dashboards_polished": (4, DASHBOARDS_DONE + 1),
}
"""Axis and size of each side milestone in a table."""
SURVIVES = 1 - ACQUIRED_A_WEEK
AT_ONCE = 512
"""Columns multiplied at a time: small products stay on one thread, which on a busy machine is
a hundred times faster than waiting for the others."""


@dataclass(frozen=True, slots=True, eq=False)
class Law:
    """What may happen in a week to the accounts of one segment and kind of contract.

    Only what matters is followed: a side milestone if it acts on leaving or is the goal, and
    the spine no higher than a goal on it.
    """

    segment: int
    is_monthly: bool
    forbidden: str | None = None
    """A milestone whose last step is barred: the world in which it is not reached."""
    goal: str | None = None
    """A milestone of which only the way to it matters."""

    @property
    def places(self) -> int:
        """Places on the spine, the last of which is the top or the goal."""
        return SPINE.done_at.get(self.goal or "", SPINE.places - 1) + 1

    @property
    def sides(self) -> tuple[int, ...]:
        """Sizes of the three side axes."""
        return tuple(size if self._follows(slug) else 1 for slug, (_, size) in SIDES.items())

    def _follows(self, slug: str) -> bool:
        asked = SEGMENTS[self.segment] in RUNGS[slug].segments
        in_reach = self.places > side_gate(slug)
        acts = DIRECT_EFFECTS[slug][self.segment] != 0
        return asked and in_reach and (acts or slug == self.goal)

    def blank(self, *, columns: int = 1) -> Floats:
        """A table of zeros."""
        return np.zeros((STATES, self.places, *self.sides, columns))

    def leaves(self, factor: Floats) -> Floats:
        """Chance of not renewing, at a decision; a column for each factor on the hazard."""
        review, integration, _ = self.sides
        hazard = leaving_hazard(self.segment, is_monthly=self.is_monthly)
        hazard = hazard[:, : self.places, :review, :integration]
        return -np.expm1(-hazard[..., None, None] * factor)

    def before_steps(self, values: Floats) -> Floats:
        """Values at the start of a week in which nobody leaves, from those at its end."""
        return self._sides_back(self._spine_back(values))

    def before_move(self, values: Floats) -> Floats:
        """Values on the morning before the hidden state moves."""
        flat = values.reshape(STATES, -1)
        moved = np.empty_like(flat)
        for start in range(0, flat.shape[1], AT_ONCE):
            part = slice(start, start + AT_ONCE)
            np.matmul(_moves(), flat[:, part], out=moved[:, part])
        return moved.reshape(values.shape)

    def _spine_back(self, values: Floats) -> Floats:
        top = self.places - 1
        rungs = np.stack([_step_chance(s, self.segment) for s in SPINE_SLUGS], axis=1)
        chance = rungs[:, SPINE.rung[:top]]
        if self.forbidden in SPINE_SLUGS:
            chance[:, SPINE.done_at[str(self.forbidden)] - 1] = 0.0
        stepped = values[:, SPINE.after_step[:top]]
        missed = values[:, SPINE.after_miss[:top]]
        moved = missed + chance.reshape(STATES, top, 1, 1, 1, 1) * (stepped - missed)
        return np.concatenate([moved, values[:, top:]], axis=1)

    def _sides_back(self, values: Floats) -> Floats:
        for slug, (axis, size) in SIDES.items():
            if values.shape[axis] == size:
                values = self._side_back(slug, axis, values)
        return values

    def _side_back(self, slug: str, axis: int, values: Floats) -> Floats:
        size = values.shape[axis]
        stepped, missed = _side_moves(slug, np.arange(size))
        chance = np.repeat(_step_chance(slug, self.segment)[:, None], size, axis=1)
        if self.forbidden == slug:
            chance[:, size - 2] = 0.0
        shape = [STATES, 1, 1, 1, 1, 1]
        shape[axis] = size
        chance = chance.reshape(shape)
        gate = side_gate(slug)
        higher = values[:, gate:]
        hit, miss = np.take(higher, stepped, axis=axis), np.take(higher, missed, axis=axis)
        return np.concatenate([values[:, :gate], miss + chance * (hit - miss)], axis=1)


@cache
def _moves() -> Floats:
    return transitions()


@cache
def _step_chance(slug: str, segment: int) -> Floats:
    return step_chance(RUNGS[slug], segment=segment)


def _side_moves(slug: str, state: Ints) -> tuple[Ints, Ints]:
    """Where a step and a miss lead, on one side axis."""
    if slug == "dashboards_polished":
        return dashboards_after(state, stepped=True), dashboards_after(state, stepped=False)
    return np.minimum(state + 1, len(state) - 1), state
