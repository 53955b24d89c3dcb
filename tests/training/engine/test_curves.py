import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from scipy.integrate import quad

from training.engine.curves import IncidenceCurves

EDGES = np.array([0.0, 7.0, 30.0, 60.0, 90.0])

daily = st.one_of(st.just(0.0), st.floats(1e-9, 0.5))
hazard = arrays(np.float64, (3, 4), elements=daily)
moment = st.floats(0, 90)
chance = st.floats(0.01, 0.99)


def curves(**rates: np.ndarray) -> IncidenceCurves:
    return IncidenceCurves.from_rates(rates, EDGES)


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
def test_the_chance_at_a_quantile_is_the_quantile(done, churn, q):
    both = curves(done=done, churn=churn)
    days = both.quantile_days("done", q)
    for row in np.flatnonzero(~np.isnan(days)):
        assert_allclose(both.incidence_at("done", days[row])[row], q, atol=1e-9)


@given(hazard, hazard, chance)
def test_there_is_no_quantile_exactly_where_the_horizon_is_not_enough(done, churn, q):
    both = curves(done=done, churn=churn)
    never = both.by_cause["done"][:, -1] < q
    assert (np.isnan(both.quantile_days("done", q)) == never).all()


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
    assert_allclose(steady.quantile_days("churn", 0.5), np.log(2) / 0.01)


def test_a_milestone_not_expected_within_the_horizon_has_no_median():
    assert np.isnan(curves(done=np.full((1, 4), 0.001)).quantile_days("done", 0.5)).all()


def test_nothing_is_said_about_days_past_the_horizon():
    with pytest.raises(ValueError, match="end after 90 days, before 91"):
        curves(churn=np.full((1, 4), 0.01)).incidence_at("churn", 91.0)
