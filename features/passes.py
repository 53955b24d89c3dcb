"""What becomes of coded rows in one walk through each account's?

The same few rows that an engine's group-bys give: of each account and segment of time, of each
person and capability from which morning on, of each person's weeks. Rows that arrive late are
kept apart by the morning that first knows them.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numba
import numpy as np
import pandas as pd

from features.asof import FINEST, NEVER, Ints, Mornings
from features.coded import CodedRows, Names
from features.people import QUARTER, ReducedPeople
from features.reduce import LARGE, Calendar, Reduced


class Cells(NamedTuple):
    """Groups of rows alike in account, key and the first morning that knows them."""

    of_row: np.ndarray
    """The group of each row; -1 where its key is negative."""
    account: np.ndarray
    key: np.ndarray
    enter: np.ndarray


def reduced_rows(
    rows: CodedRows, mornings: Mornings, names: Names, *, asked: int, used: pd.DataFrame
) -> Reduced:
    """Reduce activity as the engine would; ``asked`` capabilities get counts of their own.

    ``used`` is what ``last_uses`` says of all capabilities.
    """
    last = int(mornings.days[-1])
    first_day = int(rows.day.min()) if len(rows.day) else last - 1
    calendar = Calendar.spanning(mornings, first_day=first_day)
    return Reduced(
        calendar=calendar,
        capabilities=names.capabilities[:asked],
        roles=names.roles,
        by_segment=_by_segment(rows, calendar, asked),
        by_user=_by_person(rows, mornings, names.roles),
        by_capability=used,
    )


def last_uses(rows: CodedRows, mornings: Mornings, capabilities: int) -> pd.DataFrame:
    """Say of each capability (``what``) when each account was known to use it last."""
    return _entries(rows, rows.capability, np.full(len(rows.first), capabilities), mornings)


def reduced_people(
    rows: CodedRows, mornings: Mornings, names: Names, capabilities: Sequence[str]
) -> ReducedPeople:
    """Reduce what people did as the engine would, for those ``capabilities``."""
    oldest = int(mornings.days[0]) - 7 * (QUARTER + 1)
    first_week = (oldest + 3) // 7
    widest = int(np.diff(rows.first_person).max(initial=0))
    key = _week_and_person(rows.day, rows.person, oldest, first_week, widest)
    weeks = (int(mornings.days[-1]) + 3) // 7 - first_week + 1
    cells = _cells(rows.first, key, rows.enter, weeks * max(widest, 1))
    week, person = np.divmod(cells.key, max(widest, 1))
    by_week = pd.DataFrame(
        {
            "account_id": cells.account,
            "user_id": rows.first_person[cells.account] + person,
            "week": week + first_week,
            "seen_from": cells.enter,
            "uses": _counted(cells.of_row, len(cells.key)),
        }
    )
    wanted = pd.Index(list(capabilities)).get_indexer(pd.Index(list(names.capabilities)))
    known = _first_known_by_role(rows, wanted, len(names.roles), len(capabilities))
    account, role, capability = np.nonzero(known < -NEVER)
    by_role = pd.DataFrame(
        {
            "account_id": account,
            "role": np.array(names.roles, dtype=object)[role],
            "capability": np.array(capabilities, dtype=object)[capability],
            "known_day": known[account, role, capability],
        }
    )
    return ReducedPeople(by_week=by_week, by_role=by_role)


def _by_segment(rows: CodedRows, calendar: Calendar, asked: int) -> pd.DataFrame:
    frame = calendar.frame()
    segment = frame["segment"].to_numpy(np.int32)
    key = _looked_up(segment, rows.day, calendar.first_day)
    cells = _cells(rows.first, key, rows.enter, len(calendar.cuts))
    size = len(cells.key)
    bit = frame["day_bit"].to_numpy(np.int64)
    days, last_day, each = _summed(
        cells.of_row, rows.day, rows.capability, bit, calendar.first_day, size, asked
    )
    told = {
        "account_id": cells.account,
        "segment": cells.key,
        "seen_from": cells.enter,
        "rows": _counted(cells.of_row, size),
        "quantity": _exact_sums(cells.of_row, rows.quantity, size),
        "days": days,
        "last_day": last_day,
    }
    told |= {f"rows_{place}": each[place] for place in range(asked)}
    return pd.DataFrame(told, copy=False)


def _by_person(rows: CodedRows, mornings: Mornings, roles: Sequence[str]) -> pd.DataFrame:
    widths = np.append(np.diff(rows.first_person), 0)
    entries = _entries(rows, rows.person, widths, mornings)
    person = rows.first_person[entries["account_id"].to_numpy()] + entries["what"].to_numpy()
    role = rows.role[person]
    return entries.drop(columns="what").assign(
        role=pd.Categorical.from_codes(role, pd.Index(list(roles))),
        role_known=np.where(role >= 0, rows.role_known[person], NEVER),
    )


def _entries(
    rows: CodedRows, what: np.ndarray, widths: np.ndarray, mornings: Mornings
) -> pd.DataFrame:
    """Say of each person or capability from which morning on which day is known as its last.

    ``widths`` says how many of them each account has.
    """
    told = _walk_entries(rows.first, what, widths, rows.enter, rows.day, mornings.count)
    columns = ("account_id", "what", "seen_from", "until", "last_day")
    return pd.DataFrame(dict(zip(columns, told, strict=True)), copy=False)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _walk_entries(
    first: Ints,
    what: np.ndarray,
    widths: np.ndarray,
    enter: np.ndarray,
    day: np.ndarray,
    mornings: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    told = np.empty((5, len(what)), dtype=np.int32)
    newest = np.full((max(widths.max(), 1), mornings), NEVER, dtype=np.int32)
    count = 0
    for account in range(len(first) - 1):
        for row in range(first[account], first[account + 1]):
            if what[row] >= 0:
                one, seen = what[row], enter[row]
                newest[one, seen] = max(newest[one, seen], day[row])
        for one in range(widths[account]):
            last, begun = NEVER, count
            for seen in range(mornings):
                if newest[one, seen] > NEVER:
                    last = max(last, newest[one, seen])
                    if count > begun:
                        told[3, count - 1] = seen
                    told[0, count], told[1, count], told[2, count] = account, one, seen
                    told[3, count], told[4, count] = -NEVER, last
                    count += 1
                    newest[one, seen] = NEVER
    # What was not written to was never given memory.
    kept = told[:, :count]
    return kept[0], kept[1], kept[2], kept[3], kept[4]


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _walk_cells(
    first: Ints, key: np.ndarray, enter: np.ndarray, width: int
) -> tuple[np.ndarray, np.ndarray, int]:
    """Number the groups; those of one account and key are a chain, the newest one first."""
    cell, told = np.empty(len(key), np.int32), np.empty((4, len(key)), dtype=np.int32)
    head, count = np.full(width, -1, dtype=np.int32), 0
    for account in range(len(first) - 1):
        start = count
        for row in range(first[account], first[account + 1]):
            one = key[row]
            at = head[one] if one >= 0 and head[one] >= start else -1
            newest = at
            while at >= 0 and told[2, at] != enter[row]:
                at = told[3, at]
            if at < 0 and one >= 0:
                at = count
                told[0, at], told[1, at], told[2, at], told[3, at] = (
                    account,
                    one,
                    enter[row],
                    newest,
                )
                head[one] = at
                count += 1
            cell[row] = at
    return cell, told[:3, :count], count


def _cells(first: Ints, key: np.ndarray, enter: np.ndarray, width: int) -> Cells:
    cell, told, _ = _walk_cells(first, key, enter, max(width, 1))
    return Cells(cell, told[0], told[1], told[2])


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _looked_up(told: np.ndarray, day: np.ndarray, first_day: int) -> np.ndarray:
    """What is told of each row's day; an index array would take eight more bytes a row."""
    found = np.empty(len(day), dtype=told.dtype)
    for row in range(len(day)):
        found[row] = told[day[row] - first_day]
    return found


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _counted(cell: np.ndarray, size: int) -> np.ndarray:
    told = np.zeros(size, dtype=np.int32)
    for row in range(len(cell)):
        if cell[row] >= 0:
            told[cell[row]] += 1
    return told


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _summed(
    cell: np.ndarray,
    day: np.ndarray,
    capability: np.ndarray,
    bit: Ints,
    first_day: int,
    size: int,
    asked: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    days, last = np.zeros(size, dtype=np.int32), np.full(size, NEVER, dtype=np.int32)
    each = np.zeros((asked, size), dtype=np.int32)
    for row in range(len(cell)):
        at = cell[row]
        days[at] |= bit[day[row] - first_day]
        last[at] = max(last[at], day[row])
        if capability[row] < asked:
            each[capability[row], at] += 1
    return days, last, each


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _exact_sums(cell: np.ndarray, amount: np.ndarray, size: int) -> np.ndarray:
    """Sum in fixed point, all but the largest, so that the order of rows cannot matter."""
    steps, large = np.zeros(size, dtype=np.int64), np.zeros(size)
    for row in range(len(cell)):
        if abs(amount[row]) >= LARGE:
            large[cell[row]] += amount[row]
        else:
            scaled = amount[row] / FINEST
            whole = np.trunc(scaled)
            if abs(scaled - whole) >= 0.5:
                whole += np.sign(scaled)
            steps[cell[row]] += np.int64(whole)
    return steps * FINEST + large


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _week_and_person(
    day: np.ndarray, person: np.ndarray, oldest: int, first_week: int, widest: int
) -> np.ndarray:
    """One number for both; -1 where nobody is named, or too long ago."""
    told = np.full(len(day), -1, dtype=np.int32)
    for row in range(len(day)):
        if person[row] >= 0 and day[row] >= oldest:
            told[row] = ((day[row] + 3) // 7 - first_week) * widest + person[row]
    return told


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _first_known_by_role(rows: CodedRows, wanted: Ints, roles: int, asked: int) -> Ints:
    """The day from which on each role of each account is known to have used what is asked."""
    told = np.full((len(rows.first) - 1, roles, asked), -NEVER, dtype=np.int64)
    for account in range(len(rows.first) - 1):
        for row in range(rows.first[account], rows.first[account + 1]):
            place = wanted[rows.capability[row]]
            if rows.person[row] < 0 or place < 0:
                continue
            whose = rows.first_person[account] + rows.person[row]
            role = rows.role[whose]
            if role >= 0:
                known = max(rows.known[row], rows.role_known[whose])
                told[account, role, place] = min(told[account, role, place], known)
    return told
