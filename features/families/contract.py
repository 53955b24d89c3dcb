"""What is the account paying, has that changed, and when does its commitment end?"""

import numpy as np

from features.asof import Floats, Ints
from features.catalogue import Feature, Unit
from features.commitments import commitments
from features.family import Family, Own
from features.history import Columns, History, day_or_nan


def contract_columns(own: Own) -> Columns:
    """ARR and its change, the next renewal, terms and lines."""
    columns, history = Columns(), own.history
    now = commitments(history)
    if now is None:
        return columns
    day = history.snapshots.day
    columns.add(_feature("arr", "ARR in force", "money"), now.arr)
    for ago in (91, 364):
        before = commitments(history, days_ago=ago)
        columns.add(
            _feature("arr_ratio", f"ARR against {ago} days ago", "ratio", window=ago),
            _share_of(now.arr, before.arr if before else np.full(len(day), np.nan)),
        )
    columns.add(
        _feature("days_to_renewal", "days until the commitment ends", "days", is_clock=True),
        day_or_nan(now.ends_day) - day,
    )
    columns.add(_feature("term_days", "length of the newest term", "days"), now.term_days)
    columns.add(_feature("contract_lines", "subscription lines in force", "count"), now.lines)
    columns.add(
        _feature("arr_per_seat", "ARR per seat", "money"), _share_of(now.arr, now.seats)
    )
    ended, newest = _terms(history)
    columns.add(
        _feature("terms_ended", "terms of subscription lines that ended", "count"), ended
    )
    columns.add(
        _feature("days_since_line_began", "days since a line last began, over or not", "days"),
        day - day_or_nan(newest),
    )
    return columns


def _terms(history: History) -> tuple[Floats, Ints]:
    """How many known terms have ended, and on which day the last one began."""
    rows, snapshots = history.tables["contracts"], history.snapshots
    starts, ends = rows.day("starts_on"), rows.day("ends_on")
    over = np.maximum(rows.seen_from, snapshots.mornings.first_from(ends))
    begun = np.maximum(rows.seen_from, snapshots.mornings.first_from(starts))
    return (
        snapshots.total(rows.account, enter=over),
        snapshots.latest(rows.account, enter=begun, value=starts),
    )


def _share_of(now: Floats, before: Floats) -> Floats:
    share: Floats = np.divide(now, before, out=np.full(len(now), np.nan), where=before > 0)
    return share


def _feature(
    measure: str, meaning: str, unit: Unit, *, window: int | None = None, is_clock: bool = False
) -> Feature:
    return Feature(
        name=measure if window is None else f"{measure}_{window}d",
        family="contract",
        measure=measure,
        meaning=meaning,
        unit=unit,
        absence="no contract with that figure was known",
        window_days=window,
        is_clock=is_clock,
    )


FAMILY = Family(contract_columns)
