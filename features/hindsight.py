"""What would have been known of an earlier morning, had no row come late?

A row is late to a morning if it became known only after it, though rows of its time usually are
known by then: a table that is loaded every night always lacks its last day, and what was done
on that day is no correction. Whoever has late rows is asked about that morning a second time,
as if each of them had been known the moment it happened; of all others there is nothing to ask.
Nothing is used that was not known by the as-of date.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import partial
from pathlib import Path

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from configs.load import Configuration
from features.asof import ordinal
from features.cluster import computed
from features.columns import MorningColumns
from features.families import families
from features.family import columns_across
from features.plan import Plan, plan_of
from features.reduce import day_of
from features.stream import limited, shards_within
from features.tables import TABLES

CAN_BE_LATE = ("activity", "users", "achievements", "contracts", "touches")
"""Not accounts: a newer row tells of a change, and not since when. Plans were always known, and
who has left is asked nothing.
"""
FEW = 10_000
"""So many accounts can be named to an engine; of more, it tells all."""
LATELY_DAYS = 28
"""How far behind a morning it is looked at how long rows usually take."""


def hindsight(
    tables: Mapping[str, ir.Table],
    configuration: Configuration,
    told: Mapping[str, np.ndarray],
    *,
    since: date,
    as_of: date,
) -> pd.DataFrame:
    """Give account_id and every input on the morning ``since`` of who has rows late to it.

    ``told`` are the inputs of all accounts live that morning, in the order of their ids, as
    its point in time had them.
    """
    there = [name for name in CAN_BE_LATE if name in tables]
    lags = {name: usual_lag_days(name, tables[name], since) for name in there}
    late = partial(_is_late, since=pd.Timestamp(since), as_of=pd.Timestamp(as_of), lags=lags)
    concerned = late_accounts(tables, late)
    if not concerned:
        return nothing()
    in_time = {n: _in_time(n, rows, late) for n, rows in tables.items()}
    plan = plan_of(in_time, configuration, as_of, also=(since,))
    plan = plan.narrowed(np.array([ordinal(since)]))
    few = plan.only(concerned)
    if not len(few.live):
        return nothing()
    memory = configuration.project.limits.memory_bytes
    with limited(tables, memory):
        own = _own(few, _of_few(in_time, concerned), shards=shards_within(few, memory))
    ids = plan.live.account_ids[plan.live.account]
    asked = np.flatnonzero(np.isin(ids, few.live.account_ids[few.live.account]))
    everyone = columns_across(families(), plan.everyone, _Replaced(told, own, asked))
    across = {column.feature.name: column.values[asked] for column in everyone}
    return pd.DataFrame({"account_id": ids[asked], **own, **across})


def hindsight_in(
    folder: Path,
    tables: Mapping[str, ir.Table],
    configuration: Configuration,
    *,
    since: date | None,
    as_of: date,
) -> pd.DataFrame:
    """The same of a build in a folder; nothing where it does not hold that morning."""
    told = None if since is None else MorningColumns.of(folder, ordinal(since))
    if since is None or told is None:
        return nothing()
    return hindsight(tables, configuration, told, since=since, as_of=as_of)


def nothing() -> pd.DataFrame:
    """Nobody has rows that came late."""
    return pd.DataFrame({"account_id": pd.Series([], dtype="str")})


def late_accounts(
    tables: Mapping[str, ir.Table], late: Callable[[str, ir.Table], ir.BooleanValue]
) -> list[str]:
    """Who has any row that is late, in the order of their ids."""
    found: set[str] = set()
    for name in (name for name in CAN_BE_LATE if name in tables):
        rows = tables[name].filter(late(name, tables[name]))
        found |= set(rows.select("account_id").distinct().to_pandas()["account_id"])
    return sorted(found)


def usual_lag_days(name: str, rows: ir.Table, since: date) -> int:
    """Whole days after which half of the rows that came lately were known; 0 where none came.

    A stream takes none, a nightly load one.
    """
    until = pd.Timestamp(since)
    from_then = until - pd.Timedelta(days=LATELY_DAYS)
    lately = rows.filter(rows.known_at >= from_then, rows.known_at < until)
    days = day_of(lately.known_at) - day_of(_own_time(name, lately))
    told = lately.select(days=days).group_by("days").agg(rows=ibis._.count()).to_pandas()
    told = told.dropna().sort_values("days", ignore_index=True)
    if told.empty:
        return 0
    half = np.searchsorted(told["rows"].cumsum(), told["rows"].sum() / 2)
    return max(int(told["days"].iloc[int(half)]), 0)


def _own_time(name: str, rows: ir.Table) -> ir.Value:
    return ibis.coalesce(*(rows[column] for column in TABLES[name].own_time))


def _is_late(
    name: str,
    rows: ir.Table,
    *,
    since: pd.Timestamp,
    as_of: pd.Timestamp,
    lags: Mapping[str, int],
) -> ir.BooleanValue:
    came_since = (rows.known_at >= since) & (rows.known_at < as_of)
    return came_since & (_own_time(name, rows) < since - pd.Timedelta(days=lags[name]))


def _in_time(
    name: str, rows: ir.Table, late: Callable[[str, ir.Table], ir.BooleanValue]
) -> ir.Table:
    """The same rows, as if those that are late had been known when they happened."""
    if name not in CAN_BE_LATE:
        return rows
    own = _own_time(name, rows)
    return rows.mutate(known_at=ibis.ifelse(late(name, rows), own, rows.known_at))


def _of_few(tables: Mapping[str, ir.Table], ids: list[str]) -> Mapping[str, ir.Table]:
    if len(ids) > FEW:
        return tables
    return {n: rows.filter(rows.account_id.isin(ids)) for n, rows in tables.items()}


def _own(plan: Plan, tables: Mapping[str, ir.Table], *, shards: int) -> dict[str, np.ndarray]:
    """The inputs that speak of each account by itself."""
    found = [shard.columns for shard in computed(plan, tables, shards=shards)]
    return {
        columns[0].feature.name: np.concatenate([column.values for column in columns])
        for columns in zip(*found, strict=True)
    }


class _Replaced(Mapping[str, np.ndarray]):
    """Everybody's inputs, with some accounts' replaced."""

    def __init__(
        self, told: Mapping[str, np.ndarray], own: Mapping[str, np.ndarray], rows: np.ndarray
    ) -> None:
        self._told, self._own, self._rows = told, own, rows

    def __getitem__(self, name: str) -> np.ndarray:
        values = np.array(self._told[name])
        values[self._rows] = self._own[name]
        return values

    def __iter__(self) -> Iterator[str]:
        return iter(self._own)

    def __len__(self) -> int:
        return len(self._own)
