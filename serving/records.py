"""What does a frame hold, one account at a time, with every kind of null as nothing?"""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from serving import formats
from serving.scorecard import Reason

Record = Mapping[str, Any]


def records(rows: pd.DataFrame) -> list[Record]:
    """Give the rows as mappings: nulls are None, moments are dates, reasons are Reasons."""
    columns = {str(name): [_plain(v) for v in rows[name].tolist()] for name in rows.columns}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def by_account(rows: pd.DataFrame) -> dict[str, list[Record]]:
    """Give each account's rows, in their own order."""
    found: dict[str, list[Record]] = {}
    for record in records(rows):
        found.setdefault(str(record["account_id"]), []).append(record)
    return found


def reasons_of(record: Record) -> list[Reason]:
    """Give an account's reasons, however the frame holds them."""
    held: Iterable[Any] | None = record.get("reasons")
    return [] if held is None else [r if isinstance(r, Reason) else _reason(r) for r in held]


def _reason(held: Mapping[str, Any]) -> Reason:
    return Reason(**{name: held[name] for name in Reason.__dataclass_fields__})


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple) or hasattr(value, "shape"):
        return value
    if not formats.known(value):
        return None
    return value.date() if isinstance(value, dt.datetime) else value
