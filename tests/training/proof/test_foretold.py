"""What is to be expected of chances that are right is what comes of them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.proof.foretold import expected_auc, implied_auc
from training.proof.judged import Pooled
from training.proof.metrics import auc

chances = st.lists(st.floats(0.01, 0.99), min_size=2, max_size=30).map(np.array)


def a_past(said: np.ndarray, happened: np.ndarray) -> Pooled:
    names = [f"a{number}" for number in range(len(said))]
    return Pooled(pd.DataFrame({"account_id": names, "family": names}), said, {}, happened)


@given(chances)
def test_chances_that_are_right_never_tell_accounts_apart_worse_than_a_coin(chance):
    assert 0.5 - 1e-12 <= implied_auc(chance) <= 1


def test_chances_that_are_all_alike_tell_nobody_apart():
    assert implied_auc(np.full(9, 0.3)) == pytest.approx(0.5)


def test_where_the_chances_are_right_it_is_the_auc_that_comes():
    rng = np.random.default_rng(1)
    chance = rng.beta(0.5, 3, 200_000)
    came = (rng.random(len(chance)) < chance).astype(float)
    assert implied_auc(chance) == pytest.approx(auc(chance, came), abs=0.005)


def test_of_accounts_like_those_of_the_past_the_same_auc_is_expected():
    rng = np.random.default_rng(2)
    said = rng.beta(1, 3, 500)
    past = a_past(said, (rng.random(500) < said / 2).astype(float))
    value, low, high = expected_auc([past], said)
    assert value == pytest.approx(auc(past.said, past.happened))
    assert low < value < high


def test_what_was_learnt_of_even_risks_says_how_well_uneven_ones_are_told_apart():
    rng = np.random.default_rng(3)
    even, uneven = rng.uniform(0.1, 0.3, 4_000), rng.choice([0.01, 0.5], 4_000)
    past, later = (
        a_past(risk, (rng.random(len(risk)) < risk).astype(float)) for risk in (even, uneven)
    )
    realised = auc(later.said, later.happened)
    value, _, _ = expected_auc([past], uneven)
    assert realised - auc(past.said, past.happened) > 0.2
    assert value == pytest.approx(realised, abs=0.03)


def test_mornings_of_other_levels_are_not_compared_with_each_other():
    """Two mornings, all told apart within each; in one of them ten times as many leave."""
    calm = a_past(np.array([0.01, 0.02]), np.array([0.0, 1.0]))
    rough = a_past(np.array([0.1, 0.2]), np.array([0.0, 1.0]))
    today = np.array([0.05, 0.06])
    beyond = [1 - implied_auc(past.said) for past in (calm, rough)]
    value, _, _ = expected_auc([calm, rough], today)
    assert value == pytest.approx(implied_auc(today) + sum(beyond) / 2)
