"""What did we ever say, of whom, and when? Nothing here is ever overwritten or taken back.

``<lake>/<name>/ledger/<table>/as_of=YYYY-MM-DD/NNNN-<model version>.parquet``: the parts of a
morning are numbered in the order in which they were said. Scoring a morning again with the same
result adds nothing; with another model, or with other data, it adds a part. What counts as said
on a morning is its first part: what came later may have known better.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa

from features.asof import ordinal
from pipelines.lake import Lake, read_parquet, write_parquet

UNNAMED = "none"


class Ledger:
    """Every statement of one project."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def keep(self, as_of: date, said: Mapping[str, pa.Table], *, version: str) -> None:
        """Add what was said on a morning, unless exactly that stands there already."""
        with self._lake.lock():
            for table, rows in said.items():
                folder = self._folder(table, as_of)
                parts = _parts(folder)
                if not any(_read(part).equals(rows) for part in parts):
                    name = f"{len(parts) + 1:04d}-{version or UNNAMED}.parquet"
                    write_parquet(rows, folder / name)

    def mornings(self, table: str, *, before: date) -> list[date]:
        """The mornings on which something was said, oldest first."""
        found = []
        for folder in (self._lake.ledger / table).glob("as_of=*"):
            with suppress(ValueError):
                found.append(date.fromisoformat(folder.name.removeprefix("as_of=")))
        return sorted(each for each in found if each < before)

    def first_said(self, table: str, *, before: date, every_days: int) -> pd.DataFrame:
        """What was first said on past mornings, at least so many days apart, newest kept.

        ``day`` is the morning's number. Empty where nothing was said yet.
        """
        chosen = _spaced(self.mornings(table, before=before), every_days)
        read = [self._read(table, morning) for morning in chosen]
        return pd.concat(read, ignore_index=True) if read else pd.DataFrame({"day": []})

    def _read(self, table: str, morning: date) -> pd.DataFrame:
        first = _parts(self._folder(table, morning))[0]
        rows: pd.DataFrame = _read(first).to_pandas()
        return rows.assign(day=ordinal(morning))

    def _folder(self, table: str, as_of: date) -> Path:
        return self._lake.ledger / table / f"as_of={as_of.isoformat()}"


def _read(part: Path) -> pa.Table:
    return read_parquet(part, remedy="Put it back from a copy, or take it away")


def _parts(folder: Path) -> list[Path]:
    return sorted(folder.glob("[0-9]*.parquet"))


def _spaced(mornings: list[date], every_days: int) -> Iterator[date]:
    """Walk back from the newest morning in steps of at least so many days."""
    last: date | None = None
    for morning in reversed(mornings):
        if last is None or (last - morning).days >= every_days:
            last = morning
            yield morning
