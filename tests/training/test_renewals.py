import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from training.renewals import RenewalFactors, near_renewal


def terms(*told: tuple[float, float]) -> pd.DataFrame:
    return pd.DataFrame(told, columns=["days_to_renewal", "term_days"])


def test_on_a_yearly_contract_only_the_weeks_around_its_renewal_are_near():
    near = near_renewal(terms((100.0, 365.0)), 180)
    assert near[0].nonzero()[0].tolist() == list(range(93, 107))


def test_on_a_monthly_contract_something_is_decided_every_month():
    near = near_renewal(terms((10.0, 30.0)), 90)
    assert near[0].sum() == 3 * 14


def test_an_account_without_a_contract_is_never_near_an_end():
    assert not near_renewal(terms((np.nan, np.nan)), 50).any()


def test_without_contracts_nothing_is_moved():
    assert near_renewal(pd.DataFrame({"tenure_days": [3.0]}), 10) is None
    daily = np.full((1, 10), 0.01)
    assert RenewalFactors(3.0, 0.1).applied(daily, None) is daily


@given(st.floats(0, 400), st.sampled_from([30.0, 182.0, 365.0]))
def test_a_day_is_as_near_as_the_same_day_of_the_next_term(ends, term):
    days = int(2 * term)
    near = near_renewal(terms((ends, term)), days)[0]
    assert (near[: int(term)] == near[int(term) :]).all()


def test_where_everybody_leaves_at_renewal_the_days_between_lose_nearly_all():
    near = np.zeros((50, 100), dtype=bool)
    near[:, 40:50] = True
    expected, came = np.full((50, 100), 0.02), np.zeros((50, 100))
    came[:, 45] = 1.0
    factors = RenewalFactors.learnt(expected, came, near)
    assert factors.away < 0.05
    assert_allclose(factors.near, (50 + 3) / (10 + 3))
