import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from scipy.integrate import quad

from training.engine.curves import IncidenceCurves
from training.engine.due import FIRST, CountedDays, DuePull

EDGES = np.array([0.0, 7.0, 30.0, 60.0, 90.0])

daily = st.one_of(st.just(0.0), st.floats(1e-9, 0.5))
hazard = arrays(np.float64, (3, 4), elements=daily)
moment = st.floats(0, 90)
chance = st.floats(0.01, 0.99)
weights = arrays(np.float64, (1, 73), elements=st.floats(1e-4, 3.0))
pulls = weights.map(lambda dated: DuePull((), dated, np.ones(1)))
dues = arrays(np.float64, 3, elements=st.one_of(st.just(np.nan), st.integers(-100, 200)))


def curves(**rates: np.ndarray) -> IncidenceCurves:
    return IncidenceCurves.from_rates(rates, EDGES)


def counted_evenly(rows: int) -> CountedDays:
    return DuePull.even().of(np.full(rows, np.nan), ["any"] * rows)


@given(hazard, hazard)
def test_staying_and_every_way_of_leaving_sum_to_one(done, churn):
    both = curves(done=done, churn=churn)
    assert_allclose(both.nothing_yet + sum(both.by_cause.values()), 1.0)


@given(hazard, hazard)
def test_incidence_never_falls(done, churn):
    for incidence in curves(done=done, churn=churn).by_cause.values():
        assert (np.diff(incidence, axis=1) >= 0).all()


@given(hazard, hazard, moment, moment)
def test_incidence_never_falls_between_any_two_days(done, churn, one, other):
    both = curves(done=done, churn=churn)
    earlier, later = sorted((one, other))
    rise = both.incidence_at("done", later) - both.incidence_at("done", earlier)
    assert (rise >= -1e-15).all()


@given(hazard)
def test_churn_takes_accounts_the_milestone_can_no_longer_win(done):
    calm = curves(done=done, churn=np.zeros_like(done))
    stormy = curves(done=done, churn=np.full_like(done, 0.4))
    assert (stormy.by_cause["done"] <= calm.by_cause["done"] + 1e-12).all()


@given(hazard, hazard)
def test_the_curve_meets_its_own_values_at_the_ends_of_periods(done, churn):
    both = curves(done=done, churn=churn)
    for period, day in enumerate(EDGES[1:]):
        assert_allclose(both.incidence_at("churn", day), both.by_cause["churn"][:, period])
    assert (both.incidence_at("churn", 0.0) == 0).all()


@given(hazard, hazard, moment)
def test_cutting_a_period_in_two_changes_nothing(done, churn, day):
    period = min(int(np.searchsorted(EDGES, day, side="right")) - 1, 3)
    assume(day not in EDGES)
    twice = np.repeat(np.arange(4), np.where(np.arange(4) == period, 2, 1))
    finer = IncidenceCurves.from_rates(
        {"done": done[:, twice], "churn": churn[:, twice]}, np.insert(EDGES, period + 1, day)
    )
    whole = curves(done=done, churn=churn)
    assert_allclose(finer.by_cause["done"][:, -1], whole.by_cause["done"][:, -1], atol=1e-14)
    at_day = whole.incidence_at("done", day)
    assert_allclose(finer.by_cause["done"][:, period], at_day, atol=1e-14)


@given(hazard, hazard, chance)
def test_the_day_of_a_chance_is_the_first_by_whose_end_there_is_as_much(done, churn, q):
    both = curves(done=done, churn=churn)
    day = both.day_of("done", q, counted_evenly(3))
    for row in np.flatnonzero(~np.isnan(day)):
        by_its_end = both.incidence_at("done", day[row] + 1)[row]
        assert both.incidence_at("done", day[row])[row] - 1e-9 <= q <= by_its_end + 1e-9


@given(hazard, hazard, chance)
def test_there_is_no_day_exactly_where_the_horizon_is_not_enough(done, churn, q):
    both = curves(done=done, churn=churn)
    never = both.by_cause["done"][:, -1] < q
    assert (np.isnan(both.day_of("done", q, counted_evenly(3))) == never).all()


@given(hazard, hazard, chance, chance, pulls, dues)
def test_a_greater_chance_is_never_had_sooner_however_days_count(
    done, churn, one, other, pull, due
):
    both, counted = curves(done=done, churn=churn), pull.of(due, ["any"] * 3)
    sooner, later = (both.day_of("done", q, counted) for q in sorted((one, other)))
    assert (np.isnan(later) | (sooner <= later)).all()
    assert (np.isnan(sooner) <= np.isnan(later)).all()


@given(hazard, hazard, chance, pulls, dues)
def test_how_days_count_moves_a_date_only_within_its_period(done, churn, q, pull, due):
    both = curves(done=done, churn=churn)
    evenly = both.day_of("done", q, counted_evenly(3))
    gathered = both.day_of("done", q, pull.of(due, ["any"] * 3))
    assert (np.isnan(evenly) == np.isnan(gathered)).all()
    named = ~np.isnan(evenly)
    period_of = [np.searchsorted(EDGES, day[named], side="right") for day in (evenly, gathered)]
    assert (period_of[0] == period_of[1]).all()


@given(hazard, hazard)
def test_some_rows_are_the_same_rows(done, churn):
    both, rows = curves(done=done, churn=churn), np.array([2, 0])
    assert_allclose(
        both.take(rows).incidence_at("done", 40), both.incidence_at("done", 40)[rows]
    )


def test_the_chance_is_the_integral_of_staying_times_the_rate():
    done, churn = np.array([[0.02, 0.01, 0.0, 0.03]]), np.array([[0.0, 0.01, 0.02, 0.001]])
    both = curves(done=done, churn=churn)

    def rate(rates, day):
        return rates[0, min(int(np.searchsorted(EDGES, day, side="right")) - 1, 3)]

    def staying(day):
        spent = np.clip(day - EDGES[:-1], 0, np.diff(EDGES))
        return np.exp(-((done + churn)[0] * spent).sum())

    expected, _ = quad(lambda day: staying(day) * rate(done, day), 0, 75, points=EDGES[1:4])
    assert_allclose(both.incidence_at("done", 75.0), expected, rtol=1e-10)


def test_one_in_a_hundred_a_day_is_half_gone_after_69_days():
    steady = curves(churn=np.full((1, 4), 0.01))
    assert np.log(2) / 0.01 == pytest.approx(69.3, abs=0.02)
    assert steady.day_of("churn", 0.5, counted_evenly(1)) == 69


def test_what_is_due_on_day_20_and_always_done_then_is_dated_to_day_20():
    done = np.array([[0.0, 0.5, 0.0, 0.0]])
    dated = np.full((1, 73), 1e-6)
    dated[0, 1 - FIRST] = 5.0
    pull = DuePull((), dated, np.ones(1))
    for q in (0.1, 0.5, 0.9):
        assert curves(done=done).day_of("done", q, pull.of(np.array([20.0]), ["any"])) == 20


def test_a_milestone_not_expected_within_the_horizon_has_no_median():
    rarely = curves(done=np.full((1, 4), 0.001))
    assert np.isnan(rarely.day_of("done", 0.5, counted_evenly(1))).all()


def test_nothing_is_said_about_days_past_the_horizon():
    with pytest.raises(ValueError, match="end after 90 days, before 91"):
        curves(churn=np.full((1, 4), 0.01)).incidence_at("churn", 91.0)
