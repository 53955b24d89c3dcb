"""Which rows break the promises of their table, how many are there, and what do they look like?

Everything is counted where the rows are: one pass over a table, and a group-by where its rows
have a key. Rows are only fetched to be shown, five at most.
"""

from collections.abc import Iterable, Iterator, Mapping

import ibis.expr.types as ir
import pandas as pd

from features.tables import STORED, ColumnContract, TableContract, can_hold, is_lost, normalised

SHOWN_ROWS = 5
SHOWN_COLUMNS = 4


def broken_promises(rows: ir.Table, contract: TableContract) -> Iterator[str]:
    """Say everything that is wrong with a table as it is stored, in the contract's names.

    ``rows`` holds at least the required columns that it can be asked about; a column that is
    missing altogether is told by whoever opened the source.
    """
    present = [c for c in contract.columns.values() if c.name in rows.columns]
    counted = _counts(rows, present)
    if contract.name == "accounts" and not counted["rows"]:
        yield "accounts has no rows"
    for column in present:
        unreadable = counted.get(f"unreadable {column.name}", 0)
        missing = counted.get(f"missing {column.name}", 0)
        if unreadable:
            what = f"not {_wanted(column)}{_stored(rows, column)}"
            yield _told(rows, contract, column, unreadable, what, _is_unreadable(rows, column))
        if missing:
            yield _told(rows, contract, column, missing, "null", rows[column.name].isnull())
    if contract.key and set(contract.key) - {"known_at", "product"} <= set(rows.columns):
        yield from _repeated(normalised(rows, contract), contract)


def _counts(rows: ir.Table, present: Iterable[ColumnContract]) -> Mapping[str, int]:
    asked = {"rows": rows.count()}
    for column in present:
        if column.required:
            asked[f"missing {column.name}"] = rows[column.name].isnull().sum()
        if column.kind != "text" or rows[column.name].type() != STORED["text"]:
            asked[f"unreadable {column.name}"] = _is_unreadable(rows, column).sum()
    counted = rows.aggregate(**asked).to_pyarrow().to_pylist()[0]
    return {name: int(count or 0) for name, count in counted.items()}


def _is_unreadable(rows: ir.Table, column: ColumnContract) -> ir.BooleanColumn:
    stored = rows[column.name]
    if not can_hold(column.kind, stored.type()):
        return stored.notnull()
    return is_lost(stored, column.kind)


def _wanted(column: ColumnContract) -> str:
    return {"text": "text", "number": "a number", "moment": "a timestamp", "day": "a date"}[
        column.kind
    ]


def _stored(rows: ir.Table, column: ColumnContract) -> str:
    stored = rows[column.name].type()
    return "" if can_hold(column.kind, stored) else f" but {str(stored).split('(')[0]}"


def _told(
    rows: ir.Table,
    contract: TableContract,
    column: ColumnContract,
    count: int,
    what: str,
    is_bad: ir.BooleanColumn,
) -> str:
    around = [n for n in contract.columns if n in rows.columns and n != column.name]
    chosen = [column.name, *around][:SHOWN_COLUMNS]
    shown = [name for name in contract.columns if name in chosen]
    bad = rows.filter(is_bad).select(shown).order_by(shown).limit(SHOWN_ROWS)
    many = f"{count:,} row{'s are' if count > 1 else ' is'} {what}"
    return f"{contract.name}.{column.name}: {many} ({_rows_in_words(bad)})"


def _repeated(rows: ir.Table, contract: TableContract) -> Iterator[str]:
    """Find keys that stand in more than one row."""
    groups = rows.group_by(list(contract.key)).aggregate(times=rows.count())
    groups = groups.filter(groups.times > 1)
    count = int(groups.times.sum().to_pyarrow().as_py() or 0)
    if count:
        worst = groups.order_by(list(contract.key)).limit(SHOWN_ROWS)
        key = " and ".join(contract.key)
        yield f"{contract.name}: {count:,} rows share their {key} ({_rows_in_words(worst)})"


def _rows_in_words(rows: ir.Table) -> str:
    shown = rows.mutate(**_as_their_engine_writes(rows)).to_pyarrow().to_pylist()
    label = "it is" if len(shown) == 1 else f"the first {len(shown)}"
    return f"{label}: {', '.join(_row_in_words(row) for row in shown)}"


def _as_their_engine_writes(rows: ir.Table) -> dict[str, ir.StringColumn]:
    """Moments and decimals as text: not all that engines know has a value in Python."""
    kinds = rows.schema().items()
    odd = [n for n, kind in kinds if kind.is_timestamp() or kind.is_date() or kind.is_decimal()]
    return {name: rows[name].cast("string") for name in odd}


def _row_in_words(row: Mapping[str, object]) -> str:
    return "[" + " ".join(f"{name}={_value_in_words(v)}" for name, v in row.items()) + "]"


def _value_in_words(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, pd.Timestamp) or hasattr(value, "isoformat"):
        return str(value).removesuffix(" 00:00:00")
    text = " ".join(str(value).split())
    return text if len(text) <= 40 else f"{text[:37]}..."
