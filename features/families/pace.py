"""How fast does the account climb, against what was expected of each step?

How long a step took is counted from its opening, and held against the days that the playbook
expects; lateness is against the date agreed, else the expected one.
"""

import numpy as np

from features.asof import NEVER, Bools, Floats
from features.catalogue import Feature, Unit
from features.families.adoption import share
from features.family import Family, Own
from features.history import Columns
from features.ladder import Ladder

NONE_REACHED = "no milestone with a date was reached yet"


def pace_columns(own: Own) -> Columns:
    """Steps reached lately, lateness so far, time taken, and what is open."""
    columns, ladder = Columns(), own.ladder
    day = own.history.snapshots.day[:, None]
    done, is_open, dated = ladder.is_done, ladder.is_open, ladder.due_day > NEVER
    for window in (28, 91):
        lately = done & (ladder.met_day >= day - window)
        meaning = f"milestones reached in the last {window} days"
        columns.add(
            _feature("milestones_reached", "count", meaning, "never null", window),
            lately.sum(axis=1).astype(np.float64),
        )
    late = np.where(done & dated, ladder.met_day - ladder.due_day, 0)
    kept = (done & dated).sum(axis=1)
    overdue = np.where(is_open & dated, day - ladder.due_day, 0)
    waiting = np.where(is_open, np.maximum(day - ladder.opened_day, 0), 0)
    for feature, values in (
        (_feature("milestones_late_share", "share", _LATE, NONE_REACHED), (late > 0, kept)),
        (_feature("mean_days_late", "days", _MEAN, NONE_REACHED), (late, kept)),
        (_feature("time_taken_ratio", "ratio", _TAKEN, NONE_REACHED), _taken(ladder, done)),
    ):
        columns.add(feature, share(values[0].sum(axis=1), values[1]))
    nothing_open = "no milestone is open"
    is_any = is_open.any(axis=1)
    for feature, found in (
        (_feature("milestones_open", "count", "open milestones", "never null"), is_open),
        (_feature("days_overdue", "days", _OVERDUE, "never null"), np.maximum(overdue, 0)),
    ):
        columns.add(feature, found.sum(axis=1).astype(np.float64))
    for feature, found in (
        (_feature("longest_days_open", "days", _LONGEST, nothing_open), waiting),
        (_feature("best_progress", "share", _BEST, nothing_open), ladder.progress * is_open),
    ):
        columns.add(feature, np.where(is_any, found.max(axis=1, initial=0), np.nan))
    return columns


_LATE = "share of the milestones reached with a date that came after it"
_MEAN = "mean days that milestones were reached after their date; negative is early"
_TAKEN = "days that reached milestones took from opening, against the days expected"
_OVERDUE = "days that open milestones are past their dates, summed"
_LONGEST = "days that the longest open milestone has been open"
_BEST = "progress of the open milestone that is furthest along"


def _taken(ladder: Ladder, done: Bools) -> tuple[Floats, Floats]:
    """Days that the steps reached took, and the days they were expected to take in all."""
    counted = done & ~np.isnan(ladder.expected_days)
    took = np.where(counted, np.maximum(ladder.met_day - ladder.opened_day, 0), 0)
    expected = np.where(counted, ladder.expected_days, 0.0)
    return took.astype(np.float64), expected.sum(axis=1)


def _feature(
    measure: str, unit: Unit, meaning: str, absence: str, window: int | None = None
) -> Feature:
    return Feature(
        name=measure if window is None else f"{measure}_{window}d",
        family="ladder",
        measure=measure,
        meaning=meaning,
        unit=unit,
        absence=absence,
        window_days=window,
    )


FAMILY = Family(pace_columns)
