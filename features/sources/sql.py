"""A customer whose tables are in a database: PostgreSQL, or another that Ibis speaks to.

What reads the tables asks the database to count, sum and group; only what is small comes back.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import ibis
import ibis.expr.types as ir
from ibis.common.exceptions import IbisError

from configs.errors import ConfigError, DataError, UnreachableError
from configs.nearest import did_you_mean
from configs.project import Project
from features.sources.address import place, tidy
from features.sources.source import Stored
from features.tables import TABLES

POSTGRES = ("postgresql", "postgres")
OTHERS = ("bigquery", "databricks", "snowflake", "trino")
"""Reached through Ibis alone, by the same words."""


def open_sql(project: Project, folder: Path) -> Stored:
    """Connect to the database that the URL names, and find the tables in it."""
    url = project.source.url or ""
    scheme = url.partition("://")[0].lower()
    if scheme not in (*POSTGRES, *OTHERS):
        hint = did_you_mean(scheme, (POSTGRES[0], *OTHERS))
        raise ConfigError(_WHERE, f"is no URL of a database we know{hint}", _WRITE)
    try:
        return _in_postgres(url, project) if scheme in POSTGRES else through_ibis(url, project)
    except ModuleNotFoundError as missing:
        extra = "milepost[postgres]" if scheme in POSTGRES else f"ibis-framework[{scheme}]"
        problem = f"needs a driver that is not installed ({missing.name})"
        raise ConfigError(_WHERE, problem, f"Install '{extra}'") from missing


_WHERE = "`source.url`"
_WRITE = "Write it as postgresql://user:password@host/database"
_SCHEMA_REMEDY = "Set `schema` under [source] in project.toml"


def _in_postgres(url: str, project: Project) -> Stored:
    from features.sources.postgres import ArrowPostgres, RefusedError

    where = place(url)
    connection = ArrowPostgres.reached(url, where=where, tidy=lambda said: tidy(said, url))
    return _stored(
        connection,
        where,
        project,
        failures=(RefusedError,),
        glance=connection.glance,
        steady=connection.steady,
    )


def through_ibis(url: str, project: Project) -> Stored:
    """Connect with nothing but what Ibis itself can do."""
    where = place(url)
    try:
        connection = ibis.connect(url)
    except ModuleNotFoundError:
        raise
    except Exception as wrong:
        reason = tidy(" ".join(str(wrong).split())[:200], url)
        raise UnreachableError(where, f"cannot be reached ({reason})", _WRITE) from wrong
    return _stored(connection, where, project, failures=(IbisError,))


Places = Mapping[str, tuple[str, str]]
"""The schema and the table in which the database keeps each table of the contract."""


def _stored(
    connection: ibis.BaseBackend,
    where: str,
    project: Project,
    *,
    failures: tuple[type[Exception], ...],
    glance: Callable[[Places], str | None] = lambda places: None,
    steady: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> Stored:
    default = project.source.schema_ or connection.current_database
    wanted = {name: _place_of(project.source.stored_name(name), default) for name in TABLES}
    present = dict(_tables_of(connection, {schema for schema, _ in wanted.values()}, where))
    places = {
        name: (schema, table)
        for name, (schema, table) in wanted.items()
        if table in present.get(schema, ())
    }
    return Stored(
        connection=connection,
        where=where,
        tables={
            name: usable(connection.table(table, database=schema))
            for name, (schema, table) in places.items()
        },
        names=tuple(
            table if schema == default else f"{schema}.{table}"
            for schema, tables in present.items()
            for table in tables
        ),
        glance=lambda: glance(places),
        steady=steady,
        failures=failures,
    )


def _place_of(written: str, default: str) -> tuple[str, str]:
    schema, dot, table = written.rpartition(".")
    return (schema if dot else default), table


def _tables_of(
    connection: ibis.BaseBackend, schemas: set[str], where: str
) -> Iterator[tuple[str, tuple[str, ...]]]:
    known = sorted(connection.list_databases())
    for schema in sorted(schemas):
        if schema not in known:
            hint = did_you_mean(schema, known)
            raise DataError(where, f"there is no schema {schema}{hint}", _SCHEMA_REMEDY)
        yield schema, tuple(sorted(connection.list_tables(database=schema)))


def usable(rows: ir.Table) -> ir.Table:
    """Turn values of the database's own types into text; leave out what is no single value."""
    told = {}
    for name, kind in rows.schema().items():
        plain = kind.is_numeric() or kind.is_string() or kind.is_boolean()
        if plain or kind.is_timestamp() or kind.is_date():
            told[name] = rows[name]
        elif not (kind.is_nested() or kind.is_binary() or kind.is_json()):
            told[name] = rows[name].cast("string")
    return rows.select(**told)
