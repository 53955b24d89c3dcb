"""How do the other accounts of the same parent fare, as far as is known?"""

import numpy as np
import pandas as pd

from features.asof import Floats, Ints
from features.catalogue import Feature, Unit
from features.families.adoption import share
from features.family import AcrossAccounts, Everyone
from features.history import Columns, History, row_by
from features.pairs import concerned

LADDER = "milestones_done_share"
NO_PARENT = "no parent, or no other account of it was ever known"


def parent_columns(everyone: Everyone) -> Columns:
    """Siblings live and gone, and how far the live ones have climbed."""
    columns, history = Columns(), everyone.history
    parent, of_row = _parents(history)
    if not (parent >= 0).any():
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


_GONE = "of the other accounts of the same parent ever known, the share known to have churned"
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
    """Churn of other accounts that was known and dated before each morning.

    Whose sibling an account was is told by what was known of it when its exit was.
    """
    snapshots, exits = history.snapshots, history.tables.get("exits")
    if exits is None:
        return np.zeros(len(snapshots))
    left = exits.where((exits.frame["cause"] == "churn").to_numpy(dtype=bool))
    mornings = snapshots.mornings
    heard = np.maximum(left.day("exited_at"), left.day("known_at"))
    row, seen = (
        row_by(history.tables["accounts"], left.account, heard),
        mornings.first_seeing(heard),
    )
    of = np.where(row >= 0, of_row[row], -1)
    width = mornings.count + 1
    change = np.zeros((max(parent.max(), of_row.max()) + 2, width))
    np.add.at(change, (of + 1, seen), 1.0)
    all_gone = np.cumsum(change, axis=1)[parent + 1, snapshots.morning]
    at, own = concerned(snapshots, left.account, since=seen, until=np.full_like(seen, width))
    mine = np.bincount(own, weights=of[at] == parent[own], minlength=len(snapshots))
    found: Floats = all_gone - mine
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
