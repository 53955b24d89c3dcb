"""What is known about the accounts of a set of snapshots, ready to be turned into features?

The small tables are read whole; activity arrives reduced. Every row carries the index of its
account and the first morning that may see it, so that a feature module never meets a timestamp.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import ibis.expr.types as ir
import numba
import numpy as np
import pandas as pd

from features.asof import (
    NEVER,
    Bools,
    Floats,
    Ints,
    Mornings,
    Snapshots,
    day_number,
    places,
)
from features.catalogue import Feature
from features.tables import TABLES

LAG_QUANTILE = 0.95
WORDS = ("kind", "cause", "trial", "arm", "product")
"""The text columns of which a table holds few values, so that inputs may be named by them."""
FEW_COLUMNS = 3
"""By so many columns nearly all rows of a table are told apart."""
SMALL_TABLES = ("accounts", "achievements", "plans", "contracts", "exits", "touches")


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One feature's values, a row per snapshot: numbers (NaN is absent) or labels (object)."""

    feature: Feature
    values: Floats | np.ndarray


class Columns(list[Column]):
    """The columns of one family, collected in the order in which they were added."""

    def add(self, feature: Feature, values: Floats | np.ndarray) -> None:
        self.append(Column(feature, values))


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The rows of one small table that belong to the accounts in question."""

    frame: pd.DataFrame
    account: Ints
    seen_from: Ints
    words: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Every value of each text column in the whole table, of which these may be a part."""
    told: frozenset[str] = frozenset()
    """The columns of the whole table that are not null throughout."""

    def __len__(self) -> int:
        return len(self.account)

    def day(self, column: str) -> Ints:
        """Day number of a timestamp column; NEVER where it is null."""
        return day_number(self.frame[column])

    def where(self, keep: Bools, *columns: str) -> "Rows":
        """Some of the rows, with some of the columns where any are named."""
        frame = self.frame[list(columns)] if columns else self.frame
        return Rows(
            frame.loc[keep].reset_index(drop=True),
            self.account[keep],
            self.seen_from[keep],
            self.words,
            self.told,
        )

    def between(self, first: int, last: int) -> "Rows":
        """The rows of the accounts from ``first`` to before ``last``, counted from there.

        The rows must be in the order of their accounts.
        """
        start, end = np.searchsorted(self.account, (first, last))
        return Rows(
            self.frame.iloc[start:end].reset_index(drop=True),
            self.account[start:end] - first,
            self.seen_from[start:end],
            self.words,
            self.told,
        )

    def by(self, column: str, *columns: str) -> Iterator[tuple[str, "Rows"]]:
        """Walk through the values that a text column has in the whole table, in alphabetical
        order; here there may be no row of one. The rows have the ``columns``.
        """
        for name in self.words[column]:
            yield name, self.where((self.frame[column] == name).to_numpy(dtype=bool), *columns)


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """What is known of some accounts from all tables but activity."""

    snapshots: Snapshots
    tables: Mapping[str, Rows]
    segment: np.ndarray
    """The segment of each snapshot's account, as known that morning (object array of names)."""
    attributes: pd.DataFrame
    """The accounts' row that was newest on each snapshot's morning, a row per snapshot."""
    segment_of_row: np.ndarray
    """The segment that each row of the table ``accounts`` puts its account in."""


def read_small_tables(
    tables: Mapping[str, ir.Table], *, before_day: int
) -> dict[str, pd.DataFrame]:
    """Fetch every small table that there is, without what was known only later.

    Engines give rows in any order; the same rows must give the same bytes.
    """
    return {
        name: in_order(
            known_before(fetched(tables[name]), before_day), list(TABLES[name].columns)
        )
        for name in SMALL_TABLES
        if name in tables
    }


def fetched(rows: ir.Table) -> pd.DataFrame:
    """Rows in the types of the contract, by Arrow, which hands texts over as they are."""
    frame: pd.DataFrame = rows.to_pyarrow().to_pandas()
    return frame


def in_order(table: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Rows by their columns, nulls last: by the first few, and by all where those are alike."""
    keys = [_ranked(table[name]) for name in columns[:FEW_COLUMNS]]
    order = np.lexsort(keys[::-1])
    follows = [key[order[1:]] == key[order[:-1]] for key in keys]
    alike = np.logical_and.reduce(follows) if len(order) else np.zeros(0, dtype=np.bool_)
    tied = np.flatnonzero(np.r_[alike, False] | np.r_[False, alike])
    if len(tied):
        # Positions of rows alike are next to each other, so that these may change places.
        rows = table.iloc[order[tied]].reset_index(drop=True).sort_values(columns)
        order[tied] = order[tied][rows.index]
    return table.take(order).reset_index(drop=True)


def _ranked(column: "pd.Series[Any]") -> Ints:
    """Numbers in the order of the values, the largest one for null."""
    if column.dtype.kind == "M":
        moments = column.to_numpy().view(np.int64)
        return np.where(column.isna(), np.iinfo(np.int64).max, moments)
    codes = pd.factorize(column, sort=True)[0].astype(np.int64)
    return np.where(codes < 0, np.iinfo(np.int64).max, codes)


def known_before(table: pd.DataFrame, day: int) -> pd.DataFrame:
    """Keep what was known on the morning of ``day``; a return to come was not."""
    known = table.loc[day_number(table["known_at"]) < day]
    if "returned_at" in table:
        later = day_number(known["returned_at"]) >= day
        known = known.assign(returned_at=known["returned_at"].mask(later))
    return known


def rows_of(table: pd.DataFrame, account_ids: np.ndarray, mornings: Mornings) -> Rows:
    """Attach account and first morning to each row; rows of unknown accounts are left out."""
    codes = places(table["account_id"], account_ids)
    if (codes < 0).any():
        table, codes = table.loc[codes >= 0].reset_index(drop=True), codes[codes >= 0]
    seen_from = mornings.first_seeing(day_number(table["known_at"]))
    told = frozenset(table.columns[table.notna().any()])
    return Rows(table, codes, seen_from, _words(table), told)


def _words(table: pd.DataFrame) -> dict[str, list[str]]:
    kinds = [name for name in WORDS if name in table]
    return {name: sorted(map(str, table[name].dropna().unique())) for name in kinds}


def newest_row(accounts: Rows, snapshots: Snapshots) -> Ints:
    """Position, per snapshot, of its account's newest row known that morning."""
    by_age = np.argsort(accounts.frame["known_at"].to_numpy(), kind="stable")
    rank = np.empty(len(accounts), dtype=np.int64)
    rank[by_age] = np.arange(len(accounts))
    newest = snapshots.latest(accounts.account, enter=accounts.seen_from, value=rank)
    return by_age[np.maximum(newest, 0)] if len(accounts) else newest


def row_by(accounts: Rows, account: Ints, day: Ints) -> Ints:
    """Position of the newest row of each account that was known by the end of a day; -1 where
    none was, or where it had not signed up by then.
    """
    known, span = accounts.day("known_at"), -3 * NEVER
    order = np.lexsort((accounts.frame["known_at"].to_numpy(), accounts.account))
    keys = accounts.account[order] * span + known[order]
    place = np.searchsorted(keys, account * span + day, side="right") - 1
    row = order[np.maximum(place, 0)]
    is_there = (place >= 0) & (accounts.account[row] == account)
    is_there &= accounts.day("signed_up_at")[row] <= day
    return np.where(is_there, row, -1)


def live_snapshots(small: Mapping[str, pd.DataFrame], mornings: Mornings) -> Snapshots:
    """Pair every account with every morning on which we knew it and did not know it gone.

    An account has begun on the first morning after both its sign-up and our knowing of it. It
    is gone once an exit dated before a morning was known before that morning, until it returns.
    """
    accounts = small["accounts"]
    ids = np.array(sorted(accounts["account_id"].unique()), dtype=object)
    rows = rows_of(accounts, ids, mornings)
    begins = first_mornings(rows, mornings, count=len(ids))
    exits = rows_of(small["exits"], ids, mornings) if "exits" in small else None
    away = np.zeros((0, 3), dtype=np.int64)
    if exits is not None:
        away = np.stack((exits.account, *away_between(exits, mornings)), axis=1)
    return Snapshots(mornings, ids, *_alive(begins, away, mornings.count))


def first_mornings(rows: Rows, mornings: Mornings, *, count: int) -> Ints:
    """Index of the first morning on which each account was known to have signed up."""
    begins = np.full(count, mornings.count, dtype=np.int64)
    seen = np.maximum(rows.seen_from, mornings.first_seeing(rows.day("signed_up_at")))
    np.minimum.at(begins, rows.account, seen)
    return begins


def away_between(exits: Rows, mornings: Mornings) -> tuple[Ints, Ints]:
    """The first morning that knows of each exit, and the first one that knows of the return."""
    gone = np.maximum(exits.seen_from, mornings.first_seeing(exits.day("exited_at")))
    back = np.full(len(exits), mornings.count)
    if "returned_at" in exits.frame:
        returned = exits.day("returned_at")
        seen = np.maximum(mornings.first_seeing(returned), gone)
        back = np.where(returned > NEVER, seen, mornings.count)
    return gone, back


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _alive(begins: Ints, away: Ints, mornings: int) -> tuple[Ints, Ints]:
    """The accounts and mornings on which each had begun, and was not known to have left and
    not to be back; ``away`` has a row per exit: the account, and from and until which morning.
    """
    change = np.zeros((len(begins), mornings + 1), dtype=np.int32)
    for one, gone, back in away:
        change[one, gone] += 1
        change[one, back] -= 1
    told, count = np.empty((2, len(begins) * mornings), dtype=np.int64), 0
    for account in range(len(begins)):
        times_away = 0
        for morning in range(mornings):
            times_away += change[account, morning]
            if begins[account] <= morning and times_away <= 0:
                told[0, count], told[1, count] = account, morning
                count += 1
    return told[0, :count].copy(), told[1, :count].copy()


def everyone_always(live: Snapshots) -> Snapshots:
    """Pair every account with every morning, gone or not, sorted by account."""
    accounts, mornings = len(live.account_ids), live.mornings.count
    return Snapshots(
        live.mornings,
        live.account_ids,
        np.repeat(np.arange(accounts), mornings),
        np.tile(np.arange(mornings), accounts),
    )


def day_or_nan(days: Ints) -> Floats:
    """Day numbers as floats, with NaN for what never happened."""
    return np.where(np.abs(days) >= -NEVER, np.nan, days.astype(np.float64))


def reporting_lag_days(exits: pd.DataFrame) -> int:
    """Days within which nearly all exits (95 of 100) had become known."""
    lag = day_number(exits["known_at"]) - day_number(exits["exited_at"])
    return int(np.ceil(np.quantile(np.maximum(lag, 0), LAG_QUANTILE))) if len(lag) else 0
