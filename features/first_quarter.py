"""How did each account use the product in its first 90 days, and what did it come back to?

The days are counted from kickoff. Early, mid and late are thirds of them; a capability is come
back to when it is used again in another of the 13 weeks. Accounts that have left are told of
like all others.
"""

import numpy as np
import pandas as pd

from features.asked import Asked
from features.asof import Ints, day_number
from features.history import History
from features.spans import Span

FIRST_DAYS, THIRD_DAYS = 90, 30
THIRDS = ("early", "mid", "late")
THIRD_COLUMNS = ("account_id", "third", "active_days", "active_users", "activity_count")
TRIED_COLUMNS = ("account_id", "capability", "first_day", "weeks", "activity_count")


def first_days(activity: Asked, history: History) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Use of each account's first 90 days: by third, and by capability.

    The first frame has THIRD_COLUMNS, a row per account and third with any use; the
    second TRIED_COLUMNS, a row per account and capability: the day of its first use, counted
    from kickoff, and in how many weeks it was used.
    """
    place, kickoff = kickoffs(history)
    before = int(history.snapshots.mornings.days[-1])
    span = Span(place, kickoff, FIRST_DAYS, before)
    thirds = activity.used(span, part_days=THIRD_DAYS).rename(columns={"part": "third"})
    tried = activity.used(span, part_days=None).rename(columns={"part": "capability"})
    return _told(thirds, THIRD_COLUMNS, history), _told(tried, TRIED_COLUMNS, history)


def kickoffs(history: History) -> tuple[Ints, Ints]:
    """Place and kickoff day of every account that was ever live, as last known of it."""
    account = history.snapshots.account
    last = np.flatnonzero(np.append(account[1:] != account[:-1], True)[: len(account)])
    return account[last], day_number(history.attributes["kickoff_at"])[last]


def _told(used: pd.DataFrame, columns: tuple[str, ...], history: History) -> pd.DataFrame:
    """Put ids for places, and everything in order."""
    used = used.sort_values(list(columns[:2]), ignore_index=True)[list(columns)]
    if "third" in used:
        names = np.array(THIRDS, dtype=object)
        used = used.assign(third=names[used["third"].to_numpy(dtype=np.int64)])
    ids = history.snapshots.account_ids[used["account_id"].to_numpy(dtype=np.int64)]
    return used.assign(account_id=ids)
