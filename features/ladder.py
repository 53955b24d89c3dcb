"""Where on the ladder is each account: what is done, open, locked or lost, and is it on pace?

A milestone opens when the last required step is reached (at kickoff where nothing is required).
It is due on the date agreed with the customer, else as many days after opening as the playbook
expects. Past that it is behind; once it has been late for as long again as it should have taken
(two weeks at least), it is stuck. Until it opens, only an agreed date says when it is due.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from configs.playbook import Milestone, Playbook
from features.asof import NEVER, Bools, Floats, Ints, Snapshots, day_number
from features.catalogue import Feature, Unit
from features.history import Columns, History, Rows
from features.milestones import Reached

SOON_DAYS = 14
"""The shortest lateness that counts as stuck."""
PACES = ("done", "on_track", "behind", "stuck")


def ladder_feature(
    measure: str,
    unit: Unit,
    meaning: str,
    *,
    absence: str = "never null",
    is_clock: bool = False,
) -> Feature:
    """An input of this family, called by what it measures."""
    return Feature(
        name=measure,
        family="ladder",
        measure=measure,
        meaning=meaning,
        unit=unit,
        absence=absence,
        is_clock=is_clock,
    )


PROGRESS = ladder_feature("progress", "share", "progress towards the milestone")
DAYS_OPEN = ladder_feature("days_open", "days", "days since the milestone opened")
DAYS_TO_DUE = ladder_feature(
    "days_to_due",
    "days",
    "days until the milestone is due",
    absence="no date is expected",
    is_clock=True,
)
MILESTONE_POSITION = ladder_feature("milestone_position", "count", "place on the ladder")
MILESTONE_REACH_RATE = ladder_feature(
    "milestone_reach_rate",
    "share",
    "share of the segment past its due date that reached it",
    absence="nobody is past it yet",
)


@dataclass(frozen=True, slots=True, eq=False)
class Ladder:
    """Snapshots (rows) by milestones (columns, in the playbook's order)."""

    slugs: tuple[str, ...]
    applies: Bools
    met_day: Ints
    """NEVER where it was not reached."""
    met_at: Ints
    is_lost: Bools
    is_locked: Bools
    progress: Floats
    opened_day: Ints
    due_day: Ints
    """NEVER where nobody expects it by a date."""
    expected_days: Floats

    @property
    def is_done(self) -> Bools:
        return self.applies & (self.met_day > NEVER)

    @property
    def is_open(self) -> Bools:
        """Reachable and not reached yet: what the next step is chosen from."""
        return self.applies & ~self.is_done & ~self.is_locked


def climb(playbook: Playbook, reached: dict[str, Reached], history: History) -> Ladder:
    """Put the milestones of every snapshot together."""
    snapshots, steps = history.snapshots, playbook.milestones
    slugs = tuple(milestone.slug for milestone in steps)
    met_day = _side_by_side(reached[slug].day for slug in slugs)
    applies = _by_segment(steps, history.segment, _applies).astype(bool)
    opened, is_locked = _opened(steps, slugs, met_day, applies, history)
    expected = _by_segment(steps, history.segment, _expected)
    has_no_date = np.isnan(expected) | is_locked
    due = np.where(has_no_date, NEVER, opened + np.nan_to_num(expected).astype(np.int64))
    planned = _planned(slugs, history.tables.get("plans"), snapshots)
    return Ladder(
        slugs=slugs,
        applies=applies,
        met_day=met_day,
        met_at=_side_by_side(reached[slug].met_at for slug in slugs),
        is_lost=_side_by_side(reached[slug].is_lost for slug in slugs) & applies,
        is_locked=is_locked & applies,
        progress=_side_by_side(reached[slug].progress for slug in slugs),
        opened_day=opened,
        due_day=np.where(planned > NEVER, planned, due),
        expected_days=expected,
    )


def _side_by_side(columns: Iterable[np.ndarray]) -> np.ndarray:
    """Each milestone's column whole in memory: what is summed over milestones adds columns."""
    return np.stack(list(columns)).T


def pace_of(ladder: Ladder, day: Ints) -> np.ndarray:
    """Index into PACES of each milestone on its snapshot's day."""
    late = np.where(ladder.due_day > NEVER, day[:, None] - ladder.due_day, -1)
    long_late = np.maximum(np.nan_to_num(ladder.expected_days, nan=SOON_DAYS), SOON_DAYS)
    pace = np.where(late > long_late, 3, np.where(late > 0, 2, 1))
    return np.where(ladder.is_done, 0, np.where(ladder.is_open, pace, 1))


def account_pace(ladder: Ladder, day: Ints) -> np.ndarray:
    """Index into PACES of each snapshot: that of its latest open milestone; done if none is
    left.
    """
    pace = np.where(ladder.is_open, pace_of(ladder, day), 1).max(axis=1, initial=1)
    left = (ladder.applies & ~ladder.is_done).any(axis=1)
    return np.where(left | ~ladder.applies.any(axis=1), pace, 0)


def milestone_columns(ladder: Ladder, history: History) -> tuple[Ints, Ints, Columns]:
    """Inputs of the milestone question: snapshot row, milestone, and a row per open pair.

    All but how often the milestone is reached by others, which ``reach_rates`` says.
    """
    pair = np.nonzero(np.ascontiguousarray(ladder.is_open))
    day, due = history.snapshots.day[pair[0]], ladder.due_day[pair]
    columns = Columns()
    for feature, values in (
        (PROGRESS, ladder.progress[pair]),
        (DAYS_OPEN, day - ladder.opened_day[pair]),
        (DAYS_TO_DUE, np.where(due > NEVER, due - day, np.nan)),
        (MILESTONE_POSITION, pair[1]),
    ):
        columns.add(feature, values.astype(np.float64))
    return pair[0], pair[1], columns


def past_due(ladder: Ladder, history: History, segments: Sequence[str]) -> Ints:
    """Count the snapshots past their due date, and those of them that reached the milestone.

    Axes: which of the two, morning, segment, milestone.
    """
    live = history.snapshots
    shape = (live.mornings.count, len(segments), len(ladder.slugs))
    segment = pd.Index(segments).get_indexer(pd.Index(history.segment)).astype(np.int64)
    past = ladder.applies & (ladder.due_day > NEVER) & (ladder.due_day < live.day[:, None])
    counts = []
    for found in (past, past & ladder.is_done):
        milestone, row = np.nonzero(found.T)
        at = np.ravel_multi_index((live.morning[row], segment[row], milestone), shape)
        counts.append(np.bincount(at, minlength=int(np.prod(shape))).reshape(shape))
    return np.stack(counts).astype(np.int64)


def reach_rates(past_due: Ints) -> Floats:
    """Share of those past their due date that reached it, by morning, segment, milestone."""
    asked, met = past_due.astype(np.float64)
    rates: Floats = np.divide(met, asked, out=np.full(asked.shape, np.nan), where=asked > 0)
    return rates


def _opened(
    steps: Sequence[Milestone],
    slugs: tuple[str, ...],
    met_day: Ints,
    applies: Bools,
    history: History,
) -> tuple[Ints, Bools]:
    """Day each milestone opened, and whether a required step that applies is still missing."""
    kickoff = day_number(history.attributes["kickoff_at"])
    opened = _side_by_side([kickoff] * len(steps))
    is_locked = np.zeros_like(applies)
    for position, milestone in enumerate(steps):
        for slug in milestone.requires:
            other = slugs.index(slug)
            # What a segment is not asked for neither locks a step nor opens it.
            met = np.where(applies[:, other], met_day[:, other], kickoff)
            is_locked[:, position] |= met == NEVER
            opened[:, position] = np.maximum(opened[:, position], met)
    return opened, is_locked


def _planned(slugs: tuple[str, ...], plans: Rows | None, snapshots: Snapshots) -> Ints:
    """Agreed due day of each account and milestone, a row per snapshot; NEVER where none is."""
    agreed = np.full((len(slugs), len(snapshots)), NEVER)
    if plans is not None:
        for position, slug in enumerate(slugs):
            rows = plans.where((plans.frame["milestone"] == slug).to_numpy())
            due = rows.day("due_on")
            agreed[position] = snapshots.latest(rows.account, enter=rows.seen_from, value=due)
    return agreed.T


def _by_segment(
    steps: Sequence[Milestone], segment: np.ndarray, ask: Callable[[Milestone, str], float]
) -> Floats:
    code, names = pd.factorize(segment)
    answers = [[ask(milestone, name) for name in names] for milestone in steps]
    told = np.array(answers, dtype=np.float64).reshape(len(steps), len(names))
    return _side_by_side(of_names[code] for of_names in told)


def _applies(milestone: Milestone, segment: str) -> float:
    return float(milestone.applies_to(segment))


def _expected(milestone: Milestone, segment: str) -> float:
    days = milestone.expected_days_in(segment)
    return np.nan if days is None else float(days)
