"""The truth is true: against what happened, against plain sampling, and by its own laws."""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from features.simulated.company import found_company
from features.simulated.journeys import CHURNS, Journeys, live
from features.simulated.ladder import RUNGS
from features.simulated.laws import (
    DIRECT_EFFECTS,
    SEGMENTS,
    level_of,
)
from features.simulated.leaving import chance_of_leaving
from features.simulated.mornings import WEEKS_AHEAD, Outlooks, outlooks
from features.simulated.reaching import chance_of_reaching
from features.simulated.truth import HORIZONS, effects
from features.simulated.weeks import NEVER, Span
from tests.features.simulated.conftest import MORNING, World

SPAN = Span.of_months(30)


@dataclass(frozen=True)
class Crowd:
    """Many accounts, their journeys, and their outlooks that lie a horizon before the end."""

    journeys: Journeys
    seen: Outlooks

    def followed_for(self, days: int) -> Outlooks:
        return self.seen.where(7 * self.seen.week + days <= SPAN.days)

    def days_to_exit(self, rows: Outlooks) -> np.ndarray:
        return self.journeys.exit_day[rows.account] - 7 * rows.week

    def churned(self, rows: Outlooks, days: int) -> np.ndarray:
        by_churn = self.journeys.exit_kind[rows.account] == CHURNS
        return by_churn & (self.days_to_exit(rows) < days)


def crowd(accounts: int, *, shock_day: int = NEVER) -> Crowd:
    rng = np.random.default_rng(23)
    company = found_company(accounts, span=SPAN, rng=rng)
    journeys = live(company, span=SPAN, shock_day=shock_day, rng=rng)
    return Crowd(journeys, outlooks(company, journeys, span=SPAN, shock_day=shock_day))


@pytest.fixture(scope="module")
def many() -> Crowd:
    return crowd(3000)


def agrees(chance: np.ndarray, came_true: np.ndarray, account: np.ndarray) -> bool:
    """Whether the sums differ by less than four standard errors, accounts being independent.

    One account more is allowed for, because near certainty leaves hardly any error to estimate.
    """
    gap = np.bincount(account, weights=came_true - chance)
    return bool(abs(gap.sum()) < 1 + 4 * np.sqrt((gap**2).sum()))


@pytest.mark.parametrize("days", HORIZONS)
def test_as_many_leave_as_the_truth_expects(days, many):
    rows = many.followed_for(days)
    chance = chance_of_leaving(rows, horizon_days=days)
    churned = many.churned(rows, days)
    assert agrees(chance, churned, rows.account)
    for segment in range(len(SEGMENTS)):
        for is_monthly in (False, True):
            of = (rows.segment == segment) & (rows.is_monthly == is_monthly)
            assert agrees(chance[of], churned[of], rows.account[of])


def test_the_likely_leave_more_often_than_the_unlikely_in_every_tenth(many):
    rows = many.followed_for(90)
    chance = chance_of_leaving(rows, horizon_days=90)
    churned = many.churned(rows, 90)
    some = np.flatnonzero((chance > 0.01) & (chance < 0.9))
    tenths = np.array_split(some[np.argsort(chance[some])], 10)
    for tenth in tenths:
        assert agrees(chance[tenth], churned[tenth], rows.account[tenth])


@pytest.mark.parametrize("days", [30, 180])
@pytest.mark.parametrize("slug", RUNGS)
def test_as_many_reach_a_milestone_as_the_truth_expects(slug, days, many):
    rows = many.followed_for(days)
    rows = rows.where(rows.is_open(slug))
    reached = many.journeys.reached_day(slug)[rows.account] - 7 * rows.week < days
    chance = chance_of_reaching(rows, slug, horizon_days=days)
    assert agrees(chance, reached, rows.account)


def test_under_a_price_shock_more_leave_and_the_truth_knows_it(many):
    shocked = crowd(3000, shock_day=SPAN.days - 7 * 40)
    rows = shocked.followed_for(90)
    chance = chance_of_leaving(rows, horizon_days=90)
    assert agrees(chance, shocked.churned(rows, 90), rows.account)
    calm = replace(rows, shock_in=np.full(len(rows), WEEKS_AHEAD))
    assert (chance >= chance_of_leaving(calm, horizon_days=90) - 1e-12).all()
    assert chance.sum() > 1.25 * chance_of_leaving(calm, horizon_days=90).sum()


def test_every_chance_is_a_chance_and_never_falls_with_the_horizon(world: World):
    risks = world.truth["risks"].fillna({"milestone": "leaving"})
    assert risks["chance"].between(0, 1).all()
    wide = risks.pivot(
        index=["account_id", "as_of", "milestone"], columns="horizon_days", values="chance"
    )
    assert wide.notna().all().all()
    assert (np.diff(wide.to_numpy(), axis=1) >= -1e-12).all()


def test_the_mornings_are_every_fourth_monday_of_the_last_year(world: World):
    mornings = np.sort(world.truth["risks"]["as_of"].unique())
    assert pd.Timestamp(mornings[-1]) == MORNING
    assert set(np.diff(mornings)) == {np.timedelta64(28, "D")}
    assert len(mornings) == 14


def test_only_live_accounts_have_a_truth(world: World):
    rows = world.truth["risks"].merge(world.tables["exits"], how="left", on="account_id")
    assert not (rows["exited_at"] < rows["as_of"]).any()
    rows = rows.merge(world.first_accounts[["kickoff_at"]].reset_index())
    assert (rows["kickoff_at"] < rows["as_of"]).all()


def test_open_milestones_have_a_truth_and_reached_ones_have_not(world: World):
    risks = world.truth["risks"]
    rows = risks[risks["milestone"].notna()].merge(world.truth["moments"], how="left")
    assert not (rows["reached_on"] < rows["as_of"]).any()


def test_the_more_engaged_leave_less(many):
    """With everything else equal, one level of engagement more never raises the chance."""
    low = many.seen.where((level_of(many.seen.state) < 4) & ~many.seen.is_leaving)
    high = replace(low, state=low.state + 4)
    assert (
        chance_of_leaving(high, horizon_days=90)
        <= chance_of_leaving(low, horizon_days=90) + 1e-12
    ).all()


def test_effects_have_the_signs_and_order_that_were_put_in(many):
    points = effects(many.seen).set_index(["milestone", "segment"])["effect_points_180d"]
    assert (points <= 0).all()
    assert (points["dashboards_polished"] == 0).all()
    assert points["systems_integrated", "mid_market"] == 0
    assert ("executive_review_held", "startup") not in points.index
    for slug, segment in (
        ("weekly_reporting_rhythm", "enterprise"),
        ("first_workflow_automated", "mid_market"),
        ("half_the_seats_collaborate", "startup"),
    ):
        assert points[slug, segment] < -0.03
    rhythm = points["weekly_reporting_rhythm"]
    assert rhythm["enterprise"] < rhythm["mid_market"] < rhythm["startup"] < -0.01


def test_the_milestone_without_effect_looks_like_a_cure(many):
    """Of those whose term ends within half a year, whoever had reached it left far less."""
    slug = "dashboards_polished"
    rows = many.followed_for(180)
    done = many.journeys.reached_day(slug)[rows.account] < 7 * rows.week
    asked = (done | rows.is_open(slug)) & (rows.ends_in < 180)
    churned = many.churned(rows, 180)
    assert not any(DIRECT_EFFECTS[slug])
    assert churned[asked & ~done].mean() - churned[asked & done].mean() > 0.2


def test_engaged_accounts_reach_the_useless_milestone_more_than_any_other():
    def pull(slug: str) -> float:
        chance = RUNGS[slug].weekly_chance
        return chance[-1] / chance[0]

    assert max(RUNGS, key=pull) == "dashboards_polished"


def test_the_shock_can_be_dated(tmp_path):
    day = date(2026, 1, 1)
    assert SPAN.dates(np.array([SPAN.day_number(day)]))[0] == np.datetime64(day)
