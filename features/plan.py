"""What do all accounts of one build have in common, so that a few can be computed at a time?

The mornings, the names that columns are made of, and the tables that are small enough to be
read whole. With a plan and the activity of some accounts, their features can be computed on any
machine; which accounts are taken together changes no cell.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from configs.errors import DataError
from configs.load import Configuration
from configs.playbook import Playbook, check_capabilities
from configs.project import Project, segment_of
from features.asof import A_MONDAY, Bools, Grid, Ints, Mornings, Snapshots, ordinal
from features.coded import Held
from features.history import (
    History,
    Rows,
    live_snapshots,
    newest_row,
    read_small_tables,
    reporting_lag_days,
    rows_of,
)
from features.reduce import day_of

MOST_CAPABILITIES = 40
"""How many capabilities, the most used ones, get inputs of their own."""
KEPT_OF_EVERYONE = ("signed_up_at", "kickoff_at", "parent_id", "owner")
FIRST_WINDOW_DAYS = 28


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What one build is made of, but for activity and users."""

    configuration: Configuration
    as_of: date
    live: Snapshots
    """Every live account on every morning, in the order of accounts."""
    small: Mapping[str, pd.DataFrame]
    tables: Mapping[str, Rows]
    """The small tables that have a row of a known account, in the order of accounts."""
    segment: np.ndarray
    """The segment that each row of ``accounts`` puts its account in."""
    rows: int
    """How many rows of activity are known by the as-of date."""
    known_capabilities: tuple[str, ...]
    """Every capability of the data, those with inputs of their own first."""
    roles: tuple[str, ...]

    @property
    def mornings(self) -> Mornings:
        return self.live.mornings

    @property
    def is_lasting(self) -> Bools:
        """Whether each morning is on the grid, or the last one."""
        days = self.mornings.days
        grid = grid_of(self.configuration.project)
        is_lasting: Bools = (days - ordinal(grid.through)) % grid.step_days == 0
        is_lasting[-1] = True
        return is_lasting

    @property
    def capabilities(self) -> tuple[str, ...]:
        """Those that get inputs of their own."""
        return self.known_capabilities[:MOST_CAPABILITIES]

    @property
    def accounts(self) -> int:
        return len(self.live.account_ids)

    def narrowed(self, days: Ints) -> "Plan":
        """The same plan on some of its mornings."""
        mornings = Mornings(days, first_of_build=int(self.mornings.days[0]))
        kept = np.isin(self.live.day, days)
        morning = np.searchsorted(days, self.live.day[kept]).astype(np.int64)
        live = Snapshots(mornings, self.live.account_ids, self.live.account[kept], morning)
        tables = {
            name: replace(rows, seen_from=mornings.first_seeing(rows.day("known_at")))
            for name, rows in self.tables.items()
        }
        return replace(self, live=live, tables=tables)

    def only(self, account_ids: Collection[str]) -> "Plan":
        """The same plan for some of its accounts; names stay those of the whole tables."""
        kept = pd.Index(self.live.account_ids).isin(list(account_ids))
        place = np.cumsum(kept) - 1
        own = kept[self.live.account]
        live = Snapshots(
            self.mornings,
            self.live.account_ids[kept],
            place[self.live.account[own]],
            self.live.morning[own],
        )
        found = {name: rows.where(kept[rows.account]) for name, rows in self.tables.items()}
        tables = {n: replace(rows, account=place[rows.account]) for n, rows in found.items()}
        segment = self.segment[kept[self.tables["accounts"].account]]
        return replace(self, live=live, tables=tables, segment=segment)

    def history(self, first: int, last: int) -> History:
        """What is known of the accounts from ``first`` to before ``last``."""
        tables = {name: rows.between(first, last) for name, rows in self.tables.items()}
        start, end = np.searchsorted(self.live.account, (first, last))
        live = Snapshots(
            self.mornings,
            self.live.account_ids[first:last],
            self.live.account[start:end] - first,
            self.live.morning[start:end],
        )
        newest = newest_row(tables["accounts"], live)
        own = np.searchsorted(self.tables["accounts"].account, (first, last))
        attributes = tables["accounts"].frame.take(newest).reset_index(drop=True)
        segment = self.segment[own[0] : own[1]]
        return History(live, tables, segment[newest], attributes, segment)

    @property
    def everyone(self) -> History:
        """What is known of all accounts, with the few attributes that compare them."""
        of_account = self.tables["accounts"]
        newest = newest_row(of_account, self.live)
        attributes = of_account.frame[list(KEPT_OF_EVERYONE)].take(newest)
        attributes = attributes.reset_index(drop=True)
        return History(self.live, self.tables, self.segment[newest], attributes, self.segment)


def plan_of(
    tables: Mapping[str, ir.Table],
    configuration: Configuration,
    as_of: date,
    *,
    also: tuple[date, ...] = (),
    held: Held | None = None,
    small: Mapping[str, pd.DataFrame] | None = None,
) -> Plan:
    """Look at what there is, once, before any account is computed.

    ``also`` are mornings wanted besides those of the configuration's grid; activity that is
    ``held`` already, and ``small`` tables that are at hand, are not looked at where they are.

    Raises DataError where no account was known by then, ConfigError where the playbook or the
    segments speak of what the data lack.
    """
    project = configuration.project
    counted = _by_capability(tables["activity"], as_of, held)
    _check_capabilities(configuration.playbook, counted, tables["activity"])
    if small is None:
        small = read_small_tables(tables, before_day=ordinal(as_of))
    mornings = _mornings(counted["first"].min(), small["accounts"], project, as_of, also=also)
    live = live_snapshots(small, mornings)
    if not len(live):
        problem = f"no account was known and live by {as_of}"
        raise DataError("table 'accounts'", problem, "Move the as-of date")
    rows = {name: rows_of(table, live.account_ids, mornings) for name, table in small.items()}
    rows = {name: found for name, found in rows.items() if len(found)}
    return Plan(
        configuration=configuration,
        as_of=as_of,
        live=live,
        small=small,
        tables=rows,
        segment=segment_of(project, rows["accounts"].frame).astype(object).to_numpy(),
        rows=int(counted["rows"].sum()),
        known_capabilities=_most_used_first(counted),
        roles=_roles(tables, live, ordinal(as_of)),
    )


def grid_of(project: Project) -> Grid:
    """The mornings on which a project looks back; Mondays where nothing else is said."""
    told = project.snapshots
    return Grid(told.every_days, told.first_on or A_MONDAY)


def origins(project: Project, exits: pd.DataFrame | None, as_of: date) -> tuple[date, ...]:
    """Past mornings of the backtest, newest first, all of them on the grid.

    The newest one whose primary horizon has passed, with time for its exits to be reported, and
    earlier ones in equal steps, as far apart as asked for or, between mornings, a little more.
    """
    lag = 0 if exits is None else reporting_lag_days(exits)
    grid = grid_of(project)
    newest = as_of - timedelta(days=project.outcomes.primary_horizon_days + lag)
    every = -(-project.backtest.every_days // grid.step_days) * grid.step_days
    return tuple(
        grid.newest(newest) - timedelta(days=every * k) for k in range(project.backtest.origins)
    )


def _by_capability(activity: ir.Table, as_of: date, held: Held | None) -> pd.DataFrame:
    """Every capability known by then, most used first: its rows, and the first moment."""
    if held is None:
        rows = activity.filter(
            ibis.greatest(activity.known_at, activity.occurred_at) < pd.Timestamp(as_of)
        )
        by_name = rows.group_by("capability")
        counted = by_name.agg(rows=rows.count(), first=rows.occurred_at.min()).to_pandas()
    else:
        counted = held.counted()
        held.let_go()
    told: pd.DataFrame = counted.sort_values(
        ["rows", "capability"], ascending=[False, True], ignore_index=True
    )
    return told


def _check_capabilities(playbook: Playbook, counted: pd.DataFrame, activity: ir.Table) -> None:
    """A capability of the playbook must be one of the data, be it one known only later."""
    known = set(counted["capability"])
    if not set(playbook.asked_capabilities()) <= known:
        every = activity.select("capability").distinct().to_pyarrow()
        known |= set(every["capability"].to_pylist())
    if known:
        check_capabilities(playbook, known)


def _most_used_first(counted: pd.DataFrame) -> tuple[str, ...]:
    """The most used ones in alphabetical order, so that a day of use reorders nothing; then
    the others.
    """
    used = counted["capability"]
    return (*sorted(used[:MOST_CAPABILITIES]), *sorted(used[MOST_CAPABILITIES:]))


def _mornings(
    first: pd.Timestamp,
    accounts: pd.DataFrame,
    project: Project,
    as_of: date,
    *,
    also: tuple[date, ...],
) -> Mornings:
    """The grid's mornings, the as-of date, and single days."""
    first_on = project.snapshots.first_on or _first_morning(first, accounts, as_of)
    return Mornings.on(
        grid_of(project), first_on=min(first_on, as_of), last_on=as_of, also=also
    )


def _first_morning(first: pd.Timestamp, accounts: pd.DataFrame, as_of: date) -> date:
    """The first morning that has a month of activity behind it and somebody to speak of."""
    if pd.isna(first) or accounts.empty:
        return as_of
    after_a_month = pd.Timestamp(first).date() + timedelta(days=FIRST_WINDOW_DAYS)
    first_sign_up: date = accounts["signed_up_at"].min().date()
    return max(after_a_month, first_sign_up)


def _roles(tables: Mapping[str, ir.Table], live: Snapshots, before_day: int) -> tuple[str, ...]:
    """The roles that people of known accounts were known to have, in alphabetical order."""
    if "users" not in tables:
        return ()
    users = tables["users"].filter(
        day_of(tables["users"].known_at) < before_day, tables["users"].role.notnull()
    )
    found = users.select("account_id", "role").distinct().to_pandas()
    is_known: Bools = live.code_of(found["account_id"]) >= 0
    return tuple(sorted(map(str, found.loc[is_known, "role"].unique())))
