"""How are the features of some accounts computed, whatever the others do?

Accounts are independent, so a build takes them a shard at a time and never holds the activity
of all. A shard is accounts next to each other in the order of their ids: put end to end, shards
are the whole. Within one, an account goes by its place in the shard instead of its id, and its
activity has been copied to where it is read several times, unless it is in somebody's server.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from features.asked import Asked, AtHand, InEngine
from features.asof import NEVER, Bools, Ints, Snapshots, as_dates, ordinal
from features.catalogue import Feature
from features.coded import Held, Names, coded_rows
from features.commitments import Commitments, commitments
from features.families import families
from features.family import Own, own_columns
from features.first_quarter import first_days
from features.history import Columns, History, everyone_always, first_mornings
from features.ladder import PACES, Ladder, account_pace, climb, milestone_columns, past_due
from features.met import Met
from features.milestones import completed, first_reached, met_by_use, reached_milestones
from features.people import People
from features.plan import Plan
from features.roles import Roles, said_of_roles
from features.seats import Seats
from features.spans import Span
from features.standing import standing
from features.taken import Asking, take_in
from features.texts import texts_at
from features.windows import Activity

WEEKS_SHOWN = 26
ACTIVE = ("activity", "users")
EMBEDDED = "duckdb"


@dataclass(frozen=True, slots=True, eq=False)
class Shard:
    """The features of some accounts, but for those that hold accounts against each other."""

    snapshots: pd.DataFrame
    columns: Columns
    steps: pd.DataFrame
    """``snapshot`` counts within the shard."""
    step_features: tuple[Feature, ...]
    standing: pd.DataFrame
    reached: pd.DataFrame
    completed: pd.DataFrame
    met: pd.DataFrame
    """account_id, and when each milestone decided by use was reached, in microseconds."""
    usage: pd.DataFrame
    first_use: pd.DataFrame
    tried: pd.DataFrame
    past_due: Ints
    """Of the milestones (last axis) of each morning and segment: how many snapshots are past
    their due date, and how many of those reached them.
    """


def ranges(plan: Plan, shards: int) -> Iterator[tuple[int, int]]:
    """Cut the accounts into at most so many shards of about as many snapshots, none empty."""
    starts = np.unique(plan.live.account[len(plan.live) * np.arange(shards) // shards])
    edges = [0, *starts[1:].tolist(), plan.accounts]
    yield from pairwise(edges)


def compute_shard(
    plan: Plan,
    tables: Mapping[str, ir.Table],
    *,
    first: int,
    last: int,
    held: Held | None = None,
    met: Met | None = None,
) -> Shard:
    """Compute the accounts from ``first`` to before ``last`` from the plan's tables.

    ``tables`` may hold the activity and users of more accounts, on any engine; where activity
    is ``held`` already, it is not read; criteria that these had ``met`` are not decided again.
    """
    names = Names(plan.known_capabilities, plan.roles)
    if not is_embedded(tables):
        activity: Asked = InEngine(placed(plan, tables, first=first, last=last))
    else:
        activity = at_hand(plan, tables, first=first, last=last, held=held)
    return _computed(plan, plan.history(first, last), activity, names, met)


def is_embedded(tables: Mapping[str, ir.Table]) -> bool:
    """Whether rows are handed over, or asked about where they are."""
    return bool(tables["activity"].get_backend().name == EMBEDDED)


def at_hand(
    plan: Plan,
    tables: Mapping[str, ir.Table],
    *,
    first: int,
    last: int,
    held: Held | None = None,
) -> AtHand:
    """The activity of some accounts as coded rows."""
    ids, names = plan.live.account_ids, Names(plan.known_capabilities, plan.roles)
    if held is None:
        before_day = ordinal(plan.as_of)
        high = ids[last] if last < len(ids) else None
        asking = Asking(before_day, low=ids[first], high=high)
        run, users = take_in(tables["activity"], asking)
        held = Held([(run, before_day)], users, said_of_roles(tables.get("users"), users))
    if held.roles is None:
        roles = _roles(held, plan, ids[first:last])
    else:
        roles = held.roles.between(first, last)
    rows = coded_rows(held, roles, plan.mornings, names, ids=ids[first:last])
    return AtHand(rows, names, plan.mornings)


def with_roles(held: Held, plan: Plan) -> Held:
    """Look once for the roles that all shards need."""
    return held._replace(roles=_roles(held, plan, plan.live.account_ids))


def _roles(held: Held, plan: Plan, account_ids: np.ndarray) -> Roles:
    before_day = ordinal(plan.as_of)
    return Roles.of(held.said_of_roles, account_ids, plan.roles, before_day=before_day)


def placed(
    plan: Plan, tables: Mapping[str, ir.Table], *, first: int, last: int
) -> dict[str, ir.Table]:
    """Activity and users of some accounts, known by the morning, each account by its place."""
    ids = plan.live.account_ids[first:last]
    places = ibis.memtable(pd.DataFrame({"account_id": ids, "place": np.arange(len(ids))}))
    own = {}
    for name in (name for name in ACTIVE if name in tables):
        rows = tables[name].filter(tables[name].known_at < pd.Timestamp(plan.as_of))
        rows = rows.inner_join(places, "account_id")
        own[name] = rows.select(
            account_id=rows.place, **{c: rows[c] for c in rows.columns if c not in PLACED}
        )
    return own


PLACED = ("account_id", "place")


def _computed(
    plan: Plan, history: History, activity: Asked, names: Names, met: Met | None
) -> Shard:
    playbook, live = plan.configuration.playbook, history.snapshots
    reduced = activity.reduced(plan.mornings, names, counted=len(plan.capabilities))
    people = activity.people(plan.mornings, names, playbook.asked_capabilities())
    always = everyone_always(live)
    seats, small = Seats.known(history.tables), history.tables
    reached = reached_milestones(playbook, activity, small, always, seats=seats, met=met)
    counts = _counts(plan, history, always)
    alive = live.account * live.mornings.count + live.morning
    ladder = climb(playbook, {s: r.take(alive) for s, r in reached.items()}, history)
    own = Own(
        history=history,
        activity=Activity(reduced, live),
        people=People(people, live),
        ladder=ladder,
        seats=seats,
        playbook=playbook,
        attributes=plan.configuration.project.accounts.attributes,
    )
    first_use, tried = first_days(activity, history)
    steps, step_columns = _steps(ladder, history)
    return Shard(
        snapshots=_snapshots(history, ladder),
        columns=own_columns(families(), own),
        steps=steps,
        step_features=tuple(c.feature for c in step_columns),
        standing=standing(ladder, history),
        reached=first_reached(reached, always, counts=counts),
        completed=completed(reached, always, counts=counts),
        met=met_by_use(playbook, reached, always),
        usage=_usage(activity, history, plan),
        first_use=first_use,
        tried=tried,
        past_due=past_due(ladder, history, plan.configuration.project.segment_names),
    )


def _steps(ladder: Ladder, history: History) -> tuple[pd.DataFrame, Columns]:
    """The open milestones of each snapshot, with what is asked of them."""
    snapshot, milestone, columns = milestone_columns(ladder, history)
    steps = pd.DataFrame({c.feature.name: c.values for c in columns})
    steps.insert(0, "milestone", texts_at(milestone, ladder.slugs))
    steps.insert(0, "snapshot", snapshot)
    return steps, columns


def _counts(plan: Plan, history: History, always: Snapshots) -> Bools:
    """The mornings of every build that each account had begun by, and the last morning.

    A morning that only this build looks back upon is left out: another would not know of it.
    """
    begins = first_mornings(
        history.tables["accounts"], always.mornings, count=len(always.account_ids)
    )
    return (begins[always.account] <= always.morning) & plan.is_lasting[always.morning]


def _snapshots(history: History, ladder: Ladder) -> pd.DataFrame:
    live, known = history.snapshots, history.attributes
    terms: Commitments | None = commitments(history)
    text = ("name", "owner", "parent_id")
    return pd.DataFrame(
        {
            "account_id": texts_at(live.account, live.account_ids),
            "day": live.day,
            **{c: known[c].astype(object).where(known[c].notna(), None) for c in text},
            "segment": history.segment,
            "signed_up_at": known["signed_up_at"].astype("datetime64[us]"),
            "kickoff_at": known["kickoff_at"].astype("datetime64[us]"),
            "arr": terms.arr if terms else np.full(len(live), np.nan),
            "renews_on": as_dates(terms.ends_day if terms else np.full(len(live), NEVER)),
            "pace": texts_at(account_pace(ladder, live.day), PACES),
            "milestones_done": ladder.is_done.sum(axis=1),
            "milestones_total": ladder.applies.sum(axis=1),
        }
    )


def _usage(activity: Asked, history: History, plan: Plan) -> pd.DataFrame:
    """Weekly use of the half year before the as-of date, weeks counted back from it."""
    live, morning = history.snapshots, ordinal(plan.as_of)
    days = 7 * WEEKS_SHOWN
    accounts = np.arange(len(live.account_ids))
    span = Span(accounts, np.full(len(accounts), morning - days), days, morning)
    used = activity.used(span, part_days=7)
    today = live.account[live.morning == live.mornings.count - 1]
    used = used.loc[used["account_id"].isin(today)].reset_index(drop=True)
    week_on = morning - days + 7 * used["part"].to_numpy(dtype=np.int64)
    ids = texts_at(used["account_id"].to_numpy(dtype=np.int64), live.account_ids)
    return used.assign(account_id=ids, week_on=as_dates(week_on).to_numpy())[
        ["account_id", "week_on", "active_users", "activity_count"]
    ]
