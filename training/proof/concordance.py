"""Of two accounts, was the one that left first ranked higher?

Those that left are asked in turn, the last to leave first, each about all that outlasted it.
What these were told is counted in a tree, so that no pair is looked at for itself: the time
grows hardly faster than the accounts.
"""

import numpy as np

from training.engine.compiled import compiled
from training.engine.periods import CENSORED, Floats, FollowUp, Ints


def concordance(score: Floats, followup: FollowUp, *, cause: int) -> float:
    """Chance that, of two accounts, the one that ended by ``cause`` first was ranked higher.

    Those that ended by another cause count as never ending by this one (Wolbers 2014); pairs
    that censoring leaves undecided are left out. NaN where no pair is decided.
    """
    struck = followup.cause == cause
    lasting = np.where(struck | (followup.cause == CENSORED), followup.days, np.inf)
    # Whoever was still there on the day on which another ended has outlasted it.
    order = np.lexsort((struck, -lasting))
    asked = np.flatnonzero(struck[order])
    behind = -lasting[order[asked]]
    outlasted_by = asked[np.searchsorted(behind, behind)]
    pairs = int(outlasted_by.sum())
    if not pairs:
        return float("nan")
    rank = np.unique(score, return_inverse=True)[1].astype(np.int64)[order]
    return _halves_won(rank, asked, outlasted_by) / 2 / pairs


@compiled
def _halves_won(rank: Ints, asked: Ints, outlasted_by: Ints) -> int:
    """Count two for each pair whose row asked ranks higher, and one where both rank the same.

    Row ``asked[i]`` is held against the first ``outlasted_by[i]`` rows, of which there are ever
    more. Place ``p`` of the tree counts the ranks of as many places up to ``p`` as its lowest
    bit says (Fenwick 1994).
    """
    tree = np.zeros(len(rank) + 1, dtype=np.int64)
    halves, held = 0, 0
    for i in range(len(asked)):
        for other in range(held, outlasted_by[i]):
            place = rank[other] + 1
            while place < len(tree):
                tree[place] += 1
                place += place & -place
        held = outlasted_by[i]
        for ranks_below in (rank[asked[i]], rank[asked[i]] + 1):
            place = ranks_below
            while place > 0:
                halves += tree[place]
                place -= place & -place
    return halves
