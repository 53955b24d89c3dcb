"""How did each of the last 26 whole weeks go, as each morning knew it?

Weeks run from Monday to Sunday; the newest whole one ended before the morning. Each account's
reduced rows are walked once in the order in which they became known, so that a late row counts
from the morning that knows it, and not before.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numba
import numpy as np

from features.asof import Bools, Floats, Ints, Snapshots

WEEKS_BACK = 26
QUARTER = 13
MONTH = 4
NO_CHANGE = 2.0
"""Shifts of fewer standard errors than this are chance: nothing has a day on which it began."""
SPREAD = 182.0
"""Sum of the squared distances of thirteen weeks from their middle one."""


class WeeklyRows(NamedTuple):
    """Reduced activity, sorted by account and by the morning that first knows it.

    ``uses`` counts rows of activity; ``used`` says of each capability (column) whether it is
    among them. Weeks are numbered from ``first_week``.
    """

    account: Ints
    enter: Ints
    week: Ints
    uses: Ints
    used: Bools
    first_week: int
    weeks: int


@dataclass(frozen=True, slots=True, eq=False)
class WeeklyUse:
    """What the weekly uses say on each snapshot's morning."""

    shift: Floats
    """Largest standardised shift of the mean; NaN with fewer than eight whole weeks."""
    weeks_since_shift: Floats
    acceleration: Floats
    slope: Floats
    """Change a week of a straight line through 13 weeks, per mean weekly use plus one."""
    share_of_peak: Floats
    busiest_share: Floats
    longest_streak: Floats


@dataclass(frozen=True, slots=True, eq=False)
class WeeklyAdoption:
    """How many capabilities were new, mature or old on each morning, and stayed in use."""

    new: Floats
    """First used in the last four whole weeks, or since."""
    mature: Floats
    """First used so long ago that the four weeks after that week are over."""
    repeated: Floats
    """Of the mature ones, those used again in those four weeks."""
    old: Floats
    """First used thirteen whole weeks ago, or earlier."""
    kept: Floats
    """Of the old ones, those used in the last four whole weeks, or since."""


def weekly_use(rows: WeeklyRows, snapshots: Snapshots, *, began_day: Ints) -> WeeklyUse:
    """Follow each account's weekly uses; ``began_day`` is the day each snapshot's began."""
    first, of_account = _spans(rows, snapshots)
    newest = (snapshots.day + 3) // 7 - 1 - rows.first_week
    began = (began_day + 9) // 7 - rows.first_week
    known = np.clip(newest - began + 1, 0, WEEKS_BACK)
    told = _walk_uses(rows, first, of_account, snapshots.morning, newest, known)
    return WeeklyUse(*told.T)


def weekly_adoption(rows: WeeklyRows, snapshots: Snapshots) -> WeeklyAdoption:
    """Follow each account's use of each capability, week by week."""
    first, of_account = _spans(rows, snapshots)
    newest = (snapshots.day + 3) // 7 - 1 - rows.first_week
    told = _walk_adoption(rows, first, of_account, snapshots.morning, newest)
    return WeeklyAdoption(*told.T)


def weeks_active(rows: WeeklyRows, snapshots: Snapshots) -> Ints:
    """Which of the last whole weeks had activity: a bit per week, the lowest is the newest."""
    first, of_account = _spans(rows, snapshots)
    newest = (snapshots.day + 3) // 7 - 1 - rows.first_week
    told: Ints = _walk_active(rows, first, of_account, snapshots.morning, newest)
    return told


def _spans(rows: WeeklyRows, snapshots: Snapshots) -> tuple[Ints, Ints]:
    """Where each account's rows, and its snapshots, begin."""
    accounts = np.arange(len(snapshots.account_ids) + 1)
    return (
        np.searchsorted(rows.account, accounts).astype(np.int64),
        np.searchsorted(snapshots.account, accounts).astype(np.int64),
    )


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _walk_uses(
    rows: WeeklyRows, first: Ints, snaps: Ints, morning: Ints, newest: Ints, known: Ints
) -> Floats:
    told = np.empty((len(morning), 7))
    for account in range(len(first) - 1):
        uses = np.zeros(rows.weeks, dtype=np.int64)
        row = first[account]
        for snap in range(snaps[account], snaps[account + 1]):
            while row < first[account + 1] and rows.enter[row] <= morning[snap]:
                uses[rows.week[row]] += rows.uses[row]
                row += 1
            last = _last_weeks(uses, newest[snap])
            told[snap, 0], told[snap, 1] = _largest_shift(last, known[snap])
            told[snap, 2] = _acceleration(last)
            told[snap, 3] = _slope(last)
            told[snap, 4] = _share_of_peak(last)
            told[snap, 5] = _busiest_share(last)
            told[snap, 6] = _longest_streak(last)
    return told


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _walk_active(
    rows: WeeklyRows, first: Ints, snaps: Ints, morning: Ints, newest: Ints
) -> Ints:
    told = np.zeros(len(morning), dtype=np.int64)
    for account in range(len(first) - 1):
        active = np.zeros(rows.weeks, dtype=np.bool_)
        row = first[account]
        for snap in range(snaps[account], snaps[account + 1]):
            while row < first[account + 1] and rows.enter[row] <= morning[snap]:
                active[rows.week[row]] = True
                row += 1
            for back in range(WEEKS_BACK):
                week = newest[snap] - back
                if 0 <= week < rows.weeks and active[week]:
                    told[snap] |= 1 << back
    return told


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _last_weeks(uses: Ints, newest: int) -> Ints:
    """The last weeks' uses, the newest first."""
    last = np.zeros(WEEKS_BACK, dtype=np.int64)
    for back in range(WEEKS_BACK):
        if 0 <= newest - back < len(uses):
            last[back] = uses[newest - back]
    return last


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _largest_shift(last: Ints, known: int) -> tuple[float, float]:
    """The split with four weeks or more on either side whose means differ most, in standard
    errors, and how many weeks ago it was; of equal splits the newest.
    """
    if known < 2 * MONTH:
        return np.nan, np.nan
    total, squares = last[:known].sum(), (last[:known] ** 2).sum()
    shift, since, after = 0.0, np.nan, last[: MONTH - 1].sum()
    for weeks in range(MONTH, known - MONTH + 1):
        after += last[weeks - 1]
        before, rest = total - after, known - weeks
        within = squares - after * after / weeks - before * before / rest
        variance = max(within / (known - 2), total / known)
        if variance > 0:
            error = np.sqrt(variance * (1 / weeks + 1 / rest))
            found = (after / weeks - before / rest) / error
            if abs(found) > abs(shift) + 1e-9:
                shift, since = found, float(weeks)
    return shift, since if abs(shift) >= NO_CHANGE else np.nan


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _acceleration(last: Ints) -> float:
    now, before = last[:MONTH].sum() + 1, last[MONTH : 2 * MONTH].sum() + 1
    return float(now / before / (before / (last[2 * MONTH : 3 * MONTH].sum() + 1)))


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _slope(last: Ints) -> float:
    rise, middle = 0.0, QUARTER // 2
    for back in range(QUARTER):
        rise += (middle - back) * last[back]
    return float(rise / SPREAD / (last[:QUARTER].sum() / QUARTER + 1.0))


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _share_of_peak(last: Ints) -> float:
    best = 0
    for back in range(WEEKS_BACK - MONTH + 1):
        best = max(best, last[back : back + MONTH].sum())
    return float(last[:MONTH].sum() / best) if best else np.nan


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _busiest_share(last: Ints) -> float:
    total = last[:QUARTER].sum()
    return float(last[:QUARTER].max() / total) if total else np.nan


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _longest_streak(last: Ints) -> float:
    longest, streak = 0, 0
    for uses in last:
        streak = streak + 1 if uses else 0
        longest = max(longest, streak)
    return float(longest)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _walk_adoption(
    rows: WeeklyRows, first: Ints, snaps: Ints, morning: Ints, newest: Ints
) -> Floats:
    told, capabilities = np.zeros((len(morning), 5)), rows.used.shape[1]
    for account in range(len(first) - 1):
        used = np.zeros((capabilities, rows.weeks), dtype=np.bool_)
        begun = np.full(capabilities, rows.weeks)
        ended = np.full(capabilities, -1)
        row = first[account]
        for snap in range(snaps[account], snaps[account + 1]):
            while row < first[account + 1] and rows.enter[row] <= morning[snap]:
                _note(rows, row, used, begun, ended)
                row += 1
            for one in range(capabilities):
                _judge(told, snap, used, one, begun[one], ended[one], newest[snap])
    return told


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _note(rows: WeeklyRows, row: int, used: Bools, begun: Ints, ended: Ints) -> None:
    week = rows.week[row]
    for one in range(len(begun)):
        if rows.used[row, one]:
            used[one, week] = True
            begun[one] = min(begun[one], week)
            ended[one] = max(ended[one], week)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _judge(
    told: Floats, snap: int, used: Bools, one: int, begun: int, ended: int, newest: int
) -> None:
    """Count one capability among the new, mature, repeated, old and kept ones."""
    if ended < 0:
        return
    if begun > newest - MONTH:
        told[snap, 0] += 1
        return
    told[snap, 1] += 1
    for week in range(begun + 1, min(begun + 1 + MONTH, used.shape[1])):
        if used[one, week]:
            told[snap, 2] += 1
            break
    if begun <= newest - QUARTER:
        told[snap, 3] += 1
        told[snap, 4] += ended > newest - MONTH
