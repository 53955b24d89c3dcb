"""How are the rows of some accounts held, so that each question costs one look at each?

Numbers stand for names: an account is its place in the shard, a person and a capability count
from nought. Rows come from the runs in which they were taken in, and are laid out in the order
of their accounts; whatever asks walks through them.
"""

from collections.abc import Sequence
from mmap import MADV_DONTNEED, mmap
from typing import NamedTuple

import numba
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.asof import NEVER, Bools, Ints, Mornings
from features.roles import ROWS, Roles
from features.taken import RowColumns, RowsByAccount, Run, days_of

FOR_EVER = -NEVER


class CodedRows(NamedTuple):
    """Rows of activity that the last morning knows, in the order of their accounts."""

    first: Ints
    """Where each account's rows begin; one longer than there are accounts."""
    person: np.ndarray
    """Counted within the account; NOBODY where the row names none."""
    capability: np.ndarray
    moment: Ints
    """Microseconds since 1970-01-01."""
    day: np.ndarray
    known: np.ndarray
    """The day on which the row was known, never before its own."""
    quantity: np.ndarray
    first_person: Ints
    """Where each account's people begin among all people; one longer than there are accounts.
    """
    role: np.ndarray
    """The role of each person, counted among ``roles``; -1 where none is known."""
    role_known: np.ndarray
    """The day on which we learnt it."""

    @property
    def account(self) -> Ints:
        return np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))


class Names(NamedTuple):
    """What the codes stand for."""

    capabilities: tuple[str, ...]
    roles: tuple[str, ...]


class Held(NamedTuple):
    """Runs of rows, each with the day from which on it no longer holds, and their users."""

    runs: Sequence[tuple[Run, int]]
    users: pa.Array
    said_of_roles: pa.Table = ROWS.empty_table()
    """See ``features.roles``."""
    roles: Roles | None = None
    """Of all accounts of a plan, once they have been looked for."""

    def let_go(self) -> None:
        """Give back the memory of rows mapped from the disk; they are read again if need be."""
        for array in (array for run, _ in self.runs for array in run.rows):
            held: object = array
            while isinstance(held, np.ndarray):
                held = held.base
            if isinstance(held, mmap):
                held.madvise(MADV_DONTNEED)

    def counted(self) -> pd.DataFrame:
        """Every capability of the rows that hold: how many there are, and the first moment."""
        parts = [run.counted(until) for run, until in self.runs]
        told = pd.DataFrame(
            {
                "capability": [name for run, _ in self.runs for name in run.capabilities],
                "rows": np.concatenate([counts for counts, _ in parts]),
                "first": np.concatenate([first for _, first in parts]).view("M8[us]"),
            }
        )
        by_name = told.loc[told["rows"] > 0].groupby("capability")
        return by_name.agg(rows=("rows", "sum"), first=("first", "min")).reset_index()


def coded_rows(
    held: Held, roles: Roles, mornings: Mornings, names: Names, *, ids: np.ndarray
) -> CodedRows:
    """Put the rows of accounts together, which are known by their place among ``ids``."""
    before_day = int(mornings.days[-1])
    laid = _together(held, pa.array(ids, pa.string()), names, before_day=before_day)
    role, role_known = roles.of_people(laid.first_person, laid.user, len(held.users))
    return CodedRows(
        first=laid.first,
        person=laid.person,
        capability=laid.capability,
        moment=laid.moment,
        day=days_of(laid.moment),
        known=laid.known,
        quantity=laid.quantity,
        first_person=laid.first_person,
        role=role,
        role_known=role_known,
    )


def _together(held: Held, ids: pa.Array, names: Names, *, before_day: int) -> RowsByAccount:
    """Lay the rows of all runs end to end, account by account."""
    parts = [(run, _places(run, ids), min(until, before_day)) for run, until in held.runs]
    if len(parts) == 1 and (as_they_lie := _as_they_lie(*parts[0], len(ids), names)):
        return as_they_lie
    first = np.zeros(len(ids) + 1, dtype=np.int64)
    for run, place, until in parts:
        _count(first, place, run.rows.first, run.rows.known, _holding_until(run, until))
    np.cumsum(first, out=first)
    numbers, first_person, user = _people(parts, len(ids), len(held.users))
    to, ahead = RowColumns.empty(int(first[-1])), first.copy()
    for (run, place, until), number in zip(parts, numbers, strict=True):
        codes = _codes(run.capabilities, names.capabilities)
        _lay(ahead, to, run.rows, place, _holding_until(run, until), number, codes)
    return RowsByAccount(first, *to, first_person, user)


def _holding_until(run: Run, until: int) -> int:
    """The day from which on rows of a run do not hold; FOR_EVER where all of them do."""
    return FOR_EVER if until >= run.before_day else until


def _as_they_lie(
    run: Run, place: Ints, until: int, accounts: int, names: Names
) -> RowsByAccount | None:
    """Rows of one run, all of which hold, lie as they are wanted: they are not laid again."""
    own = np.flatnonzero(place >= 0)
    if not len(own) or own[-1] - own[0] >= len(own):
        return None
    rows, ends = run.rows, slice(own[0], own[-1] + 2)
    span = slice(*rows.first[ends][[0, -1]].tolist())
    people = slice(*rows.first_person[ends][[0, -1]].tolist())
    if rows.known[span].max(initial=until - 1) >= until:
        return None
    begins = np.searchsorted(place[own], np.arange(accounts + 1))
    own_rows = RowColumns(*(column[span] for column in rows[1:6]))
    if run.capabilities != names.capabilities:
        codes = _codes(run.capabilities, names.capabilities)
        own_rows = own_rows._replace(capability=codes[own_rows.capability])
    first, first_person = rows.first[ends] - span.start, rows.first_person[ends] - people.start
    return RowsByAccount(first[begins], *own_rows, first_person[begins], rows.user[people])


def _places(run: Run, ids: pa.Array) -> Ints:
    """The place of each account of a run among those wanted; -1 where it is not."""
    found = pc.index_in(run.ids, value_set=ids).fill_null(-1)
    places: Ints = found.to_numpy(zero_copy_only=False).astype(np.int64)
    return places


def _codes(stored: Sequence[str], wanted: Sequence[str]) -> np.ndarray:
    codes: np.ndarray = pd.Index(list(wanted)).get_indexer(pd.Index(list(stored)))
    return codes.astype(np.int16)


def _people(
    parts: Sequence[tuple[Run, Ints, int]], accounts: int, users: int
) -> tuple[list[Ints], Ints, np.ndarray]:
    """Number the people of each account, whichever runs name them.

    Handed back are the number of each run's people, where each account's people begin, and who
    they are.
    """
    whose = (np.repeat(place, np.diff(run.rows.first_person)) for run, place, _ in parts)
    account = np.concatenate([np.zeros(0, dtype=np.int64), *whose])
    user = np.concatenate(
        [np.zeros(0, dtype=np.int32), *(run.rows.user for run, _, _ in parts)]
    )
    in_order = np.argsort(account, kind="stable")
    number, first_person, named = _numbered(in_order, account, user, accounts, users)
    ends = np.cumsum([len(run.rows.user) for run, _, _ in parts])
    return np.split(number, ends[:-1]), first_person, named


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _numbered(
    in_order: Ints, account: Ints, user: np.ndarray, accounts: int, users: int
) -> tuple[Ints, Ints, np.ndarray]:
    """Count the people of each account as they come; those of no account are left out."""
    number, place = np.zeros(len(user), dtype=np.int64), np.full(users, -1, dtype=np.int64)
    first_person, named = np.zeros(accounts + 1, dtype=np.int64), np.empty_like(user)
    count, at = 0, int((account < 0).sum())
    for whose in range(accounts):
        start = count
        while at < len(in_order) and account[in_order[at]] == whose:
            one = in_order[at]
            if place[user[one]] < start:
                place[user[one]], named[count] = count, user[one]
                count += 1
            number[one] = place[user[one]] - start
            at += 1
        first_person[whose + 1] = count
    return number, first_person, named[:count].copy()


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def rows_of_capability(
    first: Ints, capability: np.ndarray, code: int, accounts: Bools
) -> tuple[Ints, Ints]:
    """Which rows of some accounts are of a capability, and of which account each of them is."""
    wanted, size = np.flatnonzero(accounts), 0
    for account in wanted:
        for row in range(first[account], first[account + 1]):
            size += capability[row] == code
    told, count = np.empty((2, size), dtype=np.int64), 0
    for account in wanted:
        for row in range(first[account], first[account + 1]):
            if capability[row] == code:
                told[0, count], told[1, count] = row, account
                count += 1
    return told[0], told[1]


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _count(counts: Ints, place: Ints, first: Ints, known: np.ndarray, until: int) -> None:
    """Add to each account's count, behind its place, the rows known before a day."""
    for one in range(len(place)):
        if place[one] >= 0:
            if until == FOR_EVER:
                counts[place[one] + 1] += first[one + 1] - first[one]
                continue
            for row in range(first[one], first[one + 1]):
                counts[place[one] + 1] += known[row] < until


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _lay(
    ahead: Ints,
    to: RowColumns,
    rows: RowsByAccount,
    place: Ints,
    until: int,
    number: Ints,
    codes: np.ndarray,
) -> None:
    """Put the rows of a run that are known before a day behind those of the runs before."""
    for one in range(len(place)):
        if place[one] < 0:
            continue
        at, people = ahead[place[one]], rows.first_person[one]
        first, last = rows.first[one], rows.first[one + 1]
        if until == FOR_EVER:
            end = at + last - first
            to.moment[at:end], to.known[at:end] = (
                rows.moment[first:last],
                rows.known[first:last],
            )
            to.quantity[at:end] = rows.quantity[first:last]
            for row in range(first, last):
                person = rows.person[row]
                to.person[at] = number[people + person] if person >= 0 else person
                to.capability[at] = codes[rows.capability[row]]
                at += 1
            ahead[place[one]] = end
            continue
        for row in range(first, last):
            if rows.known[row] >= until:
                continue
            person = rows.person[row]
            to.person[at] = number[people + person] if person >= 0 else person
            to.capability[at] = codes[rows.capability[row]]
            to.moment[at], to.known[at] = rows.moment[row], rows.known[row]
            to.quantity[at] = rows.quantity[row]
            at += 1
        ahead[place[one]] = at
