import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from configs.errors import DataError
from training.engine.hazard import Hazard, HazardSettings, fit_hazard
from training.engine.matrix import Matrix
from training.engine.periods import CENSORED, FollowUp, Periods
from training.engine.slicing import horizon_weights, sliced
from training.engine.trees import model_text, parse_trees

PERIODS = Periods.covering([30, 90, 180])
NAMES = ("usage", "days_to_renewal", "noise", "days_to_due")
CLOCKS = ("days_to_renewal", "days_to_due")


def a_matrix(rows: int, *, seed: int) -> Matrix:
    chance = np.random.default_rng(seed)
    due = np.where(chance.random(rows) < 0.3, np.nan, chance.uniform(-50, 200, rows))
    values = [
        np.round(chance.normal(size=rows), 1),
        chance.integers(-500, 500, rows).astype(float),
        chance.normal(size=rows),
        due,
    ]
    return Matrix(np.column_stack(values), NAMES, CLOCKS)


@pytest.fixture(scope="module")
def hazard() -> Hazard:
    matrix = a_matrix(6000, seed=1)
    chance = np.random.default_rng(2)
    usage, renewal, _, due = matrix.values.T
    leaves = chance.exponential(1 / (0.004 * np.exp(-usage)))
    at_renewal = (renewal > 0) & (chance.random(len(usage)) < 0.4)
    leaves = np.where(at_renewal, np.minimum(leaves, renewal), leaves)
    leaves = np.where(np.nan_to_num(due, nan=-1) > 0, np.minimum(leaves, due + 2), leaves)
    seen = chance.uniform(1, 250, len(usage))
    followup = FollowUp(np.minimum(leaves, seen), np.where(leaves < seen, 0, CENSORED))
    small = HazardSettings(trees=40, learning_rate=0.15, min_rows_in_leaf=30, lambda_l2=1.0)
    fitted = fit_hazard(matrix, followup, cause=0, periods=PERIODS, settings=small)
    return fitted.shifted(0.3)


weights = arrays(np.float64, PERIODS.count, elements=st.integers(0, 4).map(float)).filter(
    lambda drawn: drawn.sum() > 0
)


@given(weights, st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_the_sliced_model_is_the_weighted_mean_of_log_hazards(hazard, weights, seed):
    weights = weights / weights.sum()
    matrix = a_matrix(300, seed=seed)
    matrix.values[0, 1:] = np.nan
    cut = sliced(hazard, weights, reference=matrix)
    expected = np.log(hazard.daily_rates(matrix)) @ weights
    assert_allclose(cut.score(matrix), expected, atol=1e-12)


def test_a_model_that_never_saw_absence_reads_it_the_same_when_sliced():
    whole = a_matrix(3000, seed=3)
    whole.values[:, 3] = np.nan_to_num(whole.values[:, 3], nan=30.0)
    early = np.abs(whole.values[:, 3] - 60) < 20
    followup = FollowUp(np.full(3000, 60.0), np.where(early, 0, CENSORED))
    small = HazardSettings(trees=10, learning_rate=0.3, min_rows_in_leaf=30)
    hazard = fit_hazard(whole, followup, cause=0, periods=PERIODS, settings=small)
    absent = Matrix(np.full((1, 4), np.nan), NAMES, CLOCKS)
    even = np.full(PERIODS.count, 1 / PERIODS.count)
    cut = sliced(hazard, even, reference=whole)
    assert_allclose(cut.score(absent), np.log(hazard.daily_rates(absent)) @ even)


def test_the_base_is_the_mean_score_of_the_reference(hazard):
    today = a_matrix(3000, seed=5)
    cut = sliced(hazard, np.full(PERIODS.count, 1 / PERIODS.count), reference=today)
    assert cut.base == pytest.approx(cut.score(today).mean(), abs=1e-4)


def test_a_larger_reference_is_sampled(hazard):
    today = a_matrix(50_001, seed=5)
    cut = sliced(hazard, np.full(PERIODS.count, 1 / PERIODS.count), reference=today)
    assert cut.base == pytest.approx(cut.score(today).mean(), abs=0.02)


def test_periods_that_take_the_same_branches_share_their_trees(hazard):
    without_clocks = Hazard(hazard.model, NAMES, (), PERIODS)
    reference = Matrix(a_matrix(100, seed=1).values, NAMES)
    even = np.full(PERIODS.count, 1 / PERIODS.count)
    shared = sliced(without_clocks, even, reference=reference)
    assert len(shared.trees) < len(parse_trees(hazard.model)) * PERIODS.count / 2
    assert_allclose(
        shared.score(reference), np.log(without_clocks.daily_rates(reference)) @ even
    )


def test_a_hazard_that_is_the_same_for_all_is_sliced_to_a_constant():
    matrix = a_matrix(50, seed=1)
    nobody = FollowUp(np.full(50, 40.0), np.full(50, CENSORED))
    hazard = fit_hazard(matrix, nobody, cause=0, periods=PERIODS, settings=HazardSettings())
    cut = sliced(hazard, np.full(PERIODS.count, 1 / PERIODS.count), reference=matrix)
    assert_allclose(cut.score(matrix), cut.base)


def test_without_a_reference_the_score_is_still_right(hazard):
    nobody, somebody = a_matrix(0, seed=1), a_matrix(20, seed=1)
    first = np.eye(PERIODS.count)[0]
    cut = sliced(hazard, first, reference=nobody)
    assert_allclose(cut.score(somebody), np.log(hazard.daily_rates(somebody)[:, 0]))


def test_the_sliced_model_refuses_other_inputs(hazard):
    matrix = a_matrix(10, seed=1)
    cut = sliced(hazard, np.eye(PERIODS.count)[0], reference=matrix)
    with pytest.raises(DataError, match="reordered"):
        cut.score(Matrix(matrix.values, NAMES[::-1], CLOCKS))


def test_a_model_that_takes_zeros_for_absent_values_is_refused(hazard):
    chance = np.random.default_rng(1)
    values = chance.normal(size=(500, 5))
    cases = lightgbm.Dataset(values, label=np.exp(values[:, 1]))
    zeros = lightgbm.train(
        {"zero_as_missing": True, "verbosity": -1, "num_threads": 1}, cases, 2
    )
    text = model_text(parse_trees(zeros.model_to_string()), inputs=5)
    with pytest.raises(ValueError, match="zeros for absent"):
        sliced(
            Hazard(text, NAMES, CLOCKS, PERIODS),
            np.eye(PERIODS.count)[0],
            reference=a_matrix(10, seed=1),
        )


@given(arrays(np.float64, (5, PERIODS.count), elements=st.floats(0, 0.1)), st.integers(1, 180))
def test_periods_weigh_as_many_events_as_they_bring_before_the_horizon(rates, horizon):
    share = horizon_weights(rates, periods=PERIODS, horizon_days=horizon)
    assert share.sum() == pytest.approx(1)
    assert (share >= 0).all()
    assert (share[PERIODS.starts >= horizon] == 0).all()


def test_twice_the_rate_weighs_twice_in_as_many_days():
    even, rates = Periods((0.0, 10.0, 20.0, 30.0)), np.array([[0.01, 0.02, 0.07]])
    assert_allclose(horizon_weights(rates, periods=even, horizon_days=20), [1 / 3, 2 / 3, 0])
