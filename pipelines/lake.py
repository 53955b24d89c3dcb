"""Where does a run put what it made, and why can nobody ever read half of it?

A run writes into a folder of its own; only when all is there does the folder take its place
under ``<lake>/<name>/<kind>/as_of=YYYY-MM-DD``, in one step. A run that dies leaves the lake
readable as it was, and the next one sweeps up after it. One run at a time writes to a project.
"""

import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import date
from pathlib import Path
from typing import IO, Any, Literal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from configs.errors import LakeError
from pipelines import swap

Kind = Literal["builds", "backtests", "scores", "monitor"]
_WRITTEN_BY: Mapping[Kind, str] = {
    "builds": "milepost build",
    "backtests": "milepost backtest",
    "scores": "milepost score",
    "monitor": "milepost monitor",
}
_LOOKS_EVERY_SECONDS = 0.2
NUDGED = "nudged.parquet"
"""Where a build keeps about which milestones each account was nudged."""
HINDSIGHT = "hindsight.parquet"
"""Where a build keeps the morning before it of the accounts of which rows came late."""
MEASURES = "measures.parquet"
"""Where a backtest keeps every figure of it."""

_held: ContextVar[frozenset[Path]] = ContextVar("_held", default=frozenset())
"""The locks this run holds: a flow inside a flow must not wait for itself."""


class Lake:
    """The outputs of one project, by kind and as-of date."""

    def __init__(self, root: Path, name: str) -> None:
        self.root, self.name = root.absolute(), name
        self.home = self.root / name
        self.ledger = self.home / "ledger"
        self.published = self.home / "published"

    def path(self, kind: Kind, as_of: date) -> Path:
        return self.home / kind / f"as_of={as_of.isoformat()}"

    def dates(self, kind: Kind) -> list[date]:
        """The as-of dates that have outputs of this kind, oldest first."""
        found = []
        for folder in (self.home / kind).glob("as_of=*"):
            with suppress(ValueError):
                found.append(date.fromisoformat(folder.name.removeprefix("as_of=")))
        return sorted(found)

    def newest(self, kind: Kind, *, before: date | None = None) -> date | None:
        """The newest as-of date with outputs of this kind, earlier than `before` if given."""
        dates = [each for each in self.dates(kind) if before is None or each < before]
        return dates[-1] if dates else None

    def found(self, kind: Kind, as_of: date | None = None) -> date:
        """The as-of date asked for, by default the newest; LakeError where nothing is."""
        wanted = as_of or self.newest(kind)
        if wanted is not None and self.path(kind, wanted).is_dir():
            return wanted
        where = self.path(kind, wanted) if wanted else self.home / kind
        remedy = f"Run `{_WRITTEN_BY[kind]}` first, or name the lake with --lake"
        raise LakeError(str(where), "there is nothing here", remedy)

    def read(
        self, kind: Kind, as_of: date, *, file: str, columns: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """One Parquet file of one as-of date; LakeError where it is not."""
        return self.read_arrow(kind, as_of, file=file, columns=columns).to_pandas()  # type: ignore[no-any-return]

    def read_arrow(
        self, kind: Kind, as_of: date, *, file: str, columns: Sequence[str] | None = None
    ) -> pa.Table:
        chosen = None if columns is None else list(columns)
        path = self._file(kind, as_of, file)
        return read_parquet(path, columns=chosen, remedy=_again(kind, as_of))

    def read_json(self, kind: Kind, as_of: date, *, file: str = "run.json") -> dict[str, Any]:
        path = self._file(kind, as_of, file)
        try:
            return dict(json.loads(path.read_text(encoding="utf-8")))
        except ValueError as wrong:
            raise LakeError(str(path), "is not whole", _again(kind, as_of)) from wrong

    @contextmanager
    def replace(self, kind: Kind, as_of: date) -> Iterator[Path]:
        """An empty folder that takes the place of the old one if nothing is raised inside."""
        with self.lock():
            new = self._staging / kind / f"as_of={as_of.isoformat()}"
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir(parents=True)
            try:
                yield new
                swap.take_the_place_of(new, self.path(kind, as_of))
            finally:
                swap.restore(new, self.path(kind, as_of))

    @contextmanager
    def lock(self, *, wait_seconds: float = 0.0) -> Iterator[None]:
        """Be the only writer of this project's lake; LakeError if another run still is.

        The system gives the lock back when its process ends, however it ends. A run may take it
        again inside itself.
        """
        if self.home in _held.get():
            yield
            return
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / ".lock").open("a+", encoding="utf-8") as file:
            self._wait_for(file, wait_seconds)
            token = _held.set(_held.get() | {self.home})
            try:
                self._sweep()
                yield
            finally:
                _held.reset(token)

    @property
    def _staging(self) -> Path:
        return self.home / ".writing"

    def _file(self, kind: Kind, as_of: date, file: str) -> Path:
        path = self.path(kind, as_of) / file
        if path.is_file():
            return path
        self.found(kind, as_of)
        raise LakeError(str(path), "is not there", _again(kind, as_of))

    def _wait_for(self, file: IO[str], wait_seconds: float) -> None:
        deadline = time.monotonic() + wait_seconds
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise self._is_busy(file) from None
                time.sleep(_LOOKS_EVERY_SECONDS)
            else:
                file.truncate(0)
                file.write(str(os.getpid()))
                file.flush()
                return

    def _is_busy(self, file: IO[str]) -> LakeError:
        file.seek(0)
        writer = file.read().strip() or "unknown"
        problem = f"another run (process {writer}) is writing here"
        return LakeError(str(self.home), problem, "Wait until it is done, or stop it")

    def _sweep(self) -> None:
        for kind in _WRITTEN_BY:
            for left in sorted((self._staging / kind).glob("as_of=*")):
                name = left.name.removesuffix(".before")
                swap.restore(left.with_name(name), self.home / kind / name)


def read_parquet(path: Path, *, remedy: str, columns: list[str] | None = None) -> pa.Table:
    """Read a table of the lake; LakeError where somebody cut its file short."""
    try:
        return pq.ParquetFile(path).read(columns=columns)
    except (pa.ArrowInvalid, OSError) as wrong:
        problem = f"is not whole ({str(wrong).strip().rstrip('.')})"
        raise LakeError(str(path), problem, remedy) from wrong


def write_parquet(
    table: "pa.Table | pd.DataFrame", path: Path, *, schema: pa.Schema | None = None
) -> None:
    """Write a table so that equal tables give equal bytes.

    pandas' own metadata and the chunks a table happens to come in are left out; sorting the
    rows is the caller's business. With a schema, its columns are written, in its order.
    """
    if isinstance(table, pd.DataFrame):
        table = pa.Table.from_pandas(table, schema=schema, preserve_index=False)
    elif schema is not None:
        table = table.select(schema.names).cast(schema)
    plain = table.replace_schema_metadata(None).combine_chunks()
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.writing")
    pq.write_table(plain, unfinished, compression="zstd", row_group_size=128 * 1024)
    unfinished.replace(path)


def _again(kind: Kind, as_of: date) -> str:
    return f"Run `{_WRITTEN_BY[kind]} --as-of {as_of}` again"
