"""How does an account climb, and which evidence does each step leave in the rows?

Every milestone is a small automaton: in each week an open milestone advances by one step or it
does not, with a chance that depends on the hidden state. The moment is drawn first; the rows
are then written so that the criterion in ``configs/demo/playbook.toml`` is met by the last row
of the last step and by no earlier one. To keep that exact, the capability of a milestone is
used only in its steps until it is reached, and freely from the next day on.

Five milestones form the spine, each opening the next. The others branch off: they open with a
place on the spine and open nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from features.simulated.weeks import Floats, Ints


@dataclass(frozen=True, slots=True)
class Rung:
    """One milestone as the simulator knows it."""

    slug: str
    steps: int
    weekly_chance: tuple[float, float, float, float, float]
    """Chance of a step in a week, by level of engagement."""
    capability: str | None
    weekdays: tuple[float, ...] = (0.2, 0.2, 0.2, 0.2, 0.2, 0.0, 0.0)
    """Chance of each weekday to be that of the step's last row."""
    restarts: bool = False
    """Whether a week without a step throws the account back to the first one (a streak)."""
    needs_sponsor: bool = False
    opens_after: str | None = None
    segments: tuple[str, ...] = ("enterprise", "mid_market", "startup")

    @property
    def by_weekday(self) -> Floats:
        """Chance that the last row falls before each weekday: 8 numbers, from 0 to 1."""
        return np.concatenate([[0.0], np.cumsum(self.weekdays) / sum(self.weekdays)])


_ALL = (
    Rung("data_source_connected", 1, (0.10, 0.25, 0.40, 0.55, 0.65), "source_synced",
         needs_sponsor=True),
    Rung("builders_at_work", 3, (0.08, 0.22, 0.42, 0.58, 0.70), "workflow_edited",
         opens_after="data_source_connected"),
    Rung("first_workflow_automated", 3, (0.05, 0.16, 0.34, 0.50, 0.62), "workflow_run",
         opens_after="builders_at_work"),
    Rung("weekly_reporting_rhythm", 4, (0.12, 0.34, 0.60, 0.76, 0.86), "report_viewed",
         restarts=True, opens_after="first_workflow_automated"),
    Rung("half_the_seats_collaborate", 3, (0.02, 0.07, 0.15, 0.25, 0.35), "comment",
         opens_after="weekly_reporting_rhythm"),
    Rung("dashboards_polished", 2, (0.01, 0.05, 0.18, 0.38, 0.55), "dashboard_edited",
         weekdays=(0.0, 0.0, 0.0, 0.5, 0.5, 0.0, 0.0), opens_after="data_source_connected"),
    Rung("executive_review_held", 1, (0.01, 0.025, 0.05, 0.08, 0.10), None,
         needs_sponsor=True, opens_after="first_workflow_automated",
         segments=("enterprise", "mid_market")),
    Rung("systems_integrated", 2, (0.01, 0.03, 0.07, 0.12, 0.16), "api_call",
         needs_sponsor=True, opens_after="first_workflow_automated",
         segments=("enterprise", "mid_market")),
)  # fmt: skip
RUNGS: Mapping[str, Rung] = {rung.slug: rung for rung in _ALL}
SPINE_SLUGS = tuple(rung.slug for rung in _ALL[:5])
SIDES = ("dashboards_polished", "executive_review_held", "systems_integrated")

FADES_AFTER_WEEKS = 3
"""The first half of the dashboards counts for this many weeks; then it has to be done again."""
DASHBOARDS_DONE = FADES_AFTER_WEEKS + 1


@dataclass(frozen=True, slots=True, eq=False)
class Spine:
    """The places an account can be at, from the foot (0) to the top."""

    rung: Ints
    """Index into SPINE_SLUGS of the open milestone at each place but the top."""
    step: Ints
    after_step: Ints
    after_miss: Ints
    opens_at: Mapping[str, int]
    done_at: Mapping[str, int]

    @property
    def places(self) -> int:
        return len(self.after_step)

    @classmethod
    def of(cls, rungs: tuple[Rung, ...]) -> "Spine":
        steps = np.array([rung.steps for rung in rungs])
        last = np.cumsum(steps)
        rung = np.repeat(np.arange(len(rungs)), steps)
        foot = (last - steps)[rung]
        place = np.arange(last[-1] + 1)
        restarts = np.array([r.restarts for r in rungs])[rung]
        miss = np.append(np.where(restarts, foot, place[:-1]), place[-1])
        return cls(
            rung=rung,
            step=place[:-1] - foot,
            after_step=np.minimum(place + 1, place[-1]),
            after_miss=miss,
            opens_at={r.slug: int(end - r.steps) for r, end in zip(rungs, last, strict=True)},
            done_at={r.slug: int(end) for r, end in zip(rungs, last, strict=True)},
        )


def spine_rungs() -> tuple[Rung, ...]:
    """The milestones of the spine, from the foot up."""
    return tuple(RUNGS[slug] for slug in SPINE_SLUGS)


SPINE = Spine.of(spine_rungs())


def side_gate(slug: str) -> int:
    """The place on the spine from which on a side milestone is open."""
    after = RUNGS[slug].opens_after
    return SPINE.done_at[after] if after is not None else 0


def dashboards_after(state: Ints, *, stepped: bool) -> Ints:
    """The automaton of the sliding window: 0 nothing yet, 1 to 3 weeks since the first half."""
    if stepped:
        return np.where(state == 0, 1, DASHBOARDS_DONE)
    faded = np.where((state == 0) | (state == FADES_AFTER_WEEKS), 0, state + 1)
    return np.where(state == DASHBOARDS_DONE, DASHBOARDS_DONE, faded)
