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
from features.texts import texts_at


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
        by_segment=_by_segment(rows, mornings, calendar, asked),
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
    oldest, last = int(mornings.days[0]) - 7 * (QUARTER + 1), int(mornings.days[-1])
    first_week, week = (oldest + 3) // 7, (np.arange(oldest, last) + 3) // 7
    widest = max(int(np.diff(rows.first_person).max(initial=0)), 1)
    too_old = np.array([-1])
    parts = np.concatenate((too_old, week - first_week)).astype(np.int32)
    cells = _cells(rows, mornings, parts, first_day=oldest - 1, people=widest)
    week, person = np.divmod(cells.key, widest)
    by_week = pd.DataFrame(
        {
            "account_id": cells.account,
            "user_id": rows.first_person[cells.account] + person,
            "week": week + first_week,
            "seen_from": cells.enter,
            "uses": _counted(cells.of_row, len(cells.key)),
        },
        copy=False,
    )
    wanted = pd.Index(list(capabilities)).get_indexer(pd.Index(list(names.capabilities)))
    known = _first_known_by_role(rows, NEVER, wanted, len(names.roles), len(capabilities))
    account, role, capability = np.nonzero(known < -NEVER)
    by_role = pd.DataFrame(
        {
            "account_id": account,
            "role": texts_at(role, names.roles),
            "capability": texts_at(capability, capabilities),
            "known_day": known[account, role, capability],
        }
    )
    return ReducedPeople(by_week=by_week, by_role=by_role)


def _by_segment(
    rows: CodedRows, mornings: Mornings, calendar: Calendar, asked: int
) -> pd.DataFrame:
    frame = calendar.frame()
    segment, bit = frame["segment"].to_numpy(np.int32), frame["day_bit"].to_numpy(np.int64)
    cells = _cells(rows, mornings, segment, first_day=calendar.first_day)
    count, quantity, days, last_day, each = _summed(
        cells.of_row,
        rows,
        (NEVER, LARGE, FINEST),
        bit,
        calendar.first_day,
        len(cells.key),
        asked,
    )
    told = {
        "account_id": cells.account,
        "segment": cells.key,
        "seen_from": cells.enter,
        "rows": count,
        "quantity": quantity,
        "days": days,
        "last_day": last_day,
    }
    told |= {f"rows_{place}": each[place] for place in range(asked)}
    return pd.DataFrame(told, copy=False)


def _by_person(rows: CodedRows, mornings: Mornings, roles: Sequence[str]) -> pd.DataFrame:
    widths = np.append(np.diff(rows.first_person), 0)
    entries = _entries(rows, rows.person, widths, mornings)
    account, person = entries["account_id"].to_numpy(), entries["what"].to_numpy()
    whose = rows.first_person[account] + person
    role = rows.role[whose]
    known = np.where(role >= 0, rows.role_known[whose], NEVER).astype(np.int32)
    return entries.drop(columns="what").assign(
        role=pd.Categorical.from_codes(role, pd.Index(list(roles))), role_known=known
    )


def _entries(
    rows: CodedRows, what: np.ndarray, widths: np.ndarray, mornings: Mornings
) -> pd.DataFrame:
    """Say of each person or capability from which morning on which day is known as its last.

    ``widths`` says how many of them each account has.
    """
    told = _walk_entries(rows, NEVER, what, widths, mornings.count, *mornings.after)
    columns = ("account_id", "what", "seen_from", "until", "last_day")
    return pd.DataFrame(dict(zip(columns, told, strict=True)), copy=False)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _walk_entries(
    rows: CodedRows,
    never: int,
    what: np.ndarray,
    widths: np.ndarray,
    mornings: int,
    first: int,
    after: Ints,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    told = np.empty((5, len(what)), dtype=np.int32)
    newest = np.full((max(widths.max(), 1), mornings), never, dtype=np.int32)
    count = 0
    for account in range(len(rows.first) - 1):
        for row in range(rows.first[account], rows.first[account + 1]):
            if what[row] >= 0:
                one, seen = what[row], after[max(rows.known[row] - first, 0)]
                newest[one, seen] = max(newest[one, seen], rows.day[row])
        for one in range(widths[account]):
            last, begun = never, count
            for seen in range(mornings):
                if newest[one, seen] > never:
                    last = max(last, newest[one, seen])
                    if count > begun:
                        told[3, count - 1] = seen
                    told[0, count], told[1, count], told[2, count] = account, one, seen
                    told[3, count], told[4, count] = -never, last
                    count += 1
                    newest[one, seen] = never
    # What was not written to was never given memory.
    kept = told[:, :count]
    return kept[0], kept[1], kept[2], kept[3], kept[4]


def _cells(
    rows: CodedRows, mornings: Mornings, parts: np.ndarray, *, first_day: int, people: int = 0
) -> Cells:
    """Group rows by a part of time and, where it is said how many there are, by person.

    ``parts`` says of ``first_day`` and every later one which part it is in; earlier ones are in
    that of the first, and -1 is no part.
    """
    width = (int(parts.max(initial=0)) + 1) * max(people, 1)
    cell, told = _walk_cells(rows, parts, first_day, people, width, *mornings.after)
    return Cells(cell, told[0], told[1], told[2])


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _walk_cells(
    rows: CodedRows,
    parts: np.ndarray,
    first_day: int,
    people: int,
    width: int,
    first: int,
    after: Ints,
) -> tuple[np.ndarray, np.ndarray]:
    """Number the groups; those of one account and key are a chain, the newest one first."""
    cell = np.empty(len(rows.day), dtype=np.int32)
    told = np.empty((4, len(rows.day)), dtype=np.int32)
    head, count = np.full(width, -1, dtype=np.int32), 0
    for account in range(len(rows.first) - 1):
        start = count
        for row in range(rows.first[account], rows.first[account + 1]):
            one = parts[max(rows.day[row] - first_day, 0)]
            if people and one >= 0:
                one = one * people + rows.person[row] if rows.person[row] >= 0 else -1
            if one < 0:
                cell[row] = -1
                continue
            seen = after[max(rows.known[row] - first, 0)]
            at = head[one] if head[one] >= start else -1
            newest = at
            while at >= 0 and told[2, at] != seen:
                at = told[3, at]
            if at < 0:
                at = head[one] = count
                told[0, at], told[1, at], told[2, at], told[3, at] = account, one, seen, newest
                count += 1
            cell[row] = at
    # What was not written to was never given memory.
    return cell, told[:3, :count]


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
    rows: CodedRows,
    numbers: tuple[int, float, float],
    bit: Ints,
    first_day: int,
    size: int,
    asked: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Rows, quantity, days and the last of them, and the rows of each capability asked for.

    Quantities are summed in fixed point, all but the largest, so that the order of rows cannot
    matter.
    """
    count, days = np.zeros(size, dtype=np.int32), np.zeros(size, dtype=np.int32)
    steps, large = np.zeros(size, dtype=np.int64), np.zeros(size)
    never, large_from, finest = numbers
    last, each = np.full(size, never, np.int32), np.zeros((asked, size), dtype=np.int32)
    for row in range(len(cell)):
        at, amount = cell[row], rows.quantity[row]
        count[at] += 1
        days[at] |= bit[rows.day[row] - first_day]
        last[at] = max(last[at], rows.day[row])
        if rows.capability[row] < asked:
            each[rows.capability[row], at] += 1
        if abs(amount) >= large_from:
            large[at] += amount
        else:
            scaled = amount / finest
            whole = np.trunc(scaled)
            if abs(scaled - whole) >= 0.5:
                whole += np.sign(scaled)
            steps[at] += np.int64(whole)
    return count, steps * finest + large, days, last, each


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _first_known_by_role(
    rows: CodedRows, never: int, wanted: Ints, roles: int, asked: int
) -> Ints:
    """The day from which on each role of each account is known to have used what is asked."""
    told = np.full((len(rows.first) - 1, roles, asked), -never, dtype=np.int64)
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
