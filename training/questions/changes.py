"""Will an account pay more or less, going by how its kind fares?

The first change of ARR after a morning is followed like an exit: growing, shrinking and leaving
compete. A change below one per cent is none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
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


def asked_about(followup: FollowUp, way: int) -> FollowUp:
    """Number a way of changing as the first of all causes; what was the first takes its place.

    >>> came = FollowUp(np.ones(4), np.array([UP, DOWN, 2, CENSORED]))
    >>> asked_about(came, DOWN).cause.tolist()
    [1, 0, 2, -1]
    """
    others = np.where(followup.cause == UP, way, followup.cause)
    return replace(followup, cause=np.where(followup.cause == way, UP, others))


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
    def learnt(cls, values: pd.DataFrame, events: Floats, days: Floats) -> Self:
        """Learn from what came to each row, and from how many days were watched of it."""
        arr = values["arr"].to_numpy(dtype=np.float64)
        edges = tuple(np.nanquantile(arr, ARR_QUANTILES)) if np.isfinite(arr).any() else ()
        table = pd.DataFrame(
            {
                "kind": kinds(values, edges),
                "events": events,
                "days": days,
            }
        )
        overall = float((events.sum() + HALF_EVENT) / (days.sum() + YEAR_DAYS))
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
