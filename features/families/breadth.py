"""How many of the product's capabilities does the account use, and has it dropped any?"""

from features.catalogue import Feature
from features.family import Family, Own
from features.history import Columns


def breadth_columns(own: Own) -> Columns:
    """Capabilities used lately and ever, and those used this quarter but no longer."""
    columns, activity = Columns(), own.activity
    lately, quarter = activity.breadth(28), activity.breadth(91)
    for feature, used in (
        (_feature("capabilities_used", "capabilities used in the last 28 days", 28), lately),
        (_feature("capabilities_used", "capabilities used in the last 91 days", 91), quarter),
        (
            _feature(
                "capabilities_dropped", "capabilities used this quarter, not this month", 91
            ),
            quarter - lately,
        ),
        (_feature("capabilities_ever", "capabilities ever used", None), activity.breadth(None)),
    ):
        columns.add(feature, used)
    return columns


def _feature(measure: str, meaning: str, window: int | None) -> Feature:
    return Feature(
        name=measure if window is None else f"{measure}_{window}d",
        family="breadth",
        measure=measure,
        meaning=meaning,
        unit="count",
        absence="never null: none counts as 0",
        window_days=window,
    )


FAMILY = Family(breadth_columns)
