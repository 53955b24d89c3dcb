import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from training.book.renewals import RenewalFactors, decisive_days, is_open
from training.engine.periods import Periods


def terms(*told: tuple[float, float]) -> pd.DataFrame:
    return pd.DataFrame(told, columns=["days_to_renewal", "term_days"])


def test_on_a_yearly_contract_the_weeks_around_its_renewal_stand_for_the_year():
    decisive = decisive_days(terms((100.0, 364.0)), 180)
    assert decisive[0].nonzero()[0].tolist() == list(range(93, 107))
    assert_allclose(decisive.sum(), 364)


def test_on_a_monthly_contract_something_is_decided_every_month():
    decisive = decisive_days(terms((10.0, 30.0)), 90)
    assert (decisive[0] > 0).sum() == 3 * 14
    assert_allclose(decisive.sum(), 90)


def test_whoever_may_decide_at_any_time_is_taken_to_decide_every_four_weeks():
    decisive = decisive_days(terms((3.0, 7.0)), 56)
    assert (decisive[0] > 0).sum() == 2 * 14
    assert_allclose(decisive.sum(), 56)


def test_of_an_account_without_a_contract_nothing_is_moved():
    decisive = decisive_days(terms((np.nan, np.nan), (5.0, 30.0)), 50)
    assert np.isnan(decisive[0]).all()
    daily = np.full((2, 50), 0.01)
    assert (RenewalFactors(3.0, 0.1).moved(daily, decisive)[0] == 0.01).all()


def test_without_contracts_nothing_is_moved():
    assert decisive_days(pd.DataFrame({"tenure_days": [3.0]}), 10) is None
    assert decisive_days(terms((np.nan, np.nan)), 10) is None
    assert decisive_days(pd.DataFrame({"days_to_renewal": [3.0]}), 10) is None
    daily = np.full((1, 10), 0.01)
    assert RenewalFactors(3.0, 0.1).moved(daily, None) is daily


@given(st.integers(0, 400), st.sampled_from([30.0, 182.0, 365.0]))
def test_a_day_stands_for_as_much_as_the_same_day_of_the_next_term(ends, term):
    decisive = decisive_days(terms((ends, term)), int(2 * term))[0]
    assert (decisive[: int(term)] == decisive[int(term) :]).all()


@given(
    st.floats(0, 200), st.sampled_from([30.0, 365.0]), st.floats(0.05, 5), st.floats(0.01, 2)
)
def test_what_a_model_says_of_a_period_stays_however_it_is_gathered(ends, term, near, away):
    periods = Periods((0.0, 14.0, 60.0, 90.0))
    decisive = decisive_days(terms((ends, term)), 90)
    daily = np.repeat([[0.01, 0.002, 0.005]], [14, 46, 30], axis=1)
    moved = RenewalFactors(near, away).gathered(daily, decisive, periods)
    sums = [part.sum() for part in np.split(moved[0], [14, 60])]
    assert_allclose(sums, [0.14, 0.092, 0.15])


def test_what_a_model_says_of_a_period_is_put_on_the_days_that_decide():
    """Of thirty days fourteen stand for 26 each, and of the others each for half a day."""
    decisive = decisive_days(terms((15.0, 364.0), (200.0, 364.0)), 30)
    factors, periods = RenewalFactors(near=1.0, away=0.5), Periods((0.0, 30.0))
    ends, goes_on = factors.gathered(np.full((2, 30), 0.01), decisive, periods)
    near = 14 * 26 / (14 * 26 + 16 * 0.5)
    assert_allclose([ends[8:22].sum(), ends.sum()], [0.3 * near, 0.3])
    assert_allclose(goes_on, 0.01)
    assert_allclose(factors.moved(np.full((2, 30), 0.01), decisive)[0, [7, 8]], [0.005, 0.26])
    daily = np.full((1, 30), 0.01)
    assert factors.gathered(daily, None, periods) is daily


def test_where_every_day_is_near_the_end_of_a_term_none_is_set_apart():
    decisive = decisive_days(terms((3.0, 28.0)), 10)
    assert (decisive > 0).all()
    came = np.zeros((1, 10))
    assert RenewalFactors.learnt(came + 9.0, came, decisive) == RenewalFactors()


def test_where_everybody_leaves_at_renewal_the_days_between_lose_nearly_all():
    decisive = np.zeros((50, 100))
    decisive[:, 40:50] = 10.0
    expected, came = np.full((50, 100), 0.02), np.zeros((50, 100))
    came[:, 45] = 1.0
    factors = RenewalFactors.learnt(expected, came, decisive)
    assert factors.away < 0.05
    assert_allclose(factors.near, (50 + 3) / (100 + 3))


def test_who_has_signed_the_next_term_decides_nothing_before_that_one_ends():
    before = terms((20.0, 364.0), (384.0, 364.0), (50.0, 30.0), (np.nan, np.nan))
    may_change = is_open(before, days=180)
    assert may_change[0].all()
    assert not may_change[1].any()
    assert (may_change[2].argmax(), may_change[2].sum()) == (43, 137)
    assert may_change[3].all()
    assert is_open(pd.DataFrame({"tenure_days": [3.0]}), days=5).all()
