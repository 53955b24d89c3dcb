"""About which milestones has each account been nudged, by anybody, and when last?

A touch may name the milestone that it was about. No input of a model is made of that; it keeps
us from saying again what somebody said the day before.
"""

from collections.abc import Mapping
from datetime import date

import ibis.expr.types as ir
import pandas as pd

NUDGE = "nudge"
COLUMNS = ("account_id", "milestone", "nudged_at")


def last_nudges(tables: Mapping[str, ir.Table], as_of: date) -> pd.DataFrame:
    """Give the newest nudge about each milestone of each account, as known on the morning."""
    touches = tables.get("touches")
    if touches is None or "milestone" not in touches.columns:
        nothing = pd.DataFrame(columns=list(COLUMNS), dtype="str")
        return nothing.astype({"nudged_at": "datetime64[us]"})
    morning = pd.Timestamp(as_of)
    known = touches.filter(
        (touches.kind == NUDGE)
        & touches.milestone.notnull()
        & (touches.known_at < morning)
        & (touches.occurred_at < morning)
    )
    newest: pd.DataFrame = (
        known.group_by(["account_id", "milestone"])
        .agg(nudged_at=known.occurred_at.max())
        .to_pandas()
    )
    return newest.sort_values(["account_id", "milestone"], ignore_index=True)
