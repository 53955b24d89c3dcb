"""How lately and how regularly does the account use the product?

Silence is a fact here, not a gap: an account that was never active has been silent for as long
as we have known it.
"""

import numpy as np

from features.asof import NEVER, Floats
from features.catalogue import Feature, Unit
from features.family import Family, Own
from features.history import Columns, History
from features.weeks import WEEKS_BACK


def rhythm_columns(own: Own) -> Columns:
    """Recency, streak of weeks, and the shares of weeks, and of weekdays, with use."""
    columns, history, activity = Columns(), own.history, own.activity
    columns.add(
        _feature("days_since_active", "whole days since the last use", "days"),
        days_since(activity.last_day(), history),
    )
    columns.add(
        _feature("weeks_streak", _STREAK, "count"),
        activity.weeks_in_a_row(),
    )
    for weeks in (8, WEEKS_BACK):
        columns.add(
            _feature(
                "active_weeks_share",
                f"share of the last {weeks} weeks with use",
                "share",
                window=7 * weeks,
            ),
            activity.active_weeks(weeks) / weeks,
        )
    days = activity.days(91)
    columns.add(
        Feature(
            name="weekdays_share_91d",
            family="rhythm",
            measure="weekdays_share",
            meaning="share of the days with use in the last 91 days that were Monday to Friday",
            unit="share",
            absence="no use in the last 91 days",
            window_days=91,
        ),
        np.divide(activity.weekdays(91), days, out=np.full(len(days), np.nan), where=days > 0),
    )
    return columns


_STREAK = f"weeks in a row with use, up to last week; {WEEKS_BACK} at most"


def days_since(last_day: np.ndarray, history: History) -> Floats:
    """Whole days from a day to the as-of morning; since sign-up where it never happened.

    A customer whose last use was the day before the morning scores 1.
    """
    signed_up = history.attributes["signed_up_at"].to_numpy().astype("datetime64[D]")
    start = np.where(last_day > NEVER, last_day, signed_up.astype(np.int64))
    return np.maximum(history.snapshots.day - start, 0).astype(np.float64)


def _feature(measure: str, meaning: str, unit: Unit, *, window: int | None = None) -> Feature:
    return Feature(
        name=measure if window is None else f"{measure}_{window}d",
        family="rhythm",
        measure=measure,
        meaning=meaning,
        unit=unit,
        absence="never null: an account that was never active is silent since its sign-up",
        window_days=window,
    )


FAMILY = Family(rhythm_columns)
