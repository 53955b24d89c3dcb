"""Has the weekly use changed, against the account's own past half year?

Only whole weeks count, so that the weekday of the morning makes no difference. A change point
is the split of the weeks, with four or more on either side, at which the mean use differs most,
measured in standard errors; the newest of equal splits.
"""

from features.asof import day_number
from features.catalogue import Feature, Unit
from features.family import Family, Own
from features.history import Columns
from features.weeks import NO_CHANGE, weekly_use

HALF_YEAR, QUARTER = 182, 91
SILENT = "no use in those weeks"


def week_columns(own: Own) -> Columns:
    """Change point, acceleration, slope, decline from the peak, and regularity."""
    columns, history = Columns(), own.history
    signed_up = day_number(history.attributes["signed_up_at"])
    told = weekly_use(own.activity.weekly, history.snapshots, began_day=signed_up)
    few = "fewer than 8 whole weeks with us"
    for feature, values in (
        (_trend("use_shift", "count", HALF_YEAR, _SHIFT, few), told.shift),
        (_trend("use_shift_weeks", "count", HALF_YEAR, _SINCE, _NONE), told.weeks_since_shift),
        (_trend("use_acceleration", "ratio", 84, _ACCELERATION, _ONE), told.acceleration),
        (_trend("use_slope", "ratio", QUARTER, _SLOPE, "never null"), 1.0 + told.slope),
        (_trend("use_share_of_peak", "share", HALF_YEAR, _PEAK, SILENT), told.share_of_peak),
        (_rhythm("busiest_week_share", "share", QUARTER, _BUSIEST, SILENT), told.busiest_share),
        (
            _rhythm("longest_weeks_streak", "count", HALF_YEAR, _STREAK, "never null"),
            told.longest_streak,
        ),
    ):
        columns.add(feature, values)
    return columns


_SHIFT = (
    "largest shift of the mean weekly use in the last 26 whole weeks, in standard errors; "
    "negative where it fell"
)
_SINCE = "whole weeks since that shift"
_NONE = f"no shift of {NO_CHANGE:g} standard errors, or fewer than 8 whole weeks with us"
_ACCELERATION = (
    "growth of the last 4 whole weeks' use on the 4 before, against that of those on the 4 "
    "before them"
)
_ONE = "never null: one is added to each"
_SLOPE = "weekly trend of a straight line through the use of the last 13 whole weeks"
_PEAK = "use of the last 4 whole weeks, as a share of the best 4 in a row of the last 26"
_BUSIEST = "share of the last 13 whole weeks' use that fell in the busiest of them"
_STREAK = "most whole weeks in a row with use, of the last 26"


def _trend(measure: str, unit: Unit, window: int, meaning: str, absence: str) -> Feature:
    return _feature("usage_trend", measure, unit, window, (meaning, absence))


def _rhythm(measure: str, unit: Unit, window: int, meaning: str, absence: str) -> Feature:
    return _feature("rhythm", measure, unit, window, (meaning, absence))


def _feature(
    family: str, measure: str, unit: Unit, window: int, told: tuple[str, str]
) -> Feature:
    return Feature(
        name=f"{measure}_{window}d",
        family=family,
        measure=measure,
        meaning=told[0],
        unit=unit,
        absence=told[1],
        window_days=window,
    )


FAMILY = Family(week_columns)
