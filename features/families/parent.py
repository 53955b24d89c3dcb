"""How do the other accounts of the same parent fare, as far as is known?"""

import numpy as np
import pandas as pd

from features.asof import Floats, Ints
from features.catalogue import Feature, Unit
from features.families.adoption import share
from features.family import AcrossAccounts, Everyone
from features.history import Columns, History, away_between, row_by

LADDER = "milestones_done_share"
NO_PARENT = "no parent, or no other account of it is live or has churned"


def parent_columns(everyone: Everyone) -> Columns:
    """Siblings live and gone, and how far the live ones have climbed."""
    columns, history = Columns(), everyone.history
    parent, of_row = _parents(history)
    # Asked of the table, so that there are the same inputs whichever mornings are computed.
    if not (of_row >= 0).any():
        return columns
    here, gone = _here(history, parent), _gone(history, parent, of_row)
    has_any = (parent >= 0) & (here + gone > 0)
    columns.add(
        _feature("siblings_live", "count", "other live accounts of the same parent"),
        np.where(has_any, here, np.nan),
    )
    columns.add(
        _feature("siblings_gone_share", "share", _GONE),
        share(np.where(has_any, gone, np.nan), here + gone),
    )
    columns.add(
        _feature("siblings_done_share", "share", _DONE),
        np.where(parent >= 0, _mean_of_others(everyone, parent), np.nan),
    )
    return columns


_GONE = "of the same parent's other accounts that are live or have churned, the share that has"
_DONE = "mean share of the ladder reached by the other live accounts of the same parent"


def _parents(history: History) -> tuple[Ints, Ints]:
    """Number the parents, -1 for none: of each snapshot, and of each row of the accounts."""
    rows = history.tables["accounts"].frame
    both = pd.concat([history.attributes["parent_id"], rows["parent_id"]])
    number = pd.factorize(both)[0].astype(np.int64)
    of_snapshot, of_row = np.split(number, [len(history.attributes)])
    return of_snapshot, of_row


def _together(history: History, parent: Ints) -> Ints:
    """Number the pairs of parent and morning; what has no parent shares number 0."""
    mornings = history.snapshots.mornings.count + 1
    return np.where(parent >= 0, (parent + 1) * mornings + history.snapshots.morning, 0)


def _here(history: History, parent: Ints) -> Floats:
    together = _together(history, parent)
    return np.bincount(together)[together].astype(np.float64) - 1.0


def _gone(history: History, parent: Ints, of_row: Ints) -> Floats:
    """Other accounts that were known on each morning to have churned, and not to be back.

    Whose sibling an account was is told by what was known of it when its exit was. On a morning
    on which an account is live it is not gone, so that nobody has to be told from itself.
    """
    snapshots, exits = history.snapshots, history.tables.get("exits")
    if exits is None:
        return np.zeros(len(snapshots))
    left = exits.where((exits.frame["cause"] == "churn").to_numpy(dtype=bool))
    heard = np.maximum(left.day("exited_at"), left.day("known_at"))
    row = row_by(history.tables["accounts"], left.account, heard)
    of = np.where(row >= 0, of_row[row], -1)
    change = np.zeros((max(parent.max(), of_row.max()) + 2, snapshots.mornings.count + 1))
    gone, back = away_between(left, snapshots.mornings)
    np.add.at(change, (of + 1, gone), 1.0)
    np.add.at(change, (of + 1, back), -1.0)
    found: Floats = np.cumsum(change, axis=1)[parent + 1, snapshots.morning]
    return found


def _mean_of_others(everyone: Everyone, parent: Ints) -> Floats:
    together = _together(everyone.history, parent)
    climbed = everyone.so_far[LADDER].astype(np.float64)
    told = ~np.isnan(climbed)
    parts = np.where(told, climbed, 0.0)
    others = np.bincount(together, weights=parts)[together] - parts
    count = np.bincount(together, weights=told)[together] - told
    return share(others, count)


def _feature(measure: str, unit: Unit, meaning: str) -> Feature:
    return Feature(
        name=measure,
        family="parent",
        measure=measure,
        meaning=meaning,
        unit=unit,
        absence=NO_PARENT,
    )


FAMILY = AcrossAccounts(parent_columns)
