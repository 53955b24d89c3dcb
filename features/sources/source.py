"""The customer's tables, wherever they live, in one shape.

Every engine ends here: an Ibis connection, and the tables that are present under the names and
types of ``features.tables``. What reads them cannot tell a folder of files from a warehouse.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pandas as pd

from configs.errors import ConfigError, DataError, MilepostError
from configs.nearest import did_you_mean
from configs.project import Project
from features.sources.checks import broken_promises
from features.sources.damage import damages, first_words, stumbles
from features.sources.filed import Filed
from features.sources.looked import Looked
from features.sources.prints import content_print, digest_of, print_of_rows
from features.tables import TABLES, exits_from_contracts, normalised

REMEDY = "Mend the data, or map its names under [source] in project.toml"


@dataclass(frozen=True, slots=True)
class Stored:
    """What an engine found: the tables as they are, under the contract's table names."""

    connection: ibis.BaseBackend
    where: str
    tables: Mapping[str, ir.Table]
    names: tuple[str, ...]
    """Everything that is there, for whoever misspelt a table."""
    fingerprint: Callable[[], str] | None = None
    """Without one, the files are printed, or else the rows where they are."""
    glance: Callable[[], str | None] = lambda: None
    """What changes whenever the data do and costs next to nothing; None where nothing does."""
    steady: Callable[[], AbstractContextManager[None]] = nullcontext
    """Within it, all that is read is of one moment."""
    close: Callable[[], None] | None = None
    """Without one, the connection is closed."""
    unreadable: Callable[[], Mapping[str, str]] = dict
    """Per table, what is wrong with how it is stored, where only the engine can tell."""
    filed: Filed | None = None
    """The files that hold the tables, where they are in files."""
    failures: tuple[type[Exception], ...] = ()
    """What the engine raises when it stumbles over a row."""


@dataclass(frozen=True, slots=True)
class TableFacts:
    """How much a table holds."""

    rows: int
    rows_of_unknown_accounts: int


class Source:
    """An Ibis connection and the normalised tables that are present.

    Of files that an earlier look knows, and that are as they were, nothing is found out again.
    """

    def __init__(
        self, stored: Stored, project: Project, *, looked: Looked | None = None
    ) -> None:
        self._stored, self._looked = stored, looked or Looked()
        self._marks = {
            name: marks
            for name in stored.tables
            if stored.filed and (marks := stored.filed.marks(name)) is not None
        }
        self._mapped = {name: project.source.stored_columns(name) for name in stored.tables}
        self._raw = {
            name: _renamed(rows, self._mapped[name]) for name, rows in stored.tables.items()
        }
        self.connection = stored.connection
        self.tables: dict[str, ir.Table] = {
            name: normalised(rows, TABLES[name]) for name, rows in self._raw.items()
        }
        if "exits" not in self.tables and "contracts" in self.tables:
            grace_days = project.outcomes.renewal_grace_days
            self.tables["exits"] = exits_from_contracts(
                self.tables["contracts"], grace_days=grace_days
            )

    @property
    def filed(self) -> Filed | None:
        """The files that hold the tables, where they are in files."""
        stored = self._stored.filed
        return stored and Filed(stored.paths, lambda name, paths: self._only(name, paths))

    def has(self, name: str) -> bool:
        """Tell whether a table is present, or could be derived from one that is."""
        return name in self.tables

    def check(self) -> None:
        """Raise one DataError that names every broken promise of every table."""
        changed = [name for name in self._raw if self._new_files(name) != ()]
        found = self._stored.unreadable() if changed else {}
        unreadable = {name: what for name, what in found.items() if name in changed}
        wrong = [*self.missing(), *(f"{name} {what}" for name, what in unreadable.items())]
        for name in changed:
            wrong += [] if name in unreadable else self._broken(name)
        if wrong:
            raise DataError(self._stored.where, "; ".join(wrong), REMEDY)

    def check_every_byte(self) -> None:
        """Raise DataError where anything in a file, asked for or not, cannot be read."""
        is_ours = self.connection.name == "duckdb"
        if is_ours and (found := self._damages(self._stored.tables)):
            raise DataError(self._stored.where, "; ".join(found), REMEDY)

    def missing(self) -> list[str]:
        """Name the required tables and columns that are not there."""
        tables = [
            f"there is no table {name}{did_you_mean(name, self._stored.names)}"
            for name, contract in TABLES.items()
            if contract.required and name not in self._raw
        ]
        return tables + [m for name in self._raw for m in self._missing_columns(name)]

    def fingerprint(self) -> str:
        """A print of the content of the inputs: same rows in the same files, same print."""
        if self._stored.fingerprint is not None:
            return self._stored.fingerprint()
        if self._stored.filed is not None:
            return content_print(
                self._stored.filed.paths, lambda path: self._digests[str(path)]
            )
        return print_of_rows({name: self.tables[name] for name in self._raw})

    @contextmanager
    def steady(self) -> Iterator[None]:
        """Read everything within it as of one moment, where the engine can.

        Raises DataError where that stumbles over what is damaged.
        """
        with self._stored.steady():
            try:
                yield
            except stumbles(self._stored.failures) as stumbled:
                if not (found := self._damages(self._stored.tables, stumbled)):
                    raise
                raise DataError(self._stored.where, "; ".join(found), REMEDY) from stumbled

    def close(self) -> None:
        """Leave the engine; nothing can be read afterwards."""
        close = self._stored.close or self.connection.disconnect
        close()

    def glance(self) -> str:
        """Look whether anything may have changed, as cheaply as the engine can tell."""
        return self._stored.glance() or self.fingerprint()

    @cached_property
    def facts(self) -> Mapping[str, TableFacts]:
        """Rows, and rows of accounts that nobody signed up, for each table."""
        return {name: self._facts(name) for name in self.tables}

    def newest_known(self, before: date) -> Mapping[str, datetime | None]:
        """When the newest row of each table that a morning may use became known."""
        morning, told = pd.Timestamp(before), dict(self._newest)
        for name, newest in self._newest.items():
            if newest is not None and newest >= morning:
                known_at = self.tables[name].known_at
                told[name] = known_at.max(where=known_at < morning).to_pyarrow().as_py()
        return told

    def looked(self) -> Looked:
        """What was found out of the files, for the next who opens them."""
        newest = {
            name: None if moment is None else moment.isoformat()
            for name, moment in self._newest.items()
        }
        facts = {
            name: (told.rows, told.rows_of_unknown_accounts)
            for name, told in self.facts.items()
        }
        return Looked(self._marks, self._digests, facts, newest)

    def looked_at_whole(self) -> list[str]:
        """The tables of which more than new files had to be looked at."""
        return sorted(name for name in self._raw if self._new_files(name) is None)

    @cached_property
    def _digests(self) -> Mapping[str, str]:
        found = {Path(path): mark for of in self._marks.values() for path, mark in of.items()}
        return {
            str(path): self._looked.digest(path, mark) or digest_of(path)
            for path, mark in found.items()
        }

    @cached_property
    def _newest(self) -> Mapping[str, datetime | None]:
        """The newest row of each table, whoever may know it."""
        return {name: self._newest_of(name) for name in self.tables}

    def _newest_of(self, name: str) -> datetime | None:
        new = self._new_files(name)
        if new is None:
            newest: datetime | None = self.tables[name].known_at.max().to_pyarrow().as_py()
            return newest
        known = [self._looked.newest_known(name)]
        if new:
            known.append(self._only(name, new).known_at.max().to_pyarrow().as_py())
        return max((moment for moment in known if moment is not None), default=None)

    def _facts(self, name: str) -> TableFacts:
        new = self._new_files(name)
        if new is None or self._new_files("accounts") != ():
            return self._facts_of(self.tables[name])
        rows, strangers = self._looked.facts[name]
        found = self._facts_of(self._only(name, new)) if new else TableFacts(0, 0)
        return TableFacts(rows + found.rows, strangers + found.rows_of_unknown_accounts)

    def _new_files(self, name: str) -> tuple[Path, ...] | None:
        """The files that the earlier look did not know; None where another is not as it was."""
        return self._looked.new_files(name, self._marks.get(name))

    def _only(self, name: str, paths: tuple[Path, ...]) -> ir.Table:
        """The rows of a table that some of its files hold."""
        stored = self._stored.filed
        rows = stored.only(name, paths) if stored else self._stored.tables[name]
        return normalised(_renamed(rows, self._mapped[name]), TABLES[name])

    def _facts_of(self, rows: ir.Table) -> TableFacts:
        known = self.tables["accounts"].select("account_id").distinct()
        strangers = rows.anti_join(known, "account_id")
        return TableFacts(
            rows=rows.count().to_pyarrow().as_py(),
            rows_of_unknown_accounts=strangers.count().to_pyarrow().as_py(),
        )

    def _missing_columns(self, name: str) -> Iterator[str]:
        rows, mapped = self._raw[name], self._mapped[name]
        for column, stored in mapped.items():
            if stored not in self._stored.tables[name].columns:
                hint = did_you_mean(stored, self._stored.tables[name].columns)
                yield f"{name} lacks the column `{stored}`, mapped to {column}{hint}"
        for column, contract in TABLES[name].columns.items():
            if contract.required and column not in rows.columns and column not in mapped:
                hint = did_you_mean(column, rows.columns)
                yield f"{name} lacks the column `{column}`{hint}"

    def _broken(self, name: str) -> list[str]:
        try:
            return list(broken_promises(self._unchecked(name), TABLES[name]))
        except stumbles(self._stored.failures) as stumbled:
            found = self._damages({name: self._stored.tables[name]}, stumbled)
            return found or [f"{name} cannot be read ({first_words(stumbled)})"]

    def _damages(
        self, tables: Mapping[str, ir.Table], stumbled: Exception | None = None
    ) -> list[str]:
        """Look for what is damaged; a server has said itself what it refuses."""
        if isinstance(stumbled, MilepostError):
            return []
        return list(damages(tables, self._stored.filed, self._stored.failures))

    def _unchecked(self, name: str) -> ir.Table:
        """The new files of a table where those tell all that may be wrong with it; else all."""
        whole, new = self._raw[name], self._new_files(name)
        if not new or self._stored.filed is None or TABLES[name].key:
            return whole
        rows = _renamed(self._stored.filed.only(name, new), self._mapped[name])
        # A column that only the older files have is null in the new ones.
        return rows if set(whole.columns) <= set(rows.columns) else whole


def check_mapping(project: Project) -> None:
    """Raise ConfigError where project.toml renames a column that its table does not have."""
    wrong = [
        f"`source.columns.{table}.{name}` is no column"
        f"{did_you_mean(name, TABLES[table].columns)}"
        for table, names in project.source.columns.items()
        for name in names
        if name not in TABLES[table].columns and not TABLES[table].keeps_others
    ]
    if wrong:
        raise ConfigError(
            "project.toml", "; ".join(wrong), "configs/README.md names every column"
        )


def _renamed(rows: ir.Table, names: Mapping[str, str]) -> ir.Table:
    """Give columns the contract's names; one that had such a name already makes way."""
    present = {name: stored for name, stored in names.items() if stored in rows.columns}
    taken = {*present, *present.values()}
    kept = {name: rows[name] for name in rows.columns if name not in taken}
    return rows.select(**{name: rows[stored] for name, stored in present.items()}, **kept)
