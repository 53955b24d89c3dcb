"""What did the last look at every file find, so that only new files need be looked at?

A file that has the mark that it had keeps its promises, holds as many rows and has the same
print. Whatever is said of a table of which a file has changed or is gone is found out anew.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

Marks = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look found; without anything in it, nothing is known."""

    marks: Marks = field(default_factory=dict)
    """Of each file, by table."""
    digests: Mapping[str, str] = field(default_factory=dict)
    """A print of each file's content."""
    facts: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    newest: Mapping[str, str | None] = field(default_factory=dict)
    """The newest ``known_at`` of each table, also of what nobody knows yet."""

    @classmethod
    def read(cls, path: Path) -> "Looked":
        """Read what was written; where that is nothing, or damaged, nothing is known."""
        try:
            return cls(**json.loads(path.read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return cls()

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    def new_files(self, table: str, marks: Mapping[str, str] | None) -> tuple[Path, ...] | None:
        """The files of a table that were not there; None where any other is not as it was."""
        was = self.marks.get(table)
        if was is None or marks is None or any(marks.get(p) != m for p, m in was.items()):
            return None
        return tuple(Path(path) for path in marks if path not in was)

    def digest(self, path: Path, mark: str) -> str | None:
        """The print of a file, if it is as it was."""
        is_known = any(of.get(str(path)) == mark for of in self.marks.values())
        return self.digests.get(str(path)) if is_known else None

    def newest_known(self, table: str) -> datetime | None:
        told = self.newest[table]
        return None if told is None else datetime.fromisoformat(told)
