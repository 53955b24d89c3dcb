"""Which snapshots of its account does a dated row concern?"""

import numpy as np

from features.asof import Ints, Snapshots


def concerned(
    snapshots: Snapshots, account: Ints, *, since: Ints, until: Ints
) -> tuple[Ints, Ints]:
    """Pair each row with its account's snapshots on the mornings from ``since`` to ``until``.

    Mornings are indices, ``until`` is not included. Gives the rows' and the snapshots' indices.
    """
    width = snapshots.mornings.count + 1
    key = snapshots.account * width + snapshots.morning
    first = np.searchsorted(key, account * width + since)
    end = np.searchsorted(key, account * width + np.maximum(until, since))
    each = end - first
    row = np.repeat(np.arange(len(account)), each)
    start = np.repeat(first - np.r_[0, np.cumsum(each)[:-1]], each)
    return row, (np.arange(len(row)) + start).astype(np.int64)
