"""Features of pace, contact, seats and siblings, computed the obvious way."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tests.features.naive_ladder import Rung, seats_on
from tests.features.naive_use import DAY, Then, arr_on, in_force, users_of


def mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if len(values) else np.nan


def pace(rungs: list[Rung], then: Then) -> dict[str, float]:
    """How fast the ladder is climbed."""
    done = [rung for rung in rungs if rung.is_done]
    is_open = [rung for rung in rungs if rung.is_open]
    late = [rung.days_late for rung in done if rung.due is not None]
    timed = [rung for rung in done if rung.expected is not None]
    took = [max((rung.met_at.normalize() - rung.opened).days, 0) for rung in timed]
    overdue = [max(then.days_since(rung.due), 0) for rung in is_open if rung.due is not None]
    expected = sum(rung.expected for rung in timed)
    told = {
        "milestones_late_share": mean([days > 0 for days in late]),
        "mean_days_late": mean(late),
        "time_taken_ratio": sum(took) / expected if timed else np.nan,
        "milestones_open": len(is_open),
        "days_overdue": sum(overdue),
        "longest_days_open": max(
            (max(then.days_since(rung.opened), 0) for rung in is_open), default=np.nan
        ),
        "best_progress": max((rung.progress for rung in is_open), default=np.nan),
    }
    for window in (28, 91):
        lately = [rung for rung in done if then.days_since(rung.met_at) <= window]
        told[f"milestones_reached_{window}d"] = len(lately)
    return told | adopted(rungs, then)


def adopted(rungs: list[Rung], then: Then) -> dict[str, float]:
    """Whether what was reached is still used, and what it opened is begun."""
    reached = {rung.milestone.slug for rung in rungs if rung.is_done}
    opened = [
        rung
        for rung in rungs
        if rung.applies and not rung.is_locked and reached & set(rung.milestone.requires)
    ]
    used = {row["capability"] for row in then.done_within(28)}
    by_use = [
        rung.milestone.done_when.capability in used
        for rung in rungs
        if rung.is_done and rung.milestone.done_when != "recorded"
    ]
    return {
        "opened_begun_share": mean([rung.is_done or rung.progress > 0 for rung in opened]),
        "milestones_in_use_share_28d": mean(by_use),
    }


def contact(then: Then, kinds: list[str], slugs: Sequence[str], rungs: list[Rung]):
    """Days since we were in touch, and what followed our nudges."""
    told: dict[str, float] = {}
    if set(kinds) - {"ticket"}:
        ours = [row for row in then.of("touches") if row["kind"] != "ticket"]
        days = [then.days_since(row["occurred_at"]) for row in ours]
        told["days_since_contact"] = min(days, default=np.nan)
    if "nudge" in kinds:
        met = {rung.milestone.slug: rung.met_at for rung in rungs}
        followed = []
        for row in then.of("touches"):
            ago = then.days_since(row["occurred_at"])
            if row["kind"] != "nudge" or row["milestone"] not in slugs or not 14 <= ago <= 91:
                continue
            when = met[row["milestone"]]
            wait = np.inf if when is None else ago - then.days_since(when)
            if wait >= 0:
                followed.append(wait <= 14)
        told["nudges_followed_share_91d"] = mean(followed)
    return told


def seats(then: Then) -> dict[str, float]:
    """Seats as they were known on the day before the morning."""
    now, before = seats_on(then, then.morning - DAY), seats_on(then, then.morning - 92 * DAY)
    told = {"seats": now or np.nan}
    for window in (28, 91):
        active = len(users_of(then.done_within(window)))
        told[f"active_seats_share_{window}d"] = active / now if now else np.nan
    told["seats_ratio_91d"] = now / before if now and before else np.nan
    return told


def terms(then: Then) -> dict[str, float]:
    lines = then.of("contracts")
    begun = [line["starts_on"] for line in lines if line["starts_on"] <= then.morning]
    bought = [
        line["seats"] for line in in_force(lines, then.morning) if pd.notna(line["seats"])
    ]
    paid = arr_on(lines, then.morning)
    return {
        "arr_per_seat": paid / sum(bought) if sum(bought) > 0 else np.nan,
        "terms_ended": sum(line["ends_on"] <= then.morning for line in lines),
        "days_since_line_began": then.days_since(max(begun)) if begun else np.nan,
    }
