"""Is it still the same data? A print says so exactly, a glance almost for nothing.

Rows in a database are printed where they are: every row becomes a number, and the numbers are
added, so that their order does not matter and only the sums travel.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from pathlib import Path

import ibis
import ibis.expr.types as ir

PRIMES = (2**31 - 1, 2**31 - 19)
FIELD, GAP = "\x1f", "\x1e"


@ibis.udf.scalar.builtin(name="hash", signature=((None,), "uint64"))  # type: ignore[untyped-decorator]
def hash_in_duckdb(value: ir.Value) -> ir.IntegerValue:
    """Say it in DuckDB's own words: Ibis turns its hash into a signed number by way of bits."""


def print_of_rows(tables: Mapping[str, ir.Table]) -> str:
    """Print the rows of tables, each in one pass that runs where they are."""
    total = hashlib.sha256()
    for name, rows in sorted(tables.items()):
        counted = (
            rows.aggregate(rows=rows.count(), **sums_of_rows(rows)).to_pyarrow().to_pylist()[0]
        )
        total.update(f"{name} {rows.columns} {counted}\n".encode())
    return total.hexdigest()


def sums_of_rows(rows: ir.Table) -> dict[str, ir.IntegerScalar]:
    """Sums that tell the rows of a table, or of a group of it, from any others."""
    number = _number_of(rows)
    return {f"sum_{prime}": (number % prime).sum() for prime in PRIMES}


def _number_of(rows: ir.Table) -> ir.IntegerValue:
    """Make a number of every row; only DuckDB can do so without writing it out as text."""
    if rows.get_backend().name == "duckdb":
        return hash_in_duckdb(ibis.struct({name: rows[name] for name in rows.columns}))
    return _row_as_text(rows).hash()


def _row_as_text(rows: ir.Table) -> ir.StringValue:
    gap = ibis.literal(GAP)
    fields = [ibis.coalesce(rows[name].cast("string"), gap) for name in rows.columns]
    return reduce(lambda text, field: text + ibis.literal(FIELD) + field, fields)


def content_print(
    files: Mapping[str, Iterable[Path]], digest: Callable[[Path], str] | None = None
) -> str:
    """Print the content of files by label; where they lie does not matter.

    ``digest`` gives the print of one file, where somebody may know it already.
    """
    digest, total = digest or digest_of, hashlib.sha256()
    for label, paths in sorted(files.items()):
        for path in sorted(path for path in paths if path.is_file()):
            total.update(f"{label} {path.name} {digest(path)}\n".encode())
    return total.hexdigest()


def digest_of(path: Path) -> str:
    """Print the content of one file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def glance_at_files(paths: Iterable[Path]) -> str:
    """Sizes and times of change, without reading anything."""
    seen = []
    for path in sorted(paths):
        if path.is_file():
            facts = path.stat()
            seen.append(f"{path} {facts.st_size} {facts.st_mtime_ns} {facts.st_ino}")
    return hashlib.sha256("\n".join(seen).encode()).hexdigest()
