"""Which accounts are live, what are their raw rows, and what do their peers have?"""

import re
from functools import cache, cached_property, partial
from pathlib import Path

import numpy as np
import pandas as pd
from raw import Account
from recounts import Found, Recount

from configs.load import Configuration

AGES = (30, 60, 91, 182, 365, 730)
FEWEST = 5


class World:
    """The raw tables as known on a morning, account by account."""

    def __init__(self, tables: Path, configuration: Configuration, told: pd.DataFrame) -> None:
        self.as_of = pd.Timestamp(told["as_of"].iloc[0])
        self._playbook = configuration.playbook.milestones
        self._segment = told.set_index("account_id")["segment"]
        self._parts = {
            path.stem: self._by_account(_dated(pd.read_parquet(path)), path.stem)
            for path in tables.glob("*.parquet")
        }
        self.account = cache(self._account)

    def _by_account(
        self, table: pd.DataFrame, name: str
    ) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
        if "known_at" in table:
            known = table["known_at"].isna() | (table["known_at"] < self.as_of)
            table = table.loc[known]
        elif name == "contracts" and "signed_at" in table:
            table = table.loc[table["signed_at"].fillna(table["starts_on"]) < self.as_of]
        elif "occurred_at" in table:
            table = table.loc[table["occurred_at"] < self.as_of]
        return table.iloc[:0], dict(list(table.groupby("account_id")))

    def cohort_left(self, a: Account) -> float:
        """The share of those that began with it in its segment that churned in four weeks."""
        month, came = a.kickoff.to_period("M"), set(self._segment.index)
        back, here, left = self.as_of - pd.Timedelta(days=28), 0, 0
        for account_id, rows in self._parts["accounts"][1].items():
            kickoff, own = rows["kickoff_at"].iloc[-1], rows.iloc[-1]
            same = own.get("module", a.own.get("module")) == a.own.get("module")
            if kickoff.to_period("M") != month or not same:
                continue
            exits = self._parts["exits"][1].get(account_id)
            gone = (
                exits is not None
                and (
                    (exits["cause"] == "churn")
                    & (exits["exited_at"] >= back)
                    & (exits["exited_at"] < self.as_of)
                ).any()
            )
            here, left = here + (account_id in came), left + bool(gone)
        return left / max(here + left, 1)

    def _account(self, account_id: str) -> Account:
        own = {name: parts.get(account_id, e) for name, (e, parts) in self._parts.items()}
        segment = self._segment[account_id]
        others = partial(self._siblings, account_id)
        return Account(self.as_of, own, self._playbook, segment, others)

    def _siblings(self, account_id: str) -> list[Account]:
        """The other live accounts of the same parent."""
        parent = self._parents.get(account_id)
        known = self._parents[self._parents == parent].index if parent else []
        return [self.account(each) for each in known if each != account_id]

    @cached_property
    def _parents(self) -> "pd.Series[str]":
        rows = self._parts["accounts"][1]
        newest = {each: rows[each].iloc[-1].get("parent_id") for each in self._segment.index}
        return pd.Series(newest).dropna()

    def median(self, a: Account, recount: Recount, found: Found) -> float:
        """What the live accounts of the same segment usually have."""
        told = pd.Series(self._all(a.segment, recount, found), dtype=float)
        return float(told.median())

    def place(self, a: Account, recount: Recount, found: Found) -> float:
        """The share of its peers of the same age it is ahead of, level ones counted half."""
        own = _age(a)
        members = [self.account(i) for i in self._segment.index[self._segment == a.segment]]
        peers = [each for each in members if _age(each) == own]
        values = np.array([recount(each, found) for each in peers], dtype=float)
        mine = float(recount(a, found))
        below, level = (values < mine).sum(), (values == mine).sum()
        rank = below + (level + 1) / 2
        return float(rank / len(values)) if len(values) >= FEWEST else np.nan

    def in_time(self, segment: str, slug: str) -> float:
        """The share in time, of those to whom the milestone opened that long ago."""
        step = next(m for m in self._playbook if m.slug == slug)
        limit = step.expected_days_in(segment)
        told = []
        for account_id in self._segment.index[self._segment == segment]:
            rung = self.account(account_id).ladder[slug]
            if pd.isna(rung.opened) or (self.as_of - rung.opened.normalize()).days < limit:
                continue
            taken = (
                pd.NaT if pd.isna(rung.met) else rung.met.normalize() - rung.opened.normalize()
            )
            told.append(not pd.isna(taken) and taken.days <= limit)
        return float(np.mean(told)) if told else np.nan

    def _all(self, segment: str, recount: Recount, found: Found) -> list[float]:
        ids = self._segment.index[self._segment == segment]
        return [float(recount(self.account(i), found)) for i in ids]


def _age(a: Account) -> int:
    return int(np.searchsorted(AGES, (a.as_of - a.kickoff.normalize()).days, side="right"))


def _dated(table: pd.DataFrame) -> pd.DataFrame:
    """Read every day and moment as a moment."""
    times = [name for name in table if re.search(r"_(at|on)$", str(name))]
    return table.assign(**{str(name): pd.to_datetime(table[name]) for name in times})
