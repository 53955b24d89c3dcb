"""One walk for all periods says what LightGBM says, period by period, to the last bit."""

from dataclasses import replace

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from training.engine.hazard import HazardSettings, fit_hazard
from training.engine.matrix import Matrix, clocks_in_period
from training.engine.periods import CENSORED, FollowUp, Periods
from training.engine.trees import Tree, parse_trees
from training.engine.walk import MOST_SPLITS, lay_out, log_rates

PERIODS = Periods.narrow([30, 60, 90])
NAMES = ("usage", "days_to_renewal", "noise")
CLOCKS = [1]


def a_matrix(rows: int = 3000, *, seed: int = 1) -> np.ndarray:
    chance = np.random.default_rng(seed)
    usage, renewal = chance.normal(size=rows), chance.integers(-60, 800, rows).astype(float)
    usage[::7], renewal[::5], usage[::11] = np.nan, np.nan, 0.0
    return np.column_stack([usage, renewal, chance.normal(size=rows)])


def a_hazard(leaves: int = 8):
    values = a_matrix()
    chance = np.random.default_rng(2)
    leaves_in = chance.exponential(1 / (0.01 * np.exp(-np.nan_to_num(values[:, 0]))))
    at_renewal = np.where(np.nan_to_num(values[:, 1], nan=-1) > 0, values[:, 1], np.inf)
    days = np.minimum(np.minimum(leaves_in, at_renewal), 100)
    followup = FollowUp(days, np.where(days < 100, 0, CENSORED))
    small = HazardSettings(trees=60, learning_rate=0.2, min_rows_in_leaf=20, lambda_l2=1.0)
    return fit_hazard(
        Matrix(values, NAMES, ("days_to_renewal",)),
        followup,
        cause=0,
        periods=PERIODS,
        settings=replace(small, leaves=leaves, feature_fraction=1.0),
    )


def one_period_at_a_time(model: str, values: np.ndarray) -> np.ndarray:
    booster, inputs = lightgbm.Booster(model_str=model), np.column_stack([values, values[:, 0]])
    said = []
    for start, length in PERIODS.spans:
        inputs[:, CLOCKS] = clocks_in_period(values, CLOCKS, start=start, length=length)
        inputs[:, -1] = start
        said.append(booster.predict(inputs, raw_score=True))
    return np.stack(said, axis=1)


@pytest.fixture(scope="module")
def hazard():
    return a_hazard()


def walked(model: str, values: np.ndarray) -> np.ndarray:
    walk = lay_out(parse_trees(model), inputs=len(NAMES), clocks=CLOCKS)
    assert walk is not None
    return log_rates(walk, values, PERIODS)


def test_every_row_and_period_is_the_same_to_the_last_bit(hazard):
    values = a_matrix(1300, seed=9)
    assert_array_equal(walked(hazard.model, values), one_period_at_a_time(hazard.model, values))


@given(st.lists(st.floats(allow_infinity=False, width=32), min_size=3, max_size=3))
@settings(max_examples=60)
def test_any_values_at_all_are_read_as_lightgbm_reads_them(hazard, row):
    values = np.array([row, [0.0, 0.0, 0.0], [1e-36, -1e-36, np.nan]])
    assert_array_equal(walked(hazard.model, values), one_period_at_a_time(hazard.model, values))


def test_trees_too_large_for_a_table_are_left_to_lightgbm():
    large = a_hazard(leaves=MOST_SPLITS + 6)
    trees = parse_trees(large.model)
    assert max(tree.nodes for tree in trees) > MOST_SPLITS
    assert lay_out(trees, inputs=len(NAMES), clocks=CLOCKS) is None
    values = a_matrix(50, seed=3)
    rates = large.daily_rates(Matrix(values, NAMES, ("days_to_renewal",)))
    assert_array_equal(rates, np.exp(one_period_at_a_time(large.model, values)))


def test_a_model_without_splits_says_the_same_of_everybody():
    walk = lay_out([Tree.constant(-3.0), Tree.constant(0.5)], inputs=3, clocks=CLOCKS)
    assert_array_equal(log_rates(walk, a_matrix(5), PERIODS), np.full((5, PERIODS.count), -2.5))


def test_nobody_is_told_nothing(hazard):
    assert walked(hazard.model, a_matrix(0)).shape == (0, PERIODS.count)
