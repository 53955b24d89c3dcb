"""Which role was known of each person who did something, and since when?

Texts are compared once for all accounts, and of people whose roles were kept not again.
"""

from collections.abc import Sequence
from typing import NamedTuple, Self

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from features.asof import NEVER, Ints, places
from features.reduce import day_of

ROWS = pa.schema(
    {
        "account_id": pa.dictionary(pa.int32(), pa.string()),
        "person": pa.int32(),
        "role": pa.dictionary(pa.int32(), pa.string()),
        "known": pa.int32(),
    }
)
"""What was said of the role of a person (a place among all users that are held), and when."""


def said_of_roles(users: ir.Table | None, held: pa.Array, *, since: int = 0) -> pa.Table:
    """Ask the engine what was ever said of the roles of users ``held``, from a place on."""
    new = held[since:]
    if users is None or not len(new):
        return ROWS.empty_table()
    codes = pa.array(np.arange(since, len(held), dtype=np.int32))
    people = ibis.memtable(pa.table({"user_id": new, "person": codes}))
    rows = users.filter(users.role.notnull()).inner_join(people, "user_id")
    known = day_of(rows.known_at).fill_null(-NEVER)
    told = rows.select("account_id", "person", "role", known=known).to_pyarrow()
    texts = {name: told[name].dictionary_encode() for name in ("account_id", "role")}
    numbers = {name: told[name] for name in ("person", "known")}
    return pa.table({name: (texts | numbers)[name] for name in ROWS.names}).cast(ROWS)


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
        cls, said: pa.Table, account_ids: np.ndarray, names: Sequence[str], *, before_day: int
    ) -> Self:
        """Of what was said, take what was known before a day; of several roles the last name.

        ``names`` are in alphabetical order; accounts go by their place among the ids.
        """
        account = _places(said["account_id"], account_ids)
        role = _places(said["role"], np.array(names, dtype=object))
        person, known = (said[name].to_numpy().astype(np.int64) for name in ("person", "known"))
        kept = np.flatnonzero((account >= 0) & (known < before_day))
        kept = kept[np.lexsort((person[kept], account[kept]))]
        account, person = account[kept], person[kept]
        is_other = (account[1:] != account[:-1]) | (person[1:] != person[:-1])
        first = np.flatnonzero(np.append(True, is_other)[: len(kept)])
        if not len(first):
            return cls(*np.zeros((4, 0), dtype=np.int64))
        role, known = role[kept], known[kept]
        return cls(
            account[first],
            person[first],
            np.maximum.reduceat(role, first),
            np.minimum.reduceat(known, first),
        )

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


def _places(texts: pa.ChunkedArray, among: np.ndarray) -> Ints:
    """The place of each text among others, looked up once for all that are alike."""
    coded = texts.combine_chunks()
    place = places(coded.dictionary, among)
    told: Ints = place[coded.indices.to_numpy()]
    return told
