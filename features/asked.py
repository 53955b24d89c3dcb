"""Who answers what is asked of activity: the engine that holds it, or rows that are at hand?

Both give the same answers. A server groups where the rows are, so that little comes back; an
embedded engine hands over its rows once, coded, and each answer is one walk through them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from configs.playbook import DoneWhen
from features.asof import Bools, Ints, Mornings
from features.coded import CodedRows, Names, rows_of_capability
from features.passes import last_uses, reduced_people, reduced_rows
from features.people import ReducedPeople, reduce_people
from features.reduce import Reduced, day_of, reduce_activity
from features.spans import Span, used_at_hand, used_in_engine
from features.taken import NOBODY


class Asked(Protocol):
    """What a shard wants to know of its activity; accounts go by their place in it."""

    def reduced(self, mornings: Mornings, names: Names, *, counted: int) -> Reduced:
        """Activity reduced; the first ``counted`` capabilities get counts of their own."""

    def people(self, mornings: Mornings, names: Names, wanted: Sequence[str]) -> ReducedPeople:
        """What each person did, and which of the ``wanted`` capabilities each role used."""

    def evidence(self, criterion: DoneWhen, mornings: Mornings, *, of: Bools) -> pd.DataFrame:
        """account_id, user_id, occurred_at, quantity and known of what a criterion reads.

        Of some accounts: there may be rows of others.
        """

    def last_use(self, capability: str) -> pd.DataFrame:
        """account_id, known and day: the last day of use of a capability, by day known.

        No more finely than mornings tell days apart.
        """

    def used(self, span: Span, *, part_days: int | None) -> pd.DataFrame:
        """What was done in each part of a span; see ``features.spans``."""


@dataclass(frozen=True, slots=True)
class InEngine:
    """Asks the engine, each time."""

    tables: Mapping[str, ir.Table]

    def reduced(self, mornings: Mornings, names: Names, *, counted: int) -> Reduced:
        capabilities = names.capabilities[:counted]
        return reduce_activity(
            self.tables, mornings, capabilities=capabilities, roles=names.roles
        )

    def people(self, mornings: Mornings, names: Names, wanted: Sequence[str]) -> ReducedPeople:
        return reduce_people(self.tables, mornings, capabilities=wanted)

    def evidence(self, criterion: DoneWhen, mornings: Mornings, *, of: Bools) -> pd.DataFrame:
        rows = self.tables["activity"]
        rows = rows.filter(rows.capability == criterion.capability)
        rows = rows.select(
            "account_id", "user_id", "occurred_at", "quantity", known=day_of(rows.known_at)
        )
        if criterion.role is not None:
            users = self.tables.get("users")
            if users is None:
                return _fetched(rows.limit(0))
            of_role = users.filter(users.role == criterion.role)
            of_role = of_role.select(
                "account_id", "user_id", role_known=day_of(of_role.known_at)
            )
            rows = rows.inner_join(of_role, ["account_id", "user_id"])
            rows = rows.mutate(known=ibis.greatest(rows.known, rows.role_known))
        if criterion.measure in ("users", "share_of_seats"):
            rows = rows.filter(rows.user_id.notnull())
        return _fetched(rows.filter(rows.known < int(mornings.days[-1])))

    def last_use(self, capability: str) -> pd.DataFrame:
        rows = self.tables["activity"].filter(self.tables["activity"].capability == capability)
        rows = rows.mutate(day=day_of(rows.occurred_at), known=day_of(rows.known_at))
        return _fetched(rows.group_by("account_id", "known").agg(day=rows.day.max()))

    def used(self, span: Span, *, part_days: int | None) -> pd.DataFrame:
        return used_in_engine(self.tables["activity"], span, part_days=part_days)


@dataclass(frozen=True, eq=False)
class AtHand:
    """Walks through coded rows."""

    rows: CodedRows
    names: Names
    mornings: Mornings

    def reduced(self, mornings: Mornings, names: Names, *, counted: int) -> Reduced:
        return reduced_rows(self.rows, mornings, names, asked=counted, used=self._last_used)

    def people(self, mornings: Mornings, names: Names, wanted: Sequence[str]) -> ReducedPeople:
        return reduced_people(self.rows, mornings, names, wanted)

    def evidence(self, criterion: DoneWhen, mornings: Mornings, *, of: Bools) -> pd.DataFrame:
        rows, (found, account) = self.rows, self._of(criterion.capability, of)
        known = rows.known[found].astype(np.int64)
        if criterion.role is not None or criterion.measure in ("users", "share_of_seats"):
            keep = rows.person[found] != NOBODY
            found, account, known = found[keep], account[keep], known[keep]
        person = rows.first_person[account] + rows.person[found]
        if criterion.role is not None:
            keep = rows.role[person] == self._role(criterion.role)
            found, account, person = found[keep], account[keep], person[keep]
            known = np.maximum(known[keep], rows.role_known[person])
        return pd.DataFrame(
            {
                "account_id": account,
                "user_id": person,
                "occurred_at": rows.moment[found].view("datetime64[us]"),
                "quantity": rows.quantity[found],
                "known": known,
            },
            copy=False,
        )

    def last_use(self, capability: str) -> pd.DataFrame:
        of_it = (self._last_used["what"] == self._code(capability)).to_numpy()
        used = self._last_used.loc[of_it]
        # All that a morning is the first to see might as well be known the day before it.
        known = self.mornings.days[used["seen_from"]] - 1
        last = used["last_day"].astype("int64")
        return pd.DataFrame({"account_id": used["account_id"], "known": known, "day": last})

    def used(self, span: Span, *, part_days: int | None) -> pd.DataFrame:
        return used_at_hand(self.rows, span, self.names.capabilities, part_days=part_days)

    @cached_property
    def _last_used(self) -> pd.DataFrame:
        return last_uses(self.rows, self.mornings, len(self.names.capabilities))

    def _of(self, capability: str, accounts: Bools) -> tuple[Ints, Ints]:
        """The rows of a capability of some accounts, and whose they are."""
        first, capabilities = self.rows.first, self.rows.capability
        code = self._code(capability)
        found, account = rows_of_capability(first, capabilities, code, accounts)
        return found, account

    def _code(self, capability: str) -> int:
        names = self.names.capabilities
        return names.index(capability) if capability in names else len(names)

    def _role(self, role: str) -> int:
        return (
            self.names.roles.index(role) if role in self.names.roles else len(self.names.roles)
        )


def _fetched(rows: ir.Table) -> pd.DataFrame:
    frame: pd.DataFrame = rows.to_pandas()
    return frame
