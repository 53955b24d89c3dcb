"""How do the simulated tables become files, always the same bytes for the same company?"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.simulated.use import CAPABILITIES, Rows
from features.simulated.weeks import SECONDS_A_DAY, Ints, Span

TEXT, WHOLE, NUMBER = pa.string(), pa.int64(), pa.float64()
MOMENT, DATE = pa.timestamp("us"), pa.date32()
TYPES = {
    **dict.fromkeys(("signed_up_at", "kickoff_at", "known_at", "occurred_at"), MOMENT),
    **dict.fromkeys(("created_at", "achieved_at", "signed_at", "exited_at"), MOMENT),
    **dict.fromkeys(("starts_on", "ends_on", "as_of", "reached_on"), DATE),
    **dict.fromkeys(("seats", "quantity", "horizon_days"), WHOLE),
    **dict.fromkeys(("arr", "chance", "effect_points_180d"), NUMBER),
}
"""Every other column is text."""

LATE_SHARE, LATE_DAYS = 0.02, 10
USUAL_LAG_SECONDS = 1800
LONGEST_USUAL_LAG = 3 * 3600


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write one small table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = [_column(table[name], TYPES.get(str(name), TEXT)) for name in table.columns]
    arrow = pa.table(columns, names=[str(name) for name in table.columns])
    pq.write_table(arrow, path, compression="zstd", store_schema=False)


def _column(values: "pd.Series[Any]", kind: pa.DataType) -> pa.Array:
    return pa.Array.from_pandas(values, type=None if kind is TEXT else kind).cast(kind)


def append_activity(
    writer: pq.ParquetWriter,
    rows: Rows,
    *,
    account_id: Sequence[str],
    user_id: Sequence[str],
    span: Span,
    rng: np.random.Generator,
) -> int:
    """Add the rows of one shard as one row group, in the order of account and time.

    Rows that had not reached us on the morning after the last day are left out.
    """
    known = _known(rows, rng)
    moment = rows.day * SECONDS_A_DAY + rows.second
    kept = np.flatnonzero(known < span.days * SECONDS_A_DAY)
    order = kept[np.argsort(rows.account[kept] * 2**32 + moment[kept], kind="stable")]
    table = pa.table(
        [
            _coded(rows.account[order], account_id),
            _coded(rows.user[order], user_id),
            _coded(rows.capability[order], CAPABILITIES),
            pa.array(_stamps(moment[order], span), type=MOMENT),
            pa.array(rows.quantity[order], type=WHOLE),
            pa.array(_stamps(known[order], span), type=MOMENT),
        ],
        names=["account_id", "user_id", "capability", "occurred_at", "quantity", "known_at"],
    )
    writer.write_table(table, row_group_size=max(len(table), 1))
    return len(table)


def activity_writer(path: Path) -> pq.ParquetWriter:
    """Open the activity table, to be filled shard by shard."""
    coded = pa.dictionary(pa.int32(), TEXT)
    schema = pa.schema(
        [
            ("account_id", coded),
            ("user_id", coded),
            ("capability", coded),
            ("occurred_at", MOMENT),
            ("quantity", WHOLE),
            ("known_at", MOMENT),
        ]
    )
    return pq.ParquetWriter(path, schema, compression="zstd", store_schema=False)


def _coded(codes: Ints, words: Sequence[str]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(
        pa.array(codes, type=pa.int32()), pa.array(words, type=TEXT)
    )


def _known(rows: Rows, rng: np.random.Generator) -> Ints:
    """The second at which each row reached us: within hours, or one to ten days late."""
    lag = np.minimum(rng.exponential(USUAL_LAG_SECONDS, len(rows)), LONGEST_USUAL_LAG)
    late = rows.may_be_late & (rng.random(len(rows), dtype=np.float32) < LATE_SHARE)
    days = rng.integers(SECONDS_A_DAY, LATE_DAYS * SECONDS_A_DAY, size=int(late.sum()))
    lag[late] += days
    return rows.day * SECONDS_A_DAY + rows.second + 60 + lag.astype(np.int64)


def _stamps(seconds: Ints, span: Span) -> np.ndarray:
    return span.moments(np.zeros_like(seconds), seconds)
