"""How does Ibis work inside PostgreSQL, and how do results come out of it quickly?

Three things are told to Ibis that it does otherwise. Results come by ADBC, in columns, not row
by row. Small frames travel inside the query, so that a user who may only read is enough. And
while ``steady``, all queries see the database as it was at the first; outside of it nothing is
held, so that nobody who wants to replace a table waits for us.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import adbc_driver_manager
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.types as ir
import psycopg
import pyarrow as pa
import sqlglot as sg
import sqlglot.expressions as sge
from adbc_driver_postgresql import dbapi
from ibis.backends.postgres import Backend
from ibis.backends.sql.compilers.postgres import PostgresCompiler
from ibis.formats.pandas import PandasData

from configs.errors import MilepostError, UnreachableError
from features.reduce import SECONDS_A_DAY

WAIT_SECONDS = 10
A_NUMBER = (
    r"^\s*[+-]?(([0-9]{1,200}(\.[0-9]*)?|\.[0-9]+)(e[+-]?[0-9]{1,2})?|inf(inity)?|nan)\s*$"
)
A_DATE = (
    r"(?!0000)[0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])"
    r"|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
    r"|([0-9]{2}(0[48]|[2468][048]|[13579][26])|([2468][048]|[13579][26]|0[48])00)-02-29"
)
"""Only days that there are: the 29th of February in leap years alone."""
A_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]+)?)?"
A_ZONE = r"\s?(Z|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?)"
A_MOMENT = rf"^\s*({A_DATE})([T ]{A_TIME}({A_ZONE})?)?\s*$"
REMEDY = "See that `url` under [source] is right and that the server runs"
SESSION = (
    "SET TIMEZONE = 'UTC'",
    "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY",
)
CHANGES = """
SELECT c.oid, c.relkind, c.relfilenode, s.n_tup_ins, s.n_tup_upd, s.n_tup_del
FROM unnest(%s::text[], %s::text[]) AS wanted(of_schema, of_table)
JOIN pg_namespace n ON n.nspname = wanted.of_schema
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = wanted.of_table
LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid
"""


class RefusedError(MilepostError):
    """The server answered that it cannot do what was asked."""


class Compiler(PostgresCompiler):  # type: ignore[misc]
    """Ibis's PostgreSQL, with small frames inline and texts read without ever stumbling."""

    def visit_InMemoryTable(  # noqa: N802
        self, op: Any, *, name: str, schema: Any, data: Any
    ) -> Any:
        """Write a small frame as arrays, which need no table and no right to make one."""
        frame = data.to_pyarrow(schema)
        arrays = [
            self.cast(sge.convert(_array_text(frame[column].to_pylist())), dt.Array(kind))
            for column, kind in schema.items()
        ]
        names = [sg.to_identifier(column, quoted=True) for column in schema.names]
        alias = sge.TableAlias(this=sg.to_identifier(name, quoted=True), columns=names)
        return sg.select(sge.Star()).from_(sge.Unnest(expressions=arrays, alias=alias))

    def visit_TryCast(self, op: Any, *, arg: Any, to: dt.DataType) -> Any:  # noqa: N802
        """Read what looks like a number or a moment; everything else is null."""
        looks = A_MOMENT if to.is_timestamp() else A_NUMBER
        matches = sge.RegexpILike(this=arg, expression=sge.convert(looks))
        return sge.Case(ifs=[sge.If(this=matches, true=self.cast(arg, to))])

    def visit_FloorDivide(self, op: Any, *, left: Any, right: Any) -> Any:  # noqa: N802
        """Count whole days by the calendar, and round down also below zero."""
        if _counts_days(op):
            day = self.cast(left.expression, dt.date)
            return self.cast(day - self.cast(sge.convert("1970-01-01"), dt.date), op.dtype)
        quotient = self.cast(left, dt.float64) / sge.paren(right)
        return self.cast(self.f.floor(quotient), op.dtype)

    def visit_Round(self, op: Any, *, arg: Any, digits: Any) -> Any:  # noqa: N802
        """Round halves away from zero, as the embedded engine does."""
        if not op.dtype.is_integer() or op.arg.dtype.is_integer():
            return super().visit_Round(op, arg=arg, digits=digits)
        whole = self.f.anon.trunc(arg)
        is_half = self.f.abs(sge.paren(arg) - whole) >= 0.5
        return self.cast(whole + self.if_(is_half, self.f.sign(arg), 0), op.dtype)


class ArrowPostgres(Backend):  # type: ignore[misc]
    """PostgreSQL by Ibis, read in columns, at one moment, by a user who may only read."""

    compiler = Compiler()

    @classmethod
    def reached(cls, url: str, *, where: str, tidy: Callable[[str], str]) -> "ArrowPostgres":
        """Connect; UnreachableError where nobody answers or lets us in."""
        try:
            told = psycopg.connect(patient(url), autocommit=True)
            columns = dbapi.connect(patient(url), autocommit=True)
        except (psycopg.Error, adbc_driver_manager.Error) as wrong:
            reason = tidy(_words_of(wrong))
            raise UnreachableError(where, f"cannot be reached ({reason})", REMEDY) from wrong
        backend: ArrowPostgres = cls.from_connection(told)
        backend.where, backend.tidy, backend.columns = where, tidy, columns
        for setting in SESSION:
            with columns.cursor() as cursor:
                cursor.execute(setting)
        return backend

    @contextmanager
    def steady(self) -> Iterator[None]:
        """See one moment of the database in all queries until the end."""
        held = self.columns.adbc_connection
        held.set_autocommit(False)
        try:
            yield
        finally:
            with suppress(adbc_driver_manager.Error):
                self.columns.rollback()
                held.set_autocommit(True)

    def disconnect(self) -> None:
        for connection in (self.columns, self.con):
            with suppress(adbc_driver_manager.Error, psycopg.Error):
                connection.close()

    def to_pyarrow_batches(self, expr: ir.Expr, /, **options: Any) -> pa.RecordBatchReader:
        return self._fetched(expr, **options).to_reader()

    def execute(self, expr: ir.Expr, /, **options: Any) -> Any:
        frame = self._fetched(expr, **options).to_pandas()
        schema = expr.as_table().schema()
        return expr.__pandas_result__(PandasData.convert_table(frame, schema))

    def glance(self, places: Mapping[str, tuple[str, str]]) -> str | None:
        """Print the server's own count of changes; None where a view hides them from it."""
        wanted = list(places.values())
        with self.con.cursor() as cursor:
            found = cursor.execute(CHANGES, [[s for s, _ in wanted], [t for _, t in wanted]])
            tables = sorted(found.fetchall())
        if any(kind != "r" for _, kind, *_ in tables):
            return None
        return hashlib.sha256(repr(tables).encode()).hexdigest()

    def _register_in_memory_tables(self, expr: ir.Expr) -> None:
        """Do nothing: the compiler writes them into the query."""

    def _fetched(self, expr: ir.Expr, **options: Any) -> pa.Table:
        rows = expr.as_table()
        schema = rows.schema()
        options = {key: value for key, value in options.items() if key in ("limit", "params")}
        inner = self.compile(rows, **options)
        # By position: the server cuts names after 63 bytes.
        columns = [f"c{position}" for position in range(len(schema))]
        sent = ", ".join(map(self._sent, columns, schema.types))
        query = f"SELECT {sent} FROM ({inner}) AS sent({', '.join(columns)})"
        found = self._asked(lambda cursor: cursor.execute(query).fetch_arrow_table())
        return found.rename_columns(list(schema.names)).cast(schema.to_pyarrow())

    def _sent(self, column: str, kind: dt.DataType) -> str:
        """Have the server send the type that Ibis promised; decimals as their digits."""
        told = dt.string if kind.is_decimal() or kind.is_null() else kind
        return f"CAST({column} AS {self.compiler.type_mapper.to_string(told)}) AS {column}"

    def _asked(self, ask: Callable[[Any], Any]) -> Any:
        try:
            with self.columns.cursor() as cursor:
                return ask(cursor)
        except adbc_driver_manager.Error as wrong:
            reason = self.tidy(_words_of(wrong))
            if isinstance(wrong, adbc_driver_manager.OperationalError):
                problem = f"broke off ({reason})"
                raise UnreachableError(self.where, problem, REMEDY) from wrong
            raise RefusedError(self.where, reason, "Mend it there") from wrong


def patient(url: str) -> str:
    """Wait a while for a server that does not answer, not for ever."""
    if "connect_timeout" in url:
        return url
    return f"{url}{'&' if '?' in url else '?'}connect_timeout={WAIT_SECONDS}"


def _counts_days(op: Any) -> bool:
    is_epoch = isinstance(op.left, ops.ExtractEpochSeconds)
    return is_epoch and isinstance(op.right, ops.Literal) and op.right.value == SECONDS_A_DAY


def _array_text(values: Sequence[object]) -> str:
    """Write an array as PostgreSQL reads it.

    >>> _array_text([1, None, 'say "no"'])
    '{1,NULL,"say \\\\"no\\\\""}'
    """
    return "{" + ",".join(map(_element, values)) + "}"


def _element(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool | int | float):
        return str(value)
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _words_of(wrong: Exception) -> str:
    """What the server said, without the query."""
    said = str(wrong).partition("Query was:")[0].partition(" SQLSTATE")[0]
    for label in ("ERROR:", "FATAL:", "failed:"):
        said = said.rpartition(label)[2] if label in said else said
    return " ".join(said.split())[:200].rstrip(". ") or type(wrong).__name__
