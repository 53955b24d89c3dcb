"""What was done in a span of days of each account's own, part by part?

A part is so many days of the span, or a capability. Told are the rows, the days and people
among them, the weeks of the span, and the first day, counted from where the account's begins;
accounts come in order, and the parts of each.
"""

from typing import NamedTuple

import ibis
import ibis.expr.types as ir
import numba
import numpy as np
import pandas as pd

from features.asof import Ints
from features.coded import CodedRows
from features.reduce import day_of
from features.texts import texts_at

WEEK = 7


class Span(NamedTuple):
    """``days`` from a day on, each account its own, and before one that is the same for all."""

    account: Ints
    begun: Ints
    days: int
    before: int


def used_in_engine(activity: ir.Table, span: Span, *, part_days: int | None) -> pd.DataFrame:
    """Ask the engine. Columns account_id, part, first_day, weeks, active_days, active_users
    and activity_count; ``part_days`` None: a part is a capability.
    """
    begun = pd.DataFrame({"account_id": span.account, "begun": span.begun})
    rows = activity.inner_join(ibis.memtable(begun), "account_id")
    rows = rows.mutate(age=day_of(rows.occurred_at) - rows.begun)
    rows = rows.filter(rows.age >= 0, rows.age < span.days, rows.age + rows.begun < span.before)
    part = rows.capability if part_days is None else rows.age // part_days
    told: pd.DataFrame = (
        rows.group_by("account_id", part=part)
        .agg(
            first_day=rows.age.min(),
            weeks=(rows.age // WEEK).nunique(),
            active_days=rows.age.nunique(),
            active_users=rows.user_id.nunique(),
            activity_count=rows.count(),
        )
        .to_pandas()
    )
    return told.sort_values(["account_id", "part"], ignore_index=True)


def used_at_hand(
    rows: CodedRows, span: Span, capabilities: tuple[str, ...], *, part_days: int | None
) -> pd.DataFrame:
    """Walk through coded rows to the same."""
    begun = np.full(len(rows.first) - 1, span.before, dtype=np.int64)
    begun[span.account] = span.begun
    parts = len(capabilities) if part_days is None else -(-span.days // part_days)
    widest = int(np.diff(rows.first_person).max(initial=0))
    told = _walk(rows, begun, span.days, span.before, part_days or 0, parts, widest)
    by_name = np.argsort(np.array(capabilities, dtype=object))
    in_order = np.arange(parts) if part_days else by_name
    account, place = np.nonzero(told[:, in_order, 4])
    part = in_order[place]
    first, weeks, days, people, count = told[account, part].astype(np.int64).T
    return pd.DataFrame(
        {
            "account_id": account,
            "part": texts_at(part, capabilities) if part_days is None else part,
            "first_day": first,
            "weeks": weeks,
            "active_days": days,
            "active_users": people,
            "activity_count": count,
        }
    )


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _walk(
    rows: CodedRows,
    begun: Ints,
    days: int,
    before: int,
    part_days: int,
    parts: int,
    widest: int,
) -> np.ndarray:
    accounts = len(rows.first) - 1
    told = np.zeros((accounts, parts, 5), dtype=np.int32)
    # The last account of which each was seen, so that nothing has to be cleared.
    weeks = np.full((parts, days // WEEK + 1), -1, dtype=np.int32)
    each = np.full((parts, days), -1, dtype=np.int32)
    people = np.full((parts, max(widest, 1)), -1, dtype=np.int32)
    for account in range(accounts):
        for row in range(rows.first[account], rows.first[account + 1]):
            age, person = rows.day[row] - begun[account], rows.person[row]
            if age < 0 or age >= days or rows.day[row] >= before:
                continue
            part = age // part_days if part_days else rows.capability[row]
            found = told[account, part]
            found[0] = min(found[0], age) if found[4] else age
            found[1] += weeks[part, age // WEEK] != account
            found[2] += each[part, age] != account
            found[3] += person >= 0 and people[part, max(person, 0)] != account
            found[4] += 1
            weeks[part, age // WEEK] = each[part, age] = account
            if person >= 0:
                people[part, person] = account
    return told
