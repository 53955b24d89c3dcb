"""How are the rows of activity read once, and what is held of each?

The embedded engine hands over hashes in place of texts, and each stands for a number; every
row goes straight to its account's place. No more is held than what is kept: thirty bytes a row.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import ibis
import ibis.expr.types as ir
import numba
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from configs.errors import DataError
from features.asof import Ints
from features.numbers import UNKNOWN, Numbers, Told, texts_of

DAY = 86_400_000_000
"""Microseconds."""
NOBODY = -1
BATCH_ROWS = 1 << 18
NO_USERS = pa.array([], pa.string())


class RowColumns(NamedTuple):
    """What is held of each row."""

    person: np.ndarray
    """Counted within the account; NOBODY where the row names none."""
    capability: np.ndarray
    """Counted among the capabilities of its run."""
    moment: Ints
    """Microseconds since 1970-01-01."""
    known: np.ndarray
    """The day on which the row was known, never before its own."""
    quantity: np.ndarray

    @classmethod
    def empty(cls, rows: int) -> "RowColumns":
        return cls(*_empty(rows))


class RowsByAccount(NamedTuple):
    """Rows in the order of their accounts, and the people in them."""

    first: Ints
    """Where each account's rows begin; one longer than there are accounts."""
    person: np.ndarray
    capability: np.ndarray
    moment: Ints
    known: np.ndarray
    quantity: np.ndarray
    first_person: Ints
    """Where each account's people begin; one longer than there are accounts."""
    user: np.ndarray
    """Who each person is: a place among all users that are kept."""


class Counted(NamedTuple):
    """Of each capability of a run: how many rows there are, and the first moment."""

    rows: Ints
    first: Ints


class Run(NamedTuple):
    """Rows that became known in some span of days, in the order of their accounts' ids."""

    ids: pa.Array
    capabilities: tuple[str, ...]
    rows: RowsByAccount
    whole: Counted
    """Counted over all of its rows, also over those that no longer hold."""
    before_day: int
    """All of its rows were known before that day."""

    def counted(self, until: int) -> Counted:
        """Count the rows known before a day; there is no look at them where all were."""
        if until >= self.before_day:
            return self.whole
        return counted(self.rows, len(self.capabilities), until)


class Asking(NamedTuple):
    """Which rows: those known from a day on and before another, of accounts between two ids."""

    before_day: int
    since_day: int | None = None
    low: str | None = None
    high: str | None = None


def take_in(
    activity: ir.Table, asking: Asking, users: pa.Array = NO_USERS
) -> tuple[Run, pa.Array]:
    """Read rows of an embedded engine; handed back are also the users, with new ones last."""
    with _at_hand(_asked(activity, asking), asking) as rows:
        by_account = rows.group_by("account_id").agg(rows=rows.count())
        user, capability = (rows.select(n).distinct() for n in ("user_id", "capability"))
        accounts, people, capabilities = (
            texts_of(told, told.columns[0]) for told in (by_account, user, capability)
        )
        first = np.append(0, np.cumsum(accounts.table["rows"].to_numpy()))
        columns, ahead = RowColumns.empty(int(first[-1])), first.copy()
        person, users = _with_new(users, people)
        numbers = (accounts.numbers(), people.numbers(person), capabilities.numbers())
        for batch in _hashed(rows, accounts, people, capabilities):
            if not _laid(ahead, first, columns, _Batch.of(batch, numbers), UNKNOWN):
                raise _MOVED
    if (ahead[:-1] != first[1:]).any():
        raise _MOVED
    person, first_person, user = _numbered(first, columns.person, len(users))
    of_run = RowsByAccount(first, person, *columns[1:], first_person, user)
    names = tuple(capabilities.texts.to_pylist())
    whole = counted(of_run, len(names), asking.before_day)
    return Run(accounts.texts, names, of_run, whole, asking.before_day), users


@contextmanager
def _at_hand(rows: ir.Table, asking: Asking) -> Iterator[ir.Table]:
    """What is new is little among much: it is looked for once."""
    if asking.since_day is None:
        yield rows
        return
    engine: Any = rows.get_backend()
    try:
        yield engine.create_table("rows_since", rows, temp=True, overwrite=True)
    finally:
        engine.drop_table("rows_since", force=True)


_MOVED = DataError(
    "table 'activity'", "changed while it was read", "Run it again, once nobody writes there"
)


class _Batch(NamedTuple):
    account: np.ndarray
    person: np.ndarray
    capability: np.ndarray
    moment: np.ndarray
    counts_from: np.ndarray
    quantity: np.ndarray

    @classmethod
    def of(cls, rows: pa.RecordBatch, numbers: Sequence[Numbers]) -> "_Batch":
        """Put the numbers of names in the place of their hashes."""
        hashes, others = rows.columns[: len(numbers)], rows.columns[len(numbers) :]
        named = (known.of_rows(told) for known, told in zip(numbers, hashes, strict=True))
        return cls(*named, *map(_plain, others))


def _plain(column: pa.Array) -> np.ndarray:
    values: np.ndarray = column.to_numpy(zero_copy_only=False)
    return values.view(np.int64) if values.dtype.kind == "M" else values


def _asked(activity: ir.Table, asking: Asking) -> ir.Table:
    """A row dated after it was known (a clock set wrong) counts from when it is dated."""
    counts_from = ibis.greatest(activity.known_at, activity.occurred_at)
    rows = activity.mutate(counts_from=counts_from)
    rows = rows.filter(rows.counts_from < _midnight(asking.before_day))
    if asking.since_day is not None:
        rows = rows.filter(rows.counts_from >= _midnight(asking.since_day))
    if asking.low is not None:
        rows = rows.filter(rows.account_id >= asking.low)
    if asking.high is not None:
        rows = rows.filter(rows.account_id < asking.high)
    return rows


def _midnight(day: int) -> pd.Timestamp:
    return pd.Timestamp(day * DAY, unit="us")


def _with_new(users: pa.Array, told: Told) -> tuple[Ints, pa.Array]:
    """The number of each text that rows hold; handed over are also all users, new ones last."""
    texts = told.texts.drop_null()
    if not len(users):
        return _or_nobody(np.arange(len(texts)), told), texts
    number = pc.index_in(texts, value_set=users).fill_null(-1).to_numpy().astype(np.int64)
    is_new = number < 0
    number[is_new] = len(users) + np.arange(is_new.sum())
    return _or_nobody(number, told), pa.concat_arrays([users, texts.filter(pa.array(is_new))])


def _or_nobody(number: Ints, told: Told) -> Ints:
    """Rows that name nobody have their hash too, which comes last."""
    return np.concatenate([number, np.full(told.texts.null_count, NOBODY)])


def _hashed(
    rows: ir.Table, account: Told, person: Told, capability: Told
) -> pa.RecordBatchReader:
    """Rows with hashes for names, in the order of ``_Batch``, some at a time."""
    engine: Any = rows.get_backend()
    told = rows.select(
        account=account.hash_in(rows),
        person=person.hash_in(rows),
        capability=capability.hash_in(rows),
        moment=rows.occurred_at,
        counts_from=rows.counts_from,
        quantity=rows.quantity,
    )
    return engine.con.sql(engine.compile(told)).to_arrow_reader(BATCH_ROWS)


def counted(rows: RowsByAccount, capabilities: int, until: int) -> Counted:
    """Walk through rows to what ``Counted`` says of those known before a day."""
    return Counted(*_of_capabilities(rows, capabilities, until))


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def days_of(moment: Ints) -> np.ndarray:
    """The day of each moment."""
    told = np.empty(len(moment), dtype=np.int32)
    for row in range(len(moment)):
        told[row] = moment[row] // DAY
    return told


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _empty(rows: int) -> tuple[np.ndarray, np.ndarray, Ints, np.ndarray, np.ndarray]:
    """Not by NumPy, which asks for huge pages; these can cost more than to fill them."""
    return (
        np.empty(rows, np.int32),
        np.empty(rows, np.int16),
        np.empty(rows, np.int64),
        np.empty(rows, np.int32),
        np.empty(rows, np.float64),
    )


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _of_capabilities(rows: RowsByAccount, capabilities: int, until: int) -> tuple[Ints, Ints]:
    counts = np.zeros(capabilities, dtype=np.int64)
    first = np.full(capabilities, np.iinfo(np.int64).max, dtype=np.int64)
    for row in range(len(rows.known)):
        if rows.known[row] < until:
            one = rows.capability[row]
            counts[one] += 1
            first[one] = min(first[one], rows.moment[row])
    return counts, first


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _laid(ahead: Ints, first: Ints, to: RowColumns, rows: _Batch, unknown: int) -> bool:
    """Put each row behind the last one of its account; whether all were known, and had room."""
    for row in range(len(rows.account)):
        account, person, capability = rows.account[row], rows.person[row], rows.capability[row]
        if unknown in (account, person, capability) or ahead[account] >= first[account + 1]:
            return False
        at = ahead[account]
        ahead[account] = at + 1
        to.person[at], to.capability[at] = person, capability
        to.moment[at] = rows.moment[row]
        to.known[at] = rows.counts_from[row] // DAY
        to.quantity[at] = rows.quantity[row]
    return True


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _numbered(first: Ints, user: np.ndarray, users: int) -> tuple[np.ndarray, Ints, np.ndarray]:
    """Count the people of each account from nought, and say who they are among all users."""
    number = np.full(users, -1, dtype=np.int32)
    first_person, people = np.zeros(len(first), dtype=np.int64), 0
    user_of = np.empty(min(len(user), users * 2 + 1), dtype=np.int32)
    for account in range(len(first) - 1):
        start = people
        for row in range(first[account], first[account + 1]):
            one = user[row]
            if one < 0:
                continue
            if number[one] < start:
                if people == len(user_of):
                    user_of = np.concatenate((user_of, np.empty_like(user_of)))
                number[one], user_of[people] = people, one
                people += 1
            user[row] = number[one] - start
        first_person[account + 1] = people
    return user, first_person, user_of[:people].copy()
