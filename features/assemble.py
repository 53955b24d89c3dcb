"""What is one complete set of features, and how is it made from the tables?

A feature set holds, for every live account on every morning: who it is, its features, its open
milestones, and (for training alone) what became known of its exit and its milestones.
Everything later reads only this.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from configs.errors import DataError
from configs.load import Configuration
from configs.playbook import check_capabilities
from configs.project import Project, segment_of
from features.arr import arr_steps
from features.asof import NEVER, Mornings, Snapshots, as_dates, ordinal
from features.catalogue import Catalogue
from features.commitments import Commitments, commitments
from features.families import families
from features.family import Own, columns_across, own_columns
from features.history import (
    Columns,
    History,
    everyone_always,
    live_snapshots,
    newest_row,
    read_small_tables,
    reporting_lag_days,
    rows_of,
)
from features.ladder import (
    PACES,
    Ladder,
    account_pace,
    climb,
    milestone_columns,
)
from features.milestones import first_reached, reached_milestones
from features.people import People, reduce_people
from features.reduce import day_of, reduce_activity
from features.standing import standing
from features.windows import Activity

EXIT_COLUMNS = ("account_id", "exited_at", "cause", "known_at", "returned_at")
MOST_CAPABILITIES = 40
"""How many capabilities, the most used ones, get inputs of their own."""
WEEKS_SHOWN = 26
FIRST_WINDOW_DAYS = 28


@dataclass(frozen=True, slots=True, eq=False)
class FeatureSet:
    """Everything known about the live accounts on a set of mornings.

    ``snapshots`` has a row per account and morning (``day``), ordered by account; ``values``
    the same rows, and a column per entry of ``catalogue``. ``steps`` has a row per snapshot and
    open milestone: ``snapshot`` (row of ``snapshots``), ``milestone``, and a column per entry
    of ``step_catalogue``.
    """

    snapshots: pd.DataFrame
    values: pd.DataFrame
    catalogue: Catalogue
    steps: pd.DataFrame
    step_catalogue: Catalogue
    standing: pd.DataFrame
    """The whole ladder on the last morning: a row per live account and applicable milestone."""
    exits: pd.DataFrame
    reached: pd.DataFrame
    """account_id, milestone, day and known_day of every milestone reached."""
    usage: pd.DataFrame
    """account_id, week_on, active_users, activity_count: the half year before the last morning.
    """
    arr: pd.DataFrame
    """account_id, day, known_day, before, arr: every change of what an account pays."""


def build_features(
    tables: Mapping[str, ir.Table],
    configuration: Configuration,
    *,
    as_of: date,
    also: tuple[date, ...] = (),
) -> FeatureSet:
    """Compute every feature of every live account on every morning up to ``as_of``.

    ``also`` are mornings wanted besides those of the configuration's grid. Raises DataError
    where no account was known by then, ConfigError where the playbook or the segments speak of
    what the data lack.
    """
    project, playbook = configuration.project, configuration.playbook
    known_rows = _rows_by_capability(tables["activity"], as_of)
    if known_rows:
        check_capabilities(playbook, set(known_rows))
    small = read_small_tables(tables, before_day=ordinal(as_of))
    mornings = _mornings(tables["activity"], small, project, as_of, also=also)
    live = _live(small, mornings, as_of)
    used = [name for name, rows in known_rows.items() if rows][:MOST_CAPABILITIES]
    history = _history(tables, small, live, configuration, capabilities=used)
    always = everyone_always(live)
    reached = reached_milestones(playbook, tables, history.tables, always)
    alive = live.account * mornings.count + live.morning
    ladder = climb(playbook, {s: r.take(alive) for s, r in reached.items()}, history)
    columns = _columns(history, ladder, configuration)
    steps, step_catalogue = _steps(ladder, history)
    return FeatureSet(
        snapshots=_snapshots(history, ladder),
        values=pd.DataFrame({c.feature.name: c.values for c in columns}),
        catalogue=Catalogue(c.feature for c in columns),
        steps=steps,
        step_catalogue=step_catalogue,
        standing=standing(ladder, history),
        exits=_exits(small),
        reached=first_reached(reached, always),
        usage=_usage(tables["activity"], live, as_of),
        arr=_arr(small.get("contracts"), project, as_of),
    )


def _steps(ladder: Ladder, history: History) -> tuple[pd.DataFrame, Catalogue]:
    snapshot, milestone, columns = milestone_columns(ladder, history)
    steps = pd.DataFrame({c.feature.name: c.values for c in columns})
    steps.insert(0, "milestone", np.array(ladder.slugs, dtype=object)[milestone])
    steps.insert(0, "snapshot", snapshot)
    return steps, Catalogue(c.feature for c in columns)


def _live(small: Mapping[str, pd.DataFrame], mornings: Mornings, as_of: date) -> Snapshots:
    live = live_snapshots(small, mornings)
    if not len(live):
        problem = f"no account was known and live by {as_of}"
        raise DataError("table 'accounts'", problem, "Move the as-of date")
    return live


def _history(
    tables: Mapping[str, ir.Table],
    small: Mapping[str, pd.DataFrame],
    live: Snapshots,
    configuration: Configuration,
    *,
    capabilities: list[str],
) -> History:
    """Everything that feature modules read, of the accounts of these snapshots."""
    mornings = live.mornings
    rows = {name: rows_of(table, live.account_ids, mornings) for name, table in small.items()}
    reduced = reduce_activity(tables, mornings, capabilities=capabilities)
    asked = configuration.playbook.asked_capabilities()
    people = reduce_people(tables, mornings, capabilities=asked)
    attributes = rows["accounts"].frame.take(newest_row(rows["accounts"], live))
    attributes = attributes.reset_index(drop=True)
    segment = segment_of(configuration.project, attributes).astype(object).to_numpy()
    return History(live, reduced, people, rows, segment, attributes)


def _columns(history: History, ladder: Ladder, configuration: Configuration) -> Columns:
    """Every family, those that hold accounts against each other last."""
    own = Own(
        history=history,
        activity=Activity(history.activity, history.snapshots),
        people=People(history.people, history.snapshots),
        ladder=ladder,
        playbook=configuration.playbook,
        attributes=configuration.project.accounts.attributes,
    )
    columns = own_columns(families(), own)
    columns += columns_across(families(), history, columns)
    return columns


def origins(project: Project, exits: pd.DataFrame | None, as_of: date) -> tuple[date, ...]:
    """Past mornings of the backtest, newest first.

    The newest one whose primary horizon has passed, with time for its exits to be reported, and
    earlier ones in equal steps.
    """
    lag = 0 if exits is None else reporting_lag_days(exits)
    newest = as_of - timedelta(days=project.outcomes.primary_horizon_days + lag)
    every = project.backtest.every_days
    return tuple(newest - timedelta(days=every * k) for k in range(project.backtest.origins))


def _mornings(
    activity: ir.Table,
    small: Mapping[str, pd.DataFrame],
    project: Project,
    as_of: date,
    *,
    also: tuple[date, ...],
) -> Mornings:
    """Equal steps back from the as-of date, the backtest's origins, and single days."""
    first_on = project.snapshots.first_on or _first_morning(activity, small["accounts"], as_of)
    return Mornings.every(
        project.snapshots.every_days,
        first_on=min(first_on, as_of),
        last_on=as_of,
        also=(*origins(project, small.get("exits"), as_of), *also),
    )


def _first_morning(activity: ir.Table, accounts: pd.DataFrame, as_of: date) -> date:
    """The first morning that has a month of activity behind it and somebody to speak of."""
    known = activity.known_at < pd.Timestamp(as_of)
    first = activity.occurred_at.min(where=known).execute()
    if pd.isna(first) or accounts.empty:
        return as_of
    after_a_month = pd.Timestamp(first).date() + timedelta(days=FIRST_WINDOW_DAYS)
    first_sign_up: date = accounts["signed_up_at"].min().date()
    return max(after_a_month, first_sign_up)


def _rows_by_capability(activity: ir.Table, as_of: date) -> dict[str, int]:
    """Every capability of the data, with its rows known by the as-of date, most used first."""
    known = activity.known_at < pd.Timestamp(as_of)
    counted = activity.group_by("capability").agg(rows=activity.count(where=known)).to_pandas()
    counted = counted.sort_values(["rows", "capability"], ascending=[False, True])
    return dict(zip(counted["capability"], counted["rows"], strict=True))


def _snapshots(history: History, ladder: Ladder) -> pd.DataFrame:
    live, known = history.snapshots, history.attributes
    terms: Commitments | None = commitments(history)
    text = ("name", "owner", "parent_id")
    return pd.DataFrame(
        {
            "account_id": live.account_ids[live.account],
            "day": live.day,
            **{c: known[c].astype(object).where(known[c].notna(), None) for c in text},
            "segment": history.segment,
            "signed_up_at": known["signed_up_at"].astype("datetime64[us]"),
            "kickoff_at": known["kickoff_at"].astype("datetime64[us]"),
            "arr": terms.arr if terms else np.full(len(live), np.nan),
            "renews_on": as_dates(terms.ends_day if terms else np.full(len(live), NEVER)),
            "pace": np.array(PACES, dtype=object)[account_pace(ladder, live.day)],
            "milestones_done": ladder.is_done.sum(axis=1),
            "milestones_total": ladder.applies.sum(axis=1),
        }
    )


def _exits(small: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    exits = small.get("exits", pd.DataFrame(columns=list(EXIT_COLUMNS)))
    exits = exits.reindex(columns=list(EXIT_COLUMNS))
    return exits.astype({name: "datetime64[us]" for name in EXIT_COLUMNS if name[-3:] == "_at"})


def _arr(contracts: pd.DataFrame | None, project: Project, as_of: date) -> pd.DataFrame:
    grace = project.outcomes.renewal_grace_days
    return arr_steps(contracts, as_of_day=ordinal(as_of), grace_days=grace)


def _usage(activity: ir.Table, live: Snapshots, as_of: date) -> pd.DataFrame:
    """Weekly use of the half year before the as-of date, weeks counted back from it."""
    morning = int(live.mornings.days[-1])
    rows = activity.mutate(day=day_of(activity.occurred_at))
    rows = rows.filter(
        rows.known_at < pd.Timestamp(as_of),
        rows.day < morning,
        rows.day >= morning - 7 * WEEKS_SHOWN,
    )
    rows = rows.mutate(week=(morning - 1 - rows.day) // 7)
    weekly = rows.group_by("account_id", "week").agg(
        active_users=rows.user_id.nunique(), activity_count=rows.count()
    )
    used = weekly.to_pandas()
    today = live.account_ids[live.account[live.morning == live.mornings.count - 1]]
    used = used.loc[used["account_id"].isin(today)]
    used["week_on"] = as_dates(
        morning - 7 * (used["week"].to_numpy(dtype=np.int64) + 1)
    ).to_numpy()
    columns = ["account_id", "week_on", "active_users", "activity_count"]
    weeks: pd.DataFrame = used.sort_values(["account_id", "week_on"])[columns]
    return weeks.reset_index(drop=True)
