"""How is one column of a frame in the lake read, no sooner than it is asked for?"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from features.asof import Ints


class StoredColumns(Mapping[str, np.ndarray]):
    """The columns of a frame in a file, each read when it is asked for."""

    def __init__(self, path: Path) -> None:
        self._path, self._names = path, pq.read_schema(path).names

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._names:
            raise KeyError(name)
        column = pq.ParquetFile(self._path).read(columns=[name]).column(0)
        values: np.ndarray = column.to_pandas().to_numpy()
        return values

    def codes(self, name: str, among: Sequence[str]) -> np.ndarray:
        """A column of few texts, each by its place among those told."""
        file = pq.ParquetFile(self._path, read_dictionary=[name])
        column = file.read(columns=[name]).column(0).combine_chunks()
        place = pd.Index(list(among)).get_indexer(pd.Index(column.dictionary.to_pylist()))
        told: np.ndarray = place[column.indices.to_numpy()]
        return told

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class PartColumns(Mapping[str, np.ndarray]):
    """The columns of values in parts, each put together when it is asked for."""

    def __init__(self, folder: Path, places: Mapping[str, np.ndarray], rows: int) -> None:
        self._parts = {p: StoredColumns(folder / f"values{p}.parquet") for p in places}
        self._places, self._rows = places, rows

    def __getitem__(self, name: str) -> np.ndarray:
        found = {part: columns[name] for part, columns in self._parts.items()}
        fullest = max(found.values(), key=len)
        whole = np.zeros(self._rows, dtype=fullest.dtype)
        for part, values in found.items():
            whole[self._places[part]] = values
        return whole

    def __iter__(self) -> Iterator[str]:
        return iter(next(iter(self._parts.values())))

    def __len__(self) -> int:
        return len(next(iter(self._parts.values())))


class MorningColumns(Mapping[str, np.ndarray]):
    """The values of one morning of a build, in the order of accounts, each when asked for."""

    def __init__(self, columns: StoredColumns, rows: np.ndarray) -> None:
        self._columns, self._rows = columns, rows

    @classmethod
    def of(cls, folder: Path, day: int) -> "MorningColumns | None":
        """Find the morning; None where the build does not have it."""
        try:
            part, rows = morning_in(folder, day)
        except LookupError:
            return None
        return cls(StoredColumns(folder / f"values{part}.parquet"), rows)

    def __getitem__(self, name: str) -> np.ndarray:
        values: np.ndarray = self._columns[name][self._rows]
        return values

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


def morning_in(folder: Path, day: int) -> tuple[str, Ints]:
    """The part that holds a morning, and its rows there; LookupError where none does."""
    for path in sorted(folder.glob("snapshots*.parquet")):
        rows = np.flatnonzero(StoredColumns(path)["day"] == day)
        if len(rows):
            return path.stem.removeprefix("snapshots"), rows
    raise LookupError(day)
