"""How many of the product's capabilities does the account use, and has it dropped any?"""

import numpy as np

from features.catalogue import Feature
from features.history import Columns, History
from features.windows import Activity


def breadth_columns(history: History, activity: Activity) -> Columns:
    """Capabilities used lately and ever, and those used this quarter but no longer."""
    columns = Columns()
    lately, quarter, ever = (
        np.array(
            [activity.capability_rows(i, days) > 0 for i in range(len(activity.capabilities))],
            dtype=np.bool_,
        ).reshape(len(activity.capabilities), len(history.snapshots))
        for days in (28, 91, None)
    )
    columns.add(
        _feature("capabilities_used", "capabilities used in the last 28 days", 28),
        lately.sum(axis=0).astype(np.float64),
    )
    columns.add(
        _feature("capabilities_used", "capabilities used in the last 91 days", 91),
        quarter.sum(axis=0).astype(np.float64),
    )
    columns.add(
        _feature("capabilities_dropped", "capabilities used this quarter, not this month", 91),
        (quarter & ~lately).sum(axis=0).astype(np.float64),
    )
    columns.add(
        _feature("capabilities_ever", "capabilities ever used", None),
        ever.sum(axis=0).astype(np.float64),
    )
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
