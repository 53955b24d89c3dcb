"""What did each account do in the last so many days, as each morning knew it?

A thin reading of reduced activity: counts, days, people and recency per window, exact also for
rows that arrived late. Feature modules ask here and give names to the answers.
"""

from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

import numba
import numpy as np
import pandas as pd

from features.asof import NEVER, Floats, Ints, Snapshots, Window, by_group
from features.reduce import Reduced
from features.weeks import WeeklyRows, weeks_active

WEEKDAYS = np.array(
    [sum(1 << bit for bit in range(7) if (day + bit) % 7 < 5) for day in range(7)]
)
"""By the weekday on which a segment begins: which of its days are from Monday to Friday."""


class Entries(NamedTuple):
    """Which day was somebody's last, or something's, from which morning until which one."""

    account: Ints
    seen_from: Ints
    until: Ints
    last_day: Ints


class Activity:
    """Every window of every snapshot, computed when first asked for."""

    def __init__(self, reduced: Reduced, snapshots: Snapshots) -> None:
        self._snapshots = snapshots
        self._mornings = snapshots.mornings
        self._cuts = reduced.calendar.cuts
        self.capabilities, self.roles = reduced.capabilities, reduced.roles
        self._segments = self._known(reduced.by_segment)
        self._account = snapshots.code_of(self._segments["account_id"])
        self._enter, self._segment = self._int("seen_from"), self._int("segment")
        self._users = self._known(reduced.by_user)
        self._used = self._known(reduced.by_capability)
        self._told: dict[tuple[object, ...], Floats] = {}
        self._people_of: dict[str | None, Entries] = {}
        self._seen_in: dict[int | None, Ints | slice] = {}

    def _known(self, entries: pd.DataFrame) -> pd.DataFrame:
        if pd.api.types.is_integer_dtype(entries["account_id"]):
            return entries
        return entries.loc[self._snapshots.code_of(entries["account_id"]) >= 0]

    def _int(self, column: str) -> Ints:
        return self._segments[column].to_numpy(dtype=np.int64)

    def rows(self, window_days: int | None) -> Floats:
        """Rows of activity in the window (``None``: ever)."""
        return self._total("rows", window_days)

    def quantity(self, window_days: int | None) -> Floats:
        """Summed quantity in the window."""
        return self._total("quantity", window_days)

    def capability_rows(self, position: int, window_days: int | None) -> Floats:
        """Rows of one capability in the window."""
        return self._total(f"rows_{position}", window_days)

    def days(self, window_days: int | None) -> Floats:
        """Distinct days with any activity in the window."""
        return self._total("new_days", window_days)

    def weekdays(self, window_days: int | None) -> Floats:
        """Distinct days from Monday to Friday with any activity in the window."""
        return self._total("new_weekdays", window_days)

    def last_day(self) -> Ints:
        """Last day with activity that was known; NEVER if there is none."""
        return self._snapshots.latest(
            self._account, enter=self._enter, value=self._int("last_day")
        )

    def users(self, window_days: int, *, role: str | None = None) -> Floats:
        """Distinct users active in the window, of one role where it is given."""
        asked = ("users", role, window_days)
        return self._once(asked, lambda: self._distinct(self._people(role), window_days))

    def breadth(self, window_days: int | None) -> Floats:
        """Distinct capabilities used in the window (``None``: ever)."""
        asked = ("capabilities", window_days)
        return self._once(asked, lambda: self._distinct(self._capabilities, window_days))

    def last_day_of_role(self, role: str) -> Ints:
        """Last day on which anyone of the role was active; NEVER if nobody was."""
        users = self._people(role)
        return self._snapshots.latest(
            users.account, enter=users.seen_from, value=users.last_day
        )

    def weeks_in_a_row(self) -> Floats:
        """Whole active weeks (Monday to Sunday) in a row, up to the last one."""
        silent = ~self._active_weeks
        streak: Floats = np.bitwise_count((silent & -silent) - 1).astype(np.float64)
        return streak

    def active_weeks(self, weeks: int) -> Floats:
        """How many of the last whole weeks had activity."""
        lately = self._active_weeks & ((1 << weeks) - 1)
        counted: Floats = np.bitwise_count(lately).astype(np.float64)
        return counted

    @cached_property
    def weekly(self) -> WeeklyRows:
        """The reduced rows by calendar week, in the order in which they became known."""
        week = self._week
        first = int(week.min(initial=(int(self._mornings.days[-1]) + 3) // 7))
        in_order = by_group(self._account, self._enter)
        is_order = (in_order[1:] > in_order[:-1]).all()
        order = slice(None) if is_order else in_order
        per_capability = [
            (self._segments[f"rows_{position}"] > 0).to_numpy(dtype=np.bool_)
            for position in range(len(self.capabilities))
        ]
        shape = (len(per_capability), len(self._account))
        used = np.array(per_capability, dtype=np.bool_).reshape(shape)
        return WeeklyRows(
            account=self._account[order],
            enter=self._enter[order],
            week=week[order] - first,
            uses=self._int("rows")[order],
            used=np.ascontiguousarray(used.T[order]),
            first_week=first,
            weeks=int(week.max(initial=first)) - first + 1,
        )

    def _total(self, what: str, window_days: int | None) -> Floats:
        def summed() -> Floats:
            rows = self._not_gone(window_days)
            window = None if window_days is None else Window(self._begins[rows], window_days)
            return self._snapshots.total(
                self._account[rows],
                enter=self._enter[rows],
                amount=self._amount(what)[rows],
                window=window,
            )

        return self._once((what, window_days), summed)

    def _not_gone(self, window_days: int | None) -> Ints | slice:
        """The rows that the window of some morning sees, or all where most are seen."""
        if window_days not in self._seen_in:
            rows: Ints | slice = slice(None)
            if window_days is not None:
                found = np.flatnonzero(self._begins + window_days >= self._mornings.days[0])
                rows = found if 2 * len(found) < len(self._account) else rows
            self._seen_in[window_days] = rows
        return self._seen_in[window_days]

    def _distinct(self, entries: Entries, window_days: int | None) -> Floats:
        """Count each user or capability once, from its entry to the next or to its last day."""
        window = None if window_days is None else Window(entries.last_day, window_days)
        return self._snapshots.total(
            entries.account, enter=entries.seen_from, leave=entries.until, window=window
        )

    def _once(self, asked: tuple[object, ...], find: Callable[[], Floats]) -> Floats:
        """Several families ask for the same windows."""
        if asked not in self._told:
            self._told[asked] = find()
        return self._told[asked]

    @cached_property
    def _begins(self) -> Ints:
        """The first day of each row's segment: all of it leaves a window at once."""
        return self._cuts[self._segment]

    def _amount(self, what: str) -> np.ndarray:
        amount: np.ndarray
        if what == "new_days":
            amount = np.bitwise_count(self._new_days)
        elif what == "new_weekdays":
            is_weekday = WEEKDAYS[(self._cuts + 3) % 7][self._segment]
            amount = np.bitwise_count(self._new_days & is_weekday)
        else:
            amount = self._segments[what].to_numpy()
        return amount

    def _people(self, role: str | None) -> Entries:
        """Those of a role count as such once it is known."""
        if role not in self._people_of:
            users = self._users
            if role is not None:
                users = users.loc[(users["role"] == role).to_numpy(dtype=bool)]
            entries = self._entries(users)
            if role is not None:
                known = users["role_known"].fillna(NEVER).to_numpy(dtype=np.int64)
                seen = np.maximum(entries.seen_from, self._mornings.first_seeing(known))
                entries = entries._replace(seen_from=seen)
            self._people_of[role] = entries
        return self._people_of[role]

    @cached_property
    def _capabilities(self) -> Entries:
        return self._entries(self._used)

    def _entries(self, told: pd.DataFrame) -> Entries:
        account = self._snapshots.code_of(told["account_id"])
        columns = (told[name].to_numpy(dtype=np.int64) for name in Entries._fields[1:])
        return Entries(account, *columns)

    @cached_property
    def _week(self) -> Ints:
        of_segment = (self._cuts + 3) // 7
        return of_segment[self._segment]

    @cached_property
    def _active_weeks(self) -> Ints:
        return weeks_active(self.weekly, self._snapshots)

    @cached_property
    def _new_days(self) -> Ints:
        """Days that a row of the reduction adds to those its segment already had."""
        return newly_set_bits(
            self._account * len(self._cuts) + self._segment, self._enter, self._int("days")
        )


def newly_set_bits(group: Ints, order: Ints, bits: Ints) -> Ints:
    """Give, per row, the bits that no earlier row (by ``order``) of its group had set.

    >>> newly_set_bits(np.array([1, 1]), np.array([0, 5]), np.array([0b011, 0b110])).tolist()
    [3, 4]
    """
    told: Ints = _newly_set(by_group(group, order), group, bits)
    return told


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _newly_set(rows: Ints, group: Ints, bits: Ints) -> Ints:
    told = np.empty(len(rows), dtype=np.int64)
    had, before = 0, -1
    for place in range(len(rows)):
        row = rows[place]
        if place == 0 or group[row] != group[before]:
            had = 0
        told[row] = bits[row] & ~had
        had, before = had | bits[row], row
    return told
