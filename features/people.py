"""On whom does an account's use rest, and have those people gone?

The engine reduces activity with two more group-bys: (account, person, week, first morning that
knows it) to the number of uses, and (account, role, capability that the playbook asks for) to
the day on which it was first known. Each account's weeks are then looked at from every morning,
seeing only what that morning knew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import numba
import numpy as np
import pandas as pd

from features.asof import Floats, Ints, Mornings, Snapshots, by_group
from features.reduce import day_of

QUARTER, MONTH = 13, 4


@dataclass(frozen=True, eq=False)
class ReducedPeople:
    """Who did what, after the reduction.

    ``by_week``: account_id, user_id, week, seen_from, uses. ``by_role``: account_id, role,
    capability (of those asked for) and known_day, from which on the role is known to have used
    it.
    """

    by_week: pd.DataFrame
    by_role: pd.DataFrame


@dataclass(frozen=True, slots=True, eq=False)
class Concentration:
    """How much of the use is one person's, and how much its people have taken away."""

    top_share: Floats
    """Of the uses of the last 13 whole weeks, those of the most active person."""
    lost_share: Floats
    """Of the uses in the 9 whole weeks before the last 4, those of people not seen since."""
    is_top_lost: Floats
    """Whether nobody of the most active people of those 9 weeks was seen since."""


def reduce_people(
    tables: Mapping[str, ir.Table], mornings: Mornings, *, capabilities: Sequence[str]
) -> ReducedPeople:
    """Run the two group-bys over all rows of people known before the last morning."""
    last = int(mornings.days[-1])
    rows = tables["activity"].filter(tables["activity"].user_id.notnull())
    rows = rows.mutate(day=day_of(rows.occurred_at), known=day_of(rows.known_at))
    rows = rows.mutate(known=ibis.greatest(rows.day, rows.known))
    rows = rows.filter(rows.known < last)
    days = np.arange(int(mornings.days[0]), last)
    seen = pd.DataFrame({"known": days, "seen_from": mornings.first_seeing(days)})
    rows = rows.left_join(ibis.memtable(seen), "known")
    rows = rows.mutate(seen_from=rows.seen_from.fill_null(0), week=(rows.day + 3) // 7)
    lately = rows.filter(rows.day >= int(mornings.days[0]) - 7 * (QUARTER + 1))
    weekly = lately.group_by("account_id", "user_id", "week", "seen_from")
    return ReducedPeople(
        by_week=weekly.agg(uses=lately.count()).to_pandas(),
        by_role=_by_role(rows, tables.get("users"), capabilities, before_day=last),
    )


def _by_role(
    rows: ir.Table, users: ir.Table | None, capabilities: Sequence[str], *, before_day: int
) -> pd.DataFrame:
    if users is None or not capabilities:
        return pd.DataFrame(columns=["account_id", "role", "capability", "known_day"])
    used = rows.filter(rows.capability.isin(list(capabilities)))
    used = used.group_by("account_id", "user_id", "capability").agg(known=used.known.min())
    users = users.filter(day_of(users.known_at) < before_day, users.role.notnull())
    roles = users.group_by("account_id", "user_id").agg(
        role=users.role.max(), role_known=day_of(users.known_at).min()
    )
    used = used.inner_join(roles, ["account_id", "user_id"])
    used = used.mutate(known=ibis.greatest(used.known, used.role_known))
    by_role = used.group_by("account_id", "role", "capability").agg(known_day=used.known.min())
    found: pd.DataFrame = by_role.to_pandas()
    return found


class People:
    """What the people of each account did, asked for on each snapshot's morning."""

    def __init__(self, reduced: ReducedPeople, snapshots: Snapshots) -> None:
        self._reduced, self._snapshots = reduced, snapshots

    def key_capabilities(self, role: str) -> Floats:
        """How many of the capabilities asked for the role has ever used."""
        used = self._reduced.by_role
        used = used.loc[used["role"] == role]
        account = self._snapshots.code_of(used["account_id"])
        known = used["known_day"].to_numpy(dtype=np.int64)[account >= 0]
        enter = self._snapshots.mornings.first_seeing(known)
        return self._snapshots.total(account[account >= 0], enter=enter)

    def concentration(self) -> Concentration:
        """Look at the last 13 whole weeks from every snapshot's morning."""
        snapshots, rows = self._snapshots, self._reduced.by_week
        account = snapshots.code_of(rows["account_id"])
        if (account < 0).any():
            rows, account = rows.loc[account >= 0], account[account >= 0]
        week = rows["week"].to_numpy(dtype=np.int64)
        order = by_group(account, week)
        accounts = np.arange(len(snapshots.account_ids) + 1)
        told = _walk(
            np.searchsorted(account[order], accounts).astype(np.int64),
            np.searchsorted(snapshots.account, accounts).astype(np.int64),
            week[order],
            _numbered(rows["user_id"])[order],
            rows["uses"].to_numpy(dtype=np.int64)[order],
            rows["seen_from"].to_numpy(dtype=np.int64)[order],
            snapshots.morning,
            (snapshots.day + 3) // 7 - 1,
        )
        return Concentration(*told.T)


def _numbered(users: "pd.Series[Any]") -> Ints:
    """A number for each user; those that are numbers already count from nought."""
    is_number = pd.api.types.is_integer_dtype(users)
    told = users.to_numpy() if is_number else pd.factorize(users)[0]
    return told.astype(np.int64)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _walk(
    first: Ints,
    snaps: Ints,
    week: Ints,
    user: Ints,
    uses: Ints,
    seen_from: Ints,
    morning: Ints,
    newest: Ints,
) -> Floats:
    told = np.empty((len(morning), 3))
    # Per person: uses of the quarter, of the weeks before the last four, and of those since.
    sums = np.zeros((user.max() + 1 if len(user) else 0, 3), dtype=np.int64)
    for account in range(len(first) - 1):
        start = first[account]
        for snap in range(snaps[account], snaps[account + 1]):
            last = newest[snap]
            while start < first[account + 1] and week[start] <= last - QUARTER:
                start += 1
            end = start
            # No morning knows of a week that is still to begin.
            while end < first[account + 1] and week[end] <= last + 1:
                if seen_from[end] <= morning[snap]:
                    sums[user[end], 0] += uses[end] * (week[end] <= last)
                    since = week[end] > last - MONTH
                    sums[user[end], 2 if since else 1] += uses[end]
                end += 1
            told[snap] = _told(sums, user[start:end])
    return told


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _told(sums: Ints, user: Ints) -> Floats:
    """Read the sums of an account's people, and clear them for the next morning."""
    told, total, top, before, most, lost = np.zeros(3), 0, 0, 0, 0, 0
    for one in user:
        most = max(most, sums[one, 1])
    told[2] = 1.0 if most else np.nan
    for one in user:
        total, top = total + sums[one, 0], max(top, sums[one, 0])
        before += sums[one, 1]
        if sums[one, 2] == 0:
            lost += sums[one, 1]
        elif most and sums[one, 1] == most:
            told[2] = 0.0
        sums[one] = 0
    told[0] = top / total if total else np.nan
    told[1] = lost / before if before else np.nan
    return told
