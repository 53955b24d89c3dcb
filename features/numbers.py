"""Which number stands for each text of a column, told by the hash that DuckDB makes of it?

The engine hashes a text once for every page of a file that repeats it, so that rows come with
hashes for hardly more than rows without; joined to their numbers, each row would be looked up
as text. No two texts of a column may share a hash, or all are hashed again with more salt.
"""

from itertools import count
from typing import NamedTuple

import ibis.expr.types as ir
import numba
import numpy as np
import pyarrow as pa

from features.asof import Ints
from features.sources.prints import hash_in_duckdb

UNKNOWN = -2
"""The number of a hash that stands for none, and of a place that is free."""
ROOM = 2
"""So many places at least for each number, so that they are found in a few steps."""


class Numbers(NamedTuple):
    """Numbers by hash, each at the first free place from where its hash points to."""

    hashes: Ints
    numbers: np.ndarray

    @classmethod
    def of(cls, hashes: Ints, numbers: Ints) -> "Numbers":
        """Lay out the number of each of some different hashes."""
        size = 1 << int(ROOM * max(len(hashes), 1) - 1).bit_length()
        laid = cls(np.zeros(size, dtype=np.int64), np.full(size, UNKNOWN, dtype=np.int32))
        _lay(laid, hashes, numbers.astype(np.int32))
        return laid

    def of_rows(self, hashes: pa.Array) -> np.ndarray:
        """The number of each row's text; UNKNOWN where it has none."""
        told: np.ndarray = _found(self, hashes.to_numpy().view(np.int64))
        return told


class Told(NamedTuple):
    """The texts of a column in order, and what each becomes in its rows."""

    table: pa.Table
    column: str
    hashes: Ints
    salt: str

    @property
    def texts(self) -> pa.Array:
        """Null, if there is any, comes last."""
        return self.table[self.column].combine_chunks()

    def numbers(self, numbers: Ints | None = None) -> Numbers:
        """Those given stand for the texts, else their places."""
        places = np.arange(len(self.hashes))
        return Numbers.of(self.hashes, places if numbers is None else numbers)

    def hash_in(self, rows: ir.Table) -> ir.IntegerValue:
        """What the texts become in rows."""
        return _hash(rows[self.column], self.salt)


def texts_of(texts: ir.Table, column: str) -> Told:
    """Ask DuckDB for different texts in order, salted until no two of them hash alike."""
    for salt in map("\x1f".__mul__, count()):
        # Threads hand over what is distinct in any order; what is kept is the same every time.
        hashed = texts.mutate(hash=_hash(texts[column], salt)).order_by(column)
        told = hashed.to_pyarrow()
        hashes = told["hash"].to_numpy().view(np.int64)
        if np.diff(np.sort(hashes)).all():
            break
    return Told(told, column, hashes, salt)


def _hash(column: ir.Value, salt: str) -> ir.IntegerValue:
    return hash_in_duckdb(column + salt if salt else column)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _found(known: Numbers, hashes: Ints) -> np.ndarray:
    told = np.empty(len(hashes), dtype=np.int32)
    last = len(known.hashes) - 1
    for row in range(len(hashes)):
        # A free place holds nought: whose hash is nought is found, or UNKNOWN, all the same.
        at = hashes[row] & last
        while known.hashes[at] != hashes[row] and known.numbers[at] != UNKNOWN:
            at = (at + 1) & last
        told[row] = known.numbers[at]
    return told


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _lay(to: Numbers, hashes: Ints, numbers: np.ndarray) -> None:
    last = len(to.hashes) - 1
    for one in range(len(hashes)):
        at = hashes[one] & last
        while to.numbers[at] != UNKNOWN:
            at = (at + 1) & last
        to.hashes[at], to.numbers[at] = hashes[one], numbers[one]
