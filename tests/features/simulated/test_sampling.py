"""The exact chances agree with plain sampling: one week after the other, with draws."""

from dataclasses import replace

import numpy as np
import pytest

from features.simulated.ladder import RUNGS, SPINE, SPINE_SLUGS, side_gate
from features.simulated.laws import (
    ACQUIRED_A_WEEK,
    INDUSTRY_HAZARD,
    LEAD_WEEKS,
    SEGMENTS,
    STATES,
    leaving_hazard,
    step_chance,
    transitions,
)
from features.simulated.leaving import chance_of_leaving
from features.simulated.mornings import NO_END, WEEKS_AHEAD, Outlooks
from features.simulated.reaching import chance_of_reaching
from features.simulated.truth import effect_points


def outlook(*, segment: str, is_monthly: bool, state: int, place: int) -> Outlooks:
    """One account on one morning; its term ends in 100 days, or every 30 days."""
    number = SEGMENTS.index(segment)
    ends = np.arange(29, 182, 30) if is_monthly else np.array([100])
    due_day = np.full(WEEKS_AHEAD, NO_END)
    due_day[ends // 7] = ends
    lead = 0 if is_monthly else LEAD_WEEKS[number]
    one = lambda value: np.array([value])  # noqa: E731
    return Outlooks(
        account=one(0),
        week=one(0),
        segment=one(number),
        is_monthly=one(is_monthly),
        industry_group=one(1),
        state=one(state),
        place=one(place),
        review=one(0),
        integration=one(0),
        dashboards=one(0),
        is_leaving=one(False),
        ends_in=one(ends[0]),
        decides_in=one(ends[0] // 7 - lead),
        shock_in=one(WEEKS_AHEAD),
        due=(due_day < NO_END)[None] & is_monthly,
        due_day=due_day[None],
    )


class Sampler:
    """Live through 180 days many times, one week after the other, with plain draws."""

    def __init__(self, rows: Outlooks, *, barred: str | None = None) -> None:
        self.rows, self.barred, self.rng = rows, barred, np.random.default_rng(5)
        self.segment, self.is_monthly = int(rows.segment[0]), bool(rows.is_monthly[0])
        hazard = leaving_hazard(self.segment, is_monthly=self.is_monthly)
        self.hazard = hazard * INDUSTRY_HAZARD[1]
        size = 40_000
        self.state, self.place = np.full(size, rows.state[0]), np.full(size, rows.place[0])
        self.review, self.integration = np.zeros(size, int), np.zeros(size, int)
        self.alive, self.doomed = np.ones(size, bool), np.zeros(size, bool)
        self.left, self.automated = np.zeros(size, bool), np.zeros(size, bool)
        for week in range(WEEKS_AHEAD):
            self.one_week(week)

    def drawn(self) -> np.ndarray:
        return self.rng.random(len(self.state))

    def one_week(self, week: int) -> None:
        odds = np.cumsum(transitions(), axis=1)[self.state]
        self.state = np.minimum((self.drawn()[:, None] > odds).sum(axis=1), STATES - 1)
        if self.is_monthly:
            decides = ends = self.rows.due_day[0, week] < 180
        else:
            decides = week == self.rows.decides_in[0]
            ends = week == self.rows.ends_in[0] // 7
        risk = -np.expm1(-self.hazard[self.state, self.place, self.review, self.integration])
        self.doomed |= self.alive & (self.drawn() < risk) & decides
        goes = self.alive & self.doomed & ends
        self.left |= goes
        self.alive &= ~goes & (self.drawn() > ACQUIRED_A_WEEK)
        self.climb()

    def climb(self) -> None:
        before = self.place.copy()
        for number, slug in enumerate(SPINE_SLUGS):
            at = self.alive & (before < SPINE.places - 1)
            at[at] &= SPINE.rung[before[at]] == number
            tries = self.drawn() < self.step_chance(slug)
            last = before + 1 == SPINE.done_at[slug]
            self.automated |= at & tries & last & (slug == "first_workflow_automated")
            self.place += at & tries & ~(last & (slug == self.barred))
            if RUNGS[slug].restarts:
                self.place[at & ~tries] = SPINE.opens_at[slug]
        self.review += self.side("executive_review_held", before, self.review)
        self.integration += self.side("systems_integrated", before, self.integration)

    def step_chance(self, slug: str) -> np.ndarray:
        return step_chance(RUNGS[slug], segment=self.segment)[self.state]

    def side(self, slug: str, place: np.ndarray, at: np.ndarray) -> np.ndarray:
        is_open = self.alive & (place >= side_gate(slug)) & (at < RUNGS[slug].steps)
        asked = SEGMENTS[self.segment] in RUNGS[slug].segments
        return asked & is_open & (self.drawn() < self.step_chance(slug))


CASES = [
    outlook(segment="enterprise", is_monthly=False, state=9, place=4),
    outlook(segment="mid_market", is_monthly=False, state=4, place=5),
    outlook(segment="startup", is_monthly=True, state=8, place=6),
]


@pytest.mark.parametrize("case", CASES, ids=["enterprise", "mid_market", "monthly startup"])
def test_the_exact_chances_agree_with_plain_sampling(case):
    drawn = Sampler(case)
    exact = chance_of_leaving(case, horizon_days=180)[0]
    assert drawn.left.mean() == pytest.approx(exact, abs=0.01)
    climbs = chance_of_reaching(case, "first_workflow_automated", horizon_days=180)[0]
    assert drawn.automated.mean() == pytest.approx(climbs, abs=0.012)


@pytest.mark.parametrize("case", CASES, ids=["enterprise", "mid_market", "monthly startup"])
def test_the_effect_of_a_milestone_agrees_with_two_sampled_worlds(case):
    slug = SPINE_SLUGS[SPINE.rung[case.place[0]]]
    with_it = replace(case, place=np.array([SPINE.done_at[slug]]))
    gain = Sampler(with_it).left.mean() - Sampler(case, barred=slug).left.mean()
    assert effect_points(case, slug)[0] == pytest.approx(gain, abs=0.015)
