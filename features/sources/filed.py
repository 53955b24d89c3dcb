"""Which files hold each table, and what does one file alone say?

A file that has the size, the time of change and the place on the disk that it had, has the
content that it had: nothing of it need be read to know so.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import ibis.expr.types as ir


@dataclass(frozen=True, slots=True)
class Filed:
    """The files of each table that is kept in files."""

    paths: Mapping[str, tuple[Path, ...]]
    only: Callable[[str, tuple[Path, ...]], ir.Table]
    """The rows of a table that some of its files hold."""

    def marks(self, table: str) -> dict[str, str] | None:
        """What tells each file of a table from any other; None where it is not in files."""
        return marks_of(self.paths[table]) if table in self.paths else None


def marks_of(paths: Iterable[Path]) -> dict[str, str]:
    """Size, time of change and number of each file, without reading anything."""
    marks = {}
    for path in sorted(path for path in paths if path.is_file()):
        facts = path.stat()
        marks[str(path)] = f"{facts.st_size} {facts.st_mtime_ns} {facts.st_ino}"
    return marks
