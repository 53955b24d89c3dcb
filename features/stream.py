"""How is a build of any size written to the lake within the memory it may take?

Shard by shard: what a shard has computed is written before the next one begins. What holds
accounts against each other comes after, from the few columns that it asks for.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa

from configs.load import Configuration
from features.arrived import Arrived, Seen
from features.asof import NEVER, Ints, ordinal
from features.assemble import StepRates, arms_of, arr_of, by_milestone, exits_of, together
from features.catalogue import Feature
from features.cluster import computed
from features.coded import Held
from features.columns import PartColumns, StoredColumns
from features.days_known import rows_between
from features.families import families
from features.family import columns_across
from features.further import (
    Stands,
    new_days,
    same_catalogues,
    seen_before,
    take_over,
    what_stands,
    with_earlier,
    write_mornings,
)
from features.history import Columns
from features.kept import Kept, edges_between, with_new
from features.kept_roles import kept_roles
from features.kept_tables import kept_tables
from features.ladder import MILESTONE_REACH_RATE
from features.met import Met, still_met, write_met
from features.parts import Cut, Parts
from features.plan import Plan, plan_of
from features.shards import Shard, is_embedded, with_roles
from features.sources.filed import Filed
from features.store import ACROSS, GROWN, as_arrow, frame_file, write_catalogue

Frames = dict[str, pd.DataFrame]
ONCE = ("standing", "completed", "usage", "first_use", "tried")
"""Frames of a shard that do not grow with the mornings, and are written as they come."""
HANDED_OVER = ("reached", "met")
"""Those that do not grow either, and are written when every shard has told its own."""
LIBRARIES = 600 * 10**6
"""What Python and its libraries take before anything is read."""
ENGINES_SHARE = 0.4
SHARDS_SHARE = 0.4
"""How much of the rest the engine and a shard may take; small tables take what is left."""
BYTES_PER_SNAPSHOT, BYTES_PER_ROW = 8_000, 150
"""What a shard may take, reckoned generously: arrays of its snapshots, and its activity."""
BYTES_PER_ROW_READ = 45
"""What a row of activity takes while it is read, before it is on the disk."""


def write_in_shards(
    tables: Mapping[str, ir.Table],
    configuration: Configuration,
    folder: Path,
    *,
    as_of: date,
    also: tuple[date, ...] = (),
    shards: int | None = None,
    before: Path | None = None,
    filed: Filed | None = None,
) -> Stands:
    """Write the files of ``build_features`` into a folder, never holding all of it.

    Into how many shards the accounts are cut follows from `limits.memory`, and changes no byte.
    Neither does ``before``, a folder of an earlier build of the same configuration and code,
    of which what stands is taken over; what that was is handed back. ``filed`` says which files
    the tables are in, so that those known already are not read.
    """
    memory = configuration.project.limits.memory_bytes
    with limited(tables, memory):
        then = seen_before(before)
        arrived = Arrived.since(then, tables, filed, as_of_day=ordinal(as_of))
        seen = arrived.seen()
        held, why_read = _held(arrived, seen, folder, before, memory=memory)
        small = kept_tables(arrived, folder, before)
        plan = plan_of(tables, configuration, as_of, also=also, held=held, small=small.tables)
        held = held and with_roles(held, plan)
        parts = Parts.of(plan.mornings, as_of=as_of)
        stands = what_stands(before or folder, parts, then, seen)
        stands = replace(stands, rows_read_anew_because=why_read)
        stands = replace(stands, tables_read_because=small.why_read)
        write = partial(
            _write, tables=tables, folder=folder, shards=shards, held=held, memory=memory
        )
        still = partial(still_met, tables, before=before, then=then, now=seen, held=held)
        whole, stands = _further(plan, stands, parts, folder, write, still)
    write_met(whole.pop("met"), folder)
    _write_rest(plan, whole, folder)
    write_mornings(folder, parts, seen)
    return stands


def _further(
    plan: Plan,
    stands: Stands,
    parts: Parts,
    folder: Path,
    write: Callable[..., Frames],
    still: Callable[[Plan], tuple[Met | None, str | None]],
) -> tuple[Frames, Stands]:
    """Write the mornings that do not stand, or all of them where that is not to be."""
    few = plan.narrowed(new_days(plan, stands, parts))
    if not len(few.live):
        stands = replace(stands, why_not="nobody is live")
    if stands.why_not is None:
        met, why_decided = still(few)
        stands = replace(stands, criteria_decided_anew_because=why_decided)
        whole = write(few, parts.without(stands.parts), met=met)
        if same_catalogues(stands.folder, folder):
            take_over(stands, folder)
            whole["reached"] = with_earlier(whole["reached"], stands, plan, parts)
            return whole, stands
        stands = replace(stands, why_not="there are other columns than before")
    return write(plan, parts), stands


def _write(
    plan: Plan,
    parts: Parts,
    *,
    tables: Mapping[str, ir.Table],
    folder: Path,
    shards: int | None,
    held: Held | None,
    memory: int,
    met: Met | None = None,
) -> Frames:
    """Write parts and catalogues of a plan, and hand over what does not come in parts."""
    shards = shards or shards_within(plan, memory)
    found = computed(plan, tables, shards=shards, held=held, met=met)
    columns, of_steps, past_due, whole = _write_shards(found, folder, parts)
    columns += _write_across(plan, past_due, folder, parts)
    write_catalogue(folder, "catalogue", columns)
    write_catalogue(folder, "step_catalogue", [*of_steps, MILESTONE_REACH_RATE])
    return whole


def _held(
    arrived: Arrived, seen: Seen, folder: Path, before: Path | None, *, memory: int
) -> tuple[Held | None, str | None]:
    """Read the rows that are not kept yet, and keep them; why all were read, if they were.

    An engine that is asked where it is keeps its rows itself.
    """
    if not is_embedded(arrived.tables):
        return None, None
    until = min(arrived.changed_from("activity", seen), seen.as_of_day)
    kept = Kept.of(before).holding_until(until)
    why_not = kept.why_not
    kept = kept.linked_into(folder)
    rows = rows_between(seen.prints["activity"], NEVER, seen.as_of_day)
    missing = rows - sum(run.rows for run in kept.runs)
    pieces = int(np.ceil(missing * BYTES_PER_ROW_READ / (SHARDS_SHARE * (memory - LIBRARIES))))
    edges = edges_between(arrived.tables["accounts"], pieces) if pieces > 1 else []
    activity = arrived.rows("activity", since_day=kept.until_day)
    kept = with_new(kept, activity, before_day=seen.as_of_day, edges=edges)
    kept.write()
    held = kept.held()
    said = kept_roles(arrived, held.users, kept.users_named_in, folder, before)
    return held._replace(said_of_roles=said), why_not


def shards_within(plan: Plan, memory: int) -> int:
    """How many shards to cut the accounts into, so that each fits."""
    room = SHARDS_SHARE * max(memory - LIBRARIES - _bytes_of_small(plan), memory / 8)
    needed = max(len(plan.live) * BYTES_PER_SNAPSHOT, plan.rows * BYTES_PER_ROW)
    return int(np.clip(np.ceil(needed / room), 1, plan.accounts))


def _bytes_of_small(plan: Plan) -> int:
    """What the small tables take, of which the rows of known accounts may be a copy."""
    rows = {id(frame): frame for frame in plan.small.values()}
    rows |= {id(table.frame): table.frame for table in plan.tables.values()}
    return sum(int(frame.memory_usage(deep=True).sum()) for frame in rows.values())


@contextmanager
def limited(tables: Mapping[str, ir.Table], memory: int) -> Iterator[None]:
    """Let an embedded engine take its share; what is more it spills to disk."""
    engine = tables["activity"].get_backend()
    if engine.name != "duckdb":
        yield
        return
    before = engine.con.sql("SELECT current_setting('memory_limit')").fetchall()[0][0]
    share = int(ENGINES_SHARE * (memory - LIBRARIES) / 10**6)
    engine.raw_sql(f"SET memory_limit = '{share}MB'")
    try:
        yield
    finally:
        engine.raw_sql(f"SET memory_limit = '{before}'")


def _write_shards(
    shards: Iterator[Shard], folder: Path, parts: Parts
) -> tuple[list[Feature], tuple[Feature, ...], Ints, dict[str, pd.DataFrame]]:
    """Write what a shard has computed as it comes, and hand over the rest of it."""
    columns: list[Feature] = []
    features: tuple[Feature, ...] = ()
    rest: dict[str, list[pd.DataFrame]] = {name: [] for name in HANDED_OVER}
    past_due: list[Ints] = []
    before = dict.fromkeys(parts.days_of, 0)
    with ExitStack() as open_files:
        files = {
            (name, part): open_files.enter_context(frame_file(folder, f"{name}{part}"))
            for name in GROWN
            for part in before
        }
        once = {name: open_files.enter_context(frame_file(folder, name)) for name in ONCE}
        for shard in shards:
            columns, features = _same(columns, shard.columns), shard.step_features
            for name, part, rows in _cut(shard, parts, before):
                files[name, part].add(rows)
                before[part] += len(rows) if name == "snapshots" else 0
            past_due.append(shard.past_due)
            for name, file in once.items():
                file.add(as_arrow(getattr(shard, name)))
            for name, found in rest.items():
                found.append(getattr(shard, name))
            del shard, rows  # Or they would be held while the next one is computed.
    whole = {name: together(found) for name, found in rest.items()}
    return columns, features, np.sum(past_due, axis=0), whole


def _cut(
    shard: Shard, parts: Parts, before: Mapping[str, int]
) -> Iterator[tuple[str, str, pa.Table]]:
    """Cut what grows with the mornings into parts: what it is, of which part, and its rows.

    An open milestone names its snapshot by the place in the part, behind those there before.
    """
    cut = parts.cut(shard.snapshots["day"].to_numpy(dtype=np.int64))
    snapshot = shard.steps["snapshot"].to_numpy(dtype=np.int64)
    of_steps = Cut.of(cut.names, cut.part[snapshot])
    behind = np.array([before[part] for part in cut.names], dtype=np.int64)
    place = cut.place[snapshot] + behind[of_steps.part]
    steps = shard.steps.assign(snapshot=place)
    for name, frame, laid in (
        ("snapshots", as_arrow(shard.snapshots), cut),
        ("values", as_arrow({c.feature.name: c.values for c in shard.columns}), cut),
        ("steps", as_arrow(steps), of_steps),
    ):
        for part, span in laid.spans.items():
            # Taken into memory of Arrow's own: what waits to be written holds nothing else.
            yield name, part, frame.take(laid.rows[span])


def _write_across(plan: Plan, past_due: Ints, folder: Path, parts: Parts) -> list[Feature]:
    """Hold accounts against each other, and write what that says part by part."""
    everyone, day = plan.everyone, plan.live.day
    cut = parts.cut(day)
    places = {part: cut.rows[span] for part, span in cut.spans.items()}
    across = columns_across(families(), everyone, PartColumns(folder, places, len(day)))
    values = as_arrow({c.feature.name: c.values for c in across})
    rates = StepRates.of(plan, everyone, past_due)
    slugs = [milestone.slug for milestone in plan.configuration.playbook.milestones]
    for part, rows in places.items():
        with frame_file(folder, f"values{ACROSS}{part}") as file:
            file.add(values.take(rows))
        steps = StoredColumns(folder / f"steps{part}.parquet")
        told = rates.told(rows[steps["snapshot"]], steps.codes("milestone", slugs))
        with frame_file(folder, f"steps{ACROSS}{part}") as file:
            file.add(as_arrow({MILESTONE_REACH_RATE.name: told}))
    return [column.feature for column in across]


def _write_rest(plan: Plan, whole: Mapping[str, pd.DataFrame], folder: Path) -> None:
    """Write what does not grow with the mornings."""
    planned = {"exits": exits_of(plan), "arr": arr_of(plan), "arms": arms_of(plan)}
    for name, frame in (*whole.items(), *planned.items()):
        with frame_file(folder, name) as file:
            file.add(as_arrow(by_milestone(plan, frame) if name == "reached" else frame))


def _same(features: list[Feature], columns: Columns) -> list[Feature]:
    """The columns of the shards before, which those of the next one must be."""
    found = [column.feature for column in columns]
    if features and found != features:
        differing = {f.name for f in features} ^ {f.name for f in found}
        raise ValueError(f"inputs differ by account: {', '.join(sorted(differing))}")
    return found
