"""How far has the account climbed its playbook, and does it come as expected?"""

import numpy as np

from features.asof import NEVER, Floats, Ints
from features.family import Family, Own
from features.history import Columns, day_or_nan
from features.ladder import ladder_feature

MILESTONES_DONE = ladder_feature("milestones_done", "count", "milestones reached")
MILESTONES_DONE_SHARE = ladder_feature(
    "milestones_done_share", "share", "share of the ladder reached", absence="no step applies"
)
MILESTONES_LATE = ladder_feature(
    "milestones_late", "count", "milestones reached after their due date"
)
DAYS_SINCE_MILESTONE = ladder_feature(
    "days_since_milestone", "days", "days since the last milestone", absence="none reached yet"
)
LAST_LATENESS = ladder_feature(
    "last_milestone_days_late",
    "days",
    "days the last milestone was reached after its due date",
    absence="none reached yet, or it had no date",
)
DAYS_LATE = ladder_feature(
    "days_late",
    "days",
    "days the most overdue open milestone is past due; negative before",
    absence="nothing is open, or nothing has a date",
)
MILESTONES_BEHIND = ladder_feature(
    "milestones_behind", "count", "open milestones past their due date"
)
DAYS_TO_NEXT_DUE = ladder_feature(
    "days_to_next_due",
    "days",
    "days until the next milestone not yet reached is due",
    absence="no date lies ahead",
    is_clock=True,
)
MILESTONES_LOST = ladder_feature(
    "milestones_lost", "count", "reached milestones whose behaviour has stopped"
)


def ladder_columns(own: Own) -> Columns:
    """What the ladder says of the account as a whole."""
    columns, ladder, day = Columns(), own.ladder, own.history.snapshots.day
    done, has_date = ladder.is_done, ladder.due_day > NEVER
    late = np.where(done & has_date, ladder.met_day - ladder.due_day, 0)
    overdue = np.where(ladder.is_open & has_date, day[:, None] - ladder.due_day, NEVER)
    ahead = ladder.applies & ~done & has_date & (ladder.due_day >= day[:, None])
    next_due = -np.where(ahead, -ladder.due_day, NEVER).max(axis=1, initial=NEVER)
    met_day = np.where(done, ladder.met_day, NEVER)
    newest = met_day.max(axis=1, initial=NEVER)
    last = np.arange(len(day)), met_day.argmax(axis=1)
    for feature, values in (
        (MILESTONES_DONE, done.sum(axis=1)),
        (MILESTONES_DONE_SHARE, _over(done.sum(axis=1), ladder.applies.sum(axis=1))),
        (MILESTONES_LATE, (late > 0).sum(axis=1)),
        (DAYS_SINCE_MILESTONE, day - day_or_nan(newest)),
        (LAST_LATENESS, np.where((newest > NEVER) & has_date[last], late[last], np.nan)),
        (DAYS_TO_NEXT_DUE, day_or_nan(next_due) - day),
        (DAYS_LATE, day_or_nan(overdue.max(axis=1, initial=NEVER))),
        (MILESTONES_BEHIND, (overdue > 0).sum(axis=1)),
        (MILESTONES_LOST, ladder.is_lost.sum(axis=1)),
    ):
        columns.add(feature, values.astype(np.float64))
    return columns


def _over(part: Ints, whole: Ints) -> Floats:
    share: Floats = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return share


FAMILY = Family(ladder_columns)
