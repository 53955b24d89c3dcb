"""How does what is due gather around its day?

Most of what has a date is done on the days next to it, and on the weekdays on which such things
are done. A rate held constant over a week or two would put the wait anywhere in it, and would
learn too much of those who were early and too little of those who were late. So days are
counted: each counts by how often such things were done so many days from theirs, and the hazard
is learnt per day that counts. What is left for it to learn is who is quicker or slower than
usual, which holds for dates that no row has come to yet.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd

from training.engine.periods import Floats, FollowUp, Ints, Periods

FIRST, LAST = -35, 35
"""Days from the due one that are told apart; all before are taken as alike, and all after."""
DOUBT_EVENTS = 20.0
"""A group with so many expected on a day is believed by half; the rest is said by everybody."""
PRIOR_EVENTS = 2.0
"""So many events at the usual rate are added to each day."""
MOST_DAILY = 0.95
_WIDTH = LAST - FIRST + 3
ASKED = 0


@dataclass(frozen=True, slots=True, eq=False)
class DuePull:
    """How often a thing was done per day, by days from its due one: groups, then everybody."""

    groups: tuple[str, ...]
    dated: Floats
    """Columns: all days before ``FIRST``, each up to ``LAST``, and all after it."""
    undated: Floats
    """The same of what had no date."""

    @classmethod
    def even(cls) -> Self:
        """Every day counts once: where nothing was done, nothing gathers."""
        return cls((), np.ones((1, _WIDTH)), np.ones(1))

    @classmethod
    def learnt(cls, due: Floats, followup: FollowUp, groups: Sequence[str]) -> Self:
        """Learn from what was done by those who had not done it before.

        ``due`` says in how many days each row's thing was due, NaN where on no day; rows of one
        group are of one kind. Only the first cause of the follow-up counts as done.
        """
        code, names = pd.factorize(np.asarray(groups, dtype=object), sort=True)
        done, at_risk = _tallies(due, followup, code.astype(np.int64), len(names))
        if not done.sum():
            return cls.even()
        usual = done.sum() / at_risk.sum()
        of_all = (done.sum(axis=0) + PRIOR_EVENTS) / (
            at_risk.sum(axis=0) + PRIOR_EVENTS / usual
        )
        own = of_all * (done + DOUBT_EVENTS) / (at_risk * of_all + DOUBT_EVENTS)
        # Of those who had not done it: a share per day becomes a rate per day.
        rates = -np.log1p(-np.minimum(np.vstack([own, of_all]), MOST_DAILY))
        return cls(tuple(map(str, names)), rates[:, :-1], rates[:, -1])

    def of(self, due: Floats, groups: Sequence[str]) -> "CountedDays":
        """Count the days of rows; a group of which nothing was learnt is like everybody."""
        code = pd.Index(self.groups).get_indexer(pd.Index(np.asarray(groups, dtype=object)))
        everybody = len(self.undated) - 1
        return CountedDays(self, due, np.where(code < 0, everybody, code).astype(np.int64))

    def to_dict(self) -> dict[str, Any]:
        return {
            "groups": list(self.groups),
            "dated": self.dated.tolist(),
            "undated": self.undated.tolist(),
        }

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Self:
        dated, undated = (np.array(told[n], dtype=np.float64) for n in ("dated", "undated"))
        return cls(tuple(told["groups"]), dated, undated)


@dataclass(frozen=True, slots=True, eq=False)
class CountedDays:
    """What the days after each row's morning count."""

    pull: DuePull
    due: Floats
    group: Ints

    def __len__(self) -> int:
        return len(self.due)

    def take(self, rows: Ints) -> "CountedDays":
        return CountedDays(self.pull, self.due[rows], self.group[rows])

    def by(self, days: Floats) -> Floats:
        """What counts from the morning to each of some days: a row per row, a column per day.

        ``days`` are the same for all rows, or have a row per row.

        >>> pull = DuePull((), np.full((1, 73), 0.25), np.array([0.5]))
        >>> pull.of(np.array([3.0, np.nan]), ["any", "any"]).by(np.array([0.0, 2.0])).tolist()
        [[0.0, 0.5], [0.0, 1.0]]
        """
        days = np.broadcast_to(days, (len(self), np.shape(days)[-1]))
        due, group = np.nan_to_num(self.due)[:, None], self.group[:, None]
        dated = self._since_first(days - due, group) - self._since_first(-due, group)
        undated = self.pull.undated[group] * days
        return np.where(np.isnan(self.due)[:, None], undated, dated)

    def per_day(self, periods: Periods) -> Floats:
        """How many times a day of each period counts, on average over the period."""
        counted: Floats = np.diff(self.by(np.array(periods.edges)), axis=1) / periods.lengths
        return counted

    def _since_first(self, lag: Floats, group: Ints) -> Floats:
        """What counts from the day ``FIRST`` to a moment; below zero before it."""
        dated = self.pull.dated
        upto = np.hstack([np.zeros((len(dated), 1)), np.cumsum(dated[:, 1:-1], axis=1)])
        place = np.clip(lag - FIRST, 0.0, LAST + 1 - FIRST)
        day = np.minimum(place.astype(np.int64), LAST - FIRST)
        inside = upto[group, day] + (place - day) * dated[group, day + 1]
        before = np.minimum(lag - FIRST, 0.0) * dated[group, 0]
        after = np.maximum(lag - LAST - 1, 0.0) * dated[group, -1]
        summed: Floats = inside + before + after
        return summed


def _tallies(due: Floats, followup: FollowUp, code: Ints, groups: int) -> tuple[Floats, Floats]:
    """By group and days from the due one, what was done and how often it could have been.

    The last column is of what had no date.
    """
    done = followup.cause == ASKED
    has_date = ~np.isnan(due)
    opens = -np.floor(np.nan_to_num(due)).astype(np.int64)
    ends_on = opens + np.floor(followup.days).astype(np.int64)
    # Who did it on a day could have done it that day; who was lost sight of on it, could not.
    closes = ends_on + done

    def count(rows: Ints, column: Ints, weight: Floats | None = None) -> Floats:
        place = code[rows] * (_WIDTH + 1) + column
        found = np.bincount(place, weight, minlength=groups * (_WIDTH + 1))
        return found.reshape(groups, _WIDTH + 1).astype(np.float64)

    def column(lag: Ints) -> Ints:
        return np.clip(lag - FIRST + 1, 0, _WIDTH - 1)

    struck, dated, others = map(np.flatnonzero, (done, has_date, ~has_date))
    counts = count(struck, np.where(has_date, column(ends_on), _WIDTH)[struck])
    enters, leaves = (np.clip(lag, FIRST, LAST + 1)[dated] for lag in (opens, closes))
    at_risk = np.cumsum(count(dated, column(enters)) - count(dated, column(leaves)), axis=1)
    alone = {
        0: np.clip(np.minimum(closes, FIRST) - opens, 0, None)[dated],
        _WIDTH - 1: np.clip(closes - np.maximum(opens, LAST + 1), 0, None)[dated],
    }
    for at, spent in alone.items():
        at_risk[:, at] = count(dated, np.full(len(dated), at), spent)[:, at]
    spent = (followup.days + done)[others]
    at_risk[:, -1] = count(others, np.full(len(others), _WIDTH), spent)[:, -1]
    return counts, at_risk
