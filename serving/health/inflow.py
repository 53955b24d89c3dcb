"""Do the data still come, and as much of them as usual?

Each table is held against its own habit: how many rows a week of it usually has, and how long
it has ever been silent in the last quarter.
"""

from datetime import date

import numpy as np
import pandas as pd

from features.arrivals import LOOKED_BACK_DAYS
from features.asof import Ints, day_number, ordinal

WEEKS = LOOKED_BACK_DAYS // 7
COLUMNS = (
    "table",
    "newest_on",
    "age_days",
    "longest_silence_days",
    "rows_last_day",
    "usual_rows_that_weekday",
    "rows_last_week",
    "usual_rows_a_week",
)


def inflow(arrivals: pd.DataFrame, *, as_of: date) -> pd.DataFrame:
    """Say of each table how old its newest row is, and how much of it came lately.

    ``arrivals`` has ``table``, ``on`` and ``rows``. Usual is the median of the twelve weeks (or
    of the same weekday of them) before the last.
    """
    rows = [
        {"table": name, **_habit(own, ordinal(as_of))}
        for name, own in arrivals.groupby("table", sort=True)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _habit(own: pd.DataFrame, morning: int) -> dict[str, object]:
    day = day_number(own["on"])
    by_day = np.zeros(WEEKS * 7)
    back = morning - 1 - day
    held = (back >= 0) & (back < len(by_day))
    by_day[back[held]] = own["rows"].to_numpy(dtype=np.float64)[held]
    weeks = by_day.reshape(WEEKS, 7)
    return {
        "newest_on": own["on"].max().date(),
        "age_days": morning - int(day.max()),
        "longest_silence_days": _longest_silence(np.sort(day)),
        "rows_last_day": int(by_day[0]),
        "usual_rows_that_weekday": float(np.median(weeks[1:, 0])),
        "rows_last_week": int(weeks[0].sum()),
        "usual_rows_a_week": float(np.median(weeks[1:].sum(axis=1))),
    }


def _longest_silence(day: Ints) -> int:
    """Days between two neighbouring days with rows, at most; 0 where there is one day only."""
    return int(np.diff(day).max(initial=0))
