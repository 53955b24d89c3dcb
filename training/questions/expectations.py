"""How long does each milestone take, as history tells it?

The clock of a milestone starts where the playbook's does: at kickoff, or when the last required
step was reached. From then on an account reaches it, leaves, or is still waiting on the morning
that looks back. Accounts that were first seen long after a clock started count from then on.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from configs.playbook import Milestone, Playbook
from features.asof import NEVER, Ints, day_number
from features.assemble import FeatureSet
from training.engine.followed import lag_known_by
from training.engine.incidence import LEFT, REACHED, Incidence, Waits
from training.engine.periods import CENSORED

TOGETHER = "all"
"""Stands for all segments that a milestone applies to."""


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """What history tells of one milestone in one segment."""

    milestone: str
    segment: str
    waits: Waits
    incidence: Incidence

    @property
    def followed_days(self) -> int:
        """How long after its clock started the longest wait was watched."""
        return int(self.waits.days.max(initial=0))


@dataclass(frozen=True, slots=True, eq=False)
class _Climbers:
    """Every account that was ever live: whose it is, when it began, was first seen and left."""

    account: pd.Index
    segment: np.ndarray
    family: Ints
    kickoff: Ints
    first_seen: Ints
    exit_days: pd.DataFrame
    """account (a number) and day of every exit, in order."""
    met: pd.DataFrame
    """Day each account reached each milestone; NEVER where it did not."""


def learnt(
    features: FeatureSet, playbook: Playbook, *, day: int, late_days: int, seed: int = 0
) -> Iterator[Learnt]:
    """Tell of every milestone, in every segment that has accounts and in all together.

    Nothing is used that was not known on the morning of ``day``. An account seen within
    ``late_days`` of its clock's start was seen from the start.
    """
    climbers = _climbers(features, day)
    end = day - lag_known_by(day, features.exits)
    for milestone in playbook.milestones:
        applies = _asked(milestone, climbers)
        rows, waits = _waits(milestone, playbook, climbers, end=end, late_days=late_days)
        named = climbers.segment[rows]
        for segment in (TOGETHER, *sorted(set(named[applies[rows]]))):
            own = applies[rows] & ((named == segment) | (segment == TOGETHER))
            if not own.any():
                continue
            chosen = _take(waits, np.flatnonzero(own))
            yield Learnt(milestone.slug, segment, chosen, Incidence.of(chosen, seed=seed))


def _climbers(features: FeatureSet, day: int) -> _Climbers:
    seen = features.known_as.loc[features.known_as["day"] <= day]
    first = seen.drop_duplicates("account_id")
    last = seen.drop_duplicates("account_id", keep="last")
    account = pd.Index(last["account_id"].astype(object))
    own = pd.Series(account, index=last.index)
    family = last["parent_id"].astype(object).where(last["parent_id"].notna(), own)
    exits = features.exits.loc[features.exits["known_at"] < pd.Timestamp(day, unit="D")]
    left = pd.DataFrame(
        {
            "account": account.get_indexer(pd.Index(exits["account_id"].astype(object))),
            "day": day_number(exits["exited_at"]),
        }
    )
    reached = features.reached.loc[features.reached["known_day"] < day]
    met = reached.pivot(index="account_id", columns="milestone", values="day")
    return _Climbers(
        account=account,
        segment=last["segment"].to_numpy(dtype=object),
        family=pd.factorize(family)[0].astype(np.int64),
        kickoff=day_number(last["kickoff_at"]),
        first_seen=first["day"].to_numpy(dtype=np.int64),
        exit_days=left.loc[left["account"] >= 0].sort_values("day"),
        met=met.reindex(account).fillna(NEVER).astype(np.int64),
    )


def _waits(
    milestone: Milestone, playbook: Playbook, climbers: _Climbers, *, end: int, late_days: int
) -> tuple[Ints, Waits]:
    """The accounts whose clock was seen to run, and how it ended."""
    start, has_opened = _started(milestone, playbook, climbers)
    met = _met(climbers, milestone.slug)
    left = _left_since(start, climbers)
    met = np.where((met > NEVER) & (met < end), np.maximum(met, start), _NOT)
    until = np.minimum(np.minimum(met, left), end)
    cause = np.where(left < end, LEFT, CENSORED)
    cause = np.where((met < end) & (met <= left), REACHED, cause)
    seen = climbers.first_seen - start
    seen = np.where(seen > late_days, seen, 0)
    days = until - start - (cause == CENSORED)
    counts = has_opened & (days >= 0) & ((seen == 0) | (days > seen))
    rows = np.flatnonzero(counts)
    return rows, Waits(seen[rows], days[rows], cause[rows], climbers.family[rows])


_NOT = 10**6
"""A day that nobody lives to see."""


def _started(
    milestone: Milestone, playbook: Playbook, climbers: _Climbers
) -> tuple[Ints, np.ndarray]:
    """Day each account's clock starts, and whether it has."""
    start = climbers.kickoff.copy()
    has_opened = np.ones(len(start), dtype=bool)
    for other in playbook.milestones:
        if other.slug in milestone.requires:
            asked = _asked(other, climbers)
            met = _met(climbers, other.slug)
            has_opened &= ~asked | (met > NEVER)
            start = np.where(asked, np.maximum(start, met), start)
    return start, has_opened


def _asked(milestone: Milestone, climbers: _Climbers) -> np.ndarray:
    return np.array([milestone.applies_to(name) for name in climbers.segment], dtype=bool)


def _met(climbers: _Climbers, slug: str) -> Ints:
    if slug not in climbers.met:
        return np.full(len(climbers.account), NEVER)
    return climbers.met[slug].to_numpy(dtype=np.int64)


def _left_since(start: Ints, climbers: _Climbers) -> Ints:
    """Day of each account's first exit since its clock started."""
    account, day = (climbers.exit_days[name].to_numpy(np.int64) for name in ("account", "day"))
    after = day >= start[account]
    left = np.full(len(start), _NOT)
    np.minimum.at(left, account[after], day[after])
    return left


def _take(waits: Waits, rows: Ints) -> Waits:
    return Waits(waits.seen[rows], waits.days[rows], waits.cause[rows], waits.family[rows])
