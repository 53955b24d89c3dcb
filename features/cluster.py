"""How are features computed on many machines, where activity is too much for one?

Spark brings the rows of each shard of accounts together, and every shard is then computed as on
a single machine, by the same code: Arrow goes in, Arrow comes out. What is small travels with
the question. Only features come back.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.catalogue import Feature
from features.coded import Held
from features.history import Column, Columns
from features.met import Met
from features.plan import Plan
from features.shards import ACTIVE, Shard, compute_shard, ranges
from features.sources.duckdb import embedded_engine
from features.tables import STORED, TABLES

SPARK = "pyspark"
FRAMES = (
    *("snapshots", "steps", "standing", "reached", "completed", "met"),
    *("usage", "first_use", "tried"),
)
SENT = "shard long, part string, content binary"
ROW_SCHEMA = pa.schema([("shard", pa.int64()), ("part", pa.string()), ("content", pa.binary())])


def computed(
    plan: Plan,
    tables: Mapping[str, ir.Table],
    *,
    shards: int,
    held: Held | None = None,
    met: Met | None = None,
) -> Iterator[Shard]:
    """Compute all accounts, in so many shards, one after the other or wherever they are.

    What of activity is ``held``, and which criteria are ``met``, is used where this runs.
    """
    engine = tables["activity"].get_backend()
    if engine.name == SPARK:
        yield from _on_spark(engine, plan, tables, shards=shards)
        return
    for first, last in ranges(plan, shards):
        own = met and met.between(first, last)
        yield compute_shard(plan, tables, first=first, last=last, held=held, met=own)
        if held is not None:
            held.let_go()


def _on_spark(
    engine: Any, plan: Plan, tables: Mapping[str, ir.Table], *, shards: int
) -> Iterator[Shard]:
    """At least one shard for each core that Spark has."""
    cores = engine._session.sparkContext.defaultParallelism
    cut = list(ranges(plan, max(shards, cores)))
    rows = _together(engine, plan, tables, cut)
    found = rows.mapInArrow(worker(plan, cut), SENT).toArrow()
    parts: dict[int, dict[str, bytes]] = {number: {} for number in range(len(cut))}
    for row in found.to_pylist():
        parts[row["shard"]][row["part"]] = row["content"]
    for number in range(len(cut)):
        yield decoded(parts.pop(number))


def worker(
    plan: Plan, cut: Sequence[tuple[int, int]]
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """What each machine does with the rows that are brought to it."""

    def work(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        parts = list(batches)
        if not parts:
            return
        rows = pa.Table.from_batches(parts)
        for number in sorted(set(rows["shard"].to_pylist())):
            own = rows.filter(pc.equal(rows["shard"], number))
            first, last = cut[number]
            shard = compute_shard(plan, _near(own), first=first, last=last)
            sent = [(number, part, content) for part, content in encoded(shard).items()]
            columns = [
                pa.array(column, kind)
                for column, kind in zip(zip(*sent, strict=True), ROW_SCHEMA.types, strict=True)
            ]
            yield pa.RecordBatch.from_arrays(columns, schema=ROW_SCHEMA)

    return work


def _together(
    engine: Any, plan: Plan, tables: Mapping[str, ir.Table], cut: Sequence[tuple[int, int]]
) -> Any:
    """All rows of activity and users, and one of nothing for each shard, shard by shard."""
    edges = [plan.live.account_ids[first] for first, _ in cut[1:]]
    session = engine._session
    brought = session.range(len(cut)).selectExpr("id AS shard", "'' AS of")
    for name in (name for name in ACTIVE if name in tables):
        rows = tables[name].filter(tables[name].known_at < pd.Timestamp(plan.as_of))
        behind = [(rows.account_id >= str(edge)).cast("int64") for edge in edges]
        rows = rows.mutate(of=ibis.literal(name), shard=sum(behind, ibis.literal(0, "int64")))
        told = session.sql(engine.compile(rows))
        brought = brought.unionByName(told, allowMissingColumns=True)
    return brought.repartition(len(cut), "shard")


def _near(rows: pa.Table) -> dict[str, ir.Table]:
    """The rows of one shard as tables of an engine of its own, of one thread."""
    engine = embedded_engine()
    engine.con.execute("SET threads = 1")
    near = {}
    for name in ACTIVE:
        own = rows.filter(pc.equal(rows["of"], name))
        if len(own) or name == "activity":
            columns = {
                column: _plain(own, column, STORED[contract.kind].to_pyarrow())
                for column, contract in TABLES[name].columns.items()
            }
            near[name] = engine.create_table(name, pa.table(columns))
    return near


def _plain(rows: pa.Table, column: str, kind: pa.DataType) -> pa.Array:
    if column not in rows.column_names:
        return pa.nulls(len(rows), kind)
    return rows[column].cast(kind)


def encoded(shard: Shard) -> dict[str, bytes]:
    """A shard as Arrow and JSON, part by part."""
    values = {c.feature.name: c.values for c in shard.columns}
    parts = {name: _as_bytes(getattr(shard, name)) for name in FRAMES}
    return parts | {
        "values": _as_bytes(pd.DataFrame(values)),
        "past_due": _as_bytes(pd.DataFrame({"count": shard.past_due.ravel()})),
        "facts": json.dumps(
            {
                "features": [asdict(c.feature) for c in shard.columns],
                "step_features": [asdict(feature) for feature in shard.step_features],
                "past_due": shard.past_due.shape,
            }
        ).encode(),
    }


def decoded(parts: Mapping[str, bytes]) -> Shard:
    """The same shard again."""
    facts = json.loads(parts["facts"])
    values = _as_frame(parts["values"])
    features = [Feature(**entry) for entry in facts["features"]]
    return Shard(
        **{name: _as_frame(parts[name]) for name in FRAMES},
        columns=Columns(Column(f, values[f.name].to_numpy()) for f in features),
        step_features=tuple(Feature(**entry) for entry in facts["step_features"]),
        past_due=_as_frame(parts["past_due"])["count"].to_numpy().reshape(facts["past_due"]),
    )


def _as_bytes(frame: pd.DataFrame) -> bytes:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    kinds = {name: str(kind) for name, kind in frame.dtypes.items()}
    table = table.replace_schema_metadata({"kinds": json.dumps(kinds)})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _as_frame(content: bytes) -> pd.DataFrame:
    """Each column as it went: a text of nobody's is None again."""
    table = pa.ipc.open_stream(content).read_all()
    kinds = json.loads(table.schema.metadata[b"kinds"])
    frame: pd.DataFrame = table.to_pandas(ignore_metadata=True)
    for name, kind in kinds.items():
        if kind == "object":
            frame[name] = pd.Series(table[name].to_pylist(), dtype=object)
        else:
            frame[name] = frame[name].astype(kind)
    return frame
