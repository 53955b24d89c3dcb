"""Which season is it?

A month tells a season only where it came round at least twice; in less than two years of
mornings it would tell a model which year it is. Nothing else here says how late it is in time.
"""

import numpy as np

from features.asof import as_dates
from features.catalogue import Feature
from features.family import Family, Own
from features.history import Columns

TWO_YEARS_DAYS = 730
ABSENCE = "never null; offered where the mornings span two years"


def calendar_columns(own: Own) -> Columns:
    """The month of the year, and the days left in the quarter."""
    columns, mornings = Columns(), own.history.snapshots.mornings
    if mornings.span_days < TWO_YEARS_DAYS:
        return columns
    dates = as_dates(mornings.days)
    ends = dates.dt.to_period("Q").dt.end_time.dt.normalize()
    left = (ends - dates).dt.days.to_numpy(dtype=np.float64)
    for name, meaning, values in (
        (
            "month_of_year",
            "the month of the as-of morning",
            dates.dt.month_name().astype(object),
        ),
        ("days_to_quarter_end", "days until the calendar quarter ends", left),
    ):
        feature = Feature(
            name=name,
            family="calendar",
            measure=name,
            meaning=meaning,
            unit="label" if name == "month_of_year" else "days",
            absence=ABSENCE,
        )
        columns.add(feature, np.asarray(values)[own.history.snapshots.morning])
    return columns


FAMILY = Family(calendar_columns)
