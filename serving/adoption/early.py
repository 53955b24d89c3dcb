"""How do cohorts begin: how much in their first 90 days, and what do they come back to?"""

from collections.abc import Collection, Iterator

import numpy as np
import pandas as pd

from features.asof import Bools, Floats
from features.first_quarter import FIRST_DAYS, THIRD_DAYS, THIRDS
from serving.adoption.cohorts import ALL, Cohorts
from serving.adoption.measures import mean, share
from serving.adoption.rows import Row

HABIT_WEEKS = 4
"""Used in at least so many of the first 13 weeks: a habit."""
USED = ("active_days", "active_users")


def early_rows(cohorts: Cohorts, first_use: pd.DataFrame) -> Iterator[Row]:
    """Days with use and people active in each third of the first 90 days, by cohort."""
    used = {
        (measure, third): _by_account(
            cohorts, first_use.loc[first_use["third"] == third], measure
        )
        for measure in USED
        for third in THIRDS
    }
    for segment, month, own in cohorts.groups():
        for (measure, third), amounts in used.items():
            known = own & cohorts.watched(THIRD_DAYS * (THIRDS.index(third) + 1))
            yield Row(segment, month, third, f"first_{measure}", mean(amounts[known]))


def tried_rows(
    cohorts: Cohorts, tried: pd.DataFrame, *, capabilities: Collection[str] = ()
) -> Iterator[Row]:
    """Who tried each capability in the first 90 days, came back, and made it a habit.

    Of ``capabilities`` is told also where nobody tried them: that is worth knowing too.
    """
    for capability in sorted({*capabilities, *tried["capability"]}):
        weeks = _by_account(cohorts, tried.loc[tried["capability"] == capability], "weeks")
        for segment, month, own in cohorts.groups():
            if month == ALL:
                known = own & cohorts.watched(FIRST_DAYS)
                yield from _habits(segment, capability, weeks, known)


def _habits(segment: str, capability: str, weeks: Floats, known: Bools) -> Iterator[Row]:
    begun = known & (weeks >= 1)
    for metric, hits, of in (
        ("tried", begun, known),
        ("came_back", begun & (weeks >= 2), begun),
        ("made_a_habit", begun & (weeks >= HABIT_WEEKS), begun),
    ):
        told = share(int(hits.sum()), int(of.sum()))
        yield Row(segment, ALL, capability, metric, told)


def _by_account(cohorts: Cohorts, rows: pd.DataFrame, column: str) -> Floats:
    """An amount per account; 0 where there is none, because silence is a fact."""
    own = rows.set_index("account_id")[column].reindex(cohorts.account_id)
    amounts: Floats = np.nan_to_num(own.to_numpy(dtype=np.float64))
    return amounts
