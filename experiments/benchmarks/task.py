"""What every way to the columns is handed, and the windows that it is asked for."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from configs.load import Configuration
from features.plan import Plan, plan_of
from features.sources import Source

AS_OF = date(2026, 6, 29)
WINDOWS = (7, 28, 91)


@dataclass(frozen=True)
class Task:
    """The files, and the same open; what was built of them the day before, if that is asked."""

    data: Path
    source: Source
    configuration: Configuration
    yesterdays: Path

    @cached_property
    def plan(self) -> Plan:
        """Who lives on which morning: what every way to the columns begins with."""
        return plan_of(self.source.tables, self.configuration, AS_OF)

    @property
    def rows(self) -> int:
        """How many rows of activity there are."""
        return int(self.source.tables["activity"].count().execute())
