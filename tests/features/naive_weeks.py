"""Features of whole weeks, of people and of adoption, computed the obvious way."""

from collections import Counter
from math import sqrt

import numpy as np
import pandas as pd

from configs.playbook import Playbook
from tests.features.naive_use import DAY, Row, Then, days_of

WEEK = 7 * DAY


def monday_of(then: Then) -> pd.Timestamp:
    """The Monday at which the newest whole week had ended."""
    return then.morning - then.morning.weekday() * DAY


def in_weeks(then: Then, newest: int, oldest: int) -> list[Row]:
    """Activity of the whole weeks back from ``newest`` (0 is the last one) to ``oldest``."""
    end = monday_of(then) - newest * WEEK
    start = monday_of(then) - (oldest + 1) * WEEK
    return [row for row in then.of("activity") if start <= row["occurred_at"] < end]


def since_weeks(then: Then, weeks: int) -> list[Row]:
    """Activity of the last whole weeks, and of the days since."""
    start = monday_of(then) - weeks * WEEK
    return [row for row in then.of("activity") if start <= row["occurred_at"]]


def weeks(then: Then) -> dict[str, float]:
    """Shifts, growth, peaks and streaks of the last 26 whole weeks."""
    uses = [len(in_weeks(then, back, back)) for back in range(26)]
    signed_up = then.profile["signed_up_at"].normalize()
    known = sum(monday_of(then) - (back + 1) * WEEK >= signed_up for back in range(26))
    shift, since = largest_shift(uses[:known])
    now, before, earlier = (sum(uses[start : start + 4]) + 1 for start in (0, 4, 8))
    quarter = uses[:13]
    line = np.polyfit(range(13), quarter[::-1], 1)[0]
    peak = max(sum(uses[start : start + 4]) for start in range(23))
    streaks = "".join("x" if count else " " for count in uses).split()
    return {
        "use_shift_182d": shift,
        "use_shift_weeks_182d": since,
        "use_acceleration_84d": (now / before) / (before / earlier),
        "use_slope_91d": 1 + line / (np.mean(quarter) + 1),
        "use_share_of_peak_182d": sum(uses[:4]) / peak if peak else np.nan,
        "busiest_week_share_91d": max(quarter) / sum(quarter) if any(quarter) else np.nan,
        "longest_weeks_streak_182d": max(map(len, streaks), default=0),
    }


def largest_shift(uses: list[int]) -> tuple[float, float]:
    if len(uses) < 8:
        return np.nan, np.nan
    best, at = 0.0, np.nan
    for split in range(4, len(uses) - 3):
        after, before = uses[:split], uses[split:]
        within = sum((x - np.mean(part)) ** 2 for part in (after, before) for x in part)
        variance = max(within / (len(uses) - 2), np.mean(uses))
        if variance > 0:
            error = sqrt(variance * (1 / len(after) + 1 / len(before)))
            shift = (np.mean(after) - np.mean(before)) / error
            if abs(shift) > abs(best) + 1e-9:
                best, at = shift, split
    return best, at if abs(best) >= 2 else np.nan


def weekdays(then: Then) -> dict[str, float]:
    days = days_of(then.done_within(91))
    share = np.mean([day.weekday() < 5 for day in days]) if days else np.nan
    return {"weekdays_share_91d": share}


def people(then: Then) -> dict[str, float]:
    """On whom the use rests, and who has gone."""
    quarter, before = by_user(in_weeks(then, 0, 12)), by_user(in_weeks(then, 4, 12))
    since = by_user(since_weeks(then, 4))
    total, earlier = quarter.total(), before.total()
    most = max(before.values(), default=0)
    top = [user for user, uses in before.items() if uses == most]
    lost = sum(uses for user, uses in before.items() if user not in since)
    return {
        "top_user_share_91d": max(quarter.values()) / total if total else np.nan,
        "lost_users_share_28d": lost / earlier if earlier else np.nan,
        "top_user_lost_28d": float(not set(top) & set(since)) if top else np.nan,
    }


def by_user(rows: list[Row]) -> "Counter[str]":
    return Counter(row["user_id"] for row in rows if pd.notna(row["user_id"]))


def role_depth(then: Then, names: list[str], playbook: Playbook) -> dict[str, float]:
    """Whether each role fell silent, and how many key capabilities it has used."""
    asked = {m.done_when.capability for m in playbook.milestones if m.done_when != "recorded"}
    told: dict[str, float] = {}
    for role in names:
        own = {row["user_id"] for row in then.of("users") if row["role"] == role}
        rows = [row for row in then.of("activity") if row["user_id"] in own]
        month, quarter = (
            [row for row in then.done_within(days) if row["user_id"] in own]
            for days in (28, 91)
        )
        told[f"role_gone_silent_{role}"] = float(bool(quarter) and not month)
        used = {row["capability"] for row in rows} & asked
        told[f"role_key_capabilities_{role}"] = len(used)
    return told


def adoption(then: Then) -> dict[str, float]:
    """What became of each capability, week by week."""
    newest = monday_of(then)
    by_capability: dict[str, set[pd.Timestamp]] = {}
    for row in then.of("activity"):
        day = row["occurred_at"].normalize()
        week = day - day.weekday() * DAY
        by_capability.setdefault(row["capability"], set()).add(week)
    first = {name: min(used) for name, used in by_capability.items()}
    new = [name for name in first if first[name] >= newest - 4 * WEEK]
    mature = [name for name in first if name not in new]
    again = [
        any(first[name] < week <= first[name] + 4 * WEEK for week in by_capability[name])
        for name in mature
    ]
    old = [name for name in first if first[name] <= newest - 14 * WEEK]
    kept = [max(by_capability[name]) >= newest - 4 * WEEK for name in old]
    return {
        "capabilities_new_28d": len(new),
        "capabilities_repeated_share": np.mean(again) if again else np.nan,
        "capabilities_kept_share_91d": np.mean(kept) if kept else np.nan,
    }
