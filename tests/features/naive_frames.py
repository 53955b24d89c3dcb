"""The other frames of a feature set, from the same plain reading."""

import numpy as np
import pandas as pd

from tests.features.naive import Naive, Snapshot, day_number
from tests.features.naive_ladder import Rung, account_pace, met_at, pace
from tests.features.naive_use import DAY, Then, arr_on, known_by, users_of


def steps(naive: Naive) -> pd.DataFrame:
    """A row per snapshot and open milestone."""
    told = [
        {
            "snapshot": row,
            "milestone": rung.milestone.slug,
            "progress": rung.progress,
            "days_open": snapshot.then.days_since(rung.opened),
            "days_to_due": np.nan
            if rung.due is None
            else (rung.due - snapshot.then.morning).days,
            "milestone_position": position,
            "milestone_reach_rate": _reach_rate(naive, snapshot, position),
        }
        for row, snapshot in enumerate(naive.snapshots)
        for position, rung in enumerate(snapshot.rungs)
        if rung.is_open
    ]
    return pd.DataFrame(told)


def _reach_rate(naive: Naive, snapshot: Snapshot, position: int) -> float:
    morning = snapshot.then.morning
    past = [
        other.rungs[position]
        for other in naive.snapshots
        if other.then.morning == morning and other.segment == snapshot.segment
    ]
    past = [r for r in past if r.applies and r.due is not None and r.due < morning]
    return sum(rung.is_done for rung in past) / len(past) if past else np.nan


def facts(naive: Naive) -> pd.DataFrame:
    """What ``snapshots`` says beside the features."""
    told = [
        {
            "segment": s.segment,
            "arr": arr_on(s.then.of("contracts"), s.then.morning),
            "renews_on": max(
                (line["ends_on"] for line in s.then.of("contracts")), default=pd.NaT
            ),
            "pace": account_pace(s.rungs, s.then.morning),
            "milestones_done": sum(rung.is_done for rung in s.rungs),
            "milestones_total": sum(rung.applies for rung in s.rungs),
        }
        for s in naive.snapshots
    ]
    return pd.DataFrame(told)


def standing(naive: Naive) -> pd.DataFrame:
    """The ladder on the last morning."""
    told = [
        {
            "account_id": s.then.account_id,
            "milestone": rung.milestone.slug,
            "state": state(rung),
            "achieved_at": rung.met_at,
            "progress": rung.progress,
            "due_on": rung.due,
            "pace": pace(rung, s.then.morning),
        }
        for s in naive.snapshots
        if s.then.morning == naive.as_of
        for rung in s.rungs
        if rung.applies
    ]
    return pd.DataFrame(told)


def usage(naive: Naive) -> pd.DataFrame:
    """Weeks with use of today's accounts, counted back from the as-of morning."""
    told = []
    for snapshot in naive.snapshots:
        if snapshot.then.morning != naive.as_of:
            continue
        for back in reversed(range(26)):
            rows = snapshot.then.done_within(7 * back + 7, 7 * back)
            if rows:
                week = naive.as_of - (7 * back + 7) * DAY
                told.append((snapshot.then.account_id, week, len(users_of(rows)), len(rows)))
    columns = ["account_id", "week_on", "active_users", "activity_count"]
    return pd.DataFrame(told, columns=columns)


def reached(naive: Naive) -> pd.DataFrame:
    """The day each milestone was reached, as the first morning that knew it had it."""
    told = []
    for milestone in naive.world.configuration.playbook.milestones:
        for name in sorted({row["account_id"] for row in naive.by_now("accounts")}):
            for morning in naive.mornings:
                rows = known_by(naive.tables, name, morning)
                has_begun = any(row["signed_up_at"] < morning for row in rows["accounts"])
                met = met_at(milestone, Then(name, morning, rows, {}))
                if met is not None and has_begun:
                    day, known = (met.normalize(), morning - DAY)
                    told.append((name, milestone.slug, day_number(day), day_number(known)))
                    break
    return pd.DataFrame(told, columns=["account_id", "milestone", "day", "known_day"])


def completed(naive: Naive) -> pd.DataFrame:
    """The day each milestone was reached, as the last morning has it."""
    told = []
    for name in sorted({row["account_id"] for row in naive.by_now("accounts")}):
        rows = known_by(naive.tables, name, naive.as_of)
        if any(row["signed_up_at"] < naive.as_of for row in rows["accounts"]):
            for milestone in naive.world.configuration.playbook.milestones:
                met = met_at(milestone, Then(name, naive.as_of, rows, {}))
                if met is not None:
                    told.append((name, milestone.slug, day_number(met.normalize())))
    return pd.DataFrame(told, columns=["account_id", "milestone", "day"])


def state(rung: Rung) -> str:
    if rung.is_done:
        return "lost" if rung.is_lost else "done"
    return "locked" if rung.is_locked else "open"
