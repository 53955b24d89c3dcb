"""How much of what was bought is in people's hands, and did the seats change?"""

import numpy as np

from features.asof import Floats
from features.catalogue import Feature, Unit
from features.family import Family, Own
from features.history import Columns
from features.seats import is_told

NO_SEATS = "no number of seats was known"


def seat_columns(own: Own) -> Columns:
    """Seats, the share of them that is active, and how their number changed."""
    columns, snapshots = Columns(), own.history.snapshots
    if not is_told(own.history.tables):
        return columns
    seats = _known(own.seats.on(snapshots.account, snapshots.day - 1))
    before = _known(own.seats.on(snapshots.account, snapshots.day - 92))
    for window in (28, 91):
        meaning = f"people active in the last {window} days, per seat"
        columns.add(
            _feature("active_seats_share", "share", meaning, window),
            own.activity.users(window) / seats,
        )
    columns.add(_feature("seats", "count", "seats paid for", None), seats)
    columns.add(
        _feature("seats_ratio", "ratio", "seats against 91 days before", 91), seats / before
    )
    return columns


def _known(seats: Floats) -> Floats:
    return np.where(seats > 0, seats, np.nan)


def _feature(measure: str, unit: Unit, meaning: str, window: int | None) -> Feature:
    return Feature(
        name=measure if window is None else f"{measure}_{window}d",
        family="seats",
        measure=measure,
        meaning=meaning,
        unit=unit,
        absence=NO_SEATS,
        window_days=window,
    )


FAMILY = Family(seat_columns)
