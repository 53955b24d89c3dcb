"""How much is the product used: how often, on how many days, by how many people?"""

from features.catalogue import Feature
from features.family import Family, Own
from features.history import Columns

LOOK_BACKS = (7, 28, 91)
SILENT = "never null: silence counts as 0"


def usage_columns(own: Own) -> Columns:
    """Volume, active days and active people in each window."""
    columns, activity = Columns(), own.activity
    for window in LOOK_BACKS:
        columns.add(_volume("activity_count", "things done", window), activity.rows(window))
        columns.add(
            _volume("activity_quantity", "summed quantity of use", window),
            activity.quantity(window),
        )
        columns.add(_volume("active_days", "days with use", window), activity.days(window))
        columns.add(_volume("active_users", "people active", window), activity.users(window))
    for position, capability in enumerate(activity.capabilities):
        columns.add(
            Feature(
                name=f"capability_count_{capability}_28d",
                family="usage",
                measure="capability_count",
                meaning=f"times {capability} was used in the last 28 days",
                unit="count",
                absence=SILENT,
                window_days=28,
                subject=capability,
            ),
            activity.capability_rows(position, 28),
        )
    return columns


def _volume(measure: str, meaning: str, window: int) -> Feature:
    return Feature(
        name=f"{measure}_{window}d",
        family="usage",
        measure=measure,
        meaning=f"{meaning} in the last {window} days",
        unit="count",
        absence=SILENT,
        window_days=window,
    )


FAMILY = Family(usage_columns)
