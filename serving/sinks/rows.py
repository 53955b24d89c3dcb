"""How does a scorecard fit into one flat row of a CS tool?

Every plain column of ``accounts.parquet`` is published under its own name. The list of reasons
becomes ``reason_1`` to ``reason_3``: the sentences of the strongest three. Of an account that
is held out of the programme, who it is and that it is held out: people would act on the rest.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from configs.errors import DataError
from serving.sinks.protocol import Row, Scorecards, Value

REASONS_SHOWN = 3
WHO = ("account_id", "as_of", "name", "segment", "owner", "arr", "renews_on")
ABOUT_HELD_OUT = frozenset((*WHO, "status", "is_held_out", "rank", "model_version"))


def scorecards(accounts: pa.Table, *, as_of: date) -> Scorecards:
    """Flatten ``accounts.parquet`` of one as-of date, in the order of its ranks."""
    columns = {
        field.name: _python_type(field) for field in accounts.schema if field.name != "reasons"
    }
    ordered = accounts.take(pc.sort_indices(accounts, [("rank", "ascending")]))
    rows = [_flat(row) for row in ordered.to_pylist()]
    said = {f"reason_{place}": str for place in range(1, REASONS_SHOWN + 1)}
    return Scorecards(as_of=as_of, columns={**columns, **said}, rows=rows)


def _flat(row: Mapping[str, Any]) -> Row:
    is_hidden = bool(row.get("is_held_out"))
    reasons: Sequence[Mapping[str, Any]] = () if is_hidden else row.get("reasons") or ()
    flat: dict[str, Value] = {
        name: None if isinstance(value, float) and math.isnan(value) else value
        for name, value in row.items()
        if name != "reasons"
    }
    if is_hidden:
        flat |= {name: None for name in flat if name not in ABOUT_HELD_OUT}
    for place in range(REASONS_SHOWN):
        flat[f"reason_{place + 1}"] = reasons[place]["text"] if place < len(reasons) else None
    return flat


def _python_type(field: pa.Field) -> type:
    tests = {
        bool: pa.types.is_boolean,
        str: pa.types.is_string,
        float: pa.types.is_floating,
        int: pa.types.is_integer,
        date: pa.types.is_date,
    }
    for python, is_it in tests.items():
        if is_it(field.type):
            return python
    problem = f"the column {field.name!r} is {field.type}, which no row of a CS tool can hold"
    raise DataError("accounts.parquet", problem, "Score again with this release")
