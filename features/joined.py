"""How are the parts of a frame put together again, without holding any value twice?

Where each row goes is settled beforehand, and which ones go nowhere. Then some columns at a
time are read from every part, and each is laid into its place: beside what is put together
there is never more than those.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.asof import Ints

READ_AT_ONCE = 1 << 26
"""Bytes that are read of a part, beside what is put together."""
BYTES_PER_VALUE = 8
Parts = Sequence[Path]
"""Files of the same columns, the rows of one after those of the other."""


def order_by_account(snapshots: Parts, days: Ints | None = None) -> Ints:
    """The rows of all parts in the order of accounts, each account's mornings in theirs.

    Of ``days`` alone, where they are given.
    """
    keys = ["account_id", "day"]
    files = _with_rows([pq.ParquetFile(path, read_dictionary=keys[:1]) for path in snapshots])
    told = [file.read(columns=keys) for file in files]
    ids = pa.chunked_array([chunk for one in told for chunk in one["account_id"].chunks])
    ids = ids.unify_dictionaries().combine_chunks()
    rank = places(pc.sort_indices(ids.dictionary).to_numpy())
    day = np.concatenate([one["day"].to_numpy() for one in told])
    order: Ints = np.lexsort((day, rank[ids.indices.to_numpy()]))
    return order if days is None else order[np.isin(day[order], days)]


def places(order: Ints, rows: int | None = None) -> Ints:
    """Where each of so many rows comes to stand; -1 for one that is not in the order.

    >>> places(np.array([2, 0]), 3).tolist()
    [1, -1, 0]
    """
    place = np.full(len(order) if rows is None else rows, -1, dtype=np.int64)
    place[order] = np.arange(len(order))
    return place


def joined(side_by_side: Sequence[Parts], *, order: Ints) -> pd.DataFrame:
    """Put rows of all parts in an order; a frame's columns may be in files side by side."""
    place = places(order, rows_of(side_by_side[0]))
    columns = {
        name: _laid(told, order, place)
        for parts in side_by_side
        for name, told in _columns(parts)
    }
    return pd.DataFrame(columns, copy=False)


def rows_of(parts: Parts) -> int:
    """How many rows all parts have together."""
    return sum(pq.read_metadata(path).num_rows for path in parts)


def _columns(parts: Parts) -> Iterator[tuple[str, list[pa.ChunkedArray]]]:
    """Each column, as every part tells it."""
    files = _with_rows([pq.ParquetFile(path) for path in parts])
    rows = max(file.metadata.num_rows for file in files)
    names = files[0].schema_arrow.names
    at_once = max(READ_AT_ONCE // (BYTES_PER_VALUE * max(rows, 1)), 1)
    for start in range(0, len(names), at_once):
        some = names[start : start + at_once]
        told = [file.read(columns=some) for file in files]
        for name in some:
            yield name, [one[name] for one in told]


def _with_rows(files: list[pq.ParquetFile]) -> list[pq.ParquetFile]:
    """A part without rows has nothing to say of the types either."""
    return [file for file in files if file.metadata.num_rows] or files[:1]


def _laid(parts: list[pa.ChunkedArray], order: Ints, place: Ints) -> "pd.Series[Any]":
    kind = _plain(parts)
    if kind is None:
        told: pd.Series[Any] = pd.concat([part.to_pandas() for part in parts])
        return told.take(order).reset_index(drop=True)
    whole, start = np.empty(len(order), dtype=kind), 0
    for chunk in (chunk for part in parts for chunk in part.chunks):
        at, values = place[start : start + len(chunk)], chunk.to_numpy(zero_copy_only=False)
        if len(order) < len(place):
            is_asked = at >= 0
            at, values = at[is_asked], values[is_asked]
        whole[at] = values
        start += len(chunk)
    return pd.Series(whole, copy=False)


def _plain(parts: list[pa.ChunkedArray]) -> np.dtype[Any] | None:
    """What NumPy holds a column of numbers or moments as; None where pandas has to say it."""
    kind, *others = {part.type for part in parts}
    has_nulls = any(part.null_count for part in parts)
    is_whole_number = pa.types.is_integer(kind) and not has_nulls
    is_plain = pa.types.is_floating(kind) or pa.types.is_timestamp(kind) or is_whole_number
    return np.dtype(kind.to_pandas_dtype()) if is_plain and not others else None
