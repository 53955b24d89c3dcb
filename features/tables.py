"""Which tables does Milepost read, what is in each column, and when was each row known?

A source hands over tables as they are; here stands what they become: the names and types
below, moments in UTC without a zone, gaps filled as the contract says, and ``known_at`` on
every row. Whatever reads tables later relies on this and on nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

Kind = Literal["text", "number", "moment", "day"]
"""A moment is a timestamp in UTC without a zone; a day is the moment at which it begins."""

STORED: Mapping[Kind, dt.DataType] = MappingProxyType(
    {
        "text": dt.string,
        "number": dt.float64,
        "moment": dt.Timestamp(scale=6),
        "day": dt.Timestamp(scale=6),
    }
)
ALWAYS_KNOWN = "1970-01-01"
SPAN = ("0001-01-01 00:00:00", "9999-12-31 23:59:59")
"""The moments that every part can hold; ``infinity``, which some engines read, is none."""


@dataclass(frozen=True, slots=True)
class ColumnContract:
    """One column: what it holds, and what stands in for a gap."""

    name: str
    kind: Kind
    required: bool = False
    default: str | float | None = None
    falls_back_on: str | None = None
    """The column whose value counts where this one has none."""


@dataclass(frozen=True, slots=True)
class TableContract:
    """One table: its columns, what tells two rows apart, and when a row was known."""

    name: str
    columns: Mapping[str, ColumnContract]
    key: tuple[str, ...] = ()
    """Empty where many rows alike are lawful."""
    own_time: tuple[str, ...] = ()
    """Without ``known_at``, a row was known at the first of these that it has; else always."""
    required: bool = False
    keeps_others: bool = False
    """Whether columns that the contract does not name are kept (as attributes)."""


def _table(
    name: str,
    *columns: ColumnContract,
    key: tuple[str, ...] = (),
    own_time: tuple[str, ...] = (),
    required: bool = False,
    keeps_others: bool = False,
) -> TableContract:
    by_name = {c.name: c for c in (*columns, ColumnContract("known_at", "moment"))}
    return TableContract(name, MappingProxyType(by_name), key, own_time, required, keeps_others)


def _must(name: str, kind: Kind) -> ColumnContract:
    return ColumnContract(name, kind, required=True)


def _may(name: str, kind: Kind, default: float | None = None) -> ColumnContract:
    return ColumnContract(name, kind, default=default)


TABLES: Mapping[str, TableContract] = MappingProxyType(
    {
        table.name: table
        for table in (
            _table(
                "accounts",
                _must("account_id", "text"),
                _must("signed_up_at", "moment"),
                ColumnContract("kickoff_at", "moment", falls_back_on="signed_up_at"),
                _may("name", "text"),
                _may("owner", "text"),
                _may("parent_id", "text"),
                key=("account_id", "known_at"),
                own_time=("signed_up_at",),
                required=True,
                keeps_others=True,
            ),
            _table(
                "users",
                _must("account_id", "text"),
                _must("user_id", "text"),
                _may("role", "text"),
                _may("created_at", "moment"),
                key=("account_id", "user_id"),
                own_time=("created_at",),
            ),
            _table(
                "activity",
                _must("account_id", "text"),
                _must("capability", "text"),
                _must("occurred_at", "moment"),
                _may("user_id", "text"),
                _may("quantity", "number", 1.0),
                own_time=("occurred_at",),
                required=True,
            ),
            _table(
                "achievements",
                _must("account_id", "text"),
                _must("milestone", "text"),
                _must("achieved_at", "moment"),
                key=("account_id", "milestone"),
                own_time=("achieved_at",),
            ),
            _table(
                "plans",
                _must("account_id", "text"),
                _must("milestone", "text"),
                _must("due_on", "day"),
                key=("account_id", "milestone"),
            ),
            _table(
                "contracts",
                _must("account_id", "text"),
                _must("starts_on", "day"),
                _must("ends_on", "day"),
                _may("arr", "number"),
                _may("product", "text"),
                _may("seats", "number"),
                _may("signed_at", "moment"),
                key=("account_id", "product", "starts_on"),
                own_time=("signed_at", "starts_on"),
            ),
            _table(
                "exits",
                _must("account_id", "text"),
                _must("exited_at", "moment"),
                ColumnContract("cause", "text", default="churn"),
                _may("reason", "text"),
                _may("returned_at", "moment"),
                key=("account_id",),
                own_time=("exited_at",),
            ),
            _table(
                "touches",
                _must("account_id", "text"),
                _must("kind", "text"),
                _must("occurred_at", "moment"),
                _may("user_id", "text"),
                _may("milestone", "text"),
                _may("trial", "text"),
                _may("arm", "text"),
                own_time=("occurred_at",),
            ),
        )
    }
)


def can_hold(kind: Kind, stored: dt.DataType) -> bool:
    """Tell whether some value of a stored type could be read as this kind at all."""
    if stored.is_null() or stored.is_string():
        return True
    if kind == "number":
        return bool(stored.is_numeric())
    if kind == "text":
        return bool(stored.is_numeric() or stored.is_uuid() or stored.is_temporal())
    return bool(stored.is_timestamp() or stored.is_date())


def read_as(column: ir.Column, kind: Kind) -> ir.Column:
    """Read a stored column as the contract's kind; what cannot be read becomes null."""
    stored = column.type()
    if not can_hold(kind, stored):
        return ibis.null(STORED[kind])
    if kind == "text":
        return _as_text(column)
    if kind == "number":
        return _as_number(column)
    moment = _as_moment(column)
    return moment.truncate("D").cast(STORED[kind]) if kind == "day" else moment


def is_lost(column: ir.Column, kind: Kind) -> ir.BooleanColumn:
    """Tell where a value, held by its stored type, is none of the contract's kind.

    A moment outside of all that every part can hold is lost, though ``read_as`` hands it on:
    a source is refused over one, so that nobody looks for it in every row that is read.
    """
    if kind in ("moment", "day") and not column.type().is_string():
        return column.notnull() & ~_is_in_span(column.cast(STORED["moment"]))
    lost = column.notnull() & read_as(column, kind).isnull()
    # What is no number is a gap; what is infinite is a mistake.
    return lost & ~column.isnan() if column.type().is_floating() else lost


def normalised(rows: ir.Table, contract: TableContract) -> ir.Table:
    """Give the table every column of its contract, in its types, with ``known_at`` filled.

    Columns that the contract does not name follow in alphabetical order, or are left out; so
    are those that are no attribute, as they hold several values or a span of time.
    """
    typed = {
        name: read_as(rows[name], column.kind)
        if name in rows.columns
        else ibis.null(STORED[column.kind])
        for name, column in contract.columns.items()
    }
    filled = {name: _filled(typed, column) for name, column in contract.columns.items()}
    own = [typed[name] for name in contract.own_time]
    always = ibis.literal(ALWAYS_KNOWN).cast(STORED["moment"])
    filled["known_at"] = ibis.coalesce(typed["known_at"], *own, always).cast(STORED["moment"])
    others = sorted(set(rows.columns) - set(filled)) if contract.keeps_others else []
    attributes = {n: _plain(rows[n]) for n in others if _may_be_attribute(rows[n].type())}
    return rows.select(**filled, **attributes)


def exits_from_contracts(contracts: ir.Table, *, grace_days: int) -> ir.Table:
    """Derive who left: every contract has ended, and none came within the grace.

    Lines count from the moment they are known, so that one learnt later changes nothing about
    an earlier morning. Each gap that outlived the grace is an exit, known ``grace_days`` after
    the last day; ``returned_at`` says when a later line brought the account back (null: never).
    """
    known_first = {"group_by": "account_id", "order_by": ["known_at", "ends_on"]}
    before = ibis.window(**known_first, preceding=(None, 1))
    lines = contracts.mutate(ended_before=contracts.ends_on.max().over(before))
    lines = lines.filter(lines.ended_before.isnull() | (lines.ends_on > lines.ended_before))
    grace = ibis.interval(days=grace_days)
    lines = lines.mutate(
        exit_known_at=ibis.greatest(lines.ends_on + grace, lines.known_at),
        returned_at=lines.known_at.lead().over(ibis.window(**known_first)),
    )
    gaps = lines.filter(lines.returned_at.isnull() | (lines.returned_at > lines.exit_known_at))
    return gaps.select(
        account_id=gaps.account_id,
        exited_at=gaps.ends_on.cast(STORED["moment"]),
        cause=ibis.literal("churn"),
        reason=ibis.null(dt.string),
        returned_at=gaps.returned_at,
        known_at=gaps.exit_known_at.cast(STORED["moment"]),
    )


def _filled(typed: Mapping[str, ir.Column], column: ColumnContract) -> ir.Column:
    value = typed[column.name]
    if column.falls_back_on is not None:
        return ibis.coalesce(value, typed[column.falls_back_on])
    if column.default is not None:
        return ibis.coalesce(value, ibis.literal(column.default))
    return value


def _as_text(column: ir.Column) -> ir.Column:
    """Read identifiers kept as numbers as they are meant: 12.0 is the account "12"."""
    if not column.type().is_floating():
        return column.cast("string")
    is_whole = column == column.floor()
    return ibis.cases(
        (is_whole, column.cast("int64").cast("string")), else_=column.cast("string")
    )


def _as_number(column: ir.Column) -> ir.Column:
    number = column.try_cast("float64") if column.type().is_string() else column.cast("float64")
    return ibis.ifelse(number.isnan() | number.isinf(), ibis.null(dt.float64), number)


def _as_moment(column: ir.Column) -> ir.Column:
    if column.type().is_string():
        # A text with an offset is a moment elsewhere; one without is in UTC already.
        moment = column.try_cast("timestamp('UTC')").cast(STORED["moment"])
        return ibis.ifelse(_is_in_span(moment), moment, ibis.null(STORED["moment"]))
    return column.cast(STORED["moment"])


def _is_in_span(moment: ir.Column) -> ir.BooleanColumn:
    first, last = (ibis.literal(each).cast(STORED["moment"]) for each in SPAN)
    return moment.between(first, last)


def _may_be_attribute(stored: dt.DataType) -> bool:
    return not (stored.is_nested() or stored.is_interval())


def _plain(column: ir.Column) -> ir.Column:
    """Read decimals as numbers, and types that only their own engine knows as text."""
    if column.type().is_unknown():
        return column.cast("string")
    is_real = column.type().is_decimal() or column.type().is_floating()
    return _as_number(column) if is_real else column
