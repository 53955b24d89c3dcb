"""What may happen to each account, and by when?

Every cause's hazard eats from the same account: one that leaves in April cannot reach a
milestone in May. Chances are therefore chained from the hazards of all causes at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from training.engine.due import CountedDays
from training.engine.periods import Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class IncidenceCurves:
    """The chance of each cause by each day, under daily rates constant within periods.

    ``nothing_yet[i, t]`` is the chance that nothing has happened to row ``i`` by the end of
    period ``t``; ``by_cause[c][i, t]`` is the chance that cause ``c`` came first, by then.
    At every ``(i, t)`` these sum to one, and none of the latter ever falls.
    """

    edges: Floats
    rates: Mapping[str, Floats]
    nothing_yet: Floats
    by_cause: Mapping[str, Floats]

    @classmethod
    def from_rates(cls, rates: Mapping[str, Floats], edges: Sequence[float] | Floats) -> Self:
        """Chain cause-specific daily rates, one row per account and one column per period.

        ``edges`` are in days and one longer. Within a period the causes share what happens in
        proportion to their rates.

        >>> curves = IncidenceCurves.from_rates(
        ...     {"done": np.array([[0.02, 0.01]]), "churn": np.array([[0.0, 0.01]])},
        ...     edges=[0, 30, 60],
        ... )
        >>> curves.by_cause["done"].round(3).tolist()
        [[0.451, 0.575]]
        """
        days = np.asarray(edges, dtype=np.float64)
        hazard = np.sum(list(rates.values()), axis=0) * np.diff(days)
        nothing_yet = np.exp(-np.cumsum(hazard, axis=1))
        leaving = _at_start(nothing_yet) * -np.expm1(-hazard)
        by_cause = {c: np.cumsum(leaving * _share(rates, c), axis=1) for c in rates}
        return cls(days, dict(rates), nothing_yet, by_cause)

    @property
    def days(self) -> Floats:
        """The day on which each period ends."""
        return self.edges[1:]

    def __len__(self) -> int:
        return len(self.nothing_yet)

    def take(self, rows: Ints) -> Self:
        """Keep the curves of some rows, in the order given."""
        return type(self)(
            self.edges,
            {cause: rates[rows] for cause, rates in self.rates.items()},
            self.nothing_yet[rows],
            {cause: chance[rows] for cause, chance in self.by_cause.items()},
        )

    def incidence_at(self, cause: str, days: float) -> Floats:
        """Chance that ``cause`` came first within ``days`` days; exact inside periods too."""
        if not 0 <= days <= self.edges[-1]:
            raise ValueError(f"the curves end after {self.edges[-1]:g} days, before {days:g}")
        period = int(np.searchsorted(self.days, days))
        before = self.by_cause[cause][:, period - 1] if period else 0.0
        here = _at_start(self.nothing_yet)[:, period]
        hazard = np.sum([rates[:, period] for rates in self.rates.values()], axis=0)
        leaving = here * -np.expm1(-hazard * (days - self.edges[period]))
        chance: Floats = before + leaving * _share(self.rates, cause)[:, period]
        return chance

    def day_of(self, cause: str, q: float, counted: CountedDays) -> Floats:
        """The first whole day by whose end ``cause`` has the chance ``q``; NaN if on none.

        Day 0 is that of the morning itself. Within a period what happens is put on its days as
        they are ``counted``, so that the chance at its end is the curve's own.

        NaN is an answer, not a hole: "not expected within the horizon". Accounts that leave
        first are part of the count: by then ``q`` of all such accounts will have reached it.
        """
        reached = self.by_cause[cause] >= q
        first = np.where(reached.any(axis=1), reached.argmax(axis=1), len(self.days))
        found = np.full(len(self), np.nan)
        for period, start in enumerate(self.edges[:-1]):
            rows = np.flatnonzero(first == period)
            if len(rows):
                enough = self._by_day(cause, rows, period, counted.take(rows)) >= q
                enough[:, -1] = True
                found[rows] = start + enough.argmax(axis=1)
        return found

    def _by_day(self, cause: str, rows: Ints, period: int, counted: CountedDays) -> Floats:
        """Chances of ``cause`` by the end of each day of a period: rows by days."""
        start, end = self.edges[period], self.edges[period + 1]
        days = np.append(np.arange(start + 1, end), end)
        told = counted.by(np.append(start, days))
        passed = (told[:, 1:] - told[:, :1]) / (told[:, -1:] - told[:, :1])
        rates = {
            other: rate[rows, period] * (end - start) for other, rate in self.rates.items()
        }
        own = rates.pop(cause)[:, None]
        others = np.sum(list(rates.values()), axis=0)[:, None] if rates else np.zeros_like(own)
        left = -np.expm1(-(own * passed + others * (days - start) / (end - start)))
        before = self.by_cause[cause][rows, period - 1] if period else np.zeros(len(rows))
        here = self.by_cause[cause][rows, period] - before
        chances: Floats = before[:, None] + here[:, None] * left / left[:, -1:]
        return chances


def _at_start(nothing_yet: Floats) -> Floats:
    """Chance that nothing has happened before each period."""
    return np.hstack([np.ones((len(nothing_yet), 1)), nothing_yet[:, :-1]])


def _share(rates: Mapping[str, Floats], cause: str) -> Floats:
    """How much of what happens in each period is ``cause``'s; zero where nothing can happen."""
    total: Floats = np.sum(list(rates.values()), axis=0)
    return np.divide(rates[cause], total, out=np.zeros_like(total), where=total > 0)
