"""Into which files do the mornings of a build go, so that most stand when another one comes?

The mornings before the quarter of the as-of date share one part, since nothing is added to it
until the quarter is over; each later morning is a part of its own. Within a part rows come in
the order of accounts, each account's mornings in theirs.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from features.asof import Ints, Mornings, as_dates, ordinal

LONG_AGO = ""
"""What the part is called that holds the mornings before the quarter."""


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """Which part of a build each of its mornings belongs to."""

    days: Ints
    names: tuple[str, ...]
    """A name per morning."""
    has_long_ago: bool = True

    @classmethod
    def of(cls, mornings: Mornings, *, as_of: date) -> "Parts":
        """Cut the mornings of a build.

        >>> days = np.array([ordinal(date(2025, 3, 31)), ordinal(date(2025, 4, 7))])
        >>> Parts.of(Mornings(days), as_of=date(2025, 4, 8)).names
        ('', '.2025-04-07')
        """
        quarter = ordinal(date(as_of.year, as_of.month - (as_of.month - 1) % 3, 1))
        dates = as_dates(mornings.days).dt.strftime("%Y-%m-%d")
        names = np.where(mornings.days < quarter, LONG_AGO, "." + dates.to_numpy(dtype=object))
        return cls(mornings.days, tuple(map(str, names)))

    @property
    def days_of(self) -> Mapping[str, tuple[int, ...]]:
        """The mornings of each part, by name; the part of long ago may have none."""
        found: dict[str, tuple[int, ...]] = {LONG_AGO: ()} if self.has_long_ago else {}
        for day, name in zip(self.days.tolist(), self.names, strict=True):
            found[name] = (*found.get(name, ()), day)
        return found

    def without(self, names: Iterable[str]) -> "Parts":
        """The parts that are not among those named."""
        kept = [place for place, name in enumerate(self.names) if name not in set(names)]
        own = tuple(self.names[place] for place in kept)
        return Parts(self.days[kept], own, has_long_ago=LONG_AGO not in set(names))

    def cut(self, day: Ints) -> "Cut":
        """Lay snapshots, of which ``day`` is told, out part by part."""
        names = list(self.days_of)
        of_morning = np.array([names.index(name) for name in self.names], dtype=np.int16)
        return Cut.of(tuple(names), of_morning[np.searchsorted(self.days, day)])


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """Rows laid out part by part, in each part in the order in which they were told."""

    names: tuple[str, ...]
    part: np.ndarray
    """Which of the parts each row is in."""
    rows: Ints
    """The rows of the first part, then those of the next."""
    starts: Ints
    """Where each part begins among those; one longer than there are parts."""

    @classmethod
    def of(cls, names: tuple[str, ...], part: np.ndarray) -> "Cut":
        """Sort rows by their part.

        >>> Cut.of(("", ".new"), np.array([1, 0, 1])).rows.tolist()
        [1, 0, 2]
        """
        rows = np.argsort(part, kind="stable").astype(np.int64)
        starts = np.searchsorted(part[rows], np.arange(len(names) + 1)).astype(np.int64)
        return cls(names, part, rows, starts)

    @property
    def spans(self) -> dict[str, slice]:
        """Where among ``rows`` each part is, by name."""
        spans = map(slice, self.starts[:-1].tolist(), self.starts[1:].tolist())
        return dict(zip(self.names, spans, strict=True))

    @property
    def place(self) -> Ints:
        """Where each row stands in its part."""
        place = np.empty(len(self.rows), dtype=np.int64)
        place[self.rows] = np.arange(len(self.rows))
        told: Ints = place - self.starts[self.part]
        return told
