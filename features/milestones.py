"""When did each account truly reach each milestone, and has it lost it since?

A milestone is decided from data: by a criterion over behaviour, or from the records of another
system. Its moment is the moment the criterion was first met, whenever the pipeline ran; each
morning knows the moment that the rows known by then imply. A milestone is lost while the
behaviour that it stands for has been silent for too long, and regained when it resumes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from configs.playbook import DoneWhen, Milestone, Playbook
from features.asked import Asked
from features.asof import NEVER, Bools, Floats, Ints, Snapshots
from features.criteria import (
    DAY,
    NOT_YET,
    TOLERANCE,
    Attainment,
    Evidence,
    are_in_order,
    walk,
    walk_weeks,
)
from features.history import Rows
from features.met import Met
from features.seats import Seats
from features.texts import texts_at


@dataclass(frozen=True, slots=True, eq=False)
class Reached:
    """One milestone, a row per snapshot: when it was reached, how far along, whether lost."""

    met_at: Ints
    """Microseconds since 1970-01-01; NOT_YET where it was not reached."""
    progress: Floats
    is_lost: Bools

    @property
    def is_met(self) -> Bools:
        return self.met_at > NOT_YET

    @property
    def day(self) -> Ints:
        return np.where(self.is_met, self.met_at // DAY, NEVER)

    def take(self, rows: Ints) -> "Reached":
        return Reached(self.met_at[rows], self.progress[rows], self.is_lost[rows])


def reached_milestones(
    playbook: Playbook,
    activity: Asked,
    small: Mapping[str, Rows],
    snapshots: Snapshots,
    *,
    seats: Seats,
    met: Met | None = None,
) -> dict[str, Reached]:
    """Decide every milestone of the playbook for every snapshot.

    Of what is ``met`` already no row is looked at.

    Snapshots may pair accounts with mornings on which they were gone: what they reached between
    their last morning and their exit is known only later.
    """
    met = met or Met({})
    return {
        milestone.slug: _reached(milestone, activity, small, snapshots, seats=seats, met=met)
        for milestone in playbook.milestones
    }


def first_reached(
    reached: Mapping[str, Reached], snapshots: Snapshots, *, counts: Bools
) -> pd.DataFrame:
    """When each milestone was reached and first known to be, for what followed a snapshot.

    Columns account_id, milestone, day and known_day (the day before the first morning that
    knew). ``snapshots`` pairs every account with every morning; ``counts`` are those asked.
    """
    parts = []
    for step, found in enumerate(reached.values()):
        rows = np.flatnonzero(found.is_met & counts)
        account, first = np.unique(snapshots.account[rows], return_index=True)
        at = rows[first]
        parts.append(
            pd.DataFrame(
                {
                    "account_id": account,
                    "milestone": step,
                    "day": found.day[at],
                    "known_day": snapshots.day[at] - 1,
                }
            )
        )
    told = pd.concat(parts, ignore_index=True)
    places = {name: told[name].to_numpy(dtype=np.int64) for name in ("account_id", "milestone")}
    return told.assign(
        account_id=texts_at(places["account_id"], snapshots.account_ids),
        milestone=texts_at(places["milestone"], reached),
    )


def completed(
    reached: Mapping[str, Reached], snapshots: Snapshots, *, counts: Bools
) -> pd.DataFrame:
    """When each milestone was truly reached, as the last morning knows.

    Columns account_id, milestone and day, in the order of accounts: earlier than was told at
    first, where a row that came late says so. ``snapshots`` pairs every account with every
    morning; ``counts`` are those asked.
    """
    asked = np.flatnonzero(counts & (snapshots.morning == snapshots.mornings.count - 1))
    day = np.stack([found.day[asked] for found in reached.values()], axis=1)
    row, step = np.nonzero(day > NEVER)
    return pd.DataFrame(
        {
            "account_id": texts_at(snapshots.account[asked[row]], snapshots.account_ids),
            "milestone": texts_at(step, reached),
            "day": day[row, step],
        }
    )


def met_by_use(
    playbook: Playbook, reached: Mapping[str, Reached], snapshots: Snapshots
) -> pd.DataFrame:
    """When each account met each criterion, as the last morning knows; NOT_YET if it did not.

    ``snapshots`` pairs every account with every morning.
    """
    last = np.flatnonzero(snapshots.morning == snapshots.mornings.count - 1)
    by_use = [m.slug for m in playbook.milestones if not isinstance(m.done_when, str)]
    told = {"account_id": pd.Series(snapshots.account_ids, dtype="str")}
    return pd.DataFrame(told | {slug: reached[slug].met_at[last] for slug in by_use})


def _reached(
    milestone: Milestone,
    activity: Asked,
    small: Mapping[str, Rows],
    snapshots: Snapshots,
    *,
    seats: Seats,
    met: Met,
) -> Reached:
    if isinstance(milestone.done_when, str):
        met_at = _recorded(milestone.slug, small.get("achievements"), snapshots)
        progress = (met_at > NOT_YET).astype(np.float64)
    else:
        before = met.moments.get(milestone.slug)
        if before is None:
            before = np.full(len(snapshots.account_ids), NOT_YET)
        attained = _attained(milestone.done_when, activity, snapshots, seats, before=before)
        met_at = attained.met_at[snapshots.account, snapshots.morning]
        progress = attained.progress[snapshots.account, snapshots.morning]
    is_lost = np.zeros(len(snapshots), dtype=bool)
    if milestone.lost_when is not None:
        last = _last_use(activity.last_use(milestone.lost_when.capability), snapshots)
        since = np.maximum(last, met_at // DAY)
        is_lost = (met_at > NOT_YET) & (snapshots.day - since > milestone.lost_when.silent_days)
    return Reached(met_at, progress, is_lost)


def _recorded(slug: str, achievements: Rows | None, snapshots: Snapshots) -> Ints:
    """The recorded moment, seen once it was known and had come; NOT_YET before."""
    if achievements is None:
        return np.full(len(snapshots), NOT_YET)
    rows = achievements.where(
        (achievements.frame["milestone"] == slug).to_numpy(), "achieved_at"
    )
    moment = _microseconds(rows.frame["achieved_at"])
    enter = np.maximum(rows.seen_from, snapshots.mornings.first_seeing(rows.day("achieved_at")))
    found = snapshots.latest(rows.account, enter=enter, value=moment)
    return np.where(found == NEVER, NOT_YET, found)


def _attained(
    criterion: DoneWhen,
    activity: Asked,
    snapshots: Snapshots,
    seats: Seats,
    *,
    before: Ints,
) -> Attainment:
    """``before`` is when each account had met it before the first of these mornings."""
    is_open = before == NOT_YET
    rows = activity.evidence(criterion, snapshots.mornings, of=is_open)
    account = snapshots.code_of(rows["account_id"])
    wanted = (account >= 0) & is_open[account]
    if not wanted.all():
        rows, account = rows.loc[wanted], account[wanted]
    evidence = _evidence(criterion, rows, account, snapshots, seats)
    size, days = len(snapshots.account_ids), snapshots.mornings.days
    if criterion.measure == "weeks_in_a_row":
        attained = walk_weeks(evidence, accounts=size, mornings=days)
    else:
        attained = walk(
            evidence, accounts=size, mornings=days, within_days=criterion.within_days
        )
    return attained.or_met(before)


def _evidence(
    criterion: DoneWhen,
    rows: pd.DataFrame,
    account: Ints,
    snapshots: Snapshots,
    seats: Seats,
) -> Evidence:
    moment = _microseconds(rows["occurred_at"])
    amount = np.ones(len(rows))
    if criterion.measure == "quantity":
        amount = rows["quantity"].to_numpy(dtype=np.float64)
    if not are_in_order(account, moment, amount):
        order = np.lexsort((amount, moment, account))
        rows, account = rows.iloc[order], account[order]
        moment, amount = moment[order], amount[order]
    known = np.maximum(rows["known"].to_numpy(dtype=np.int64), moment // DAY)
    target = np.full(len(rows), float(criterion.at_least))
    if criterion.measure == "share_of_seats":
        target = _people(criterion.at_least, seats.on(account, moment // DAY))
    return Evidence(
        account=account,
        moment=moment,
        seen_from=snapshots.mornings.first_seeing(known),
        unit=_units(criterion.measure, rows, account, moment),
        amount=amount,
        target=target,
    )


def _units(measure: str, rows: pd.DataFrame, account: Ints, moment: Ints) -> Ints:
    if measure == "weeks_in_a_row":
        week: Ints = (moment // DAY + 3) // 7
        return week
    if measure in ("users", "share_of_seats"):
        return _people_of(account, rows["user_id"])
    if measure == "days":
        day = moment // DAY
        is_other = (day[1:] != day[:-1]) | (account[1:] != account[:-1])
        return np.cumsum(np.append(0, is_other)[: len(rows)])
    return np.arange(len(rows), dtype=np.int64)


def _last_use(used: pd.DataFrame, snapshots: Snapshots) -> Ints:
    """Last known day of use of a capability; NEVER without any."""
    account = snapshots.code_of(used["account_id"])
    used, account = used.loc[account >= 0], account[account >= 0]
    day = used["day"].to_numpy(dtype=np.int64)
    known = np.maximum(used["known"].to_numpy(dtype=np.int64), day)
    return snapshots.latest(account, enter=snapshots.mornings.first_seeing(known), value=day)


def _people_of(account: Ints, users: "pd.Series[Any]") -> Ints:
    """A number for each person of each account; rows at hand number them already."""
    if pd.api.types.is_integer_dtype(users):
        return users.to_numpy(dtype=np.int64)
    user = pd.factorize(users)[0].astype(np.int64)
    numbers: Ints = pd.factorize(account * (user.max(initial=0) + 1) + user)[0]
    return numbers.astype(np.int64)


def _people(share: float, seats: Floats) -> Floats:
    """People that make up a share of the seats; infinite where there are none."""
    return np.where(seats > 0, np.ceil(share * seats - TOLERANCE), np.inf)


def _microseconds(moments: "pd.Series[pd.Timestamp]") -> Ints:
    return moments.astype("datetime64[us]").to_numpy().astype(np.int64)
