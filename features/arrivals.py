"""How many rows of each table reached us, day by day?

Counted by ``known_at``: that is when a load brought them, whatever they tell of.
"""

from collections.abc import Mapping
from datetime import date, timedelta

import ibis.expr.types as ir
import pandas as pd

LOOKED_BACK_DAYS = 91


def daily_arrivals(tables: Mapping[str, ir.Table], *, as_of: date) -> pd.DataFrame:
    """Rows per table and day (``table``, ``on``, ``rows``) of the quarter before a morning.

    Days without any row are left out; so is a table none of whose rows came in the quarter.
    """
    first = pd.Timestamp(as_of - timedelta(days=LOOKED_BACK_DAYS))
    parts = []
    for name, rows in tables.items():
        recent = rows.filter(rows.known_at >= first, rows.known_at < pd.Timestamp(as_of))
        counted = recent.group_by(on=recent.known_at.date()).agg(rows=recent.count())
        parts.append(counted.to_pandas().assign(table=name))
    every = pd.concat(parts, ignore_index=True)
    every["on"] = pd.to_datetime(every["on"]).astype("datetime64[us]")
    columns = ["table", "on", "rows"]
    told: pd.DataFrame = every.sort_values(["table", "on"], ignore_index=True)[columns]
    return told
