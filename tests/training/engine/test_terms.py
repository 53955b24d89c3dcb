import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from training.engine.curves import IncidenceCurves
from training.engine.followed import CHURN, follow
from training.engine.hazard import HazardSettings, fit_hazard
from training.engine.matrix import Matrix
from training.engine.periods import CENSORED, FollowUp, Periods
from training.engine.terms import (
    LONGEST,
    RENEWAL,
    SHORTEST,
    TENURE,
    TERM,
    UNLIKE,
    TermDays,
    counted_days,
    leaves_with_its_term,
    staying,
)
from training.questions.exits import fit_exits

PERIODS = Periods((0.0, 7.0, 14.0, 30.0, 60.0, 90.0))
until_renewal = st.integers(-50, 400).map(float) | st.just(float("nan"))


def terms(until: list[float], days: list[float]) -> Matrix:
    return Matrix(np.column_stack([until, days]), (RENEWAL, TERM), (RENEWAL,))


@given(st.lists(until_renewal, min_size=1, max_size=8), st.floats(SHORTEST, LONGEST))
def test_the_period_that_holds_the_end_counts_as_the_term_and_every_other_as_itself(
    until, term
):
    counted = counted_days(terms(until, [term] * len(until)), PERIODS) * PERIODS.lengths
    for row, day in enumerate(until):
        holds = (PERIODS.starts <= day) & (day < PERIODS.ends)
        np.testing.assert_allclose(counted[row], np.where(holds, term, PERIODS.lengths))


def test_without_contracts_every_day_counts_once():
    bare = Matrix(np.array([[3.0], [9.0]]), ("active_days_28d",))
    assert (counted_days(bare, PERIODS) == 1).all()


def test_a_term_that_nobody_told_counts_as_a_month():
    counted = counted_days(terms([10.0], [float("nan")]), PERIODS)
    assert counted[0].tolist() == [1, 30 / 7, 1, 1, 1]


def test_days_count_by_what_happened_to_terms_of_their_length_where_they_end():
    """All forty whose year ends next week leave on its eve; of forty months ending, none."""
    ends = terms([6.0] * 80, [365.0] * 40 + [30.0] * 40)
    leave = np.arange(80) < 40
    followup = FollowUp(np.where(leave, 6.0, 90.0), np.where(leave, 0, CENSORED))
    learnt = TermDays.learnt(ends, followup, cause=0, periods=PERIODS)
    counted = learnt.of(terms([6.0, 6.0, 40.0], [365.0, 30.0, 365.0]), PERIODS)
    # Were one rate true of every day that counts, 23.1 of the 40 would have been years that end
    # next week and 2.2 months; those weeks count as 365 and 30 days.
    rate = 40 / (40 * 365 * 6 / 7 + 40 * (30 + 83))
    due = rate * 40 * np.array([365 * 6 / 7, 30])
    by_hand = (np.array([40, 0]) + 10) / (due + 10) * np.array([365, 30]) / 7
    assert counted[:2, 0].tolist() == pytest.approx(by_hand.tolist())
    # Of a year that ends later nothing was seen: it counts as it is long.
    assert counted[2].tolist() == pytest.approx([1, 1, 1, 365 / 30, 1])


@given(
    st.lists(st.tuples(until_renewal, st.floats(0, 100), st.booleans()), min_size=1),
    st.sampled_from([30.0, 91.0, 365.0]),
)
def test_every_day_counts_for_something_and_what_is_written_down_counts_the_same(rows, term):
    until, days, leaves = (list(column) for column in zip(*rows, strict=True))
    inputs = terms(until, [term] * len(rows))
    followup = FollowUp(np.array(days), np.where(leaves, 0, CENSORED))
    learnt = TermDays.learnt(inputs, followup, cause=0, periods=PERIODS)
    counted = learnt.of(inputs, PERIODS)
    assert (counted > 0).all()
    again = TermDays.from_parts(json.loads(json.dumps(learnt.to_parts())))
    assert (again.of(inputs, PERIODS) == counted).all()


@pytest.fixture(scope="module")
def leavers() -> tuple[Matrix, FollowUp]:
    """Of those whose month ends 5 in 100 leave that day, of those whose year ends 30."""
    chance = np.random.default_rng(3)
    until, is_yearly = (
        chance.integers(0, 180, 20_000).astype(float),
        chance.random(20_000) < 0.5,
    )
    leaves = chance.random(20_000) < np.where(is_yearly, 0.3, 0.05)
    reached = leaves & (until < 90)
    days = np.where(reached, until, 90.0)
    cause = np.where(reached, 0, CENSORED)
    inputs = terms(until.tolist(), np.where(is_yearly, 365.0, 30.0).tolist())
    return inputs, FollowUp(days, cause)


@pytest.mark.parametrize(("term", "share"), [(365.0, 0.3), (30.0, 0.05)])
@pytest.mark.parametrize("day", [3.0, 10.0, 40.0, 80.0])
def test_the_chance_to_leave_at_the_end_of_a_term_is_learnt_wherever_it_falls(
    leavers, term, share, day
):
    inputs, followup = leavers
    few = HazardSettings(trees=60, learning_rate=0.1, min_rows_in_leaf=50, quiet_share=1.0)
    hazard = fit_hazard(inputs, followup, cause=0, periods=PERIODS, settings=few, by_term=True)
    rates = hazard.daily_rates(terms([day, 170.0], [term, term]))
    chances = IncidenceCurves.from_rates({"left": rates}, PERIODS.edges).incidence_at(
        "left", 90
    )
    assert chances[0] == pytest.approx(share, rel=0.35)
    assert chances[1] < 0.03


def test_who_has_not_signed_on_the_eve_is_mostly_leaving_and_who_has_far_to_go_is_not():
    """Two in ten leave at the end of their year; the others sign again a month before it."""
    chance = np.random.default_rng(5)
    until = chance.integers(0, 180, 20_000).astype(float)
    leaves = chance.random(20_000) < 0.2
    signed = ~leaves & (until < 30)
    inputs = terms(np.where(signed, until + 365, until).tolist(), [365.0] * 20_000)
    reached = leaves & (until < 90)
    followup = FollowUp(np.where(reached, until, 90.0), np.where(reached, 0, CENSORED))
    few = HazardSettings(trees=20, min_rows_in_leaf=200, quiet_share=1.0)
    hazard = fit_hazard(inputs, followup, cause=0, periods=PERIODS, settings=few, by_term=True)
    rates = hazard.daily_rates(terms([4.0, 50.0], [365.0, 365.0]))
    chances = IncidenceCurves.from_rates({"left": rates}, PERIODS.edges)
    assert chances.incidence_at("left", 90)[0] > 0.75
    assert chances.incidence_at("left", 90)[1] == pytest.approx(0.2, rel=0.25)


@pytest.mark.parametrize("term", [30.0, 365.0])
def test_what_trees_expect_of_each_length_of_term_in_each_period_is_what_was_seen(
    leavers, term
):
    inputs, followup = leavers
    few = HazardSettings(trees=60, learning_rate=0.1, min_rows_in_leaf=50)
    hazard = fit_hazard(inputs, followup, cause=0, periods=PERIODS, settings=few, by_term=True)
    expected = hazard.daily_rates(inputs) * PERIODS.exposure(followup.days)
    left = (followup.cause == 0) & (inputs.column(TERM) == term)
    seen = np.bincount(PERIODS.period_of(followup.days[left]), minlength=PERIODS.count)
    told = expected[inputs.column(TERM) == term].sum(axis=0)
    np.testing.assert_allclose(told, seen, rtol=0.1)


def aged(until: list[float], days: list[float], tenure: list[float]) -> Matrix:
    return Matrix(np.column_stack([until, days, tenure]), (RENEWAL, TERM, TENURE), (RENEWAL,))


def test_a_year_stayed_by_the_month_says_as_much_as_a_year_stayed_at_once():
    told = aged([20.0, 20.0], [30.0, 365.0], [375.0, 710.0])
    months, year = staying(told, PERIODS, daily_risk=0.001)
    assert months[0] == year[0] == 1 / (1 + UNLIKE * 0.365)


@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 3000)), min_size=1),
    st.sampled_from([30.0, 91.0, 365.0]),
    st.floats(0, 0.01),
)
def test_whoever_stays_is_ever_less_likely_to_leave_than_a_newcomer(rows, term, risk):
    until, tenure = (list(map(float, column)) for column in zip(*rows, strict=True))
    now = staying(aged(until, [term] * len(rows), tenure), PERIODS, daily_risk=risk)
    older = [day + term for day in tenure]
    later = staying(aged(until, [term] * len(rows), older), PERIODS, daily_risk=risk)
    assert ((later <= now) & (now <= 1)).all()
    assert (np.diff(now, axis=1) <= 0).all()


@pytest.mark.parametrize(("grows_with_age", "risk"), [(False, 2 / 270), (True, 0.0)])
def test_whoever_has_survived_counts_less_unless_risks_grow_with_age(grows_with_age, risk):
    """Two of four left, in 90 + 90 + 60 + 30 days: a newcomer, and one here for years."""
    matrix = aged([20.0] * 4, [30.0] * 4, [10.0, 10.0, 2000.0, 2000.0])
    followup = FollowUp(
        np.array([90.0, 60.0, 90.0, 30.0]), np.array([CENSORED, 0, CENSORED, 0])
    )
    told = TermDays.learnt(
        matrix, followup, cause=0, periods=PERIODS, grows_with_age=grows_with_age
    )
    assert told.daily_risk == pytest.approx(risk)
    days = told.of(matrix, PERIODS)
    stayed = staying(matrix, PERIODS, daily_risk=risk)
    np.testing.assert_allclose(days[2] / days[0], stayed[2] / stayed[0])
    assert (days[2] < days[0]).all() == (not grows_with_age)


def test_of_whom_no_term_or_age_is_known_nothing_is_said_to_have_been_survived():
    assert (staying(terms([5.0], [30.0]), PERIODS, daily_risk=0.001) == 1).all()
    unknown = aged([float("nan")], [365.0], [900.0])
    assert (staying(unknown, PERIODS, daily_risk=0.001) == 1).all()


@pytest.mark.parametrize(("stay", "counts"), [(0.9, True), (0.2, False)])
def test_terms_count_only_where_most_stay_to_the_end_of_theirs(stay, counts):
    chance = np.random.default_rng(4)
    renewal = chance.integers(30, 300, 400).astype(float)
    stays = chance.random(400) < stay
    days = np.where(stays, renewal, renewal * 0.3 - 14)
    followup = FollowUp(np.maximum(days, 1.0), np.zeros(400, dtype=np.int64))
    matrix = Matrix(renewal[:, None], (RENEWAL,), (RENEWAL,))
    assert leaves_with_its_term(matrix, followup, cause=0) == counts


def test_terms_count_nowhere_if_nobody_who_left_had_one():
    followup = FollowUp(np.full(3, 5.0), np.zeros(3, dtype=np.int64))
    absent = Matrix(np.full((3, 1), np.nan), (RENEWAL,), (RENEWAL,))
    assert not leaves_with_its_term(absent, followup, cause=0)
    without = Matrix(np.zeros((3, 1)), ("usage",))
    assert not leaves_with_its_term(without, followup, cause=0)


def test_customers_of_the_simulated_company_leave_with_their_term(company):
    followed = follow(company.features, training_day=company.day, every_days=28, min_events=30)
    exits = fit_exits(company.features, followed, company.configuration.project, bags=0)
    assert exits.hazards[CHURN].by_term


@pytest.mark.parametrize(
    "staying_on",
    [
        [1, 0.631, 0.468, 0.382, 0.326, 0.289, 0.262, 0.241],
        [1, 0.869, 0.743, 0.653, 0.593, 0.551, 0.517, 0.491],
    ],
)
def test_where_nothing_else_is_known_customers_are_more_unlike_than_those_who_look_alike(
    staying_on,
):
    """Seven years of renewals of two kinds of customers, from Fader and Hardie (2007)."""
    years, left = np.arange(8), -np.diff(staying_on)

    def unlikely(logs):
        rate, variance = np.exp(logs)
        told = (1 + variance * rate * years) ** (-1 / variance)
        return -(left * np.log(-np.diff(told))).sum() - staying_on[-1] * np.log(told[-1])

    variance = np.exp(minimize(unlikely, [-1.0, 0.0]).x[1])
    assert 1.4 < variance < 1.5
    assert variance > 2 * UNLIKE
