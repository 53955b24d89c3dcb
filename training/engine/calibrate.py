"""Is there lately more, or less, of it than the model says?

Times change faster than a model learns. What was expected over the last weeks is compared
with what came, and everybody's log rates are moved by the same amount: ranks and reasons stay
as they are, only the level moves.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from training.engine.periods import Floats, FollowUp, Ints, Periods

LOOKED_AT_DAYS = 84
"""How far back the level of a hazard is held against what came."""
_ENOUGH_EVENTS = 50
_LEVEL = 0.95


def observed_over_expected_shift(
    rates: Floats,
    followup: FollowUp,
    as_of_days: Floats | Ints,
    *,
    periods: Periods,
    cause: int,
    training_day: float,
    last_days: float = LOOKED_AT_DAYS,
    accounts: Ints | None = None,
) -> float:
    """Say how much to add to all log rates, so that the last weeks would have come out right.

    ``rates`` are the daily rates of each row by period; ``as_of_days`` and ``training_day`` are
    days of one calendar. Only exposure and events of the ``last_days`` before the training day
    count. One event is seen from several as-of mornings: with ``accounts`` (a number per row)
    it is counted as one piece of evidence, without, each row is an account of its own.

    Zero where the Poisson interval of the observed count holds the expected one. With fewer
    than 50 events, expected as observed, the shift is shrunk in proportion to their number.
    """
    observed, expected = counted_lately(
        *(rates, followup, as_of_days),
        periods=periods,
        cause=cause,
        training_day=training_day,
        last_days=last_days,
        accounts=accounts,
    )
    return _shift(observed, expected) if _is_outside(observed, expected) else 0.0


def counted_lately(
    rates: Floats,
    followup: FollowUp,
    as_of_days: Floats | Ints,
    *,
    periods: Periods,
    cause: int,
    training_day: float,
    last_days: float,
    but_days: float = 0.0,
    accounts: Ints | None,
) -> tuple[float, float]:
    """Events that came in the last days, and that were expected, each account's counted once.

    The ``but_days`` before the training day are left out.
    """
    opens = training_day - last_days - as_of_days
    closes = np.minimum(training_day - but_days - as_of_days, periods.edges[-1])
    until = np.maximum(np.minimum(followup.days, closes), 0.0)
    exposure = periods.exposure(until) - periods.exposure(np.clip(opens, 0.0, until))
    in_window = (followup.days >= opens) & (followup.days < closes)
    struck = (followup.cause == cause) & in_window
    expected = float((rates * exposure).sum())
    watched = exposure.sum(axis=1) > 0
    repeats = _rows_per_account(accounts, struck if struck.any() else watched)
    return float(struck.sum()) / repeats, expected / repeats


def _rows_per_account(accounts: Ints | None, rows: NDArray[np.bool_]) -> float:
    if accounts is None or not rows.any():
        return 1.0
    return float(rows.sum()) / len(np.unique(accounts[rows]))


def _is_outside(observed: float, expected: float) -> bool:
    """Whether the Poisson interval of the observed count does not hold the expected one."""
    outside = (1 - _LEVEL) / 2
    low = chi2.ppf(outside, 2 * observed) / 2 if observed else 0.0
    high = chi2.ppf(1 - outside, 2 * (observed + 1)) / 2
    return not low <= expected <= high


def _shift(observed: float, expected: float) -> float:
    # Half an event on both sides keeps the shift finite where nothing was observed.
    weight = min(1.0, max(observed, expected) / _ENOUGH_EVENTS)
    return weight * float(np.log((observed + 0.5) / (expected + 0.5)))
