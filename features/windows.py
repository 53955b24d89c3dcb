"""What did each account do in the last so many days, as each morning knew it?

A thin reading of reduced activity: counts, days, people and recency per window, exact also for
rows that arrived late. Feature modules ask here and give names to the answers.
"""

from functools import cached_property

import numpy as np
import pandas as pd

from features.asof import NEVER, Bools, Floats, Ints, Snapshots
from features.reduce import Reduced
from features.weeks import WEEKS_BACK, WeeklyRows


class Activity:
    """Every window of every snapshot, computed when asked for."""

    def __init__(self, reduced: Reduced, snapshots: Snapshots) -> None:
        self._snapshots = snapshots
        self._mornings = snapshots.mornings
        self._cuts = reduced.calendar.cuts
        self.capabilities, self.roles = reduced.capabilities, reduced.roles
        self._segments = self._known(reduced.by_segment)
        self._account = snapshots.code_of(self._segments["account_id"])
        self._enter = self._int("seen_from")
        self._start = self._cuts[self._int("segment")]
        self._users = self._known(reduced.by_user)
        self._used = self._known(reduced.by_capability)

    def _known(self, entries: pd.DataFrame) -> pd.DataFrame:
        if pd.api.types.is_integer_dtype(entries["account_id"]):
            return entries
        return entries.loc[self._snapshots.code_of(entries["account_id"]) >= 0]

    def _int(self, column: str) -> Ints:
        return self._segments[column].to_numpy(dtype=np.int64)

    def rows(self, window_days: int | None) -> Floats:
        """Rows of activity in the window (``None``: ever)."""
        return self._total(self._segments["rows"].to_numpy(dtype=np.float64), window_days)

    def quantity(self, window_days: int | None) -> Floats:
        """Summed quantity in the window."""
        amount = self._segments["quantity"].to_numpy(dtype=np.float64)
        return self._total(amount, window_days)

    def capability_rows(self, position: int, window_days: int | None) -> Floats:
        """Rows of one capability in the window."""
        amount = self._segments[f"rows_{position}"].to_numpy(dtype=np.float64)
        return self._total(amount, window_days)

    def days(self, window_days: int | None) -> Floats:
        """Distinct days with any activity in the window."""
        return self._total(self._new_days, window_days)

    def weekdays(self, window_days: int | None) -> Floats:
        """Distinct days from Monday to Friday with any activity in the window."""
        first = (self._start + 3) % 7
        masks = np.array(
            [sum(1 << bit for bit in range(7) if (day + bit) % 7 < 5) for day in range(7)]
        )
        bits = self._int("days") & masks[first]
        new = newly_set_bits(
            self._account * len(self._cuts) + self._int("segment"), self._enter, bits
        )
        return self._total(new, window_days)

    def last_day(self) -> Ints:
        """Last day with activity that was known; NEVER if there is none."""
        return self._snapshots.latest(
            self._account, enter=self._enter, value=self._int("last_day")
        )

    def users(self, window_days: int, *, role: str | None = None) -> Floats:
        """Distinct users active in the window, of one role where it is given."""
        users, account, enter = self._of_role(role)
        return self._distinct(users, account, enter, window_days)

    def breadth(self, window_days: int | None) -> Floats:
        """Distinct capabilities used in the window (``None``: ever)."""
        account = self._snapshots.code_of(self._used["account_id"])
        enter = self._used["seen_from"].to_numpy(dtype=np.int64)
        return self._distinct(self._used, account, enter, window_days)

    def last_day_of_role(self, role: str) -> Ints:
        """Last day on which anyone of the role was active; NEVER if nobody was."""
        users, account, enter = self._of_role(role)
        days = users["last_day"].to_numpy(dtype=np.int64)
        return self._snapshots.latest(account, enter=enter, value=days)

    def weeks_in_a_row(self) -> Floats:
        """Whole active weeks (Monday to Sunday) in a row, up to the last one."""
        active = self._active_weeks
        streak: Floats = np.cumprod(active, axis=1).sum(axis=1).astype(np.float64)
        return streak

    def active_weeks(self, weeks: int) -> Floats:
        """How many of the last whole weeks had activity."""
        counted: Floats = self._active_weeks[:, :weeks].sum(axis=1).astype(np.float64)
        return counted

    @cached_property
    def weekly(self) -> WeeklyRows:
        """The reduced rows by calendar week, in the order in which they became known."""
        week = (self._start + 3) // 7
        first = int(week.min(initial=(int(self._mornings.days[-1]) + 3) // 7))
        order = np.lexsort((self._enter, self._account))
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

    def _total(self, amount: Floats, window_days: int | None) -> Floats:
        leave = None
        if window_days is not None:
            leave = self._mornings.first_without(self._start, window_days)
        return self._snapshots.total(
            self._account, enter=self._enter, leave=leave, amount=amount
        )

    def _distinct(
        self, entries: pd.DataFrame, account: Ints, enter: Ints, window_days: int | None
    ) -> Floats:
        """Count each user or capability once, from its entry to the next or to its last day."""
        leave = entries["until"].to_numpy(dtype=np.int64)
        if window_days is not None:
            last = entries["last_day"].to_numpy(dtype=np.int64)
            leave = np.minimum(leave, self._mornings.first_without(last, window_days))
        leave = np.minimum(leave, self._mornings.count)
        return self._snapshots.total(account, enter=enter, leave=leave)

    def _of_role(self, role: str | None) -> tuple[pd.DataFrame, Ints, Ints]:
        users = self._users
        enter = users["seen_from"].to_numpy(dtype=np.int64)
        if role is not None:
            known = users["role_known"].fillna(NEVER).to_numpy(dtype=np.int64)
            enter = np.maximum(enter, self._mornings.first_seeing(known))
            keep = (users["role"] == role).to_numpy(dtype=bool)
            users, enter = users.loc[keep], enter[keep]
        return users, self._snapshots.code_of(users["account_id"]), enter

    @cached_property
    def _new_days(self) -> Floats:
        """Days that a row of the reduction adds to those its segment already had."""
        return newly_set_bits(
            self._account * len(self._cuts) + self._int("segment"),
            self._enter,
            self._int("days"),
        )

    @cached_property
    def _active_weeks(self) -> Bools:
        """Whether each of the last whole weeks, newest first, had activity known by then."""
        newest = (self._snapshots.day + 3) // 7 - 1
        week = (self._start + 3) // 7
        first, last = int(newest.min()) - WEEKS_BACK, int(newest.max())
        shape = (len(self._snapshots.account_ids), last - first + 1)
        known_from = np.full(shape, self._mornings.count)
        recent = (week >= first) & (week <= last)
        cell = (self._account[recent], week[recent] - first)
        np.minimum.at(known_from, cell, self._enter[recent])
        active = np.zeros((len(self._snapshots), WEEKS_BACK), dtype=np.bool_)
        for back in range(WEEKS_BACK):
            found = known_from[self._snapshots.account, newest - back - first]
            active[:, back] = found <= self._snapshots.morning
        return active


def newly_set_bits(group: Ints, order: Ints, bits: Ints) -> Floats:
    """Count, per row, the bits that no earlier row (by ``order``) of its group had set.

    >>> newly_set_bits(np.array([1, 1]), np.array([0, 5]), np.array([0b011, 0b110])).tolist()
    [2.0, 1.0]
    """
    rows = np.lexsort((order, group))
    sorted_bits = bits[rows].copy()
    starts = (
        np.r_[True, group[rows][1:] != group[rows][:-1]] if len(rows) else np.zeros(0, bool)
    )
    position = np.arange(len(rows)) - np.maximum.accumulate(
        np.where(starts, np.arange(len(rows)), 0)
    )
    new = sorted_bits.copy()
    for step in range(1, int(position.max(initial=0)) + 1):
        here = np.flatnonzero(position == step)
        new[here] = sorted_bits[here] & ~sorted_bits[here - 1]
        sorted_bits[here] |= sorted_bits[here - 1]
    counts = np.empty(len(rows), dtype=np.float64)
    counts[rows] = np.bitwise_count(new)
    return counts
