"""How did each account use the product in its first 90 days, and what did it come back to?

The days are counted from kickoff. Early, mid and late are thirds of them; a capability is come
back to when it is used again in another of the 13 weeks. Accounts that have left are told of
like all others.
"""

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from features.asof import Ints, day_number
from features.history import History
from features.reduce import day_of

FIRST_DAYS, THIRD_DAYS = 90, 30
THIRDS = ("early", "mid", "late")
THIRD_COLUMNS = ("account_id", "third", "active_days", "active_users", "activity_count")
TRIED_COLUMNS = ("account_id", "capability", "first_day", "weeks", "activity_count")


def first_days(activity: ir.Table, history: History) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Use of each account's first 90 days: by third, and by capability.

    ``activity`` holds what was known by the last morning, its ``account_id`` the place of the
    account. The first frame has THIRD_COLUMNS, a row per account and third with any use; the
    second TRIED_COLUMNS, a row per account and capability: the day of its first use, counted
    from kickoff, and in how many weeks it was used.
    """
    place, kickoff = kickoffs(history)
    days = ibis.memtable(pd.DataFrame({"account_id": place, "kickoff": kickoff}))
    rows = activity.inner_join(days, "account_id")
    rows = rows.mutate(age=day_of(rows.occurred_at) - rows.kickoff)
    before = int(history.snapshots.mornings.days[-1])
    rows = rows.filter(rows.age >= 0, rows.age < FIRST_DAYS, rows.age + rows.kickoff < before)
    thirds = rows.group_by("account_id", third=rows.age // THIRD_DAYS).agg(
        active_days=rows.age.nunique(),
        active_users=rows.user_id.nunique(),
        activity_count=rows.count(),
    )
    tried = rows.group_by("account_id", "capability").agg(
        first_day=rows.age.min(), weeks=(rows.age // 7).nunique(), activity_count=rows.count()
    )
    return (
        _told(thirds.to_pandas(), THIRD_COLUMNS, history),
        _told(tried.to_pandas(), TRIED_COLUMNS, history),
    )


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
