"""Will an account pay more or less, and by how much, going by how its kind fares?

The first change of ARR after a morning is followed like an exit: growing, shrinking and leaving
compete. A change below one per cent is none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from features.asof import NEVER, Ints
from features.assemble import FeatureSet
from training.engine.followed import Followed
from training.engine.outcomes import FAR, Events, first_of, followed_until
from training.engine.periods import CENSORED, Floats, FollowUp

UP, DOWN = 0, 1
GROWS, SHRINKS = "grows", "shrinks"
LEAST_CHANGE = 0.01
DOUBT_EVENTS = 10.0
"""A kind with so many events is believed by half; the rest is said by everybody."""
HALF_EVENT = 0.5
YEAR_DAYS = 365.0
AGE_DAYS = (45.0, 120.0, 365.0)
ARR_QUANTILES = (1 / 3, 2 / 3)
ALIKE = 25
"""So many changes of accounts that paid less, and of ones that paid more, are alike."""


def changes(arr: pd.DataFrame, *, known_before: int) -> pd.DataFrame:
    """Keep the steps by which a paying account came to pay more or less, with ``factor``."""
    known = arr.loc[arr["known_day"] < known_before]
    factor = known["arr"] / known["before"]
    is_change = (known["before"] > 0) & (known["arr"] > 0) & ((factor - 1).abs() > LEAST_CHANGE)
    return known.assign(factor=factor).loc[is_change].reset_index(drop=True)


def follow_changes(features: FeatureSet, followed: Followed) -> FollowUp:
    """Look up what came first for every followed snapshot: UP, DOWN, or an exit."""
    moved = changes(features.arr, known_before=followed.training_day)
    accounts = features.snapshots["account_id"].iloc[followed.rows]
    found = followed_until(
        followed.day,
        _next_change(moved, accounts, followed.day),
        training_day=followed.training_day,
        lag_days=followed.lag_days,
    )
    return first_of(found, followed.followup, shift=2)


def _next_change(moved: pd.DataFrame, account_ids: "pd.Series[str]", day: Ints) -> Events:
    accounts = pd.Index(moved["account_id"].unique())
    code = accounts.get_indexer(pd.Index(moved["account_id"]))
    held = code * FAR + moved["day"].to_numpy(dtype=np.int64)
    order = np.argsort(held, kind="stable")
    asked = accounts.get_indexer(pd.Index(account_ids))
    at = np.searchsorted(held[order], asked * FAR + day)
    is_own = (asked >= 0) & (np.append(code[order], -1)[at] == asked)
    at = np.where(is_own, at, len(moved))

    def looked_up(values: Ints, nothing: int) -> Ints:
        return np.append(values[order], nothing)[at].astype(np.int64)

    way = np.where(moved["factor"].to_numpy() > 1, UP, DOWN)
    return Events(
        day=looked_up(moved["day"].to_numpy(), NEVER),
        known_day=looked_up(moved["known_day"].to_numpy(), NEVER),
        cause=looked_up(way, CENSORED),
    )


@dataclass(frozen=True, slots=True, eq=False)
class KindRates:
    """A daily rate per kind of account; small kinds are drawn towards everybody's."""

    by_kind: Mapping[str, float]
    overall: float
    arr_edges: tuple[float, ...]

    @classmethod
    def learnt(cls, values: pd.DataFrame, followup: FollowUp, *, cause: int) -> Self:
        arr = values["arr"].to_numpy(dtype=np.float64)
        edges = tuple(np.nanquantile(arr, ARR_QUANTILES)) if np.isfinite(arr).any() else ()
        table = pd.DataFrame(
            {
                "kind": kinds(values, edges),
                "events": (followup.cause == cause).astype(float),
                "days": followup.days,
            }
        )
        events, days = float(table["events"].sum()), float(table["days"].sum())
        overall = (events + HALF_EVENT) / (days + YEAR_DAYS)
        sums = table.groupby("kind")[["events", "days"]].sum()
        own = (sums["events"] + DOUBT_EVENTS) / (sums["days"] + DOUBT_EVENTS / overall)
        return cls({str(name): float(rate) for name, rate in own.items()}, overall, edges)

    def rates(self, values: pd.DataFrame) -> Floats:
        """One column: the daily rate of each row's kind."""
        own = pd.Series(kinds(values, self.arr_edges)).map(self.by_kind).fillna(self.overall)
        return np.asarray(own, dtype=np.float64)[:, None]


def kinds(values: pd.DataFrame, arr_edges: tuple[float, ...]) -> list[str]:
    """How long each account has been a customer, and which third of the book by ARR it is."""
    age = np.searchsorted(AGE_DAYS, values["tenure_days"].to_numpy(dtype=np.float64))
    third = np.searchsorted(arr_edges, values["arr"].to_numpy(dtype=np.float64))
    return [f"age {years}, third {part}" for years, part in zip(age, third, strict=True)]


@dataclass(frozen=True, slots=True, eq=False)
class Sizes:
    """By which factors ARR was multiplied, ordered by what was paid before.

    Small accounts double; large ones add a few seats. Whoever changes next changes as one of
    those did that paid about as much.
    """

    before: Floats
    factor: Floats

    @classmethod
    def known(cls, arr: pd.DataFrame, *, way: int, known_before: int) -> Self:
        moved = changes(arr, known_before=known_before)
        own = moved.loc[(moved["factor"] > 1) == (way == UP)].sort_values(["before", "factor"])
        return cls(own["before"].to_numpy(float), own["factor"].to_numpy(float))

    def typical(self, arr: Floats) -> Floats:
        """The mean factor of those who paid about as much; one where nobody ever changed."""
        if not len(self.factor):
            return np.ones(len(arr))
        place = np.searchsorted(self.before, arr)
        among = np.clip(place[:, None] + np.arange(-ALIKE, ALIKE), 0, len(self.factor) - 1)
        mean: Floats = self.factor[among].mean(axis=1)
        return mean

    def drawn(self, arr: Floats, rng: np.random.Generator) -> Floats:
        """A factor for each account that changes, given what it pays."""
        if not len(self.factor):
            return np.ones(len(arr))
        place = np.searchsorted(self.before, arr) + rng.integers(-ALIKE, ALIKE, size=len(arr))
        factors: Floats = self.factor[np.clip(place, 0, len(self.factor) - 1)]
        return factors
