"""Is the product used more or less than before?

A trend compares the last 28 days with the four weeks before them or with the last quarter;
one is added on both sides, so that silence after use is a fall and not a division by zero.
"""

import numpy as np

from features.asof import Floats
from features.catalogue import Feature, Unit
from features.family import Family, Own
from features.history import Columns


def usage_trend_columns(own: Own) -> Columns:
    """The last four weeks against the four before, and against the quarter."""
    columns, activity = Columns(), own.activity
    for measure, meaning, amount in (
        ("activity_ratio", "things done", activity.rows),
        ("active_days_ratio", "days with use", activity.days),
    ):
        now, before = amount(28), amount(56) - amount(28)
        columns.add(
            _trend(measure, f"{meaning} in the last 28 days against the 28 before", 28),
            ratio(now, before),
        )
        rest = (amount(91) - now) * (28 / 63)
        columns.add(
            _trend(measure, f"{meaning} in the last 28 days against the 9 weeks before", 91),
            ratio(now, rest),
        )
        columns.add(
            _trend(measure, f"{meaning} in the last 7 days against the 3 weeks before", 7),
            ratio(amount(7), (now - amount(7)) / 3),
        )
    quarter = activity.users(91)
    columns.add(
        Feature(
            name="active_users_ratio_91d",
            family="usage_trend",
            measure="active_users_ratio",
            meaning="of the people active in the last 91 days, the share active in the last 28",
            unit="share",
            absence="nobody was active in the last 91 days",
            window_days=91,
        ),
        np.divide(
            activity.users(28), quarter, out=np.full(len(quarter), np.nan), where=quarter > 0
        ),
    )
    return columns


def ratio(now: Floats, before: Floats) -> Floats:
    """Compare two amounts of the same length of time, gently where both are small.

    >>> ratio(np.array([9.0, 0.0]), np.array([4.0, 3.0])).tolist()
    [2.0, 0.25]
    """
    return (now + 1.0) / (before + 1.0)


def _trend(measure: str, meaning: str, window: int) -> Feature:
    unit: Unit = "ratio"
    return Feature(
        name=f"{measure}_{window}d",
        family="usage_trend",
        measure=measure,
        meaning=meaning,
        unit=unit,
        absence="never null: one is added on both sides",
        window_days=window,
    )


FAMILY = Family(usage_trend_columns)
