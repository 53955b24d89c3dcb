"""By how much do accounts usually come to pay more, or less? What a pencil can tell.

A share is of what was paid before: 0.2 is a fifth more, or a fifth less. Four rules are tried:
everybody's mean share, that of the segment, the account's own last change, and what those did
that paid about as much.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from features.asof import Ints
from training.engine.periods import Floats

EVERYBODY, SEGMENT = "share of ARR", "mean of the segment"
LAST, ALIKE = "own last change", "those that pay about as much"
DOUBT_EVENTS = 10.0
"""A segment with so many changes is believed by half; the rest is said by everybody."""
NEIGHBOURS = 25
"""So many changes of accounts that paid less, and of ones that paid more, are alike."""


@dataclass(frozen=True, slots=True, eq=False)
class AmountRules:
    """What each rule learnt; nothing was ever changed where ``shares`` is empty."""

    overall: float
    by_segment: Mapping[str, float]
    paid: Floats
    """What was paid before each change, ascending, and ``shares`` of it that it moved by."""
    shares: Floats

    @classmethod
    def learnt(cls, evidence: pd.DataFrame, share: Floats) -> Self:
        """Learn from changes: a row of evidence (segment, arr, last) each, and its share."""
        overall = float(share.mean()) if len(share) else 0.0
        sums = pd.Series(share).groupby(evidence["segment"].astype(str).to_numpy())
        own = (sums.sum() + DOUBT_EVENTS * overall) / (sums.count() + DOUBT_EVENTS)
        arr = evidence["arr"].to_numpy(dtype=np.float64)
        order = np.lexsort((share, arr))
        by_segment = {str(name): float(mean) for name, mean in own.items()}
        return cls(overall, by_segment, arr[order], share[order])

    def told(self, evidence: pd.DataFrame) -> dict[str, Floats]:
        """What each rule expects of each row."""
        everybody = np.full(len(evidence), self.overall)
        if not len(self.shares):
            return {EVERYBODY: everybody}
        segment = evidence["segment"].astype(str).map(self.by_segment).fillna(self.overall)
        last = evidence["last"].to_numpy(dtype=np.float64)
        return {
            EVERYBODY: everybody,
            SEGMENT: segment.to_numpy(dtype=np.float64),
            LAST: np.where(np.isnan(last), self.overall, last),
            ALIKE: self.shares[self._alike(evidence["arr"].to_numpy(np.float64))].mean(axis=1),
        }

    def _alike(self, arr: Floats) -> Ints:
        place = np.searchsorted(self.paid, arr)[:, None] + np.arange(-NEIGHBOURS, NEIGHBOURS)
        alike: Ints = np.clip(place, 0, len(self.shares) - 1)
        return alike

    def to_dict(self) -> dict[str, Any]:
        """Everything they know, fit for JSON."""
        return {
            "overall": self.overall,
            "by_segment": dict(self.by_segment),
            "paid": self.paid.tolist(),
            "shares": self.shares.tolist(),
        }

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Self:
        paid, shares = (np.array(told[name], dtype=float) for name in ("paid", "shares"))
        return cls(float(told["overall"]), dict(told["by_segment"]), paid, shares)
