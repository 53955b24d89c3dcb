"""As what was each account known, and from which morning on?

Segment, parent and kickoff seldom change. So a row for each time one did tells it of every
morning in little room, also where only some mornings of a build are held.
"""

import numpy as np
import pandas as pd

FACTS = ("segment", "parent_id", "kickoff_at")
COLUMNS = ("account_id", "day", *FACTS)


def changes_told(snapshots: pd.DataFrame) -> pd.DataFrame:
    """Of snapshots in order, each account's first and each that tells another fact than before.

    >>> about = {"account_id": "a", "parent_id": None, "kickoff_at": pd.Timestamp("2025-01-06")}
    >>> months = pd.DataFrame({"day": [0, 28, 56], "segment": ["small", "small", "large"]})
    >>> changes_told(months.assign(**about))["day"].tolist()
    [0, 56]
    """
    is_told = np.zeros(len(snapshots), dtype=np.bool_)
    is_told[:1] = True
    for name in ("account_id", *FACTS):
        value = pd.factorize(snapshots[name])[0]
        is_told[1:] |= value[1:] != value[:-1]
    return snapshots.loc[is_told, list(COLUMNS)].reset_index(drop=True)
