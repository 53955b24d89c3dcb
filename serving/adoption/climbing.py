"""How do cohorts climb: who reaches what by when, where do they drop off, what comes of it?"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from configs.playbook import Milestone, Playbook
from features.asof import NEVER, Bools, Floats, Ints
from serving.adoption.cohorts import ALL, Cohorts
from serving.adoption.measures import Figure, median, share
from serving.adoption.rows import Row

WITHIN_DAYS = (30, 90, 180)
STEP_DAYS = 90
"""How long after it opened a step may take before its account counts as dropped off."""


class Climb:
    """When each account reached each milestone, counted from its kickoff."""

    def __init__(self, cohorts: Cohorts, reached: pd.DataFrame, playbook: Playbook) -> None:
        self.cohorts, self.playbook = cohorts, playbook
        self._day = {m.slug: self._days(reached, m.slug) for m in playbook.milestones}

    def _days(self, reached: pd.DataFrame, slug: str) -> Ints:
        own = reached.loc[reached["milestone"] == slug].set_index("account_id")["day"]
        days = own.reindex(self.cohorts.account_id).fillna(-NEVER).to_numpy(dtype=np.int64)
        # What was done after leaving is no success of the time before it.
        return np.where(days > self.cohorts.exit_day, -NEVER, days)

    def day(self, slug: str) -> Ints:
        """The day it was reached; far ahead where it was not."""
        return self._day[slug]

    def applies(self, milestone: Milestone) -> Bools:
        answers = {name: milestone.applies_to(name) for name in set(self.cohorts.segment)}
        return np.array([answers[name] for name in self.cohorts.segment], dtype=np.bool_)

    def opened(self, milestone: Milestone) -> Ints:
        """The day the last required step was reached, or the kickoff where none is required."""
        by_slug = {m.slug: m for m in self.playbook.milestones}
        opened = self.cohorts.kickoff_day
        for slug in milestone.requires:
            asked = self.applies(by_slug[slug])
            opened = np.where(asked, np.maximum(opened, self.day(slug)), opened)
        return opened

    def wait(self, milestone: Milestone) -> Floats:
        """Days from kickoff to the milestone; infinite where it was not reached."""
        days = self.day(milestone.slug) - self.cohorts.kickoff_day
        return np.where(self.day(milestone.slug) < -NEVER, np.maximum(days, 0), np.inf)


def first_value(playbook: Playbook) -> Milestone:
    """The milestone that is the first value: the first beyond onboarding, else the first."""
    beyond = [m for m in playbook.milestones if m.stage != "onboarding"]
    return (*beyond, *playbook.milestones)[0]


def climbing_rows(climb: Climb) -> Iterator[Row]:
    """Reached within so many days, by segment and cohort, and how long it takes by segment."""
    cohorts = climb.cohorts
    for segment, month, own in cohorts.groups():
        for milestone in climb.playbook.milestones:
            asked = own & climb.applies(milestone)
            wait = climb.wait(milestone)
            for days in WITHIN_DAYS:
                known = asked & cohorts.watched(days)
                told = share(int((wait[known] < days).sum()), int(known.sum()))
                yield Row(segment, month, milestone.slug, f"reached_within_{days}d", told)
            if month == ALL:
                yield from _paces(climb, milestone, segment, asked)
        yield _time_to_value(climb, segment, month, own)


def _paces(climb: Climb, milestone: Milestone, segment: str, asked: Bools) -> Iterator[Row]:
    taken = _within_step(climb, milestone, asked)
    yield Row(segment, ALL, milestone.slug, f"taken_within_{STEP_DAYS}d", taken)
    if any(milestone.slug in other.requires for other in climb.playbook.milestones):
        told = _unlocked(climb, milestone, asked)
        yield Row(segment, ALL, milestone.slug, f"followed_up_within_{STEP_DAYS}d", told)
    watched = asked & climb.cohorts.watched(max(WITHIN_DAYS))
    days = median(climb.wait(milestone)[watched])
    yield Row(segment, ALL, milestone.slug, "median_days", days)


def _within_step(climb: Climb, milestone: Milestone, asked: Bools) -> Figure:
    """Of those to whom it has been open long enough, or who left meanwhile: who took it."""
    opened, day = climb.opened(milestone), climb.day(milestone.slug)
    known = asked & (opened + STEP_DAYS <= climb.cohorts.today)
    taken = (day < -NEVER) & (day - opened < STEP_DAYS)
    return share(int((known & taken).sum()), int(known.sum()))


def _unlocked(climb: Climb, milestone: Milestone, asked: Bools) -> Figure:
    """Of those who reached it: who went on to a step that it opens."""
    day = climb.day(milestone.slug)
    known = asked & (day + STEP_DAYS <= climb.cohorts.today)
    went_on = np.zeros(len(day), dtype=np.bool_)
    for other in climb.playbook.milestones:
        if milestone.slug in other.requires:
            later = climb.day(other.slug)
            went_on |= climb.applies(other) & (later < -NEVER) & (later - day < STEP_DAYS)
    return share(int((known & went_on).sum()), int(known.sum()))


def _time_to_value(climb: Climb, segment: str, month: str, own: Bools) -> Row:
    """Median days to the first value, of those watched for as long as anything is asked."""
    value = first_value(climb.playbook)
    watched = own & climb.applies(value) & climb.cohorts.watched(max(WITHIN_DAYS))
    told = median(climb.wait(value)[watched])
    return Row(segment, month, value.slug, "days_to_first_value", told)
