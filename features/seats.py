"""How many seats did an account pay for on a day, as was known on that day?

Those of its subscription lines in force. Until a line that names its seats is known, and where
there never is one, the account's own attribute ``seats``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numba
import numpy as np
import pandas as pd

from features.asof import Bools, Floats, Ints
from features.history import Rows

SPAN = 100_000
"""Days that are told apart: up to the year 2243. A line without an end may say 9999."""


@dataclass(frozen=True, slots=True, eq=False)
class Seats:
    """Every change of every account's seats, in order of account and day."""

    account: Ints
    day: Ints
    seats: Floats

    @classmethod
    def known(cls, tables: Mapping[str, Rows]) -> "Seats":
        """Read them from the contracts and the accounts."""
        lines = _of_contracts(tables.get("contracts"))
        own = _of_accounts(tables["accounts"])
        # A line that names its seats takes the place of what the account said before it.
        first = np.searchsorted(lines.account, own.account)
        has_line = np.append(lines.account, -1)[first] == own.account
        kept = ~has_line | (own.day < np.append(lines.day, 0)[first])
        both = [np.r_[mine[kept], theirs] for mine, theirs in zip(own, lines, strict=True)]
        order = np.lexsort((both[1], both[0]))
        return cls(*(column[order] for column in both))

    def on(self, account: Ints, day: Ints) -> Floats:
        """Seats of each account on each day; 0 where nobody had told."""
        if not len(self.seats):
            return np.zeros(len(account))
        newest = np.searchsorted(_key(self.account, self.day), _key(account, day), side="right")
        at = np.maximum(newest - 1, 0)
        is_told = (newest > 0) & (self.account[at] == account)
        return np.where(is_told, self.seats[at], 0.0)


def is_told(tables: Mapping[str, Rows]) -> bool:
    """Whether a number of seats is told of any account, of these or of others."""
    contracts = tables.get("contracts")
    return "seats" in tables["accounts"].frame or (
        contracts is not None and "seats" in contracts.told
    )


def _key(account: Ints, day: Ints) -> Ints:
    return account * SPAN + np.clip(day, 0, SPAN - 1)


class _Changes(NamedTuple):
    account: Ints
    day: Ints
    seats: Floats


def _of_contracts(contracts: Rows | None) -> _Changes:
    """Running sum of the seats in force, from the day that each line is known and has begun."""
    if contracts is None:
        return _no_changes()
    told = contracts.frame["seats"].notna().to_numpy()
    lines = contracts.where(told, "seats", "starts_on", "ends_on", "known_at")
    begins = np.maximum(lines.day("starts_on"), lines.day("known_at"))
    ends = np.maximum(lines.day("ends_on"), begins)
    seats = lines.frame["seats"].to_numpy(dtype=np.float64)
    account, day = np.r_[lines.account, lines.account], np.r_[begins, ends]
    order = np.lexsort((day, account))
    account, day, change = account[order], day[order], np.r_[seats, -seats][order]
    last = np.flatnonzero(_differs_from_next(account, day))
    return _Changes(account[last], day[last], _running(account, change)[last])


def _of_accounts(accounts: Rows) -> _Changes:
    if "seats" not in accounts.frame:
        return _no_changes()
    order = np.lexsort((accounts.frame["known_at"].to_numpy(), accounts.account))
    account, day = accounts.account[order], accounts.day("known_at")[order]
    told = pd.to_numeric(accounts.frame["seats"], errors="coerce").fillna(0.0)
    newest = np.flatnonzero(_differs_from_next(account, day))
    seats = told.to_numpy(dtype=np.float64)[order]
    return _Changes(account[newest], day[newest], seats[newest])


def _differs_from_next(account: Ints, day: Ints) -> Bools:
    """Whether a row is the last of its account and day."""
    differs = (account[1:] != account[:-1]) | (day[1:] != day[:-1])
    told: Bools = np.append(differs, True)[len(account) == 0 :]
    return told


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _running(account: Ints, change: Floats) -> Floats:
    """Add changes up, account by account."""
    told, total = np.empty(len(change)), 0.0
    for row in range(len(change)):
        if row and account[row] != account[row - 1]:
            total = 0.0
        total += change[row]
        told[row] = total
    return told


def _no_changes() -> _Changes:
    return _Changes(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
