"""A customer whose tables are files in a folder: Parquet or CSV, one per table or many.

``activity.parquet``, ``activity.csv`` (or ``.csv.gz``) and a folder ``activity/`` full of
either (or ``activity.parquet/``, as Spark writes it) all mean the table ``activity``. In CSV
everything is text until the contract says what it is, so that the account "007" stays "007".
"""

import csv
import gzip
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, cast

import duckdb
import ibis
import ibis.expr.types as ir

from configs.errors import DataError
from configs.nearest import did_you_mean
from configs.project import Project
from features.sources.duckdb import as_views, embedded_engine, quoted
from features.sources.filed import Filed
from features.sources.prints import glance_at_files
from features.sources.source import Stored
from features.tables import TABLES

ENDINGS = (".parquet", ".csv", ".csv.gz")
DELIMITERS = ",;\t|"
CHUNK_BYTES = 1 << 22
UNREADABLE = (OSError, EOFError, zlib.error)
"""What is raised over a file that is damaged, or that we may not open."""


@dataclass(frozen=True, slots=True)
class TableFiles:
    """The files that hold one table, all of one format."""

    table: str
    paths: tuple[Path, ...]

    @property
    def is_csv(self) -> bool:
        return not self.paths[0].name.endswith(".parquet")


def open_files(project: Project, folder: Path) -> Stored:
    """Open a folder of Parquet or CSV files named after the tables."""
    path = (folder / Path(project.source.path).expanduser()).resolve()
    if not path.is_dir():
        around = path.parent.iterdir() if path.parent.is_dir() else ()
        hint = did_you_mean(path.name, sorted(f.name for f in around if f.is_dir()))
        raise DataError(str(path), f"there is no such folder{hint}", _REMEDY)
    found = [
        files
        for name in TABLES
        if (files := _find(path, name, project.source.stored_name(name)))
    ]
    _must_hold_something(found, str(path))
    connection = embedded_engine()
    try:
        tables = as_views(connection, {files.table: _query(files) for files in found})
    except duckdb.Error as wrong:
        reason = str(wrong).partition("\n")[0][:200]
        raise DataError(
            str(path), f"holds a file that cannot be read ({reason})", _REMEDY
        ) from wrong
    return Stored(
        connection=connection,
        where=str(path),
        tables={f.table: _with_numbers(tables[f.table], f, project) for f in found},
        names=_names(path, {files.table for files in found}),
        glance=lambda: glance_at_files(path.rglob("*")),
        unreadable=lambda: dict(_not_utf8(found)),
        filed=Filed(
            {f.table: f.paths for f in found},
            lambda name, paths: _some(connection, name, paths),
        ),
        failures=(duckdb.Error,),
    )


_REMEDY = "Set `path` under [source] in project.toml to a folder of Parquet or CSV files"


def _names(folder: Path, found: set[str]) -> tuple[str, ...]:
    """What there is for whoever misspelt a table; not what is named like one and holds none."""
    names = {path.name.split(".")[0] for path in folder.iterdir()}
    return tuple(sorted(names - (set(TABLES) - found)))


def _some(connection: ibis.BaseBackend, table: str, paths: tuple[Path, ...]) -> ir.Table:
    """A table of some of its files alone, under a name that no other files have."""
    name = f"{table}_{zlib.crc32(' '.join(map(str, paths)).encode())}"
    return as_views(connection, {name: _query(TableFiles(table, paths))})[name]


def _find(folder: Path, table: str, name: str) -> TableFiles | None:
    """Find the one file, or the one folder of files, that holds a table."""
    named = [folder / f"{name}{end}" for end in ("", *ENDINGS)]
    whole = [p for p in named if p.is_file()]
    parts = sorted(p for home in named for p in home.rglob("*") if p.is_file() and _is_data(p))
    kinds = {f"{p.relative_to(folder).parts[0]}/*.{_format(p)}" for p in parts}
    if len(whole) + len(kinds) > 1:
        both = ", ".join([*(p.name for p in whole), *sorted(kinds)])
        raise DataError(
            str(folder), f"holds {table} more than once ({both})", "Keep one of them"
        )
    hollow = [p.name for p in named if _is_data(p) and (p.is_dir() or p.is_symlink())]
    if hollow and not (whole or parts):
        problem = f"holds {table} as {hollow[0]}, where there is no file"
        raise DataError(str(folder), problem, "Write it anew, or take it away")
    chosen = tuple(whole or parts)
    return TableFiles(table, chosen) if chosen else None


def _is_data(path: Path) -> bool:
    return path.name.endswith(ENDINGS)


def _format(path: Path) -> str:
    return "parquet" if path.name.endswith(".parquet") else "csv"


def _must_hold_something(found: list[TableFiles], where: str) -> None:
    """Refuse files of no bytes: a table without rows still has a header."""
    empty = [
        f"{p.name} is empty" for files in found for p in files.paths if not p.stat().st_size
    ]
    if empty:
        raise DataError(where, "; ".join(empty), "Write at least the names of the columns")


def _query(files: TableFiles) -> str:
    paths = f"[{', '.join(quoted(str(p)) for p in files.paths)}]"
    if not files.is_csv:
        hive = (
            "hive_partitioning = true, hive_types_autocast = false" if _is_hive(files) else ""
        )
        options = ", ".join(filter(None, ("union_by_name = true", hive)))
        return f"SELECT * FROM read_parquet({paths}, {options})"
    delimiter, header = _header(files)
    columns = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in header)
    return (
        f"SELECT * FROM read_csv({paths}, auto_detect = false, header = true, "
        f"delim = {quoted(delimiter)}, quote = '\"', escape = '\"', columns = {{{columns}}})"
    )


def _is_hive(files: TableFiles) -> bool:
    return all("=" in path.parent.name for path in files.paths)


def _header(files: TableFiles) -> tuple[str, tuple[str, ...]]:
    """Read how a CSV separates, and names, its columns; all parts must agree."""
    heads = {path: _first_row(path) for path in files.paths}
    first = heads[files.paths[0]]
    for path, head in heads.items():
        # The engine takes Name and name for one.
        repeated = [n for n, times in Counter(map(str.lower, head[1])).items() if times > 1]
        if repeated:
            raise DataError(str(path), f"names the column {repeated[0]!r} twice", "Rename one")
        if head != first:
            problem = f"has other columns than {files.paths[0].name}"
            raise DataError(str(path), problem, "Give all parts of a table the same header")
    return first


def _first_row(path: Path) -> tuple[str, tuple[str, ...]]:
    with _opened(path) as stream:
        text = TextIOWrapper(stream, encoding="utf-8-sig", errors="replace", newline="")
        line = text.readline()
    if not line.strip():
        raise DataError(str(path), "has no first line", "Write at least the names of columns")
    delimiter = max(DELIMITERS, key=line.count)
    names = next(csv.reader([line], delimiter=delimiter), [])
    return delimiter, tuple(n or f"unnamed_{at}" for at, n in enumerate(names, start=1))


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        with gzip.open(path) if path.name.endswith(".gz") else path.open("rb") as stream:
            yield cast(BinaryIO, stream)
    except UNREADABLE as wrong:
        raise DataError(str(path), f"cannot be read ({wrong})", "Write it anew") from wrong


def _not_utf8(found: list[TableFiles]) -> Iterator[tuple[str, str]]:
    for files in found:
        if files.is_csv:
            bad = [line for path in files.paths for line in _bad_lines(path)]
            if bad:
                shown = ", ".join(bad[:5])
                many = f"{len(bad):,} line{'s' if len(bad) > 1 else ''}"
                yield files.table, f"is not UTF-8 in {many} ({shown}); save it as UTF-8"


def _bad_lines(path: Path) -> list[str]:
    """Show each line that is not UTF-8; whole blocks are tried before single lines."""
    bad: list[str] = []
    with _opened(path) as stream:
        number = 1
        while lines := stream.readlines(CHUNK_BYTES):
            if not _is_utf8(b"".join(lines)):
                bad += [
                    f"line {number + offset}: {line.strip().decode('utf-8', 'replace')[:60]}"
                    for offset, line in enumerate(lines)
                    if not _is_utf8(line)
                ]
            number += len(lines)
    return bad


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _with_numbers(rows: ir.Table, files: TableFiles, project: Project) -> ir.Table:
    """Read attributes of a CSV as numbers where every one of them is a number."""
    if files.table != "accounts" or not files.is_csv:
        return rows
    contract = TABLES["accounts"].columns
    renamed = project.source.stored_columns("accounts")
    meant = set(contract) | {stored for name, stored in renamed.items() if name in contract}
    others = [name for name in rows.columns if name not in meant]
    numbers = {name for name in others if _are_numbers(rows, name)}
    return rows.mutate(**{name: rows[name].try_cast("float64") for name in numbers})


def _are_numbers(rows: ir.Table, name: str) -> bool:
    """Tell whether a column has numbers and nothing else; 007 is a code, not a number."""
    number, is_code = rows[name].try_cast("float64"), rows[name].re_search("^0[0-9]")
    wrong = rows[name].notnull() & (number.isnull() | number.isnan() | is_code)
    try:
        counted = rows.aggregate(wrong=wrong.sum(), values=rows[name].count()).to_pyarrow()
    except duckdb.Error:
        return False
    counts: Mapping[str, int] = counted.to_pylist()[0]
    return bool(counts["values"]) and not counts["wrong"]
