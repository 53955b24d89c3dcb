"""How is a feature set kept in the lake, so that training and scoring read the same one?

One Parquet file per frame, and one JSON file per catalogue. Rows come in groups of one size, so
that neither the bytes nor the memory to write them depend on how many come at a time.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from configs.errors import LakeError
from features.asof import Ints
from features.assemble import FeatureSet, together
from features.catalogue import Catalogue, Feature
from features.columns import StoredColumns, morning_in
from features.joined import Parts, joined, order_by_account, places, rows_of
from features.known_as import COLUMNS, changes_told

CATALOGUES = ("catalogue", "step_catalogue")
DERIVED = "changes"
"""What is not kept, since it follows from the snapshots of all mornings."""
FRAMES = tuple(f.name for f in fields(FeatureSet) if f.name not in (*CATALOGUES, DERIVED))
GROWN = ("snapshots", "values", "steps")
"""Frames that grow with the mornings, and are kept in parts."""
ACROSS = "_across"
"""What a file is called that holds the last columns of a frame."""
GROUP_ROWS = 1 << 16


def write_features(features: FeatureSet, folder: Path) -> None:
    """Write a feature set that is there as a whole."""
    for name in FRAMES:
        with frame_file(folder, name) as file:
            file.add(as_arrow(getattr(features, name)))
    for name in CATALOGUES:
        write_catalogue(folder, name, getattr(features, name).values())


def read_features(folder: Path, days: Ints | None = None) -> FeatureSet:
    """Read what a build wrote, of some of its mornings where ``days`` are given.

    What does not grow with the mornings is read whole, and as what accounts were known is told
    of all of them. LakeError where no build ever finished.
    """
    with _of_a_build(folder):
        parts: dict[str, Any] = {n: _frame(folder, n) for n in FRAMES if n not in GROWN}
        if days is not None:
            parts[DERIVED] = _changes(folder)
        parts |= _in_parts(folder, days)
        parts |= {name: _catalogue(folder / f"{name}.json") for name in CATALOGUES}
    return FeatureSet(**parts)


def read_exits(folder: Path) -> pd.DataFrame:
    """Read the exits of a build alone."""
    with _of_a_build(folder):
        return _frame(folder, "exits")


def mornings_of(folder: Path) -> tuple[Ints, Ints]:
    """The mornings of a build, and how many accounts were live on each."""
    with _of_a_build(folder):
        told = [StoredColumns(path)["day"] for path in folder.glob("snapshots*.parquet")]
    days, live = np.unique(np.concatenate(told), return_counts=True)
    return days.astype(np.int64), live.astype(np.int64)


@contextmanager
def _of_a_build(folder: Path) -> Iterator[None]:
    """Read something there; LakeError where no build finished, or what it wrote is damaged."""
    files = [f"{name}.parquet" for name in FRAMES] + [f"{name}.json" for name in CATALOGUES]
    if not all((folder / name).is_file() for name in files):
        raise LakeError(str(folder), "holds no finished build", "Run `milepost build` first")
    try:
        yield
    except (pa.ArrowInvalid, OSError, json.JSONDecodeError) as wrong:
        raise LakeError(str(folder), "is not whole", "Run `milepost build` again") from wrong


def read_morning(folder: Path, day: int) -> pd.DataFrame:
    """Read the values of one morning of a build, by account id, and nothing of the others.

    Raises LakeError where no build finished there, or none of that morning.
    """
    try:
        part, rows = morning_in(folder, day)
        ids = StoredColumns(folder / f"snapshots{part}.parquet")["account_id"][rows]
        files = [paths[0] for paths in _files(folder, "values", [part])]
        told = [pq.ParquetFile(path).read().to_pandas().take(rows) for path in files]
    except (LookupError, pa.ArrowInvalid, OSError) as wrong:
        problem = "does not hold the morning asked for"
        raise LakeError(str(folder), problem, "Run `milepost build` first") from wrong
    values: pd.DataFrame = pd.concat(told, axis=1)
    return values.set_index(pd.Index(ids, name="account_id", dtype="str"))


def read_catalogues(folder: Path) -> tuple[Catalogue, Catalogue]:
    """Read the inputs' entries alone: those of an account, and those of an open milestone."""
    account, step = (_catalogue(folder / f"{name}.json") for name in CATALOGUES)
    return account, step


def write_catalogue(folder: Path, name: str, features: Iterable[Feature]) -> None:
    entries = [asdict(feature) for feature in features]
    (folder / f"{name}.json").write_text(json.dumps(entries, indent=1), encoding="utf-8")


def as_arrow(columns: pd.DataFrame | Mapping[str, np.ndarray]) -> pa.Table:
    """Columns as they are written: NaN is null."""
    if isinstance(columns, pd.DataFrame):
        table = pa.Table.from_pandas(columns, preserve_index=False)
        return table.replace_schema_metadata(None)
    arrays = {name: pa.array(values, from_pandas=True) for name, values in columns.items()}
    return pa.table(arrays)


class FrameFile:
    """A frame on its way into a file, some rows at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._waiting: list[pa.Table] = []
        self._nothing: pa.Table | None = None
        self._writer: pq.ParquetWriter | None = None
        self._schema: pa.Schema | None = None

    def add(self, rows: pa.Table) -> None:
        """Append rows; the first ones say which types the columns have."""
        if not rows.num_rows and self._schema is None:
            self._nothing = rows
            return
        if self._schema is None:
            self._open(rows)
        has_its_types = rows.schema.equals(self._schema)
        self._waiting.append(rows if has_its_types else rows.cast(self._schema))
        count = sum(table.num_rows for table in self._waiting)
        if count >= GROUP_ROWS:
            waiting = pa.concat_tables(self._waiting)
            whole = count // GROUP_ROWS * GROUP_ROWS
            for start in range(0, whole, GROUP_ROWS):
                # Of a group that came in one piece nothing is copied.
                self._write(waiting.slice(start, GROUP_ROWS))
            self._waiting = [waiting.slice(whole)]

    def close(self) -> None:
        if self._schema is None and self._nothing is not None:
            self._open(self._nothing)
        if self._writer is not None:
            if self._waiting:
                self._write(pa.concat_tables(self._waiting))
            self._writer.close()

    def _open(self, rows: pa.Table) -> None:
        self._schema = pa.schema([_told(field) for field in rows.schema])
        self._writer = pq.ParquetWriter(self._path, self._schema, compression="zstd")

    def _write(self, rows: pa.Table) -> None:
        if self._writer is not None and rows.num_rows:
            plain = rows.combine_chunks()
            self._writer.write_table(plain, row_group_size=GROUP_ROWS)


@contextmanager
def frame_file(folder: Path, name: str) -> Iterator[FrameFile]:
    """A file to which a frame's rows are added."""
    file = FrameFile(folder / f"{name}.parquet")
    try:
        yield file
    finally:
        file.close()


def _told(field: pa.Field) -> pa.Field:
    """A column of which nothing is known yet may still become text."""
    return field.with_type(pa.string()) if pa.types.is_null(field.type) else field


def _in_parts(folder: Path, days: Ints | None) -> dict[str, pd.DataFrame]:
    """Put the parts of what grows with the mornings together, in the order of accounts."""
    parts = sorted(p.stem.removeprefix("snapshots") for p in folder.glob("snapshots*.parquet"))
    snapshots, values, steps = (_files(folder, name, parts) for name in GROWN)
    order = order_by_account(snapshots[0], days)
    place = places(order, rows_of(snapshots[0]))
    snapshot = _snapshots_of_steps(snapshots[0], steps[0], place)
    in_turn = np.argsort(snapshot, kind="stable")
    in_turn = in_turn[snapshot[in_turn] >= 0]
    return {
        "snapshots": joined(snapshots, order=order),
        "values": joined(values, order=order),
        "steps": joined(steps, order=in_turn).assign(snapshot=snapshot[in_turn]),
    }


def _changes(folder: Path) -> pd.DataFrame:
    """As what accounts were known on all mornings; a part of them is held at a time."""
    parts = []
    for path in folder.glob("snapshots*.parquet"):
        told = pq.ParquetFile(path).read(columns=list(COLUMNS)).to_pandas()
        parts.append(changes_told(told))
    whole = together(parts).sort_values(["account_id", "day"], ignore_index=True)
    return changes_told(whole)


def _files(folder: Path, name: str, parts: Sequence[str]) -> list[list[Path]]:
    """The files of all parts of a frame, and those of its last columns where there are any."""
    told = ([folder / f"{name}{end}{part}.parquet" for part in parts] for end in ("", ACROSS))
    return [paths for paths in told if any(map(Path.is_file, paths))]


def _snapshots_of_steps(snapshots: Parts, steps: Parts, place: Ints) -> Ints:
    """The row of the snapshot of every open milestone, which counts within its part.

    -1 where that snapshot is not asked for.
    """
    before = np.cumsum([0, *(rows_of([path]) for path in snapshots)])
    told = (StoredColumns(path)["snapshot"].astype(np.int64) for path in steps)
    behind = [one + start for one, start in zip(told, before[:-1], strict=True)]
    row: Ints = place[np.concatenate(behind)]
    return row


def _frame(folder: Path, name: str) -> pd.DataFrame:
    frame: pd.DataFrame = pq.ParquetFile(folder / f"{name}.parquet").read().to_pandas()
    if "days_open" in frame and name == "standing":
        frame["days_open"] = frame["days_open"].astype("Int32")
    return frame


def _catalogue(path: Path) -> Catalogue:
    return Catalogue(Feature(**entry) for entry in json.loads(path.read_text("utf-8")))
