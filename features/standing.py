"""Where does each account stand on its ladder this morning, milestone by milestone?"""

import numpy as np
import pandas as pd

from features.asof import as_dates
from features.criteria import NOT_YET
from features.history import History
from features.ladder import PACES, Ladder, pace_of
from features.texts import texts_at

STATES = ("done", "open", "locked", "lost")


def standing(ladder: Ladder, history: History) -> pd.DataFrame:
    """One row per live account and applicable milestone on the last morning.

    Columns account_id, milestone, state, achieved_at, progress, opened_at, days_open, due_on,
    pace. A locked milestone has not opened; days_open ends with the day it was reached.
    """
    live = history.snapshots
    today = np.flatnonzero(live.morning == live.mornings.count - 1)
    row, milestone = np.nonzero(ladder.applies[today])
    at = (today[row], milestone)
    state = np.where(ladder.is_locked[at], 2, 1)
    state = np.where(ladder.is_done[at], np.where(ladder.is_lost[at], 3, 0), state)
    has_opened = (state != 2) & (ladder.opened_day[at] <= live.day[at[0]])
    until = np.where(ladder.is_done[at], ladder.met_day[at], live.day[at[0]])
    days_open = np.maximum(until - ladder.opened_day[at], 0)
    moment = ladder.met_at[at]
    met = np.where(moment > NOT_YET, moment.astype("datetime64[us]"), np.datetime64("NaT"))
    return pd.DataFrame(
        {
            "account_id": texts_at(live.account[at[0]], live.account_ids),
            "milestone": texts_at(milestone, ladder.slugs),
            "state": texts_at(state, STATES),
            "achieved_at": pd.Series(met.astype("datetime64[us]")),
            "progress": np.where(ladder.is_done[at], 1.0, ladder.progress[at]),
            "opened_at": as_dates(ladder.opened_day[at]).where(has_opened),
            "days_open": pd.Series(days_open).where(has_opened).astype("Int32"),
            "due_on": as_dates(ladder.due_day[at]),
            "pace": texts_at(pace_of(ladder, live.day)[at], PACES),
        }
    )
