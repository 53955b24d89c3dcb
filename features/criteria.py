"""When was a milestone's criterion first met, and how far along is an account that has not met
it?

Each account's rows are walked once in the order in which things happened, morning by morning,
seeing only what each morning knew. Where a late row lands among rows already walked, the
account is walked again from its first row on, so that a moment may be corrected but is never
foreseen.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numba
import numpy as np

from features.asof import Bools, Floats, Ints

NOT_YET = -(2**62)
"""The moment, in microseconds, of a criterion that has not been met."""
DAY = 86_400_000_000
WHOLE_HISTORY = 2**61
TOLERANCE = 1e-9


class Evidence(NamedTuple):
    """The rows that count towards one criterion, sorted by account and by moment.

    ``unit`` is what the measure counts once: the row itself, a user, a day or a week.
    ``target`` is what must be reached; it differs by row only where it is a share of the seats
    of that day.
    """

    account: Ints
    moment: Ints
    seen_from: Ints
    unit: Ints
    amount: Floats
    target: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Attainment:
    """For every account (row) and morning (column): the moment it was met, and the progress."""

    met_at: Ints
    progress: Floats

    def or_met(self, before: Ints) -> "Attainment":
        """The same, but for accounts that had met it before all of the mornings."""
        was_met = (before != NOT_YET)[:, None]
        return Attainment(
            np.where(was_met, before[:, None], self.met_at),
            np.where(was_met, 1.0, self.progress),
        )


def walk(
    evidence: Evidence, *, accounts: int, mornings: Ints, within_days: int | None
) -> Attainment:
    """Follow a measure that sums amounts, or counts distinct units, against its target."""
    window = WHOLE_HISTORY if within_days is None else within_days * DAY
    first, known, redo = _reading_order(evidence, accounts, len(mornings))
    return Attainment(*_walk_units(first, evidence, mornings * DAY, known, redo, window))


def walk_weeks(evidence: Evidence, *, accounts: int, mornings: Ints) -> Attainment:
    """Follow a streak of calendar weeks (Monday to Sunday); ``unit`` is the week's number."""
    first, known, redo = _reading_order(evidence, accounts, len(mornings))
    return Attainment(*_walk_weeks(first, evidence, mornings * DAY, known, redo))


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def are_in_order(account: Ints, moment: Ints, amount: Floats) -> bool:
    """Whether rows come by account, moment and amount already, as most sources give them."""
    for row in range(1, len(account)):
        if account[row] != account[row - 1]:
            if account[row] < account[row - 1]:
                return False
        elif moment[row] != moment[row - 1]:
            if moment[row] < moment[row - 1]:
                return False
        elif amount[row] < amount[row - 1]:
            return False
    return True


def _reading_order(rows: Evidence, accounts: int, mornings: int) -> tuple[Ints, Ints, Bools]:
    """Where each account's rows begin, how far each morning reads, and which read again."""
    first = np.searchsorted(rows.account, np.arange(accounts + 1)).astype(np.int64)
    return first, *_lateness(first, rows.seen_from, mornings)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _lateness(first: Ints, seen_from: Ints, mornings: int) -> tuple[Ints, Bools]:
    """The first morning that knows a row or any after it, per row; and the mornings on which
    a row becomes known that happened before a row known earlier.
    """
    known = np.empty(len(seen_from), dtype=np.int64)
    redo = np.zeros((len(first) - 1, mornings + 1), dtype=np.bool_)
    for account in range(len(first) - 1):
        known_later = mornings + 1
        for row in range(first[account + 1] - 1, first[account] - 1, -1):
            if known_later < seen_from[row]:
                redo[account, seen_from[row]] = True
            known_later = min(known_later, seen_from[row])
            known[row] = known_later
    return known, redo


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _walk_units(
    first: Ints, rows: Evidence, midnights: Ints, known: Ints, redo: Bools, window: int
) -> tuple[Ints, Floats]:
    shape = (len(first) - 1, len(midnights))
    met_at, progress = np.full(shape, NOT_YET, dtype=np.int64), np.zeros(shape)
    newest = np.full(rows.unit.max() + 1 if len(rows.unit) else 0, -1, dtype=np.int64)
    for account in range(shape[0]):
        start, end = first[account], first[account + 1]
        row, expired, total, met, goal = start, start, 0.0, NOT_YET, np.inf
        for morning in range(shape[1]):
            if redo[account, morning]:
                newest[rows.unit[start:end]] = -1
                row, expired, total, met = start, start, 0.0, NOT_YET
            while row < end and known[row] <= morning and met == NOT_YET:
                if rows.seen_from[row] <= morning:
                    gone_by = rows.moment[row] - window
                    expired, total = _expire(
                        rows, newest, expired, row, gone_by, morning, total
                    )
                    total += rows.amount[row] if newest[rows.unit[row]] < expired else 0.0
                    newest[rows.unit[row]] = row
                    goal = rows.target[row]
                    met = rows.moment[row] if total >= goal - TOLERANCE else NOT_YET
                row += 1
            met_at[account, morning] = met
            # What this morning's window has lost, a late row's own window may still hold.
            gone_by = midnights[morning] - window - 1
            _, left = _expire(rows, newest, expired, row, gone_by, morning, total)
            progress[account, morning] = _share(left, goal) if met == NOT_YET else 1.0
    return met_at, progress


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _share(so_far: float, goal: float) -> float:
    """What has not been met is never all done, even where a correction left the window."""
    return min(max(so_far / goal, 0.0), 1.0 - TOLERANCE)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _expire(
    rows: Evidence,
    newest: Ints,
    expired: int,
    upto: int,
    gone_by: int,
    morning: int,
    total: float,
) -> tuple[int, float]:
    """Let rows at or before a moment leave the window; a unit leaves with its newest row."""
    if expired < upto and rows.moment[upto - 1] <= gone_by:
        return upto, 0.0
    while expired < upto and rows.moment[expired] <= gone_by:
        if rows.seen_from[expired] <= morning and newest[rows.unit[expired]] == expired:
            total -= rows.amount[expired]
        expired += 1
    return expired, total


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _walk_weeks(
    first: Ints, rows: Evidence, midnights: Ints, known: Ints, redo: Bools
) -> tuple[Ints, Floats]:
    shape = (len(first) - 1, len(midnights))
    met_at, progress = np.full(shape, NOT_YET, dtype=np.int64), np.zeros(shape)
    for account in range(shape[0]):
        row, streak, last, met, goal = first[account], 0, -10, NOT_YET, np.inf
        end = first[account + 1]
        for morning in range(shape[1]):
            if redo[account, morning]:
                row, streak, last, met = first[account], 0, -10, NOT_YET
            while row < end and known[row] <= morning and met == NOT_YET:
                if rows.seen_from[row] <= morning and rows.unit[row] != last:
                    streak = streak + 1 if rows.unit[row] == last + 1 else 1
                    last, goal = rows.unit[row], rows.target[row]
                    met = rows.moment[row] if streak >= goal else NOT_YET
                row += 1
            met_at[account, morning] = met
            is_fresh = last >= (midnights[morning] // DAY - 1 + 3) // 7 - 1
            streak_now = streak / goal if is_fresh else 0.0
            progress[account, morning] = 1.0 if met != NOT_YET else streak_now
    return met_at, progress
