"""How are rows of activity kept in the lake, so that a row once read is not read again?

Whatever a build reads of activity it keeps as it holds it, in *runs*: the rows that became
known between two builds, in the order of their accounts. The next build links the runs of the
one before into its own folder and adds one. Rows that have changed since end a run before its
time. Where a run is not what was written, nothing that was kept is used.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from features.coded import Held
from features.sealed import Seals, are_whole, sealed
from features.taken import NO_USERS, Asking, Counted, RowsByAccount, Run, take_in

FOLDER = "rows"
"""Where in a build's folder runs are kept; no part of its features."""
TOLD = "runs.json"
LAYOUT = 2
MOST_RUNS = 64
"""With more of them, rows are read anew, and kept in one."""


@dataclass(frozen=True, slots=True)
class KeptRun:
    """A run in the lake."""

    name: str
    rows: int
    from_day: int | None
    until_day: int
    """Its rows that became known from this day on no longer hold."""
    capabilities: tuple[str, ...]
    counted: tuple[tuple[int, ...], ...]
    """Of each capability: rows, and the first moment, in all that was read."""
    before_day: int
    """What was read had become known before that day."""
    seals: Seals
    """Which tell whether its files are still the same."""


class Naming(NamedTuple):
    """A file that names users: its seal, and how many it names."""

    file: str
    mark: str
    sum: int
    users: int


@dataclass(frozen=True, slots=True)
class Kept:
    """The runs of a build, or why there are none."""

    folder: Path
    runs: tuple[KeptRun, ...] = ()
    why_not: str | None = None

    @classmethod
    def of(cls, build: Path | None) -> "Kept":
        """Look at what an earlier build has kept."""
        if build is None or not (build / FOLDER / TOLD).is_file():
            return cls(Path(), why_not="no earlier build has kept its rows")
        folder = build / FOLDER
        try:
            told = json.loads((folder / TOLD).read_text("utf-8"))
            if told["layout"] != LAYOUT:
                return cls(folder, why_not="rows were kept in another layout")
            runs = tuple(_told(run) for run in told["runs"])
            is_whole = all(_is_whole(folder, run) for run in runs)
        except (OSError, ValueError, KeyError, TypeError):
            is_whole = False
        if not is_whole:
            return cls(folder, why_not="the rows that were kept are damaged")
        return cls(folder, runs)

    def holding_until(self, day: int) -> "Kept":
        """What still holds where rows that became known from a day on have changed."""
        runs = tuple(
            replace(run, until_day=min(run.until_day, day))
            for run in self.runs
            if run.from_day is None or run.from_day < day
        )
        if len(runs) >= MOST_RUNS:
            return Kept(self.folder, why_not="rows were kept in too many runs")
        return replace(self, runs=runs)

    @property
    def until_day(self) -> int | None:
        """The day from which on nothing is kept."""
        return max((run.until_day for run in self.runs), default=None)

    def linked_into(self, build: Path) -> "Kept":
        """Let the runs be in a new build's folder too."""
        folder = build / FOLDER
        folder.mkdir()
        for run in self.runs:
            for name in _files(run.name):
                os.link(self.folder / name, folder / name)
        return replace(self, folder=folder)

    def with_run(self, name: str, run: Run, users: pa.Array, asking: Asking) -> "Kept":
        """Write one more run; ``users`` are those that no run before it names."""
        for part, array in run.rows._asdict().items():
            np.save(self.folder / f"{name}.{part}.npy", array, allow_pickle=False)
        for part, texts in (("accounts", run.ids), ("users", users)):
            pq.write_table(pa.table({part: texts}), self.folder / f"{name}.{part}.parquet")
        added = KeptRun(
            name,
            rows=len(run.rows.known),
            from_day=asking.since_day,
            until_day=asking.before_day,
            capabilities=run.capabilities,
            counted=tuple(tuple(one.tolist()) for one in run.whole),
            before_day=run.before_day,
            seals=sealed(self.folder / file for file in _files(name)),
        )
        return replace(self, runs=(*self.runs, added), why_not=None)

    def write(self) -> None:
        """Say what there is, for the next build."""
        told = {"layout": LAYOUT, "runs": [asdict(run) for run in self.runs]}
        (self.folder / TOLD).write_text(json.dumps(told, indent=1), encoding="utf-8")

    def held(self) -> Held:
        """The rows, which are read from the disk where something looks at them."""
        runs = [(_run(self.folder, run), run.until_day) for run in self.runs]
        return Held(runs, self.users())

    @property
    def users_named_in(self) -> list[Naming]:
        """The files that name the users, in the order of their numbers."""
        files = {f"{run.name}.users.parquet": run.seals for run in self.runs}
        counts = {file: pq.read_metadata(self.folder / file).num_rows for file in files}
        return [Naming(file, *files[file][file], counts[file]) for file in files]

    def users(self) -> pa.Array:
        """All users whom the runs name, in the order of their numbers."""
        texts = [_texts(self.folder, run.name, "users") for run in self.runs]
        return pa.concat_arrays(texts) if texts else NO_USERS


def with_new(
    kept: Kept, activity: ir.Table, *, before_day: int, edges: Sequence[str] = ()
) -> Kept:
    """Read what became known since, of the accounts between two edges at a time; keep it."""
    asking = Asking(before_day, since_day=kept.until_day)
    if asking.since_day == before_day:
        return kept
    since = "first" if asking.since_day is None else str(asking.since_day)
    for number, (low, high) in enumerate(pairwise([None, *edges, None])):
        users = kept.users()
        own = asking._replace(low=low, high=high)
        run, named = take_in(activity, own, users)
        kept = kept.with_run(f"{since}-{number}", run, named[len(users) :], own)
    return kept


def edges_between(accounts: ir.Table, pieces: int) -> list[str]:
    """Ids between which there are about as many accounts each."""
    ids = accounts.select("account_id").distinct().to_pyarrow()["account_id"].to_pylist()
    pieces = min(pieces, len(ids))
    in_order = sorted(ids)
    return [in_order[len(ids) * piece // pieces] for piece in range(1, pieces)]


def _is_whole(folder: Path, run: KeptRun) -> bool:
    return are_whole(folder, run.seals) and set(run.seals) == set(_files(run.name))


def _told(run: Mapping[str, Any]) -> KeptRun:
    counted = tuple(map(tuple, run["counted"]))
    return KeptRun(**{**run, "capabilities": tuple(run["capabilities"]), "counted": counted})


def _run(folder: Path, run: KeptRun) -> Run:
    arrays = RowsByAccount(*(_array(folder, run.name, part) for part in RowsByAccount._fields))
    whole = Counted(*(np.array(one, dtype=np.int64) for one in run.counted))
    ids = _texts(folder, run.name, "accounts")
    return Run(ids, run.capabilities, arrays, whole, run.before_day)


def _array(folder: Path, name: str, part: str) -> np.ndarray:
    path = folder / f"{name}.{part}.npy"
    mapped = np.load(path, mmap_mode="c", allow_pickle=False)
    return np.asarray(mapped)


def _texts(folder: Path, name: str, part: str) -> pa.Array:
    column = pq.ParquetFile(folder / f"{name}.{part}.parquet").read().column(0)
    return column.combine_chunks()


def _files(name: str) -> list[str]:
    arrays = [f"{name}.{part}.npy" for part in RowsByAccount._fields]
    return [*arrays, f"{name}.accounts.parquet", f"{name}.users.parquet"]
