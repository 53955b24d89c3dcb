"""Which table, and which of its files, cannot be read to the end, and why?

Nobody looks before something stumbles: what is damaged is looked for only then, by reading all
of every table, file by file.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import ibis.expr.types as ir
import pyarrow as pa

from features.sources.filed import Filed
from features.sources.prints import sums_of_rows

Failures = tuple[type[Exception], ...]


def stumbles(failures: Failures) -> Failures:
    """What may be raised over damage: also by what carries rows from an engine to us."""
    return (*failures, pa.ArrowException)


def first_words(stumbled: Exception) -> str:
    """The first lines of what an engine says."""
    lines = [line.strip() for line in str(stumbled).splitlines() if line.strip()]
    return "; ".join(lines[:3])[:200].rstrip(": ")


def damages(
    tables: Mapping[str, ir.Table], filed: Filed | None, failures: Failures
) -> Iterator[str]:
    """Say of each table what of it cannot be read."""
    for name, rows in tables.items():
        for label, part in _parts(name, rows, filed):
            try:
                part.aggregate(**sums_of_rows(part)).to_pyarrow()
            except stumbles(failures) as stumbled:
                yield f"{name} cannot be read ({label}{first_words(stumbled)})"


def _parts(name: str, rows: ir.Table, filed: Filed | None) -> Iterator[tuple[str, ir.Table]]:
    paths: tuple[Path, ...] = filed.paths.get(name, ()) if filed else ()
    if filed is None or not paths:
        yield "", rows
    else:
        yield from ((f"{path.name}: ", filed.only(name, (path,))) for path in paths)
