"""What does a family of inputs read, and what does it give?

A family is a function from what is known of some accounts to columns, each with its catalogue
entry. Most families speak of each account by itself, so that they can be asked for a few
accounts at a time. Those that hold an account against others come after, once all accounts'
own columns are there.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from configs.playbook import Playbook
from features.history import Columns, History
from features.ladder import Ladder
from features.people import People
from features.seats import Seats
from features.windows import Activity


@dataclass(frozen=True, slots=True, eq=False)
class Own:
    """What is known of some accounts, each by itself."""

    history: History
    activity: Activity
    people: People
    ladder: Ladder
    seats: Seats
    playbook: Playbook
    attributes: tuple[str, ...]
    """The columns of the accounts that the configuration names."""


@dataclass(frozen=True, slots=True, eq=False)
class Everyone:
    """What is known of all accounts, once each one's own columns are there."""

    history: History
    """Of the accounts' attributes it has those in ``KEPT_OF_EVERYONE``."""
    so_far: Mapping[str, np.ndarray]
    """The accounts' own columns, by name."""


@dataclass(frozen=True, slots=True)
class Family:
    """A function that speaks of each account by itself."""

    columns: Callable[[Own], Columns]


@dataclass(frozen=True, slots=True)
class AcrossAccounts:
    """A function that holds accounts against each other."""

    columns: Callable[[Everyone], Columns]


def own_columns(families: Iterable[Family | AcrossAccounts], own: Own) -> Columns:
    """Ask every family that speaks of each account by itself."""
    asked = (family for family in families if isinstance(family, Family))
    return _whole((family.columns(own) for family in asked), rows=len(own.history.snapshots))


def columns_across(
    families: Iterable[Family | AcrossAccounts],
    history: History,
    own: Mapping[str, np.ndarray],
) -> Columns:
    """Ask every family that holds accounts against each other."""
    everyone = Everyone(history, own)
    asked = (family for family in families if isinstance(family, AcrossAccounts))
    return _whole((family.columns(everyone) for family in asked), rows=len(history.snapshots))


def _whole(parts: Iterable[Columns], *, rows: int) -> Columns:
    """Put columns side by side; ValueError names one that cannot stand there."""
    columns = Columns(column for part in parts for column in part)
    for column in columns:
        name, values = column.feature.name, column.values
        if len(values) != rows:
            raise ValueError(f"input {name!r} has {len(values)} values for {rows} snapshots")
        if values.dtype != object and np.isinf(values).any():
            raise ValueError(f"input {name!r} is infinite somewhere: absent is written NaN")
    return columns
