"""How does a test say what happened to an account, in the words of a person who knew it?

Everything is told in days before ``MORNING``, a Monday: `AnAccount("a1").signed_up(90)
.was_active(3, user="ann", known_after=5).left(1)`. ``a_world`` puts accounts and a ladder
together, and hands over tables just as a source would.
"""

import atexit
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache, cached_property
from itertools import count
from pathlib import Path
from typing import Any, Self

import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa

from configs.load import Configuration
from configs.playbook import Playbook
from configs.project import Project
from features.assemble import FeatureSet, build_features
from features.sources.source import Source, Stored
from features.tables import TABLES

MORNING = pd.Timestamp("2025-03-10")
WORLDS = count()
SOON = 0.1
"""Days until a row is known, unless a test says otherwise."""
STORED_AS = {"text": pa.string(), "number": pa.float64()}


def at(days_before: float) -> pd.Timestamp:
    """The moment so many days before MORNING; negative is after it."""
    return (MORNING - pd.Timedelta(days=days_before)).round("s")


@dataclass
class AnAccount:
    """One account's rows in every table; each method adds one and returns the account."""

    account_id: str = "a1"
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def signed_up(
        self,
        days_before: float,
        *,
        known_after: float = SOON,
        kickoff: float | None = None,
        **attributes: Any,
    ) -> Self:
        """Start as a customer; ``kickoff`` is in days before MORNING, as everything is."""
        started = None if kickoff is None else at(kickoff)
        stated = {"signed_up_at": at(days_before), "kickoff_at": started, **attributes}
        return self._add("accounts", stated, at(days_before - known_after))

    def changed(self, days_before: float, **attributes: Any) -> Self:
        """Become known to be otherwise: a newer row of ``accounts``, the rest as it was."""
        told = dict(self.rows["accounts"][-1]) | attributes
        return self._add("accounts", told, at(days_before))

    def has_user(
        self, user: str, *, role: str | None = None, since: float = 400, known_after: float = 0
    ) -> Self:
        who = {"user_id": user, "role": role, "created_at": at(since)}
        return self._add("users", who, at(since - known_after))

    def was_active(
        self,
        *days_before: float,
        capability: str = "report_viewed",
        user: str | None = "ann",
        quantity: float | None = 1.0,
        known_after: float = SOON,
    ) -> Self:
        for days in days_before:
            done = {"capability": capability, "occurred_at": at(days), "user_id": user}
            done["quantity"] = quantity
            self._add("activity", done, at(days - known_after))
        return self

    def reached(self, milestone: str, days_before: float, *, known_after: float = SOON) -> Self:
        """Have a milestone recorded elsewhere."""
        told = {"milestone": milestone, "achieved_at": at(days_before)}
        return self._add("achievements", told, at(days_before - known_after))

    def planned(self, milestone: str, due: float, *, known: pd.Timestamp | None = None) -> Self:
        """Agree on a due date, in days before MORNING."""
        told = {"milestone": milestone, "due_on": at(due).normalize()}
        return self._add("plans", told, known)

    def has_contract(
        self,
        starts: float,
        ends: float,
        *,
        arr: float | None = 12_000.0,
        seats: float | None = None,
        product: str = "core",
        signed: float | None = None,
        known_after: float = 0,
    ) -> Self:
        """Subscribe from ``starts`` to ``ends``, both in days before MORNING."""
        signed = starts if signed is None else signed
        term = {"starts_on": at(starts).normalize(), "ends_on": at(ends).normalize()}
        line = {"arr": arr, "seats": seats, "product": product, "signed_at": at(signed)}
        return self._add("contracts", term | line, at(signed - known_after))

    def left(
        self, days_before: float, *, cause: str = "churn", known_after: float = SOON
    ) -> Self:
        told = {"exited_at": at(days_before), "cause": cause}
        return self._add("exits", told, at(days_before - known_after))

    def was_touched(
        self,
        *days_before: float,
        kind: str = "call",
        milestone: str | None = None,
        known_after: float = SOON,
    ) -> Self:
        for days in days_before:
            told = {"kind": kind, "occurred_at": at(days), "milestone": milestone}
            self._add("touches", told, at(days - known_after))
        return self

    def activity(self) -> pd.DataFrame:
        """The account's rows of ``activity``, for tests that need no other table."""
        return a_frame("activity", self.rows.get("activity", []))

    def _add(self, table: str, told: Mapping[str, Any], known_at: pd.Timestamp | None) -> Self:
        known = {} if known_at is None else {"known_at": known_at}
        row = {"account_id": self.account_id, **told, **known}
        self.rows.setdefault(table, []).append(row)
        return self


def a_frame(table: str, rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Rows of one table with the columns of its contract, typed even where all are null."""
    told = list(rows)
    contract = {name: column.kind for name, column in TABLES[table].columns.items()}
    others = dict.fromkeys(name for row in told for name in row if name not in contract)
    frame = pd.DataFrame(told, columns=[*contract, *others])
    types = {
        name: {"text": "str", "number": "float64"}.get(kind, "datetime64[us]")
        for name, kind in contract.items()
    }
    types |= {name: "float64" for name in others if frame[name].isna().all()}
    return frame.astype(types)


@cache
def a_connection() -> ibis.BaseBackend:
    """One engine for all tests of a process."""
    connection = ibis.duckdb.connect(threads=2)
    connection.raw_sql("SET enable_progress_bar=false")
    atexit.register(a_connection.cache_clear)
    return connection


@dataclass(frozen=True, repr=False)
class World:
    """Accounts, and the configuration that says what their tables mean."""

    frames: Mapping[str, pd.DataFrame]
    configuration: Configuration

    def __repr__(self) -> str:
        rows = ", ".join(f"{len(frame)} of {name}" for name, frame in self.frames.items())
        return f"<a world with {rows}>"

    def _repr_pretty_(self, printer: Any, *_: object) -> None:
        printer.text(repr(self))

    @cached_property
    def source(self) -> Source:
        connection, number = a_connection(), next(WORLDS)
        stored = {
            name: connection.create_table(f"{name}_{number}", frame, temp=True)
            for name, frame in self.frames.items()
        }
        where = Stored(connection, "a world", stored, tuple(stored), lambda: "print")
        return Source(where, self.configuration.project)

    @property
    def tables(self) -> Mapping[str, ir.Table]:
        return self.source.tables

    def build(
        self, as_of: pd.Timestamp | date = MORNING, *, also: tuple[date, ...] = ()
    ) -> FeatureSet:
        day = as_of.date() if isinstance(as_of, pd.Timestamp) else as_of
        return build_features(self.tables, self.configuration, as_of=day, also=also)

    def known_before(self, moment: pd.Timestamp) -> "World":
        """The same world, without the rows that became known later."""
        known = {n: f.loc[~(f["known_at"] >= moment)] for n, f in self.frames.items()}
        return replace(self, frames=known)

    def without(self, *tables: str) -> "World":
        kept = {name: frame for name, frame in self.frames.items() if name not in tables}
        return replace(self, frames=kept)


def a_step(slug: str = "first_report", **told: Any) -> dict[str, Any]:
    """One milestone of a playbook: by default, one report viewed within ten days."""
    usual = {"slug": slug, "name": slug.replace("_", " ").capitalize(), "expected_days": 10}
    return usual | {"done_when": {"capability": "report_viewed"}} | told


def a_configuration(*steps: Mapping[str, Any], **sections: Any) -> Configuration:
    """A configuration that was never a file: milestones, and sections of project.toml."""
    usual = {"name": "acme", "backtest": {"origins": 1, "every_days": 35}}
    return Configuration(
        folder=Path("configs/acme"),
        project=Project.model_validate(usual | sections),
        playbook=Playbook.model_validate({"milestones": steps or (a_step(),)}),
        fingerprint="acme",
    )


def a_world(
    *accounts: AnAccount, steps: Iterable[Mapping[str, Any]] = (), **sections: Any
) -> World:
    """Put accounts together; tables of which nobody has a row are not there at all.

    By default there is a snapshot every seven days since 70 days before MORNING.
    """
    sections = {"snapshots": {"every_days": 7, "first_on": at(70).date()}} | sections
    told: dict[str, list[dict[str, Any]]] = {"accounts": [], "activity": []}
    for account in accounts:
        for table, rows in account.rows.items():
            told.setdefault(table, []).extend(rows)
    frames = {table: a_frame(table, rows) for table, rows in told.items()}
    return World(frames, a_configuration(*steps, **sections))
