"""For how many days does a period count in which a commitment ends?

Customers leave when their term ends and hardly ever between: the risk of a whole term falls on
its end. A week that holds the end of a year's term carries as much risk as a month that does,
and far more than one that holds the end of a month's. Told in days alone, a rate would have to
be learnt anew for every length of period and of term; so a period that holds the end counts as
the term is long, and rates are learnt per day that counts.
"""

import numpy as np

from training.engine.matrix import Matrix, clocks_in_period
from training.engine.periods import Floats, FollowUp, Periods

RENEWAL, TERM = "days_to_renewal", "term_days"
"""The inputs that say when the commitment ends, and how long it runs."""
USUAL_TERM = 30.0
"""Stands in for a term that is not known."""
SHORTEST, LONGEST = 28.0, 366.0
NEAR_DAYS, MOST = 14.0, 0.5


def counted_days(matrix: Matrix, periods: Periods) -> Floats:
    """How many times each day of each period counts: rows by periods; 1 without a renewal.

    >>> values = np.array([[5.0, 30.0], [40.0, 360.0]])
    >>> matrix = Matrix(values, (RENEWAL, TERM), (RENEWAL,))
    >>> counted_days(matrix, Periods((0.0, 15.0, 60.0))).tolist()
    [[2.0, 1.0], [1.0, 8.0]]
    """
    times = np.ones((len(matrix), periods.count))
    if RENEWAL not in matrix.clocks:
        return times
    column, term = [matrix.names.index(RENEWAL)], _term_days(matrix)
    for period, (start, length) in enumerate(periods.spans):
        place = clocks_in_period(matrix.values, column, start=start, length=length)[:, 0]
        ends_here = (place >= 0) & (place < 1)
        times[ends_here, period] = term[ends_here] / length
    return times


def leaves_with_its_term(matrix: Matrix, followup: FollowUp, *, cause: int) -> bool:
    """Whether most of those who left by a cause stayed to the end of their commitment.

    Customers under contract do; students who withdraw do not, and of them a term's end says
    nothing. False where no end was known of anybody who left.
    """
    if RENEWAL not in matrix.clocks:
        return False
    renewal = matrix.column(RENEWAL)
    left = (followup.cause == cause) & ~np.isnan(renewal)
    stayed = followup.days[left] >= renewal[left] - NEAR_DAYS
    return bool(left.any() and stayed.mean() > MOST)


def _term_days(matrix: Matrix) -> Floats:
    if TERM not in matrix.names:
        return np.full(len(matrix), USUAL_TERM)
    told = matrix.column(TERM)
    return np.where(np.isnan(told), USUAL_TERM, np.clip(told, SHORTEST, LONGEST))
