import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose
from sklearn.metrics import average_precision_score, roc_auc_score

from training.engine.periods import CENSORED, FollowUp
from training.proof.metrics import (
    account_bootstrap,
    auc,
    average_precision,
    brier,
    ece,
    integrated_brier,
    inverse_censoring_weights,
    lift_at,
    predicted_over_observed,
)

ROWS = 12
# Few distinct chances, so that ties are the rule.
said = arrays(np.float64, ROWS, elements=st.integers(0, 5).map(lambda fifth: fifth / 5))
came = arrays(np.float64, ROWS, elements=st.sampled_from([0.0, 1.0])).filter(
    lambda happened: 0 < happened.sum() < ROWS
)
counts = arrays(np.float64, ROWS, elements=st.integers(0, 3).map(float))
MEASURES = [auc, average_precision, brier, ece, predicted_over_observed, lift_at]


@given(said, came)
def test_auc_and_average_precision_are_scikit_learns(chance, happened):
    assert auc(chance, happened) == pytest.approx(roc_auc_score(happened, chance))
    expected = average_precision_score(happened, chance)
    assert average_precision(chance, happened) == pytest.approx(expected)


@given(said, came, counts)
def test_a_weight_of_three_is_three_accounts(chance, happened, weights):
    times = weights.astype(int)
    for measure in MEASURES:
        weighed = measure(chance, happened, weights=weights)
        repeated = measure(np.repeat(chance, times), np.repeat(happened, times))
        assert_allclose(weighed, repeated, atol=1e-12, equal_nan=True)


@given(said, came, st.permutations(range(ROWS)))
def test_the_order_of_accounts_does_not_matter(chance, happened, order):
    for measure in MEASURES:
        moved = measure(chance[order], happened[order])
        assert_allclose(moved, measure(chance, happened), atol=1e-12)


@given(said, came)
def test_what_is_not_known_is_left_out(chance, happened):
    longer, unsure = np.append(chance, 0.3), np.append(happened, np.nan)
    for measure in MEASURES:
        assert_allclose(measure(longer, unsure), measure(chance, happened))


@given(said, came)
def test_only_the_order_of_chances_matters_to_auc_and_lift(chance, happened):
    stretched = chance**3 + 7
    assert auc(stretched, happened) == auc(chance, happened)
    assert lift_at(stretched, happened) == lift_at(chance, happened)


@given(said, came)
def test_ece_is_at_least_the_gap_of_the_whole(chance, happened):
    assert ece(chance, happened) >= abs(chance.mean() - happened.mean()) - 1e-12


def test_ece_of_a_fair_coin_told_as_such_is_nothing():
    happened = np.tile([0.0, 1.0], 50)
    assert ece(np.full(100, 0.5), happened) == pytest.approx(0)
    assert ece(np.full(100, 0.7), happened) == pytest.approx(0.2)


def test_ranking_all_leavers_first_lifts_ten_times():
    happened = np.repeat([1.0, 0.0], [10, 90])
    assert lift_at(happened, happened) == pytest.approx(10)
    assert lift_at(np.ones(100), happened) == pytest.approx(1)


@pytest.mark.parametrize("measure", [auc, average_precision, lift_at, predicted_over_observed])
def test_where_nothing_happened_there_is_no_score(measure):
    assert np.isnan(measure(np.array([0.1, 0.2]), np.zeros(2)))


@pytest.mark.parametrize("measure", MEASURES)
def test_where_nothing_is_known_there_is_no_score(measure):
    assert np.isnan(measure(np.array([0.1, 0.2]), np.full(2, np.nan)))


follow_ups = st.tuples(
    arrays(np.float64, 15, elements=st.integers(0, 20).map(float)),
    arrays(np.int64, 15, elements=st.integers(CENSORED, 1)),
).map(lambda parts: FollowUp(*parts))


@given(follow_ups)
def test_the_known_rows_stand_for_all_rows(followup):
    horizon = float(followup.days.max())
    weights = inverse_censoring_weights(followup, horizon)
    assert weights.sum() == pytest.approx(15)


def test_without_censoring_every_row_stands_for_itself():
    followup = FollowUp(np.array([3.0, 9.0, 20.0]), np.array([0, 1, 0]))
    assert inverse_censoring_weights(followup, 10).tolist() == [1, 1, 1]


def test_the_integrated_brier_score_without_censoring_is_the_area_under_brier_scores():
    followup = FollowUp(np.array([5.0, 15.0, 40.0, 40.0]), np.array([0, 1, 0, CENSORED]))
    chances = np.array([[0.5, 0.6], [0.1, 0.2], [0.0, 0.1], [0.2, 0.3]])
    first, second = (
        brier(chances[:, column], followup.happened_by(horizon, cause=0))
        for column, horizon in enumerate([10, 30])
    )
    area = 10 * first / 2 + 20 * (first + second) / 2
    scored = integrated_brier(chances, followup, cause=0, horizons=[10, 30])
    assert scored == pytest.approx(area / 30)


def test_knowing_who_leaves_is_better_than_knowing_how_many():
    chance = np.random.default_rng(5)
    risk = chance.uniform(0.001, 0.05, 4000)
    leaves, seen = chance.exponential(1 / risk), chance.uniform(1, 80, 4000)
    followup = FollowUp(np.minimum(leaves, seen), np.where(leaves < seen, 0, CENSORED))
    horizons = np.array([15.0, 30.0, 60.0])
    true = 1 - np.exp(-risk[:, None] * horizons)
    same = np.tile(true.mean(axis=0), (4000, 1))
    right, level = (
        integrated_brier(said, followup, cause=0, horizons=[15, 30, 60])
        for said in (true, same)
    )
    assert right < level


def a_ranking(rows: int, *, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    chance = draw.beta(1, 9, rows)
    return chance, (draw.random(rows) < chance).astype(float)


def test_the_interval_holds_the_score_and_narrows_with_more_accounts():
    widths = []
    for rows in (400, 6400):
        chance, happened = a_ranking(rows)
        low, high = account_bootstrap(
            lambda w, p=chance, y=happened: auc(p, y, weights=w), np.arange(rows), seed=1
        )
        assert low < auc(chance, happened) < high
        widths.append(high - low)
    assert widths[1] < widths[0] / 2


def test_rows_of_one_account_are_one_piece_of_evidence():
    chance, happened = a_ranking(400)
    alone = account_bootstrap(
        lambda w: auc(chance, happened, weights=w), np.arange(400), seed=1
    )
    many_chance, many_happened = np.repeat(chance, 9), np.repeat(happened, 9)
    together = account_bootstrap(
        lambda w: auc(many_chance, many_happened, weights=w),
        np.repeat(np.arange(400), 9),
        seed=1,
    )
    assert_allclose(together, alone)


def test_the_margin_of_a_ranking_over_itself_is_exactly_nothing():
    chance, happened = a_ranking(500)
    margin = account_bootstrap(
        lambda w: auc(chance, happened, weights=w) - auc(chance, happened, weights=w),
        np.arange(500),
        seed=1,
    )
    assert margin == (0.0, 0.0)


def test_two_hundred_draws_of_twenty_thousand_rows_take_about_a_second():
    chance, happened = a_ranking(20_000)
    started = time.process_time()
    account_bootstrap(
        lambda w: auc(chance, happened, weights=w), np.arange(20_000) // 2, seed=1, draws=200
    )
    assert time.process_time() - started < 3
