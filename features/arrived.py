"""Which rows have arrived since a build, without a look at those it knew?

Tables in files are told apart by file: one that is as it was is not read again, and one that is
new is read alone. Where a file has changed or is gone, and where tables are not in files, the
whole table is printed and held against what the earlier build knew of it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import ibis.expr.types as ir

from features.asof import NEVER
from features.days_known import (
    DayPrint,
    DayPrints,
    added,
    changed_from,
    parts_by_day,
    printed,
    rows_between,
)
from features.sources.filed import Filed
from features.tables import TABLES

Marks = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a build knew of the tables: the rows by the day known, and the files they are in."""

    as_of_day: int
    prints: DayPrints
    """Also of the as-of day and later ones: files that have not changed are printed once."""
    marks: Marks = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "Seen":
        told = json.loads(path.read_text("utf-8"))
        return cls(told["as_of_day"], told["prints"], told["marks"])

    def parts_of(self, name: str) -> list[str]:
        """The parts of a table that were printed, each by itself."""
        return [part for part in self.prints if part.split(" ")[0] == name]


@dataclass(frozen=True, slots=True)
class Arrived:
    """What is there now, next to what an earlier build saw."""

    tables: Mapping[str, ir.Table]
    filed: Filed | None
    before: Seen | None
    as_of_day: int
    marks: Marks

    @classmethod
    def since(
        cls,
        before: Seen | None,
        tables: Mapping[str, ir.Table],
        filed: Filed | None,
        *,
        as_of_day: int,
    ) -> "Arrived":
        """Look at the files before anything of them is read."""
        marks = {n: m for n in tables if filed and (m := filed.marks(n)) is not None}
        return cls(tables, filed, before, as_of_day, marks)

    def seen(self) -> Seen:
        """Print every table, reading what the earlier build did not know."""
        prints: dict[str, DayPrint] = {}
        for name in sorted(self.tables):
            if self.before is not None and self.is_as_it_was(name):
                known = self.before.parts_of(name)
                prints |= {part: self.before.prints[part] for part in known}
                continue
            for part, rows in parts_by_day(name, self.tables[name]):
                prints[part] = self._printed(name, part, rows)
        return Seen(self.as_of_day, prints, self.marks)

    def is_as_it_was(self, name: str) -> bool:
        """Whether a table is in the very files that the earlier build read."""
        return self._stands(name) and not self._new_files(name)

    def changed_from(self, name: str, seen: Seen) -> int:
        """The first day of which other rows are known than the earlier build knew."""
        if self.before is None:
            return NEVER
        then, now = ({name: one.prints[name]} for one in (self.before, seen))
        return changed_from(then, now, as_of_day=self.before.as_of_day)

    def rows(self, name: str, *, since_day: int | None) -> ir.Table:
        """Rows of a table among which are all that became known from a day on."""
        before, whole = self.before, self.tables[name]
        if before is None or self.filed is None or not self._stands(name):
            return whole
        if since_day is None:
            return whole
        if rows_between(before.prints[name], since_day, self.as_of_day):
            return whole
        new = self._new_files(name)
        return self.filed.only(name, new) if new else whole.filter(False)

    def _printed(self, name: str, part: str, rows: ir.Table) -> DayPrint:
        """Only its new files, where what the earlier build read is still there."""
        before = self.before
        if before is None or part != name or not self._stands(name):
            return printed(rows)
        return added(before.prints[name], printed(self._only(name, self._new_files(name))))

    def _only(self, name: str, paths: tuple[Path, ...]) -> ir.Table:
        rows = self.filed.only(name, paths) if self.filed else self.tables[name]
        return dict(parts_by_day(name, rows))[name]

    def _stands(self, name: str) -> bool:
        """Whether every file that the earlier build read is as it was."""
        before, now = self.before, self.marks.get(name)
        if before is None or now is None or name not in before.marks:
            return False
        is_alike = all(now.get(path) == mark for path, mark in before.marks[name].items())
        # Which of its other columns are numbers, only a whole table says.
        can_be_split = not TABLES[name].keeps_others or not self._new_files(name)
        return is_alike and can_be_split

    def _new_files(self, name: str) -> tuple[Path, ...]:
        old = self.before.marks[name] if self.before else {}
        return tuple(Path(path) for path in self.marks[name] if path not in old)
