"""What exactly does another program find in accounts.parquet and milestones.parquet?

The columns, their order and their types are promised (CONTRACT, section 5); only the horizons
differ between configurations.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal

import pandas as pd
import pyarrow as pa

from configs.errors import DataError

Status = Literal["scored", "too_new", "not_enough_data"]
RiskSource = Literal["model", "baseline"]
Pace = Literal["on_track", "behind", "stuck", "done"]
MilestoneState = Literal["done", "open", "locked", "lost"]
Evidence = Literal["randomised", "adjusted", "descriptive", "too_few"]

REASON = pa.struct(
    [
        ("family", pa.string()),
        ("text", pa.string()),
        ("value", pa.float64()),
        ("typical", pa.float64()),
        ("factor", pa.float64()),
        ("points", pa.float64()),
    ]
)


@dataclass(frozen=True, slots=True)
class Reason:
    """What one family of inputs does to one account's risk, in words and in points.

    The base risk and the points of all of an account's reasons sum to its risk.
    """

    family: str
    text: str
    value: float | None
    typical: float | None
    factor: float
    """What the family multiplies the account's hazard of leaving by."""
    points: float
    """What the family adds to the risk, as a probability."""


def accounts_schema(horizons: Sequence[int], *, has_holdout: bool = False) -> pa.Schema:
    """Give the columns of accounts.parquet: one row per live account.

    Where some are held out of the programme, ``is_held_out`` comes after the promised ones.
    """
    return pa.schema(
        [
            ("account_id", pa.string()),
            ("as_of", pa.date32()),
            ("name", pa.string()),
            ("segment", pa.string()),
            ("owner", pa.string()),
            ("arr", pa.float64()),
            ("renews_on", pa.date32()),
            ("rank", pa.int32()),
            ("status", pa.string()),
            *((f"churn_risk_{days}d", pa.float64()) for days in horizons),
            ("churn_risk", pa.float64()),
            ("churn_risk_low", pa.float64()),
            ("churn_risk_high", pa.float64()),
            ("previous_churn_risk", pa.float64()),
            ("arr_at_risk", pa.float64()),
            ("reasons", pa.list_(REASON)),
            ("base_risk", pa.float64()),
            ("risk_source", pa.string()),
            ("milestones_done", pa.int32()),
            ("milestones_total", pa.int32()),
            ("pace", pa.string()),
            ("next_milestone", pa.string()),
            ("next_action", pa.string()),
            ("nudge", pa.string()),
            ("next_effect_points", pa.float64()),
            ("next_effect_low", pa.float64()),
            ("next_effect_high", pa.float64()),
            ("next_evidence", pa.string()),
            ("expansion_chance", pa.float64()),
            ("model_version", pa.string()),
            *([("is_held_out", pa.bool_())] if has_holdout else []),
        ]
    )


def milestones_schema(horizons: Sequence[int]) -> pa.Schema:
    """Give the columns of milestones.parquet: one row per live account and milestone of it."""
    return pa.schema(
        [
            ("account_id", pa.string()),
            ("as_of", pa.date32()),
            ("milestone", pa.string()),
            ("state", pa.string()),
            ("achieved_at", pa.timestamp("us")),
            ("progress", pa.float64()),
            ("opened_at", pa.timestamp("us")),
            ("days_open", pa.int32()),
            ("due_on", pa.date32()),
            ("pace", pa.string()),
            *((f"chance_{days}d", pa.float64()) for days in horizons),
            *((f"exit_first_{days}d", pa.float64()) for days in horizons),
            ("eta_p10_on", pa.date32()),
            ("eta_p50_on", pa.date32()),
            ("eta_p90_on", pa.date32()),
        ]
    )


def accounts_table(rows: pd.DataFrame, horizons: Sequence[int]) -> pa.Table:
    """Give accounts.parquet its columns; see ``as_table`` for what is refused."""
    return as_table(rows, accounts_schema(horizons, has_holdout="is_held_out" in rows))


def as_table(rows: pd.DataFrame, schema: pa.Schema) -> pa.Table:
    """Give the rows the promised columns, in the promised order and types; extra ones go.

    Reasons may be ``Reason`` objects or mappings.

    Raises DataError naming the columns that are missing or that do not fit their type.
    """
    if missing := [name for name in schema.names if name not in rows.columns]:
        raise DataError("scores", f"lack the columns {missing}", "Fill them before writing")
    return pa.table([_column(rows[field.name], field) for field in schema], schema=schema)


def _column(values: pd.Series, field: pa.Field) -> pa.Array:
    if field.type == pa.list_(REASON):
        return reasons_array(values)
    try:
        array = pa.Array.from_pandas(values)
        return (array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array).cast(
            field.type
        )
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as wrong:
        problem = f"column {field.name!r} does not fit {field.type} ({wrong})"
        raise DataError("scores", problem, "Give it that type") from wrong


AReason = Reason | Mapping[str, object]


def reasons_array(lists: Iterable[Sequence[AReason] | None]) -> pa.Array:
    """Pack every account's reasons into one column; an account without any: an empty list."""
    rows = [[] if many is None else list(many) for many in lists]
    offsets = [0]
    for row in rows:
        offsets.append(offsets[-1] + len(row))
    flat = list(chain.from_iterable(rows))
    fields = [
        pa.array([_part(reason, field.name) for reason in flat], type=field.type)
        for field in REASON
    ]
    structs = pa.StructArray.from_arrays(fields, fields=list(REASON))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), structs)


def _part(reason: AReason, name: str) -> object:
    return getattr(reason, name) if isinstance(reason, Reason) else reason[name]
