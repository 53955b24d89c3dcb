"""What will change in somebody else's tool, before anything changes?

A sink is asked twice. ``plan`` looks at what the tool shows today and says what would change;
it never writes. ``apply`` writes that and nothing else; it never decides. Applying the same
plan twice does nothing the second time.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

Value = str | float | int | bool | date | None
Row = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Scorecards:
    """What is published of each account, one flat row each, all of one as-of date."""

    as_of: date
    columns: Mapping[str, type]
    """The type of each column's values: ``str``, ``float``, ``int``, ``bool`` or ``date``."""
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Change:
    """One account's row in somebody else's tool."""

    account_id: str
    before: Row | None
    """What the tool shows today; None where it does not know the account."""
    after: Row | None
    """What it will show; None where the account will no longer be there."""

    @property
    def fields(self) -> tuple[str, ...]:
        """What differs, besides the as-of date, which differs every day."""
        before, after = self.before or {}, self.after or {}
        names = [*after, *(name for name in before if name not in after)]
        return tuple(
            name for name in names if name != "as_of" and before.get(name) != after.get(name)
        )

    @property
    def key(self) -> str:
        """Same key, same change: sending it twice must do nothing the second time."""
        content = repr((self.account_id, sorted((self.after or {}).items())))
        return hashlib.sha256(content.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Plan:
    """What a sink would do with some scorecards."""

    changes: Sequence[Change]
    unchanged: int
    newer: int = 0
    """Accounts of which the tool already shows a later as-of date; they are left alone."""


class Sink(Protocol):
    """A tool we can write to."""

    @property
    def name(self) -> str:
        """Where it is, without its password."""

    def plan(self, scorecards: Scorecards) -> Plan:
        """Compare the scorecards with what the tool shows today, and write nothing."""

    def apply(self, changes: Sequence[Change], *, scorecards: Scorecards) -> None:
        """Write the changes, all of them or none; the scorecards give their columns."""


def compare(scorecards: Scorecards, *, shown: Mapping[str, Row]) -> Plan:
    """Tell new and changed rows from those that are shown as they are, or shown newer."""
    changes, unchanged, newer = [], 0, 0
    for row in scorecards.rows:
        account_id = str(row["account_id"])
        before = shown.get(account_id)
        if before is not None and _later(before.get("as_of"), scorecards.as_of):
            newer += 1
        elif before == row:
            unchanged += 1
        else:
            changes.append(Change(account_id, before=before, after=row))
    return Plan(changes, unchanged=unchanged, newer=newer)


def _later(shown: Value, as_of: date) -> bool:
    return isinstance(shown, date) and shown > as_of
