"""What did we know on each morning? The one point-in-time rule; all history is read through it.

A statement made on an as-of morning (00:00 of a day) may use a row only if the row's
``known_at`` is earlier. Time is counted in whole days since 1970-01-01: a row known at any
moment of day ``k`` is first seen on the first morning after ``k``.

Everything that happens *enters* the view of a morning when it becomes known and *leaves* a
window when the window has moved past it. Adding what enters and taking away what leaves, once
per row and window, gives every window of every morning: cost grows with rows, not with rows x
mornings.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

FINEST = 2.0**-20
"""The step in which amounts are summed, about a millionth: sums of it are exact."""
NEVER = -(10**6)
"""A day number long before any data: the last day of something that has not happened."""
NEVER_LEAVES: Ints = np.zeros(0, dtype=np.int64)
ONE_EACH: Floats = np.zeros(0, dtype=np.float64)
"""What is said of no row, so that it holds of all."""


def day_number(moments: "pd.Series[pd.Timestamp]") -> Ints:
    """Give the whole day of each timestamp, in days since 1970-01-01; NaT becomes NEVER."""
    nanoseconds = moments.astype("datetime64[us]").to_numpy()
    days = nanoseconds.astype("datetime64[D]").astype(np.int64)
    return np.where(np.isnat(nanoseconds), NEVER, days)


def as_dates(days: Ints) -> "pd.Series[pd.Timestamp]":
    """Turn day numbers into timestamps at midnight; NEVER becomes NaT."""
    stamps = np.where(days <= NEVER, np.datetime64("NaT"), days.astype("datetime64[D]"))
    return pd.Series(stamps.astype("datetime64[us]"))


A_MONDAY = date(1970, 1, 5)


@dataclass(frozen=True, slots=True)
class Grid:
    """Days in equal steps, the same ones whenever they are asked for.

    Builds of different as-of dates look back from the same mornings, so that what one has said
    of a morning stands for the next.
    """

    step_days: int
    through: date = A_MONDAY

    def newest(self, day: date) -> date:
        """The last day of the grid up to and with ``day``.

        >>> Grid(7).newest(date(2025, 3, 12))
        datetime.date(2025, 3, 10)
        """
        return day - timedelta(days=(day - self.through).days % self.step_days)


@dataclass(frozen=True, slots=True, eq=False)
class Mornings:
    """The as-of days in question, rising, without repeats."""

    days: Ints
    first_of_build: int | None = None
    """The first morning of the build, where these are some of its mornings only."""

    @classmethod
    def on(
        cls, grid: "Grid", *, first_on: date, last_on: date, also: tuple[date, ...] = ()
    ) -> "Mornings":
        """Take the grid's mornings from ``first_on`` on, the last morning, and single days."""
        step = timedelta(days=grid.step_days)
        start = grid.newest(first_on + step - timedelta(days=1))
        days = {start + step * place for place in range((last_on - start) // step + 1)}
        days |= {day for day in also if first_on <= day <= last_on} | {last_on}
        return cls(np.array(sorted(ordinal(day) for day in days), dtype=np.int64))

    @property
    def count(self) -> int:
        return len(self.days)

    @property
    def span_days(self) -> int:
        """From the first morning of the build to the last one."""
        first = self.days[0] if self.first_of_build is None else self.first_of_build
        return int(self.days[-1] - first)

    def first_seeing(self, known_day: Ints) -> Ints:
        """Index of the first morning that may use a row known that day; ``count`` if none."""
        return self._first_after(known_day)

    def first_without(self, occurred_day: Ints, window_days: int) -> Ints:
        """Index of the first morning whose window (the days before it) has moved past a day.

        >>> Mornings(np.array([100, 107])).first_without(np.array([99, 100]), 7).tolist()
        [1, 2]
        """
        return self._first_after(occurred_day + window_days)

    def first_from(self, day: Ints) -> Ints:
        """Index of the first morning on or after a day: when a dated term begins to hold."""
        return self._first_after(day - 1)

    @property
    def after(self) -> tuple[int, Ints]:
        """The day before the first morning, and the index of the first morning after that day
        and every later one; ``count`` after the last morning.
        """
        first, last = int(self.days[0]) - 1, int(self.days[-1])
        found = np.searchsorted(self.days, np.arange(first, last + 1), side="right")
        return first, found.astype(np.int64)

    def _first_after(self, day: Ints) -> Ints:
        """Look each day up, as there are few different ones between the mornings."""
        first, after = self.after
        told: Ints = after.take(np.asarray(day) - first, mode="clip")
        return told


def ordinal(day: date) -> int:
    """Give the number of a day, in days since 1970-01-01."""
    return (day - date(1970, 1, 1)).days


class Window(NamedTuple):
    """The day of each row, and how many days before a morning are looked at."""

    day: Ints
    days: int


@dataclass(frozen=True, slots=True, eq=False)
class Snapshots:
    """One account on one morning, per row; accounts and mornings are indices."""

    mornings: Mornings
    account_ids: npt.NDArray[np.object_]
    account: Ints
    morning: Ints

    @property
    def day(self) -> Ints:
        return self.mornings.days[self.morning]

    def __len__(self) -> int:
        return len(self.account)

    def code_of(self, account_ids: "pd.Series[Any]") -> Ints:
        """Index of each account id; -1 for an account that we do not know.

        Whole numbers are such indices already: a shard's tables name accounts by them.
        """
        if pd.api.types.is_integer_dtype(account_ids):
            return account_ids.to_numpy(dtype=np.int64)
        return places(account_ids, self.account_ids)

    def total(
        self,
        account: Ints,
        *,
        enter: Ints,
        leave: Ints | None = None,
        amount: np.ndarray | None = None,
        window: Window | None = None,
    ) -> Floats:
        """Sum, per snapshot, the amounts of its account that have entered and not left.

        Every row counts from morning ``enter`` up to, not including, morning ``leave``
        (default: for ever) or, if that is earlier, the one whose ``window`` has moved past its
        day. A row that leaves before it is known never counts. Amounts count in steps of
        ``FINEST``, so that what has entered and left leaves exactly nothing behind; without
        them rows are counted.
        """
        leave = NEVER_LEAVES if leave is None else leave
        amount = ONE_EACH if amount is None else amount
        window = Window(NEVER_LEAVES, 0) if window is None else window
        rows = _by_account(account, enter, leave, window.day, amount)
        told: Floats = _running_totals(
            *rows, window.days, *self.mornings.after, self.account, self.morning
        )
        return told

    def latest(self, account: Ints, *, enter: Ints, value: Ints) -> Ints:
        """Largest value, per snapshot, among its account's rows that entered; else NEVER."""
        rows = _by_account(account, enter, value)
        told: Ints = _running_latest(*rows, self.account, self.morning, self.mornings.count)
        return told

    def earliest(self, account: Ints, *, enter: Ints, value: Ints) -> Ints:
        """Smallest value, per snapshot, among its account's rows that entered; else -NEVER."""
        return -self.latest(account, enter=enter, value=-value)


def places(names: "pd.Series[Any]", among: np.ndarray) -> Ints:
    """Give the place of each name among others; -1 where it is none of them."""
    told, others = pa.array(names, pa.string()), pa.array(among, pa.string())
    found = pc.index_in(told, value_set=others).fill_null(-1)
    place: Ints = found.to_numpy(zero_copy_only=False).astype(np.int64)
    return place


def by_group(group: Ints, value: Ints) -> Ints:
    """Give the order of rows by their group, and by value in it; most come in it already.

    >>> by_group(np.array([2, 1, 2]), np.array([5, 9, 3])).tolist()
    [1, 2, 0]
    """
    least = value.min(initial=0)
    span = value.max(initial=0) - least + 1
    in_order: Ints = np.argsort(group * span + value - least, kind="stable")
    return in_order


def _by_account(account: Ints, *others: np.ndarray) -> tuple[np.ndarray, ...]:
    """Rows with those of one account next to each other, as most come already."""
    if (account[1:] >= account[:-1]).all():
        return account, *others
    order = np.argsort(account, kind="stable")
    return account[order], *(other[order] if len(other) else other for other in others)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _running_totals(
    account: Ints,
    enter: Ints,
    leave: Ints,
    day: Ints,
    amount: np.ndarray,
    window: int,
    first: int,
    after: Ints,
    whose: Ints,
    morning: Ints,
) -> Floats:
    """Note what enters and leaves an account on each morning, then add it up over them."""
    told, mornings = np.zeros(len(whose)), after[-1]
    entered, left = np.zeros(mornings + 1), np.zeros(mornings + 1)
    row, snap = 0, 0
    while snap < len(whose) and row < len(account):
        one = account[row]
        while row < len(account) and account[row] == one:
            much = np.rint(amount[row] / FINEST) * FINEST if len(amount) else 1.0
            entered[enter[row]] += much
            gone = min(leave[row], mornings) if len(leave) else mornings
            if len(day):
                place = min(max(day[row] + window - first, 0), len(after) - 1)
                gone = min(gone, after[place])
            left[max(gone, enter[row])] += much
            row += 1
        while snap < len(whose) and whose[snap] < one:
            snap += 1
        total, at = 0.0, 0
        while snap < len(whose) and whose[snap] == one:
            while at <= morning[snap]:
                total += entered[at] - left[at]
                at += 1
            told[snap] = total
            snap += 1
        entered[:], left[:] = 0.0, 0.0
    return told


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _running_latest(
    account: Ints, enter: Ints, value: Ints, whose: Ints, morning: Ints, mornings: int
) -> Ints:
    told = np.full(len(whose), NEVER, dtype=np.int64)
    entered = np.full(mornings + 1, NEVER, dtype=np.int64)
    row, snap = 0, 0
    while snap < len(whose) and row < len(account):
        one = account[row]
        while row < len(account) and account[row] == one:
            entered[enter[row]] = max(entered[enter[row]], value[row])
            row += 1
        while snap < len(whose) and whose[snap] < one:
            snap += 1
        newest, at = NEVER, 0
        while snap < len(whose) and whose[snap] == one:
            while at <= morning[snap]:
                newest = max(newest, entered[at])
                at += 1
            told[snap] = newest
            snap += 1
        entered[:] = NEVER
    return told
