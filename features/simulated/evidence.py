"""Which rows does each step of a milestone leave behind?

The rows of the steps are written so that the criterion of ``configs/demo/playbook.toml`` is
first met by the last row of the last step. They are never late, so that what an account has
reached by a morning is also what could be known that morning.

========================== ================================================================
data_source_connected      one ``source_synced`` by an administrator
builders_at_work           one ``workflow_edited`` by another builder in each of three steps
first_workflow_automated   ten ``workflow_run`` rows: four, then three, then three
weekly_reporting_rhythm    ``report_viewed`` in four calendar weeks in a row
half_the_seats_collaborate ``comment`` by a third of the people needed, in each of three steps
dashboards_polished        ``dashboard_edited`` on three days in each of two weeks, at the most
                           three weeks apart
executive_review_held      no row: recorded in the CRM
systems_integrated         ``api_call`` quantities that pass 500 in the second step
========================== ================================================================
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from features.simulated.company import Company
from features.simulated.journeys import Journeys
from features.simulated.ladder import RUNGS
from features.simulated.people import FIRST_BUILDERS, People, shared_desks
from features.simulated.use import CAPABILITIES, Rows
from features.simulated.weeks import Ints, Span

RUNS = (4, 3, 3)
API_TARGET = 500
EVENING = 17 * 3600
"""The last row of a step comes after five o'clock, the others before."""


@dataclass(frozen=True, slots=True, eq=False)
class _Taken:
    """The steps taken on one milestone, and the world they are taken in."""

    account: Ints
    step: Ints
    day: Ints
    company: Company
    people: People
    rng: np.random.Generator

    def __len__(self) -> int:
        return len(self.account)

    def whole_week_before(self, at: Ints) -> Ints:
        """A day of the step's week, up to its last one."""
        return self.day[at] - self.rng.integers(0, self.day[at] % 7 + 1)


@dataclass(frozen=True, slots=True, eq=False)
class _Drafts:
    """Rows of a step before they have a time: which step, which desk, which day, how much."""

    at: Ints
    desk: Ints
    day: Ints
    is_last: np.ndarray
    quantity: Ints


def rows_of_steps(
    company: Company,
    journeys: Journeys,
    *,
    people: People,
    rng: np.random.Generator,
) -> Rows:
    """Write the evidence of every step of every milestone."""
    parts = []
    steps = journeys.steps
    for position, rung in enumerate(RUNGS.values()):
        if rung.capability is None:
            continue
        it = steps.rung == position
        taken = _Taken(steps.account[it], steps.step[it], steps.day[it], company, people, rng)
        drafts = _DRAFT[rung.slug](taken)
        parts.append(_timed(taken, drafts, capability=CAPABILITIES.index(rung.capability)))
    return Rows.joined(parts)


def _timed(taken: _Taken, drafts: _Drafts, *, capability: int) -> Rows:
    account, count = taken.account[drafts.at], len(drafts.at)
    early = taken.rng.integers(8 * 3600, EVENING, size=count)
    late = taken.rng.integers(EVENING, EVENING + 3600, size=count)
    return Rows(
        account=account,
        user=taken.people.at_desk(account, drafts.desk, week=drafts.day // 7),
        capability=np.full(count, capability),
        day=drafts.day,
        second=np.where(drafts.is_last, late, early),
        quantity=drafts.quantity,
        may_be_late=np.zeros(count, dtype=bool),
    )


def _one_row(taken: _Taken, desk: Ints) -> _Drafts:
    count = len(taken)
    return _Drafts(
        at=np.arange(count),
        desk=desk,
        day=taken.day,
        is_last=np.ones(count, dtype=bool),
        quantity=np.ones(count, dtype=np.int64),
    )


def _sync(taken: _Taken) -> _Drafts:
    return _one_row(taken, np.zeros(len(taken), dtype=np.int64))


def _edit(taken: _Taken) -> _Drafts:
    return _one_row(taken, taken.people.admins[taken.account] + taken.step)


def _several(taken: _Taken, rows: Ints) -> tuple[Ints, np.ndarray]:
    """Repeat each step for its rows; tells which of them is the last."""
    at = np.repeat(np.arange(len(taken)), rows)
    is_last = np.zeros(len(at), dtype=bool)
    is_last[np.cumsum(rows) - 1] = True
    return at, is_last


def _run(taken: _Taken) -> _Drafts:
    at, is_last = _several(taken, np.array(RUNS)[taken.step])
    builder = taken.rng.integers(FIRST_BUILDERS, size=len(at))
    return _Drafts(
        at=at,
        desk=taken.people.admins[taken.account[at]] + builder,
        day=np.where(is_last, taken.day[at], taken.whole_week_before(at)),
        is_last=is_last,
        quantity=1 + taken.rng.poisson(2.0, size=len(at)),
    )


def _view(taken: _Taken) -> _Drafts:
    first = _one_row(taken, taken.people.admins[taken.account])
    rest = 6 - taken.day % 7
    again = np.flatnonzero(taken.rng.random(len(taken)) < 0.6)
    again = again[(rest[again] > 0) & (taken.step[again] < 3)]
    later = taken.day[again] + taken.rng.integers(1, rest[again] + 1)
    return _Drafts(
        at=np.concatenate([first.at, again]),
        desk=np.concatenate([first.desk, taken.people.admins[taken.account[again]] + 1]),
        day=np.concatenate([first.day, later]),
        is_last=np.ones(len(taken) + len(again), dtype=bool),
        quantity=np.ones(len(taken) + len(again), dtype=np.int64),
    )


def _share(taken: _Taken) -> _Drafts:
    asked = shared_desks(taken.company.seats[taken.account])
    before = -(-asked * taken.step // 3)
    at, is_last = _several(taken, -(-asked * (taken.step + 1) // 3) - before)
    place = np.arange(len(at)) - np.searchsorted(at, np.arange(len(taken)))[at]
    return _Drafts(
        at=at,
        desk=taken.people.admins[taken.account[at]] + before[at] + place,
        day=np.where(is_last, taken.day[at], taken.whole_week_before(at)),
        is_last=is_last,
        quantity=np.ones(len(at), dtype=np.int64),
    )


def _polish(taken: _Taken) -> _Drafts:
    """Monday or Tuesday, Wednesday, and the step's day: Thursday or Friday.

    Three such weeks apart, the first and the last day lie within 28 days; four, they never do.
    """
    monday = taken.day - taken.day % 7
    early = monday + taken.rng.integers(2, size=len(taken))
    count = len(taken)
    return _Drafts(
        at=np.tile(np.arange(count), 3),
        desk=np.tile(taken.people.admins[taken.account], 3),
        day=np.concatenate([early, monday + 2, taken.day]),
        is_last=np.repeat([False, False, True], count),
        quantity=1 + taken.rng.poisson(1.0, size=3 * count),
    )


def _integrate(taken: _Taken) -> _Drafts:
    """The first step stays below the target; one call of the second passes it by itself."""
    drafts = _one_row(taken, np.zeros(len(taken), dtype=np.int64))
    first = taken.rng.integers(200, API_TARGET - 100, size=len(taken))
    return _Drafts(
        at=drafts.at,
        desk=drafts.desk,
        day=drafts.day,
        is_last=drafts.is_last,
        quantity=np.where(taken.step == 0, first, API_TARGET - 200),
    )


_DRAFT: Mapping[str, Callable[[_Taken], _Drafts]] = {
    "data_source_connected": _sync,
    "builders_at_work": _edit,
    "first_workflow_automated": _run,
    "weekly_reporting_rhythm": _view,
    "half_the_seats_collaborate": _share,
    "dashboards_polished": _polish,
    "systems_integrated": _integrate,
}


def reviews(company: Company, journeys: Journeys, *, span: Span) -> tuple[Ints, Ints]:
    """Accounts whose executive review was recorded, and the day."""
    day = journeys.reached_day("executive_review_held")
    held = np.flatnonzero(day < span.days)
    return held, day[held]
