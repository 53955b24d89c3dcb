"""The ladder, decided the obvious way: one account, one morning, one milestone at a time."""

from dataclasses import dataclass
from math import ceil

import numpy as np
import pandas as pd

from configs.playbook import DoneWhen, Milestone, Playbook
from tests.features.naive_use import DAY, Row, Then, days_of, users_of


@dataclass(frozen=True)
class Rung:
    """One milestone of one account on one morning."""

    milestone: Milestone
    applies: bool
    met_at: pd.Timestamp | None
    progress: float
    is_lost: bool
    is_locked: bool
    opened: pd.Timestamp
    due: pd.Timestamp | None
    expected: int | None

    @property
    def is_done(self) -> bool:
        return self.applies and self.met_at is not None

    @property
    def is_open(self) -> bool:
        return self.applies and not self.is_done and not self.is_locked

    @property
    def days_late(self) -> float:
        if self.met_at is None or self.due is None:
            return np.nan
        return (self.met_at.normalize() - self.due).days


def ladder(playbook: Playbook, then: Then, segment: str) -> list[Rung]:
    """Every rung, lowest first."""
    met = {m.slug: met_at(m, then) for m in playbook.milestones}
    applies = {m.slug: m.applies_to(segment) for m in playbook.milestones}
    rungs = []
    for milestone in playbook.milestones:
        required = [r for r in milestone.requires if applies[r]]
        is_locked = any(met[r] is None for r in required)
        days = [met[r].normalize() for r in required if met[r] is not None]
        opened = max([then.profile["kickoff_at"].normalize(), *days])
        expected = milestone.expected_days_in(segment)
        due = planned(milestone, then)
        if due is None and expected is not None and not is_locked:
            due = opened + expected * DAY
        rungs.append(
            Rung(
                milestone=milestone,
                applies=applies[milestone.slug],
                met_at=met[milestone.slug],
                progress=progress(milestone, then),
                is_lost=is_lost(milestone, met[milestone.slug], then),
                is_locked=is_locked and applies[milestone.slug],
                opened=opened,
                due=due,
                expected=expected,
            )
        )
    return rungs


def planned(milestone: Milestone, then: Then) -> pd.Timestamp | None:
    due = [r["due_on"] for r in then.of("plans") if r["milestone"] == milestone.slug]
    return due[0] if due else None


def met_at(milestone: Milestone, then: Then) -> pd.Timestamp | None:
    if isinstance(milestone.done_when, str):
        told = [
            row["achieved_at"]
            for row in then.of("achievements")
            if row["milestone"] == milestone.slug and row["achieved_at"] < then.morning
        ]
        return told[0] if told else None
    rows = evidence(milestone.done_when, then)
    met = [
        row["occurred_at"]
        for row in rows
        if measured(milestone.done_when, rows, row["occurred_at"])
        >= target(milestone.done_when, then, row["occurred_at"]) - 1e-9
    ]
    return min(met, default=None)


def evidence(criterion: DoneWhen, then: Then) -> list[Row]:
    rows = [r for r in then.of("activity") if r["capability"] == criterion.capability]
    if criterion.role is not None:
        people = {r["user_id"] for r in then.of("users") if r["role"] == criterion.role}
        rows = [row for row in rows if row["user_id"] in people]
    if criterion.measure in ("users", "share_of_seats"):
        rows = [row for row in rows if pd.notna(row["user_id"])]
    return rows


def measured(criterion: DoneWhen, rows: list[Row], until: pd.Timestamp) -> float:
    """The measure at a moment, over all history or the window that ends there."""
    span = criterion.within_days
    rows = [row for row in rows if row["occurred_at"] <= until]
    if span is not None:
        rows = [row for row in rows if row["occurred_at"] > until - span * DAY]
    if criterion.measure == "weeks_in_a_row":
        return streak(rows)
    if criterion.measure == "quantity":
        return sum(row["quantity"] for row in rows)
    if criterion.measure == "days":
        return len(days_of(rows))
    return len(rows) if criterion.measure == "count" else len(users_of(rows))


def streak(rows: list[Row]) -> int:
    """Weeks in a row up to the newest one with a row."""
    weeks = {day - day.weekday() * DAY for day in days_of(rows)}
    count = 0
    while weeks and max(weeks) - count * 7 * DAY in weeks:
        count += 1
    return count


def target(criterion: DoneWhen, then: Then, moment: pd.Timestamp) -> float:
    if criterion.measure != "share_of_seats":
        return criterion.at_least
    seats = seats_on(then, moment.normalize())
    return ceil(criterion.at_least * seats - 1e-9) if seats > 0 else np.inf


def seats_on(then: Then, day: pd.Timestamp) -> float:
    """Of the lines in force that name them; of the account while no such line was known."""
    lines = [
        line
        for line in then.of("contracts")
        if pd.notna(line["seats"])
        and max(line["starts_on"], line["known_at"].normalize()) <= day
    ]
    if lines:
        return sum(line["seats"] for line in lines if day < line["ends_on"])
    own = [row for row in then.of("accounts") if row["known_at"].normalize() <= day]
    newest = max(own, key=lambda row: row["known_at"], default={})
    seats = newest.get("seats", np.nan)
    return 0.0 if pd.isna(seats) else seats


def progress(milestone: Milestone, then: Then) -> float:
    """What the window that ends this morning holds of what the newest row was asked for."""
    criterion = milestone.done_when
    if met_at(milestone, then) is not None:
        return 1.0
    if isinstance(criterion, str):
        return 0.0
    rows = evidence(criterion, then)
    if not rows:
        return 0.0
    newest = max(row["occurred_at"] for row in rows)
    asked = target(criterion, then, newest)
    if criterion.measure == "weeks_in_a_row":
        yesterday = then.morning - DAY
        is_fresh = newest >= yesterday - (yesterday.weekday() + 7) * DAY
        return streak(rows) / asked if is_fresh else 0.0
    last_moment = then.morning - pd.Timedelta(microseconds=1)
    return measured(criterion, rows, last_moment) / asked


def is_lost(milestone: Milestone, met: pd.Timestamp | None, then: Then) -> bool:
    if milestone.lost_when is None or met is None:
        return False
    used = days_of(
        row
        for row in then.of("activity")
        if row["capability"] == milestone.lost_when.capability
    )
    return then.days_since(max({*used, met.normalize()})) > milestone.lost_when.silent_days


def pace(rung: Rung, morning: pd.Timestamp) -> str:
    if rung.is_done:
        return "done"
    if not rung.is_open or rung.due is None or morning <= rung.due:
        return "on_track"
    long_late = max(rung.expected or 14, 14)
    return "stuck" if (morning - rung.due).days > long_late else "behind"


def account_pace(rungs: list[Rung], morning: pd.Timestamp) -> str:
    asked = [rung for rung in rungs if rung.applies]
    if asked and all(rung.is_done for rung in asked):
        return "done"
    order = ("on_track", "behind", "stuck")
    worst = max((order.index(pace(r, morning)) for r in asked if r.is_open), default=0)
    return order[worst]


def ladder_features(rungs: list[Rung], then: Then) -> dict[str, float]:
    """What the ladder says of the account as a whole."""
    done = [rung for rung in rungs if rung.is_done]
    asked = [rung for rung in rungs if rung.applies]
    overdue = [
        (then.morning - rung.due).days
        for rung in rungs
        if rung.is_open and rung.due is not None
    ]
    ahead = [
        (rung.due - then.morning).days
        for rung in asked
        if not rung.is_done and rung.due is not None and rung.due >= then.morning
    ]
    last = max(done, key=lambda rung: rung.met_at.normalize(), default=None)
    return {
        "milestones_done": len(done),
        "milestones_done_share": len(done) / len(asked) if asked else np.nan,
        "milestones_late": sum(rung.days_late > 0 for rung in done),
        "days_since_milestone": then.days_since(last.met_at) if last else np.nan,
        "last_milestone_days_late": last.days_late if last else np.nan,
        "days_to_next_due": min(ahead, default=np.nan),
        "days_late": max(overdue, default=np.nan),
        "milestones_behind": sum(days > 0 for days in overdue),
        "milestones_lost": sum(rung.is_lost and rung.applies for rung in rungs),
    }
