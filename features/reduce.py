"""How do millions of rows of activity become few, without losing what any window needs?

Time is cut at the finitely many days on which some window of some morning opens or closes, and
at every Monday. Between two cuts (a *segment* of time) all rows of an account fare alike, so
the engine reduces activity with three group-bys, wherever the rows are:

* (account, segment, first morning that knows it) -> counts, per capability, and the active
  days;
* (account, user, first morning that knows it) -> the last day on which the user was active;
* (account, capability, first morning that knows it) -> the last day on which it was used.

Rows that arrive late are kept apart by the morning that first knows them, so nothing here can
see its own future.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from features.asof import FINEST, NEVER, Ints, Mornings

WINDOWS = (7, 28, 56, 91)
SECONDS_A_DAY = 86_400
LARGE = 2.0**42
"""Amounts from which on the fixed point has no room; nobody counts fractions of them."""


@dataclass(frozen=True, slots=True, eq=False)
class Calendar:
    """Which segment of time a day belongs to, and which morning first knows it."""

    mornings: Mornings
    first_day: int
    cuts: Ints

    @classmethod
    def spanning(cls, mornings: Mornings, *, first_day: int) -> "Calendar":
        """Cut time from ``first_day`` to the last morning at every window's edge and Monday."""
        last = int(mornings.days[-1])
        edges = {int(d) - w for d in mornings.days for w in (0, *WINDOWS)}
        mondays = {d for d in range(first_day, last) if (d + 3) % 7 == 0}
        cuts = {day for day in edges | mondays if first_day < day < last} | {first_day}
        return cls(mornings, first_day, np.array(sorted(cuts), dtype=np.int64))

    def frame(self) -> pd.DataFrame:
        """One row per day: ``day``, ``segment``, ``seen_from`` and ``day_bit`` (in its
        segment).
        """
        days = np.arange(self.first_day, int(self.mornings.days[-1]), dtype=np.int64)
        segment = np.searchsorted(self.cuts, days, side="right") - 1
        return pd.DataFrame(
            {
                "day": days,
                "segment": segment,
                "seen_from": self.mornings.first_seeing(days),
                "day_bit": 1 << (days - self.cuts[segment]),
            }
        )


@dataclass(frozen=True, slots=True, eq=False)
class Reduced:
    """Activity after the reduction; everything later reads only this.

    ``by_segment``: account_id, segment, seen_from, rows, quantity, days (a bit per active day),
    last_day, and ``rows_0`` .. for each of ``capabilities``.
    ``by_user``: account_id, seen_from, until (the morning of the user's next entry), last_day
    (the newest day known by then), role and role_known (the day we learnt the role).
    ``by_capability``: the same of every capability, without role.
    """

    calendar: Calendar
    capabilities: tuple[str, ...]
    roles: tuple[str, ...]
    """The roles that people have, in alphabetical order."""
    by_segment: pd.DataFrame
    by_user: pd.DataFrame
    by_capability: pd.DataFrame


def day_of(moment: ir.TimestampValue) -> ir.IntegerValue:
    """Say in the engine's words which whole day, since 1970-01-01, a moment falls on."""
    return (moment.epoch_seconds() // SECONDS_A_DAY).cast("int64")


def reduce_activity(
    tables: Mapping[str, ir.Table],
    mornings: Mornings,
    *,
    capabilities: Sequence[str],
    roles: Sequence[str] = (),
) -> Reduced:
    """Run the group-bys over all rows known before the last morning."""
    last = int(mornings.days[-1])
    rows = tables["activity"].mutate(
        day=day_of(tables["activity"].occurred_at), known=day_of(tables["activity"].known_at)
    )
    # A row dated after it was known (a clock set wrong) counts from the day it is dated.
    rows = rows.mutate(known=ibis.greatest(rows.day, rows.known))
    rows = rows.filter(rows.known < last)
    oldest = rows.day.min().execute()
    first_day = last - 1 if oldest is None or pd.isna(oldest) else int(oldest)
    calendar = Calendar.spanning(mornings, first_day=first_day)
    days = ibis.memtable(calendar.frame())
    rows = rows.join(days.select("day", "segment", "day_bit"), "day")
    known = days.select(known=days.day, seen_from=days.seen_from)
    rows = rows.join(known, "known")
    return Reduced(
        calendar=calendar,
        capabilities=tuple(capabilities),
        roles=tuple(roles),
        by_segment=_by_segment(rows, capabilities).to_pandas(),
        by_user=_by_user(rows, tables.get("users"), before_day=last).to_pandas(),
        by_capability=_entries(rows, "capability").drop("capability").to_pandas(),
    )


def _by_segment(rows: ir.Table, capabilities: Sequence[str]) -> ir.Table:
    per_capability = {
        f"rows_{position}": rows.count(where=rows.capability == name)
        for position, name in enumerate(capabilities)
    }
    return rows.group_by("account_id", "segment", "seen_from").agg(
        rows=rows.count(),
        quantity=_exact_sum(rows.quantity),
        days=rows.day_bit.bit_or(),
        last_day=rows.day.max(),
        **per_capability,
    )


def _exact_sum(amount: ir.NumericColumn) -> ir.NumericScalar:
    """Sum in fixed point, all but the largest, so that the order of rows cannot matter."""
    is_large = amount.abs() >= LARGE
    steps = ibis.ifelse(is_large, 0, (amount / FINEST).round())
    return steps.sum() * FINEST + ibis.ifelse(is_large, amount, 0.0).sum()


def _by_user(rows: ir.Table, users: ir.Table | None, *, before_day: int) -> ir.Table:
    entries = _entries(rows.filter(rows.user_id.notnull()), "user_id")
    if users is None:
        entries = entries.mutate(role=ibis.null("string"), role_known=ibis.null("int64"))
    else:
        users = users.filter(day_of(users.known_at) < before_day)
        roles = users.group_by("account_id", "user_id").agg(
            role=users.role.max(), role_known=day_of(users.known_at).min()
        )
        entries = entries.left_join(roles, ["account_id", "user_id"])
    return entries.select("account_id", "seen_from", "until", "last_day", "role", "role_known")


def _entries(rows: ir.Table, what: str) -> ir.Table:
    """Say of each user or capability from which morning on which day is known as its last."""
    entries = rows.group_by("account_id", what, "seen_from").agg(last_day=rows.day.max())
    in_order = ibis.window(group_by=["account_id", what], order_by="seen_from")
    so_far = ibis.cumulative_window(group_by=["account_id", what], order_by="seen_from")
    return entries.mutate(
        until=entries.seen_from.lead().over(in_order).fill_null(-NEVER),
        last_day=entries.last_day.max().over(so_far),
    )
