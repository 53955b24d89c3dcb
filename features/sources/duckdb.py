"""The embedded engine, and a customer whose tables are in one DuckDB file."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

import duckdb
import ibis

from configs.errors import DataError
from configs.nearest import did_you_mean
from configs.project import Project
from features.sources.prints import content_print, glance_at_files
from features.sources.source import Stored
from features.tables import TABLES


def embedded_engine() -> ibis.BaseBackend:
    """Start DuckDB in memory: quiet, in UTC, and never fetching anything from the network."""
    connection = ibis.duckdb.connect(
        autoinstall_known_extensions="false",
        autoload_known_extensions="false",
        preserve_insertion_order="false",
        temp_directory=str(Path(tempfile.gettempdir()) / f"milepost-{uuid4().hex}"),
    )
    for setting in ("SET GLOBAL TimeZone = 'UTC'", "SET enable_progress_bar = false"):
        connection.con.execute(setting)
    return connection


def open_duckdb(project: Project, folder: Path) -> Stored:
    """Open a DuckDB file for reading only; other programs may read it meanwhile."""
    path = (folder / Path(project.source.path).expanduser()).resolve()
    if not path.is_file():
        around = path.parent.glob("*.duckdb") if path.parent.is_dir() else ()
        hint = did_you_mean(path.name, sorted(found.name for found in around))
        raise DataError(str(path), f"there is no such file{hint}", _REMEDY)
    connection = embedded_engine()
    try:
        connection.con.execute(f"ATTACH {quoted(str(path))} AS customer (READ_ONLY)")
    except duckdb.Error as wrong:
        raise DataError(str(path), f"cannot be opened ({_reason(wrong)})", _REMEDY) from wrong
    present = connection.con.execute(_TABLES_PRESENT).fetchall()
    views = {}
    for name in TABLES:
        schema, table = _place_of(name, project)
        if (schema, table) in present:
            views[name] = f'SELECT * FROM customer."{schema}"."{table}"'
    parts = [path, path.with_name(path.name + ".wal")]
    default_schema = project.source.schema_ or "main"
    return Stored(
        connection=connection,
        where=str(path),
        tables=as_views(connection, views),
        names=tuple(t if s == default_schema else f"{s}.{t}" for s, t in present),
        fingerprint=lambda: content_print({"": parts}),
        glance=lambda: glance_at_files(parts),
        failures=(duckdb.Error,),
    )


def as_views(connection: ibis.BaseBackend, queries: Mapping[str, str]) -> dict[str, ibis.Table]:
    """Name each query, so that Ibis can read it as a table."""
    for name, query in queries.items():
        told = _in_microseconds(connection, query)
        connection.con.execute(f"CREATE OR REPLACE TEMP VIEW stored_{name} AS {told}")
    return {name: connection.table(f"stored_{name}") for name in queries}


def _in_microseconds(connection: ibis.BaseBackend, query: str) -> str:
    """Read moments in nanoseconds with a zone, which Ibis does not know and pandas writes."""
    columns = connection.con.execute(f"DESCRIBE {query}").fetchall()
    finer = [_name(column) for column, kind, *_ in columns if kind == "TIMESTAMPTZ_NS"]
    if not finer:
        return query
    casts = ", ".join(f"CAST({column} AS TIMESTAMPTZ) AS {column}" for column in finer)
    return f"SELECT * REPLACE ({casts}) FROM ({query})"


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def quoted(text: str) -> str:
    """Write a text as SQL does."""
    return "'" + text.replace("'", "''") + "'"


_REMEDY = "Set `path` under [source] in project.toml to a DuckDB file that can be read"
_TABLES_PRESENT = """
SELECT table_schema, table_name FROM information_schema.tables
WHERE table_catalog = 'customer' ORDER BY ALL
"""


def _place_of(name: str, project: Project) -> tuple[str, str]:
    """Find the schema and the table that hold a table of the contract."""
    written = project.source.stored_name(name)
    schema, dot, table = written.rpartition(".")
    return (schema if dot else project.source.schema_ or "main"), table


def _reason(wrong: Exception) -> str:
    return " ".join(str(wrong).split())[:160]
