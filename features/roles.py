"""Which role was known of each person who did something, and since when?

Asked once for all accounts: texts are compared there and nowhere else.
"""

from collections.abc import Sequence
from typing import NamedTuple, Self

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa

from features.asof import Ints
from features.reduce import day_of


class Roles(NamedTuple):
    """A row per account and person, in the order of accounts."""

    account: Ints
    person: Ints
    """A place among all users that are held."""
    role: Ints
    """A place among the names of roles."""
    known: Ints
    """The day on which we learnt it."""

    @classmethod
    def of(
        cls, users: ir.Table | None, held: pa.Array, names: Sequence[str], *, before_day: int
    ) -> Self:
        """Ask the engine. ``users`` names accounts by their places, ``held`` all users."""
        if users is None or not len(held):
            return cls(*np.zeros((4, 0), dtype=np.int64))
        users = users.filter(day_of(users.known_at) < before_day, users.role.notnull())
        codes = pa.array(np.arange(len(held), dtype=np.int32))
        people = ibis.memtable(pa.table({"user_id": held, "person": codes}))
        users = users.inner_join(people, "user_id")
        told = (
            users.group_by(account=users.account_id, person=users.person)
            .agg(role=users.role.max(), known=day_of(users.known_at).min())
            .order_by("account", "person")
            .to_pyarrow()
        )
        role = pd.Index(list(names)).get_indexer(pd.Index(told["role"].to_pandas()))
        account, person, known = (
            told[name].to_numpy().astype(np.int64) for name in ("account", "person", "known")
        )
        return cls(account, person, role.astype(np.int64), known)

    def between(self, first: int, last: int) -> Self:
        """Those of the accounts from ``first`` to before ``last``, counted from there."""
        own = slice(*np.searchsorted(self.account, (first, last)).tolist())
        kept = type(self)(*(column[own] for column in self))
        return kept._replace(account=kept.account - first)

    def of_people(
        self, first: Ints, user: np.ndarray, users: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """The role of each person of each account, -1 for none, and when we learnt it."""
        account = np.repeat(np.arange(len(first) - 1), np.diff(first))
        key = account * users + user
        in_order = np.argsort(key, kind="stable")
        asked = self.account * users + self.person
        at = np.searchsorted(key, asked, sorter=in_order)
        found = at < len(key)
        at[found] = in_order[at[found]]
        found[found] = key[at[found]] == asked[found]
        role, known = np.full(len(key), -1, dtype=np.int32), np.zeros(len(key), dtype=np.int64)
        role[at[found]], known[at[found]] = self.role[found], self.known[found]
        return role, known
