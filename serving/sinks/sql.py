"""How do the scores get into a table that the CS tool, the warehouse or a dashboard reads?

One row per account, keyed by ``account_id``. A row is inserted or updated, never deleted: an
account that has left keeps its last row, told apart by its older ``as_of``. Columns that others
have added to the table stay as they are. All of a publication arrives, or nothing of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError
from sqlalchemy.schema import CreateColumn

from configs.errors import ConfigError, DataError, UnreachableError
from serving.sinks.protocol import Change, Plan, Row, Scorecards, compare

_INSERT: Mapping[str, Any] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}
_SQL_TYPES: Mapping[type, Any] = {
    str: sa.Text(),
    float: sa.Double(),
    bool: sa.Boolean(),
    int: sa.Integer(),
    date: sa.Date(),
}
_WHERE = "`publish.url`"


class SqlSink:
    """A table of PostgreSQL or SQLite with the newest score of every account ever scored."""

    def __init__(self, url: str, *, table: str, schema: str | None = None) -> None:
        self._url, self._table, self._schema = _parsed(url), table, schema

    @property
    def name(self) -> str:
        path = ".".join(filter(None, (self._url.database, self._schema, self._table)))
        return f"{self._url.get_backend_name()} table {path}"

    def plan(self, scorecards: Scorecards) -> Plan:
        with self._transaction() as connection:
            return compare(scorecards, shown=self._shown(connection, scorecards))

    def apply(self, changes: Sequence[Change], *, scorecards: Scorecards) -> None:
        """Bring the table into shape where it is not, and write the rows."""
        rows = [dict(change.after) for change in changes if change.after is not None]
        if not rows:
            return
        ours = self._as_we_write_it(scorecards.columns)
        with self._transaction() as connection:
            ours.create(connection, checkfirst=True)
            for column in self._lacking(connection, ours):
                added = CreateColumn(column).compile(dialect=connection.dialect)
                table = connection.dialect.identifier_preparer.format_table(ours)
                connection.execute(sa.text(f"ALTER TABLE {table} ADD COLUMN {added}"))
            connection.execute(self._upsert(ours), rows)

    def _upsert(self, ours: sa.Table) -> Any:
        insert = _INSERT[self._url.get_backend_name()](ours)
        written = {each.name: insert.excluded[each.name] for each in ours.columns}
        del written["account_id"]
        return insert.on_conflict_do_update(index_elements=["account_id"], set_=written)

    def _shown(self, connection: sa.Connection, scorecards: Scorecards) -> dict[str, Row]:
        if not sa.inspect(connection).has_table(self._table, schema=self._schema):
            return {}
        ours = self._as_we_write_it(scorecards.columns)
        lacking = {column.name for column in self._lacking(connection, ours)}
        there = [column for column in ours.columns if column.name not in lacking]
        rows = connection.execute(sa.select(*there)).mappings()
        return {row["account_id"]: dict(row) for row in rows}

    def _lacking(self, connection: sa.Connection, ours: sa.Table) -> list["sa.Column[Any]"]:
        """The columns the table does not have yet; DataError where it has another key."""
        inspector = sa.inspect(connection)
        key = inspector.get_pk_constraint(self._table, schema=self._schema)
        if key["constrained_columns"] != ["account_id"]:
            found = key["constrained_columns"] or "none"
            problem = f"its primary key should be account_id and is {found}"
            raise DataError(self.name, problem, "Name another table in publish.table")
        there = {
            each["name"] for each in inspector.get_columns(self._table, schema=self._schema)
        }
        return [column for column in ours.columns if column.name not in there]

    def _as_we_write_it(self, columns: Mapping[str, type]) -> sa.Table:
        made = [
            sa.Column(name, _SQL_TYPES[kind], primary_key=name == "account_id")
            for name, kind in columns.items()
        ]
        return sa.Table(self._table, sa.MetaData(), *made, schema=self._schema)

    @cached_property
    def _engine(self) -> sa.Engine:
        try:
            return sa.create_engine(self._url, poolclass=sa.NullPool)
        except ModuleNotFoundError as wrong:
            problem = f"needs a driver that is not installed ({wrong.name})"
            remedy = "Install the `postgres` extra: pip install -e '.[postgres]'"
            raise ConfigError(_WHERE, problem, remedy) from wrong

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except DBAPIError as wrong:
            problem = str(wrong.orig).strip().splitlines()[0].rstrip(".")
            kind = UnreachableError if isinstance(wrong, OperationalError) else DataError
            raise kind(self.name, problem, "Mend it there, then publish again") from wrong


def _parsed(url: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
        parsed.get_dialect()
    except (ArgumentError, NoSuchModuleError) as wrong:
        remedy = "Write it as postgresql://user:password@host/database or sqlite:///file"
        raise ConfigError(_WHERE, "is no URL of a database we know", remedy) from wrong
    except ModuleNotFoundError:
        pass
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in _INSERT:
        problem = f"{parsed.get_backend_name()} is not a database we can write to"
        raise ConfigError(_WHERE, problem, f"Use one of {', '.join(_INSERT)}")
    return parsed
