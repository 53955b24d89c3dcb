"""Which stretches of which rows' futures are learnt from?

A cell is one row in one period: how many days it was watched there, and whether it ended there.
Nearly all cells are quiet, and nearly all quiet cells say the same. All cells with an event are
kept, and a sample of the quiet ones stands for the rest, period by period, with weights that
restore each period's quiet days exactly. What a model is fitted to is therefore the full
likelihood in expectation, and its overall rate in each period is the full data's to the digit.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.engine.periods import Floats, FollowUp, Ints, Periods

# Fewer cells than this are all kept: sampling would save nothing that anyone could notice.
_WORTH_SAMPLING = 50_000
# An event in the first hour of its period was watched for this long: a rate per no time at all
# has no meaning, and data kept by the day put many events exactly on a period's first moment.
_LEAST_DAYS = 1 / 24


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Rows in periods, ordered by period.

    ``events`` is 1 where the row ended in it; each cell stands for ``alike`` cells of as many
    days as it has itself.
    """

    row: Ints
    period: Ints
    watched: Floats
    events: Floats
    alike: Floats

    @property
    def days(self) -> Floats:
        """The exposure that each cell stands for."""
        return self.watched * self.alike

    def __len__(self) -> int:
        return len(self.row)


def chosen_cells(
    followup: FollowUp, *, cause: int, periods: Periods, quiet_share: float, seed: int
) -> Cells:
    """Take every cell in which ``cause`` struck, and a share of the quiet ones."""
    chance = np.random.default_rng(seed)
    ends_in = periods.period_of(followup.days)
    happened = followup.cause == cause
    share = max(quiet_share, _WORTH_SAMPLING / max(len(followup) * periods.count, 1))
    chosen = [
        _of_one_period(followup, happened & (ends_in == period), period, periods, share, chance)
        for period in range(periods.count)
    ]
    return Cells(
        row=np.concatenate([cells.row for cells in chosen]),
        period=np.concatenate([cells.period for cells in chosen]),
        watched=np.concatenate([cells.watched for cells in chosen]),
        events=np.concatenate([cells.events for cells in chosen]),
        alike=np.concatenate([cells.alike for cells in chosen]),
    )


def watched(followup: FollowUp, *, cause: int, periods: Periods) -> tuple[float, float]:
    """Count the events of ``cause`` within the periods, and the days watched for them."""
    last = periods.edges[-1]
    events = ((followup.cause == cause) & (followup.days < last)).sum()
    return float(events), float(np.minimum(followup.days, last).sum())


def _of_one_period(
    followup: FollowUp,
    struck: NDArray[np.bool_],
    period: int,
    periods: Periods,
    share: float,
    chance: np.random.Generator,
) -> Cells:
    spent = np.clip(followup.days - periods.starts[period], 0.0, periods.lengths[period])
    loud = np.flatnonzero(struck)
    quiet = np.flatnonzero((spent > 0) & ~struck)
    kept = quiet[chance.random(len(quiet)) < share]
    kept = kept if len(kept) else quiet
    stands_for = spent[quiet].sum() / spent[kept].sum() if len(kept) else 1.0
    row = np.concatenate([loud, kept])
    loud_days = np.maximum(spent[loud], _LEAST_DAYS)
    return Cells(
        row=row,
        period=np.full(len(row), period),
        watched=np.concatenate([loud_days, spent[kept]]),
        events=np.repeat([1.0, 0.0], [len(loud), len(kept)]),
        alike=np.repeat([1.0, stands_for], [len(loud), len(kept)]),
    )
