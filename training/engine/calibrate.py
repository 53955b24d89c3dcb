"""Is there lately more, or less, of it than the model says?

Times change faster than a model learns. What was expected over the last weeks is compared
with what came, and everybody's log rates are moved by the same amount: ranks and reasons stay
as they are, only the level moves.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from training.engine.periods import Floats, FollowUp, Ints, Periods

LOOKED_AT_DAYS = 84
"""How far back the level of a hazard is held against what came."""
_ENOUGH_EVENTS = 50
_LEVEL = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class Lately:
    """What was expected of some rows, and what came of them, up to a training day."""

    rates: Floats
    """Daily rates of each row by period."""
    followup: FollowUp
    day: Floats | Ints
    """The as-of morning of each row, of the calendar of ``training_day``."""
    periods: Periods
    cause: int
    training_day: float
    account: Ints | None = None
    """A number per row: one event is seen from several mornings of its account, and is one
    piece of evidence. Without it each row is an account of its own.
    """

    def take(self, rows: Ints) -> Self:
        return replace(
            self,
            rates=self.rates[rows],
            followup=self.followup.take(rows),
            day=self.day[rows],
            account=None if self.account is None else self.account[rows],
        )

    def counted(self, last_days: float, *, but_days: float = 0.0) -> tuple[float, float]:
        """Events that came in the last days, and that were expected, each account's once.

        The ``but_days`` before the training day are left out.
        """
        opens = self.training_day - last_days - self.day
        closes = np.minimum(self.training_day - but_days - self.day, self.periods.edges[-1])
        until = np.maximum(np.minimum(self.followup.days, closes), 0.0)
        exposure = self.periods.exposure(until)
        exposure = exposure - self.periods.exposure(np.clip(opens, 0.0, until))
        in_window = (self.followup.days >= opens) & (self.followup.days < closes)
        struck = (self.followup.cause == self.cause) & in_window
        expected = float((self.rates * exposure).sum())
        watched = exposure.sum(axis=1) > 0
        repeats = _rows_per_account(self.account, struck if struck.any() else watched)
        return float(struck.sum()) / repeats, expected / repeats


def observed_over_expected_shift(lately: Lately, *, last_days: float = LOOKED_AT_DAYS) -> float:
    """Say how much to add to all log rates, so that the last weeks would have come out right.

    Only exposure and events of the ``last_days`` before the training day count. Zero where the
    Poisson interval of the observed count holds the expected one. With fewer than 50 events,
    expected as observed, the shift is shrunk in proportion to their number.
    """
    observed, expected = lately.counted(last_days)
    return _shift(observed, expected) if _is_outside(observed, expected) else 0.0


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
