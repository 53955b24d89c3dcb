"""How many seats did an account pay for on a day, as was known on that day?

Those of its subscription lines in force. Until a line that names its seats is known, and where
there never is one, the account's own attribute ``seats``.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.asof import Floats, Ints
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
        first_line = own["account"].map(lines.groupby("account")["day"].min())
        own = own.loc[first_line.isna() | (own["day"] < first_line)]
        changes = pd.concat([own, lines]).sort_values(["account", "day"])
        return cls(
            account=changes["account"].to_numpy(dtype=np.int64),
            day=changes["day"].to_numpy(dtype=np.int64),
            seats=changes["seats"].to_numpy(dtype=np.float64),
        )

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


def _of_contracts(contracts: Rows | None) -> pd.DataFrame:
    """Running sum of the seats in force, from the day that each line is known and has begun."""
    if contracts is None:
        return _no_changes()
    lines = contracts.where(contracts.frame["seats"].notna().to_numpy())
    begins = np.maximum(lines.day("starts_on"), lines.day("known_at"))
    ends = np.maximum(lines.day("ends_on"), begins)
    seats = lines.frame["seats"].to_numpy(dtype=np.float64)
    changes = pd.DataFrame(
        {
            "account": np.r_[lines.account, lines.account],
            "day": np.r_[begins, ends],
            "seats": np.r_[seats, -seats],
        }
    )
    by_day = changes.groupby(["account", "day"])["seats"].sum()
    return by_day.groupby(level="account").cumsum().reset_index()


def _of_accounts(accounts: Rows) -> pd.DataFrame:
    if "seats" not in accounts.frame:
        return _no_changes()
    told = accounts.frame.assign(
        account=accounts.account,
        day=accounts.day("known_at"),
        seats=pd.to_numeric(accounts.frame["seats"], errors="coerce").fillna(0.0),
    )
    newest = told.sort_values("known_at", kind="stable").drop_duplicates(
        ["account", "day"], keep="last"
    )
    return newest[["account", "day", "seats"]]


def _no_changes() -> pd.DataFrame:
    return pd.DataFrame({"account": [], "day": [], "seats": []}, dtype=np.float64)
