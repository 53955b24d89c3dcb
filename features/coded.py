"""How are the rows of some accounts held, so that each question costs one look at each?

Numbers stand for names: an account is its place in the shard, a person and a capability count
from nought. The embedded engine puts them in place of the texts while it reads, once; the rows
are then laid out in the order of their accounts, and whatever asks walks through them.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import ibis
import ibis.expr.types as ir
import numba
import numpy as np
import pandas as pd
import pyarrow as pa

from features.asof import Ints, Mornings
from features.reduce import day_of

DAY = 86_400_000_000
"""Microseconds."""
NOBODY = -1
PEOPLE = "shard_people"


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
    enter: np.ndarray
    """The first morning that knows the row."""
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


@contextmanager
def _people(activity: ir.Table) -> Iterator[ir.Table]:
    """Number whoever did something, for as long as the numbers are needed."""
    engine = activity.get_backend()
    known = activity.filter(activity.user_id.notnull()).select("user_id").distinct()
    numbered = known.mutate(person=ibis.row_number().cast("int32"))
    try:
        yield engine.create_table(PEOPLE, numbered, temp=True, overwrite=True)
    finally:
        engine.drop_table(PEOPLE, force=True)


def coded_rows(
    tables: Mapping[str, ir.Table], mornings: Mornings, names: Names, *, accounts: int
) -> CodedRows:
    """Fetch the rows of an embedded engine whose ``account_id`` is the account's place."""
    with _people(tables["activity"]) as people:
        found = _fetched(tables["activity"], people, names.capabilities)
        roles = _roles(tables.get("users"), people, before_day=int(mornings.days[-1]))
        codes = int(people.count().execute())
    account, person = _taken(found, "account"), _taken(found, "person")
    moment, known = _taken(found, "moment"), _taken(found, "known")
    first, order = _in_order(account, moment, known, int(mornings.days[-1]), accounts)
    del account
    moment, known = moment[order], known[order]
    day = _days(moment)
    known = np.maximum(_days(known), day)
    person, first_person, code_of = _numbered(first, person[order], codes)
    role, role_known = _of_people(roles, names.roles, first_person, code_of, codes)
    return CodedRows(
        first=first,
        person=person,
        capability=_taken(found, "capability")[order],
        moment=moment,
        day=day,
        known=known,
        enter=_first_seeing(known, mornings),
        quantity=_taken(found, "quantity")[order],
        first_person=first_person,
        role=role,
        role_known=role_known,
    )


def _fetched(activity: ir.Table, people: ir.Table, capabilities: Sequence[str]) -> pa.Table:
    codes = np.arange(len(capabilities), dtype=np.int32)
    named = pd.DataFrame(
        {"capability": pd.Series(list(capabilities), dtype="str"), "code": codes}
    )
    rows = activity.inner_join(ibis.memtable(named), "capability")
    rows = rows.left_join(people, "user_id")
    told: pa.Table = rows.select(
        account=rows.account_id.cast("int32"),
        person=rows.person.fill_null(NOBODY),
        capability=rows.code,
        moment=rows.occurred_at,
        known=rows.known_at,
        quantity=rows.quantity,
    ).to_pyarrow()
    return told


def _taken(found: pa.Table, name: str) -> np.ndarray:
    values: np.ndarray = found[name].to_numpy()
    return values.view(np.int64) if values.dtype.kind == "M" else values


def _roles(users: ir.Table | None, people: ir.Table, *, before_day: int) -> pd.DataFrame:
    """Account, person, role and the day on which we learnt it, of whoever did something."""
    if users is None:
        return pd.DataFrame({"account": [], "person": [], "role": [], "known": []})
    users = users.filter(day_of(users.known_at) < before_day, users.role.notnull())
    users = users.inner_join(people, "user_id")
    told: pd.DataFrame = (
        users.group_by(account=users.account_id, person=users.person)
        .agg(role=users.role.max(), known=day_of(users.known_at).min())
        .to_pandas()
    )
    return told


def _of_people(
    told: pd.DataFrame, roles: Sequence[str], first: Ints, code_of: Ints, codes: int
) -> tuple[np.ndarray, np.ndarray]:
    """The role of each person of each account, and the day on which we learnt it."""
    account = np.repeat(np.arange(len(first) - 1), np.diff(first))
    key = account * codes + code_of
    order = np.argsort(key)
    asked = told["account"].to_numpy(np.int64) * codes + told["person"].to_numpy(np.int64)
    at = np.searchsorted(key[order], asked)
    found = at < len(key)
    found[found] = key[order[at[found]]] == asked[found]
    role, known = np.full(len(key), -1, dtype=np.int32), np.zeros(len(key), dtype=np.int64)
    whose = order[at[found]]
    role[whose] = pd.Index(list(roles)).get_indexer(pd.Index(told["role"]))[found]
    known[whose] = told["known"].to_numpy(np.int64)[found]
    return role, known


def _first_seeing(known: np.ndarray, mornings: Mornings) -> np.ndarray:
    """Look up the first morning that knows a day, which is one of few."""
    earliest = int(mornings.days[0])
    days = np.arange(earliest - 1, int(mornings.days[-1]))
    seen = mornings.first_seeing(days).astype(np.int32)
    told: np.ndarray = _looked_up(seen, known, earliest - 1)
    return told


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _looked_up(seen: np.ndarray, known: np.ndarray, earliest: int) -> np.ndarray:
    told = np.empty(len(known), dtype=np.int32)
    for row in range(len(known)):
        told[row] = seen[max(known[row] - earliest, 0)]
    return told


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _days(moment: Ints) -> np.ndarray:
    told = np.empty(len(moment), dtype=np.int32)
    for row in range(len(moment)):
        told[row] = moment[row] // DAY
    return told


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _in_order(
    account: np.ndarray, moment: Ints, known: Ints, before_day: int, accounts: int
) -> tuple[Ints, Ints]:
    """Where each account's rows begin, and which rows they are, if the morning knows them."""
    first = np.zeros(accounts + 1, dtype=np.int64)
    midnight = before_day * DAY
    for row in range(len(account)):
        first[account[row] + 1] += max(moment[row], known[row]) < midnight
    for one in range(accounts):
        first[one + 1] += first[one]
    order, ahead = np.empty(first[-1], dtype=np.int64), first.copy()
    for row in range(len(account)):
        if max(moment[row], known[row]) < midnight:
            order[ahead[account[row]]] = row
            ahead[account[row]] += 1
    return first, order


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _numbered(first: Ints, code: np.ndarray, codes: int) -> tuple[np.ndarray, Ints, Ints]:
    """Count the people of each account from nought, and say who they are among all."""
    number = np.full(codes, -1, dtype=np.int64)
    person, code_of = np.empty(len(code), dtype=np.int32), np.empty(len(code), dtype=np.int64)
    first_person = np.zeros(len(first), dtype=np.int64)
    people = 0
    for account in range(len(first) - 1):
        start = people
        for row in range(first[account], first[account + 1]):
            one = code[row]
            if one < 0:
                person[row] = NOBODY
                continue
            if number[one] < start:
                number[one], code_of[people] = people, one
                people += 1
            person[row] = number[one] - start
        first_person[account + 1] = people
    return person, first_person, code_of[:people].copy()
