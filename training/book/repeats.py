"""Does an account that came to pay more soon come to pay more again, and less again?

A young customer adds seats in several steps; a yearly contract changes once and then not for a
year. A rate that speaks of the first change is wrong about the next one either way: how many
came is held against how many the rate would have had.
"""

from collections.abc import Callable

import numpy as np

from features.asof import Ints
from features.assemble import FeatureSet
from training.engine.followed import Followed
from training.engine.outcomes import FAR
from training.engine.periods import Floats
from training.questions.changes import UP, changes

DOUBT_EVENTS = 10.0
"""So many further changes are believed by half; the rest is as many as the rate says."""


def times_again(
    features: FeatureSet,
    changed: Followed,
    daily: Callable[[Ints, int], Floats],
    *,
    way: int,
    within_days: int,
) -> float:
    """By how much to multiply the rate of a change once an account has changed that way.

    ``changed`` follows changes; ``daily`` gives the rates of some of its rows on so many days.
    """
    first = changed_first(changed, way=way, within_days=within_days)
    until = np.minimum(changed.day[first] + within_days, changed.end_day)
    return ratio_of(
        daily(first, within_days),
        changed.followup.days[first],
        (until - changed.day[first]).astype(np.float64),
        further_changes(features, changed, first, until, way=way),
    )


def changed_first(changed: Followed, *, way: int, within_days: int) -> Ints:
    """Positions of the rows whose account changed that way before anything else.

    Every change is told once: by the last row of its account before it.
    """
    order = np.lexsort((changed.day, changed.account))
    day, account = changed.day[order], changed.account[order]
    is_last = np.append(account[1:] != account[:-1], [True])
    until = np.where(is_last, changed.end_day, np.append(day[1:], [0]))
    followup = changed.followup.take(order)
    struck = (followup.cause == way) & (followup.days < within_days)
    chosen: Ints = order[struck & (day + followup.days < until)]
    return chosen


def further_changes(
    features: FeatureSet, changed: Followed, rows: Ints, until: Ints, *, way: int
) -> Ints:
    """Count how often accounts changed that way after their first change and before a day."""
    moved = changes(features.arr, known_before=changed.training_day)
    moved = moved.loc[(moved["factor"] > 1) == (way == UP)]
    ids = features.snapshots["account_id"].iloc[changed.rows[rows]]
    accounts = np.unique(ids.to_numpy(dtype=str))
    known = moved.loc[moved["account_id"].isin(accounts)]
    code = np.searchsorted(accounts, known["account_id"].to_numpy(dtype=str))
    held = np.sort(code * FAR + known["day"].to_numpy(dtype=np.int64))
    own = np.searchsorted(accounts, ids.to_numpy(dtype=str)) * FAR
    first = changed.day[rows] + changed.followup.days[rows].astype(np.int64)
    after = np.searchsorted(held, own + first, side="right")
    before = np.searchsorted(held, own + until, side="left")
    counts: Ints = np.maximum(before - after, 0).astype(np.int64)
    return counts


def ratio_of(daily: Floats, first: Floats, watched: Floats, further: Ints) -> float:
    """Further changes for each that rates (rows by days ahead) would have had.

    Counted from the day of a row's ``first`` change to that up to which it was ``watched``.

    >>> nobody = np.zeros(2, dtype=int)
    >>> ratio_of(np.full((2, 90), 0.5), np.full(2, 29.0), np.full(2, 50.0), nobody)
    0.3333333333333333
    """
    days = np.arange(daily.shape[1])
    between = (days > first[:, None]) & (days < watched[:, None])
    expected = float((daily * between).sum())
    return float((further.sum() + DOUBT_EVENTS) / (expected + DOUBT_EVENTS))
