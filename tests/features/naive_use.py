"""Features of use, computed the obvious way: one account, one morning, one list at a time.

The slow reading that ``features`` must agree with. Nothing here is shared with it: rows are
plain dictionaries, filtered anew for every account and morning.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

Row = Mapping[str, Any]
DAY = pd.Timedelta(days=1)


@dataclass(frozen=True)
class Then:
    """One live account on one morning: its rows known by then, table by table."""

    account_id: str
    morning: pd.Timestamp
    rows: Mapping[str, list[Row]]
    profile: Row
    """The newest row of ``accounts``."""

    def of(self, table: str) -> list[Row]:
        return self.rows.get(table, [])

    def done_within(self, days: float, until: float = 0) -> list[Row]:
        """Activity dated in the window that ends ``until`` days before the morning."""
        since, end = self.morning - days * DAY, self.morning - until * DAY
        return [row for row in self.of("activity") if since <= row["occurred_at"] < end]

    def days_since(self, moment: pd.Timestamp) -> float:
        return (self.morning - moment.normalize()).days


def known_by(
    tables: Mapping[str, list[Row]], account_id: str, morning: pd.Timestamp
) -> dict[str, list[Row]]:
    """The account's rows that a morning may use; what is dated later has not happened yet."""
    return {
        name: [
            row
            for row in rows
            if row["account_id"] == account_id
            and row["known_at"] < morning
            and ("occurred_at" not in row or row["occurred_at"] < morning)
        ]
        for name, rows in tables.items()
    }


def days_of(rows: Iterable[Row]) -> set[pd.Timestamp]:
    return {row["occurred_at"].normalize() for row in rows}


def users_of(rows: Iterable[Row]) -> set[str]:
    return {row["user_id"] for row in rows if pd.notna(row["user_id"])}


def usage(then: Then, capabilities: list[str]) -> dict[str, float]:
    """Volume, days and people in each window, and the trends between windows."""
    told: dict[str, float] = {}
    for window in (7, 28, 91):
        rows = then.done_within(window)
        told[f"activity_count_{window}d"] = len(rows)
        told[f"activity_quantity_{window}d"] = sum(row["quantity"] for row in rows)
        told[f"active_days_{window}d"] = len(days_of(rows))
        told[f"active_users_{window}d"] = len(users_of(rows))
    for name in capabilities:
        used = [row for row in then.done_within(28) if row["capability"] == name]
        told[f"capability_count_{name}_28d"] = len(used)
    return told | trends(then)


def trends(then: Then) -> dict[str, float]:
    told: dict[str, float] = {}
    week, month = then.done_within(7), then.done_within(28)
    for measure, size in (("activity_ratio", len), ("active_days_ratio", in_days)):
        now = size(month)
        told[f"{measure}_28d"] = (now + 1) / (size(then.done_within(56, 28)) + 1)
        told[f"{measure}_91d"] = (now + 1) / (size(then.done_within(91, 28)) * 28 / 63 + 1)
        told[f"{measure}_7d"] = (size(week) + 1) / (size(then.done_within(28, 7)) / 3 + 1)
    people = users_of(then.done_within(91))
    share = len(users_of(month)) / len(people) if people else np.nan
    return told | {"active_users_ratio_91d": share}


def in_days(rows: list[Row]) -> int:
    return len(days_of(rows))


def breadth(then: Then) -> dict[str, float]:
    lately, quarter, ever = (
        {row["capability"] for row in then.done_within(days)} for days in (28, 91, 10_000)
    )
    return {
        "capabilities_used_28d": len(lately),
        "capabilities_used_91d": len(quarter),
        "capabilities_dropped_91d": len(quarter - lately),
        "capabilities_ever": len(ever),
    }


def rhythm(then: Then) -> dict[str, float]:
    """Recency, and whole weeks from Monday to Sunday, newest first, half a year back."""
    days = days_of(then.of("activity"))
    start = max(days) if days else then.profile["signed_up_at"]
    monday = then.morning - then.morning.weekday() * DAY
    weeks = [
        any(monday - (back + 1) * 7 * DAY <= day < monday - back * 7 * DAY for day in days)
        for back in range(26)
    ]
    return {
        "days_since_active": max(then.days_since(start), 0),
        "weeks_streak": weeks.index(False) if False in weeks else 26,
        "active_weeks_share_56d": sum(weeks[:8]) / 8,
        "active_weeks_share_182d": sum(weeks) / 26,
    }


def roles(then: Then, names: list[str]) -> dict[str, float]:
    told: dict[str, float] = {}
    for role in names:
        people = {row["user_id"] for row in then.of("users") if row["role"] == role}
        for window in (28, 91):
            active = users_of(then.done_within(window)) & people
            told[f"role_active_users_{role}_{window}d"] = len(active)
        days = days_of(row for row in then.of("activity") if row["user_id"] in people)
        silent = then.days_since(max(days)) if days else np.nan
        told[f"role_days_since_active_{role}"] = silent
    return told


def touches(then: Then, kinds: list[str]) -> dict[str, float]:
    told: dict[str, float] = {}
    for kind in kinds:
        days = [
            then.days_since(row["occurred_at"])
            for row in then.of("touches")
            if row["kind"] == kind
        ]
        for window in (28, 91):
            told[f"touch_count_{kind}_{window}d"] = sum(day <= window for day in days)
        told[f"days_since_touch_{kind}"] = min(days, default=np.nan)
    return told


def contract(then: Then) -> dict[str, float]:
    """What the known lines say of the morning, and of the same day a quarter and a year ago."""
    lines = then.of("contracts")
    now = arr_on(lines, then.morning)
    latest = max(
        lines, key=lambda line: (line["ends_on"], -line["starts_on"].value), default={}
    )
    ends = latest.get("ends_on")
    told = {
        "arr": now,
        "days_to_renewal": np.nan if ends is None else (ends - then.morning).days,
        "term_days": np.nan if ends is None else (ends - latest["starts_on"]).days,
        "contract_lines": len(in_force(lines, then.morning)),
    }
    for ago in (91, 364):
        before = arr_on(lines, then.morning - ago * DAY)
        told[f"arr_ratio_{ago}d"] = now / before if before > 0 else np.nan
    return told


def in_force(lines: list[Row], day: pd.Timestamp) -> list[Row]:
    return [line for line in lines if line["starts_on"] <= day < line["ends_on"]]


def arr_on(lines: list[Row], day: pd.Timestamp) -> float:
    told = [line["arr"] for line in in_force(lines, day) if pd.notna(line["arr"])]
    return sum(told) if told else np.nan
