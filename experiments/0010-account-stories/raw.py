"""What do the raw rows of an account say, read by nothing that the pages are made with?

Plain pandas over the rows that had reached us before the morning: what was used and by whom,
contracts and touches, and the ladder, criterion by criterion.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from configs.playbook import DoneWhen, Milestone

Frame = pd.DataFrame
NEVER = pd.NaT


@dataclass(frozen=True)
class Rung:
    """One milestone of one account by the raw rows."""

    met: pd.Timestamp
    opened: pd.Timestamp
    due: pd.Timestamp
    is_lost: bool
    progress: float
    is_late: bool


class Account:
    """The raw rows of one account."""

    def __init__(
        self,
        as_of: pd.Timestamp,
        tables: Mapping[str, Frame],
        playbook: tuple[Milestone, ...],
        segment: str,
        siblings: "Callable[[], list[Account]]",
    ) -> None:
        self.siblings = siblings
        self.as_of, self.tables, self.segment = as_of, tables, segment
        self._playbook = [m for m in playbook if m.applies_to(segment)]
        accounts = tables["accounts"]
        newest = accounts.sort_values("known_at") if "known_at" in accounts else accounts
        self.own = newest.iloc[-1]
        kickoff = self.own.get("kickoff_at")
        self.kickoff = self.own["signed_up_at"] if pd.isna(kickoff) else kickoff

    def rows(self, table: str, days: int = 10_000, *, until: int = 0) -> Frame:
        """The rows of the days before the morning, the last `until` of them left out."""
        rows = self.tables[table]
        back = self.as_of - pd.Timedelta(days=days)
        end = self.as_of - pd.Timedelta(days=until)
        return rows.loc[(rows["occurred_at"] >= back) & (rows["occurred_at"] < end)]

    def by_role(self, role: str, days: int = 10_000, *, until: int = 0) -> Frame:
        users, rows = self.tables["users"], self.rows("activity", days, until=until)
        return rows.loc[rows["user_id"].isin(users.loc[users["role"] == role, "user_id"])]

    def ago(self, moment: pd.Timestamp) -> float:
        return np.nan if pd.isna(moment) else float((self.as_of - moment.normalize()).days)

    def in_force(self, day: pd.Timestamp) -> Frame:
        lines = self.tables.get("contracts", Frame(columns=["starts_on", "ends_on", "arr"]))
        return lines.loc[(lines["starts_on"] <= day) & (lines["ends_on"] > day)]

    @property
    def renews(self) -> pd.Timestamp:
        lines = self.tables["contracts"]
        return lines["ends_on"].max()

    def seats(self, day: pd.Timestamp) -> float:
        lines = self.in_force(day.normalize())
        told = lines["seats"].sum() if "seats" in lines else 0
        return float(told or self.own.get("seats") or np.nan)

    @cached_property
    def ladder(self) -> dict[str, Rung]:
        """Every milestone that applies, lowest first."""
        rungs: dict[str, Rung] = {}
        for step in self._playbook:
            needed = [rungs[slug].met for slug in step.requires if slug in rungs]
            is_open = not any(pd.isna(met) for met in needed)
            opened = max([self.kickoff, *needed]) if is_open else NEVER
            met, progress = self._met(step)
            if not needed and not step.requires:
                opened = self.kickoff
            due = self._due(step, opened)
            late = not pd.isna(due) and not pd.isna(met) and met.normalize() > due
            rungs[step.slug] = Rung(met, opened, due, self._is_lost(step, met), progress, late)
        return rungs

    def _due(self, step: Milestone, opened: pd.Timestamp) -> pd.Timestamp:
        plans = self.tables.get("plans")
        if plans is not None:
            agreed = plans.loc[plans["milestone"] == step.slug, "due_on"]
            if len(agreed):
                return agreed.iloc[0]
        expected = step.expected_days_in(self.segment)
        if expected is None or pd.isna(opened):
            return NEVER
        return opened.normalize() + pd.Timedelta(days=expected)

    def _is_lost(self, step: Milestone, met: pd.Timestamp) -> bool:
        if step.lost_when is None or pd.isna(met):
            return False
        silent = step.lost_when.silent_days
        rows = self.rows("activity")
        last = rows.loc[rows["capability"] == step.lost_when.capability, "occurred_at"].max()
        return bool(self.ago(last) > silent) if not pd.isna(last) else True

    def _met(self, step: Milestone) -> tuple[pd.Timestamp, float]:
        """When the criterion was first met, and how far it is."""
        how = step.done_when
        if not isinstance(how, DoneWhen):
            told = self.tables["achievements"]
            at = told.loc[told["milestone"] == step.slug, "achieved_at"]
            at = at.loc[at < self.as_of]
            return (at.min(), 1.0) if len(at) else (NEVER, 0.0)
        rows = self.by_role(how.role) if how.role else self.rows("activity")
        rows = rows.loc[rows["capability"] == how.capability].sort_values("occurred_at")
        share, at = self._shares(rows, how), rows["occurred_at"]
        done = np.flatnonzero(share >= 1 - 1e-9)
        if len(done):
            return at.iloc[done[0]], 1.0
        return NEVER, self._so_far(rows, how, share)

    def _shares(self, rows: Frame, how: DoneWhen) -> np.ndarray:
        """At every row, how much of what is asked for has been done by then."""
        at = rows["occurred_at"]
        if how.measure == "count":
            return np.arange(1, len(rows) + 1) / how.at_least
        if how.measure == "quantity":
            return rows["quantity"].cumsum().to_numpy() / how.at_least
        if how.measure == "weeks_in_a_row":
            return _streaks(at) / how.at_least
        if how.measure == "days":
            days, within = at.dt.normalize(), pd.Timedelta(days=how.within_days or 10_000)
            seen = [days[(at > now - within) & (at <= now)].nunique() for now in at]
            return np.array(seen, dtype=float) / how.at_least
        people = (~rows["user_id"].duplicated()).cumsum().to_numpy().astype(float)
        if how.measure == "users":
            return people / how.at_least
        seats = np.array([self.seats(day) for day in at])
        # Half of eleven seats is six people: nobody is half a person.
        return people / np.ceil(seats * how.at_least - 1e-9)

    def _so_far(self, rows: Frame, how: DoneWhen, share: np.ndarray) -> float:
        if not len(rows):
            return 0.0
        if how.measure == "weeks_in_a_row":
            monday = self.as_of - pd.Timedelta(days=1 + (self.as_of.weekday() - 1) % 7)
            last_week = rows["occurred_at"].iloc[-1] >= _monday(monday) - pd.Timedelta(days=7)
            return float(share[-1]) if last_week else 0.0
        if how.within_days:
            back = self.as_of - pd.Timedelta(days=how.within_days)
            days = rows.loc[rows["occurred_at"] >= back, "occurred_at"].dt.normalize()
            return days.nunique() / how.at_least
        return float(min(share[-1], 1.0))


def _monday(day: pd.Timestamp) -> pd.Timestamp:
    return day.normalize() - pd.Timedelta(days=day.weekday())


def _streaks(at: "pd.Series[pd.Timestamp]") -> np.ndarray:
    """How many calendar weeks in a row every row ends."""
    streak, last, told = 0, None, []
    for moment in at:
        week = _monday(moment)
        if week != last:
            streak = streak + 1 if last is not None and (week - last).days == 7 else 1
            last = week
        told.append(float(streak))
    return np.array(told)
