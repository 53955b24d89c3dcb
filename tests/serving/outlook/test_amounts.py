import numpy as np
import pytest

from serving.outlook.amounts import Amounts
from training.questions.amounts import MOST_LOST
from training.questions.changes import DOWN, UP

SPREAD = np.array([0.5, 1.0, 1.5])


@pytest.mark.parametrize(("way", "sign"), [(UP, 1), (DOWN, -1)])
def test_what_is_paid_moves_by_the_expected_share_as_widely_as_shares_were_seen_to(way, sign):
    amounts = Amounts(way, np.array([0.1, 0.4, 0.2]), SPREAD)
    accounts = np.repeat([1, 2], 6000)
    factors = amounts.factors(accounts, np.random.default_rng(1)).reshape(2, -1)
    for own, share in zip(factors, (0.4, 0.2), strict=True):
        values, times = np.unique(own.round(9), return_counts=True)
        assert values == pytest.approx(sorted(1 + sign * share * SPREAD))
        assert times / 6000 == pytest.approx(1 / 3, abs=0.03)


def test_nobody_who_stays_comes_to_pay_nearly_nothing():
    amounts = Amounts(DOWN, np.array([0.9]), SPREAD)
    factors = amounts.factors(np.zeros(100, dtype=int), np.random.default_rng(1))
    assert factors.min() == pytest.approx(1 - MOST_LOST)
    assert (factors > 0).all()


def test_where_nobody_changes_nothing_is_drawn():
    amounts = Amounts(UP, np.array([0.9]), SPREAD)
    assert len(amounts.factors(np.zeros(0, dtype=int), np.random.default_rng(1))) == 0
