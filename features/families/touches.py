"""What passed between us and the account: calls, emails, tickets, nudges?"""

import numpy as np

from features.asof import NEVER
from features.catalogue import Feature
from features.family import Family, Own
from features.history import Columns


def touch_columns(own: Own) -> Columns:
    """Per kind of touch: how many lately and this quarter, and days since the last."""
    columns, history = Columns(), own.history
    if "touches" not in history.tables:
        return columns
    snapshots = history.snapshots
    for kind, rows in history.tables["touches"].by("kind", "occurred_at"):
        occurred = rows.day("occurred_at")
        enter = np.maximum(rows.seen_from, snapshots.mornings.first_seeing(occurred))
        for window in (28, 91):
            leave = snapshots.mornings.first_without(occurred, window)
            columns.add(
                Feature(
                    name=f"touch_count_{kind}_{window}d",
                    family="touches",
                    measure="touch_count",
                    meaning=f"touches of kind {kind} in the last {window} days",
                    unit="count",
                    absence="never null: none counts as 0",
                    window_days=window,
                    subject=kind,
                ),
                snapshots.total(rows.account, enter=enter, leave=leave),
            )
        last = snapshots.latest(rows.account, enter=enter, value=occurred)
        columns.add(
            Feature(
                name=f"days_since_touch_{kind}",
                family="touches",
                measure="days_since_touch",
                meaning=f"days since the last touch of kind {kind}",
                unit="days",
                absence="there never was one",
                subject=kind,
            ),
            np.where(last > NEVER, snapshots.day - last, np.nan),
        )
    return columns


FAMILY = Family(touch_columns)
