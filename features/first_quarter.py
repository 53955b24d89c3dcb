"""How did each account use the product in its first 90 days, and what did it come back to?

The days are counted from kickoff. Early, mid and late are thirds of them; a capability is come
back to when it is used again in another of the 13 weeks. Accounts that have left are told of
like all others.
"""

import numpy as np
import pandas as pd

from features.asked import Asked
from features.asof import Ints
from features.history import History, row_by
from features.spans import Span
from features.texts import texts_at

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
    """Place and kickoff day of every account that had signed up, as last known of it."""
    accounts, live = history.tables["accounts"], history.snapshots
    everyone = np.arange(len(live.account_ids))
    row = row_by(accounts, everyone, np.full(len(everyone), live.mornings.days[-1] - 1))
    place = np.flatnonzero(row >= 0)
    return place, accounts.day("kickoff_at")[row[place]]


def _told(used: pd.DataFrame, columns: tuple[str, ...], history: History) -> pd.DataFrame:
    """Put ids for places."""
    used = used[list(columns)]
    if "third" in used:
        used = used.assign(third=texts_at(used["third"].to_numpy(dtype=np.int64), THIRDS))
    account = used["account_id"].to_numpy(dtype=np.int64)
    ids = texts_at(account, history.snapshots.account_ids)
    return used.assign(account_id=ids)
