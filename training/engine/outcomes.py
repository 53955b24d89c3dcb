"""What happened after each snapshot, as far as it was known on the day of training?

Never on the scoring path. An exit that was known before the training day is an event on the day
it happened; everything else is censored. Because exits become known some days after they
happen, follow-up ends that reporting lag before the training day: later silence is not
survival.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.asof import NEVER, Ints, day_number
from training.engine.periods import CENSORED, FollowUp

FAR = 10**6
"""More days than any calendar here has."""
FIRST_MOMENT_DAYS = 0.5
"""An exit that had happened before the morning, unknown to it, falls into its first moments."""


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """The first event of each row's subject: its day, the day we knew, and its cause."""

    day: Ints
    """NEVER where none was ever known."""
    known_day: Ints
    cause: Ints
    """Index of the cause; CENSORED where there is no event."""


def exit_events(
    exits: pd.DataFrame, account_ids: "pd.Series[str]", day: Ints, causes: Sequence[str]
) -> Events:
    """Look up each row's next exit: the first of its account not yet both past and known.

    An exit may be announced: it lies ahead until its day, however early it was known. A cause
    that is not among ``causes`` takes the last of them.
    """
    accounts = pd.Index(exits["account_id"].unique())
    account = accounts.get_indexer(pd.Index(exits["account_id"]))
    exited, known = day_number(exits["exited_at"]), day_number(exits["known_at"])
    gone = np.clip(np.maximum(exited, known), 0, FAR - 1)
    order = np.lexsort((gone, account))
    asked = accounts.get_indexer(pd.Index(account_ids))
    at = np.searchsorted(account[order] * FAR + gone[order], asked * FAR + day)
    is_own = (asked >= 0) & (np.append(account[order], -1)[at] == asked)
    at = np.where(is_own, at, -1)
    cause = pd.Index(causes).get_indexer(pd.Index(exits["cause"]))
    return Events(
        day=_looked_up(exited[order], at, NEVER),
        known_day=_looked_up(known[order], at, NEVER),
        cause=_looked_up(np.where(cause < 0, len(causes) - 1, cause)[order], at, CENSORED),
    )


def reached_events(reached: pd.DataFrame, rows: pd.DataFrame) -> Events:
    """Look up when each row's account reached each row's milestone; the only cause is 0."""
    keys = pd.MultiIndex.from_frame(reached[["account_id", "milestone"]])
    at = keys.get_indexer(pd.MultiIndex.from_frame(rows[["account_id", "milestone"]]))
    return Events(
        day=_looked_up(reached["day"].to_numpy(dtype=np.int64), at, NEVER),
        known_day=_looked_up(reached["known_day"].to_numpy(dtype=np.int64), at, NEVER),
        cause=np.where(at >= 0, 0, CENSORED),
    )


def _looked_up(values: Ints, at: Ints, nothing: int) -> Ints:
    padded = np.append(values, nothing)
    return padded[np.where(at >= 0, at, len(values))].astype(np.int64)


def followed_until(day: Ints, events: Events, *, training_day: int, lag_days: int) -> FollowUp:
    """Cut what is known at the training day; rows with no follow-up get 0 days.

    >>> events = Events(np.array([110, 150]), np.array([111, 151]), np.array([0, 0]))
    >>> outcome = followed_until(np.array([100, 100]), events, training_day=140, lag_days=2)
    >>> outcome.days.tolist(), outcome.cause.tolist()
    ([10.0, 38.0], [0, -1])
    """
    end = training_day - lag_days
    happened = (events.day > NEVER) & (events.day < end) & (events.known_day < training_day)
    until = np.where(happened, np.maximum(events.day - day, FIRST_MOMENT_DAYS), end - day)
    cause = np.where(happened, events.cause, CENSORED)
    return FollowUp(np.maximum(until, 0.0).astype(np.float64), cause.astype(np.int64))


def first_of(one: FollowUp, other: FollowUp, *, shift: int) -> FollowUp:
    """Let two kinds of event compete; the other's causes are numbered from ``shift`` on.

    Where both end on one day the first kind wins: a milestone reached on the last day counts.
    """
    sooner = other.days < one.days
    ends_as_other = sooner | ((other.days == one.days) & (one.cause == CENSORED))
    cause = np.where(other.cause == CENSORED, CENSORED, other.cause + shift)
    return FollowUp(
        np.minimum(one.days, other.days),
        np.where(ends_as_other, cause, one.cause).astype(np.int64),
    )
