"""How much of a build may be held at a time, so that a run keeps to its limit of memory?

A build is written shard by shard, and may be larger than what learning can hold. Mornings that
follow each other say nearly the same of an account, while each account that left says what no
other does. So where not all fits every account is kept, and mornings are left out, as if they
had been asked for further apart. The as-of morning, those at which the backtest asks, and
single days always stay.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Self

import numpy as np

from configs.project import Project
from features.asof import Ints, ordinal
from features.assemble import FeatureSet
from features.plan import grid_of
from training.engine.followed import spaced_back
from training.engine.periods import Periods

LIBRARIES = 2 * 10**9
"""What Python, its libraries, an engine and what a build has left behind take meanwhile."""
BYTES_PER_SNAPSHOT = 750
"""Who it is and what it has open, besides its inputs."""
BYTES_PER_INPUT = 8
BYTES_PER_INPUT_LEARNT = 20
"""An input of a row that is learnt from: what is encoded, and what it is encoded from."""
BYTES_PER_INPUT_AND_PERIOD = 8
"""Of each period kept of such a row: what LightGBM is handed, for two ends side by side."""
MOST_APART_DAYS = 91
"""Further apart mornings would miss whole terms: then memory is what has to give."""


@dataclass(frozen=True, slots=True)
class Room:
    """How many bytes there are, and what snapshots take of them."""

    bytes: float
    held: float
    """Of each snapshot that is there."""
    learnt: float
    """Of each that is learnt from, besides."""
    taught_every_days: int

    @classmethod
    def of(cls, project: Project, *, inputs: int) -> Self:
        """The room that `limits.memory` leaves beside the libraries."""
        periods = Periods.covering(project.outcomes.horizons_days).count
        cells = periods * project.models.quiet_share * BYTES_PER_INPUT_AND_PERIOD
        return cls(
            bytes=max(project.limits.memory_bytes - LIBRARIES, project.limits.memory_bytes / 8),
            held=inputs * BYTES_PER_INPUT + BYTES_PER_SNAPSHOT,
            learnt=inputs * (BYTES_PER_INPUT_LEARNT + cells),
            taught_every_days=project.snapshots.training_every_days,
        )

    def to_hold(self, live: Ints) -> float:
        """Bytes of the snapshots of mornings on which so many accounts were live."""
        return float(live.sum()) * self.held

    def to_learn(self, days: Ints, live: Ints) -> float:
        """Bytes that learning from these mornings takes besides."""
        last = int(days.max())
        taught = np.isin(days, spaced_back(days[days < last], last, self.taught_every_days))
        return float(live[taught].sum()) * self.learnt


def mornings_within(
    days: Ints, live: Ints, project: Project, *, inputs: int, always: Collection[int]
) -> Ints | None:
    """Choose the mornings of a build that may be held together; None where all may.

    ``days`` are its mornings, ``live`` how many accounts were live on each; ``always`` are
    mornings that stay whatever they take.
    """
    room, grid = Room.of(project, inputs=inputs), grid_of(project)
    behind, step = days - ordinal(grid.through), grid.step_days
    stays = (behind % step != 0) | np.isin(days, [*always]) | (days == days.max())
    for every in range(1, max(MOST_APART_DAYS // step, 1) + 1):
        kept = stays | (behind % (step * every) == 0)
        if room.to_hold(live[kept]) + room.to_learn(days[kept], live[kept]) <= room.bytes:
            break
    return None if kept.all() else days[kept]


def origins_at_once(features: FeatureSet, project: Project, *, most: int) -> int:
    """At how many origins there is room to learn side by side; one at least."""
    room = Room.of(project, inputs=len(features.catalogue))
    days, live = np.unique(features.snapshots["day"].to_numpy(), return_counts=True)
    left = room.bytes - room.to_hold(live)
    return int(np.clip(left // max(room.to_learn(days, live), 1.0), 1, most))
