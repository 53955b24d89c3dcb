"""What does a model read, and what of it will have changed by a day in the future?

Nearly all inputs stand still at their as-of value: we do not know what comes. A clock is the
exception: on the as-of morning we know that a renewal 40 days away falls a third into the month
that starts 30 days ahead, so that month's hazard may look at it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from configs.errors import DataError
from training.engine.periods import Floats, Ints

# Beyond a year or so a clock says "far away" and nothing else.
CLOCK_REACH_DAYS = 400.0


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """Model inputs: one row per snapshot, one named column per input, NaN where absent."""

    values: Floats
    names: tuple[str, ...]
    clocks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[1] != len(self.names):
            raise ValueError(f"{self.values.shape} values cannot be named by {len(self.names)}")
        if not set(self.clocks) <= set(self.names):
            raise ValueError(f"clocks {self.clocks} are not all among the columns")

    def __len__(self) -> int:
        return len(self.values)

    @property
    def clock_columns(self) -> list[int]:
        return [self.names.index(name) for name in self.clocks]

    def take(self, rows: Ints) -> Self:
        return type(self)(self.values[rows], self.names, self.clocks)

    def column(self, name: str) -> Floats:
        return self.values[:, self.names.index(name)]

    def must_be(self, names: Sequence[str], clocks: Sequence[str]) -> None:
        """Refuse a matrix that does not hold exactly the inputs that a model was fitted on.

        LightGBM itself would read reordered columns without a word.
        """
        if self.names == tuple(names) and self.clocks == tuple(clocks):
            return
        lacking = sorted(set(names) - set(self.names))
        unknown = sorted(set(self.names) - set(names))
        differ = f"lacking {lacking}, unknown {unknown}" if lacking or unknown else "reordered"
        raise DataError(
            "model inputs",
            f"they are not those that the model was fitted on ({differ})",
            "Fit the model again on the inputs as they are now",
        )


def clocks_in_period(
    values: Floats, columns: Sequence[int], *, start: float, length: float
) -> Floats:
    """Say where in a period each clock runs out: 0 at its first moment, 1 at its end.

    In every period, long or short, a renewal falls into it if this is from 0 to below 1; trees
    need to learn that only once.

    >>> clocks_in_period(np.array([[12.0, 45.0]]), [1], start=30.0, length=30.0).tolist()
    [[0.5]]
    """
    days = np.clip(values[:, columns] - start, -CLOCK_REACH_DAYS, CLOCK_REACH_DAYS)
    share: Floats = days / length
    return share
