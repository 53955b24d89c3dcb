"""What is to be expected of chances that are right is what comes of them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
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


def test_where_other_chances_are_true_it_is_what_the_order_is_worth():
    rng = np.random.default_rng(4)
    said, true = rng.beta(1, 3, 200_000), rng.beta(1, 3, 200_000)
    true = (said + true) / 2
    came = (rng.random(len(true)) < true).astype(float)
    assert implied_auc(said, true=true) == pytest.approx(auc(said, came), abs=0.005)
    assert implied_auc(said, true=true) < implied_auc(true)


def half_as_many(seed: int, said: np.ndarray) -> Pooled:
    """A morning from which half as many left as was said, whoever was likelier."""
    chance = np.random.default_rng(seed).random(len(said))
    return a_past(said, (chance < said / 2).astype(float))


def test_the_more_mornings_there_are_the_more_what_they_did_is_believed():
    said = np.random.default_rng(2).beta(1, 3, 500)
    past = half_as_many(2, said)
    nothing, *_ = expected_auc([], said)
    assert nothing == implied_auc(said)
    for count in (1, 3, 9):
        value, _, _ = expected_auc([past] * count, said)
        beyond = auc(past.said, past.happened) - nothing
        assert value == pytest.approx(nothing + beyond * count / (count + 1))


def test_the_interval_is_wider_the_fewer_mornings_there_are_and_absent_without_any():
    """Two mornings .1 above and .1 below what was implied: Student's 4.30, 3.18 and 2.78."""
    said = np.full(400, 0.5)
    up = np.repeat([1.0, 0.0, 1.0, 0.0], [110, 90, 90, 110])
    order = np.concatenate([np.full(200, 0.6), np.full(200, 0.4)])
    above, below = a_past(order, up), a_past(order, 1 - up)
    beyond = [auc(past.said, past.happened) - implied_auc(order) for past in (above, below)]
    widths = []
    for count in (1, 2):
        mornings = [above, below] * count
        _, low, high = expected_auc(mornings, said)
        scatter = np.std([0.0, *beyond * count], ddof=1)
        times = {2: 4.303, 4: 2.776}[len(mornings)]
        told = times * scatter * np.sqrt(1 + 1 / (len(mornings) + 1))
        assert high - low >= 2 * told - 1e-3
        widths.append(high - low)
    assert widths[0] > widths[1]
    assert np.isnan(expected_auc([], said)[1:]).all()


@settings(max_examples=20)
@given(st.lists(st.integers(0, 9), max_size=4), chances)
def test_the_interval_holds_its_figure_and_is_one_of_an_auc(seeds, risks):
    said = np.random.default_rng(5).beta(1, 3, 60)
    value, low, high = expected_auc([half_as_many(seed, said) for seed in seeds], risks)
    assert not seeds or 0 <= low <= value <= high <= 1


def test_an_order_that_was_always_the_wrong_one_is_not_told_worse_than_that():
    wrong = a_past(np.array([0.01, 0.99]), np.array([1.0, 0.0]))
    assert expected_auc([wrong] * 9, np.full(4, 0.5))[0] == 0


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
    assert value == pytest.approx(min(implied_auc(today) + sum(beyond) / 3, 1))
