import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

import serving.reasons.patterns
from serving.reasons.explain import contributions, points
from training.engine.curves import IncidenceCurves
from training.engine.hazard import HazardSettings, fit_hazard
from training.engine.matrix import Matrix
from training.engine.periods import CENSORED, FollowUp, Periods
from training.engine.slicing import Sliced, horizon_weights, sliced
from training.engine.trees import Tree, parse_trees

INPUTS = 12
NAMES = tuple(f"input_{number}" for number in range(INPUTS))
EDGES = [0.0, 30.0, 60.0, 90.0]


def inputs(rows: int, *, seed: int = 1) -> np.ndarray:
    """Values with ties, zeros, halves and holes."""
    chance = np.random.default_rng(seed)
    values = np.round(chance.normal(size=(rows, INPUTS)), 1)
    values[chance.random(values.shape) < 0.15] = 0.0
    values[:, ::2][chance.random((rows, INPUTS // 2)) < 0.2] = np.nan
    return values


def a_model(**changes: object) -> Sliced:
    values = inputs(3000)
    told = (
        np.nan_to_num(values) @ np.linspace(1, 0.1, INPUTS) + (values[:, 1] > 0) * values[:, 3]
    )
    usual = {"num_leaves": 8, "min_data_in_leaf": 20, "verbosity": -1, "num_threads": 1}
    booster = lightgbm.train({**usual, **changes}, lightgbm.Dataset(values, label=told), 30)
    return Sliced(tuple(parse_trees(booster.model_to_string())), NAMES, ())


MODELS = {
    "small trees": {},
    "stumps": {"num_leaves": 2},
    "zeros are absent": {"zero_as_missing": True},
    "nothing is absent": {"use_missing": False},
    "deep and narrow": {"num_leaves": 40, "max_depth": 30, "min_data_in_leaf": 2},
    "more splits than bits": {"num_leaves": 90, "min_data_in_leaf": 2},
}


@pytest.mark.parametrize("changes", MODELS.values(), ids=MODELS)
def test_contributions_are_lightgbms_own(changes):
    model, matrix = a_model(**changes), Matrix(inputs(700, seed=2), NAMES)
    theirs = model.booster.predict(matrix.values, pred_contrib=True)
    assert_allclose(contributions(model, matrix), theirs[:, :-1], atol=1e-12)
    assert model.base == pytest.approx(theirs[0, -1], abs=1e-12)


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_contributions_are_the_tree_explainers():
    import shap

    model, matrix = a_model(), Matrix(inputs(100, seed=3), NAMES)
    theirs = shap.TreeExplainer(model.booster).shap_values(matrix.values)
    assert_allclose(contributions(model, matrix), theirs, atol=1e-12)


def test_leaves_too_wide_for_a_table_are_integrated_to_the_same(monkeypatch):
    model, matrix = a_model(num_leaves=20), Matrix(inputs(300, seed=4), NAMES)
    looked_up = contributions(model, matrix)
    monkeypatch.setattr(serving.reasons.patterns, "_WIDEST_TABLE", 1)
    assert_allclose(contributions(model, matrix), looked_up, atol=1e-12)


def test_tables_that_would_be_too_large_make_way_for_integration(monkeypatch):
    model, matrix = a_model(num_leaves=20), Matrix(inputs(300, seed=4), NAMES)
    looked_up = contributions(model, matrix)
    monkeypatch.setattr(serving.reasons.patterns, "_TABLE_CELLS", 500)
    assert serving.reasons.patterns.lay_out(model.trees).cells <= 500
    assert_allclose(contributions(model, matrix), looked_up, atol=1e-12)


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_base_and_contributions_add_up_to_the_score(seed):
    model, matrix = a_model(), Matrix(inputs(50, seed=seed), NAMES)
    total = model.base + contributions(model, matrix).sum(axis=1)
    assert_allclose(total, model.score(matrix), atol=1e-12)


def test_an_input_that_no_tree_splits_on_contributes_exactly_nothing():
    model = a_model()
    used = {column for tree in model.trees for column in tree.feature.tolist()}
    extra = Sliced(model.trees, (*NAMES, "unused"), ())
    values = np.column_stack([inputs(50), np.arange(50)])
    shares = contributions(extra, Matrix(values, extra.names))
    for column in set(range(INPUTS + 1)) - used:
        assert (shares[:, column] == 0).all()


def test_the_threads_do_not_change_a_bit(monkeypatch):
    monkeypatch.setattr("serving.reasons.explain._ROWS_AT_ONCE", 64)
    model, matrix = a_model(), Matrix(inputs(500), NAMES)
    alone, together = (contributions(model, matrix, threads=threads) for threads in (1, 2))
    assert (alone == together).all()


@pytest.mark.parametrize("trees", [(), (Tree.constant(-4.0),)])
def test_a_model_that_says_the_same_to_all_explains_nothing(trees):
    matrix = Matrix(inputs(5), NAMES)
    assert (contributions(Sliced(trees, NAMES, ()), matrix) == 0).all()


def test_no_accounts_have_no_contributions():
    assert contributions(a_model(), Matrix(inputs(0), NAMES)).shape == (0, INPUTS)


def test_the_period_and_the_clock_are_explained_as_one_input_each():
    chance = np.random.default_rng(7)
    renewal = chance.integers(1, 300, 4000).astype(float)
    matrix = Matrix(
        np.column_stack([renewal, chance.normal(size=4000)]),
        ("days_to_renewal", "noise"),
        ("days_to_renewal",),
    )
    followup = FollowUp(np.minimum(renewal, 90.0), np.where(renewal < 90, 0, CENSORED))
    periods = Periods.covering([90])
    small = HazardSettings(trees=30, learning_rate=0.2, min_rows_in_leaf=20)
    hazard = fit_hazard(matrix, followup, cause=0, periods=periods, settings=small)
    rates = hazard.daily_rates(matrix)
    weights = horizon_weights(rates, periods=periods, horizon_days=90)
    model = sliced(hazard, weights, reference=matrix)
    shares = contributions(model, matrix)
    assert_allclose(model.base + shares.sum(axis=1), np.log(rates) @ weights, atol=1e-12)
    assert np.abs(shares[:, 0]).mean() > 10 * np.abs(shares[:, 1]).mean()


hundredths = st.integers(-150, 150).map(lambda hundredth: hundredth / 100)
shares_of = arrays(np.float64, (4, 3), elements=hundredths)
daily = arrays(np.float64, (4, 3), elements=st.floats(1e-5, 0.05))


def told(shares: np.ndarray, churn: np.ndarray, done: np.ndarray, **given_base: float | None):
    rates = {"churn": churn, "done": done}
    return points(shares, rates, edges=EDGES, cause="churn", horizon_days=75, **given_base)


@given(shares_of, daily, daily)
def test_base_points_and_timing_add_up_to_the_risk(shares, churn, done):
    parts = told(shares, churn, done)
    curves = IncidenceCurves.from_rates({"churn": churn, "done": done}, EDGES)
    total = parts.base_risk + parts.by_input.sum(axis=1) + parts.timing
    assert_allclose(total, curves.incidence_at("churn", 75), atol=1e-12)
    assert_allclose(parts.risk, curves.incidence_at("churn", 75), atol=1e-15)


@given(shares_of, daily, daily, st.sampled_from([None, 0.0, 0.1]))
def test_base_and_timing_are_the_risk_of_the_account_at_the_level_of_all(
    shares, churn, done, base_risk
):
    parts = told(shares, churn, done, base_risk=base_risk)
    level = np.exp(-shares.sum(axis=1))[:, None]
    brought_back = IncidenceCurves.from_rates({"churn": churn * level, "done": done}, EDGES)
    at_base = brought_back.incidence_at("churn", 75)
    assert_allclose(parts.base_risk + parts.timing, at_base, atol=1e-9)
    assert parts.base_risk == pytest.approx(at_base.mean() if base_risk is None else base_risk)


@given(shares_of, daily, daily)
def test_what_raises_the_hazard_raises_the_risk(shares, churn, done):
    parts = told(shares, churn, done)
    assert (parts.scale > 0).all()
    assert (np.sign(parts.by_input) == np.sign(shares)).all()


@given(shares_of, daily, daily)
def test_timing_averages_to_nothing(shares, churn, done):
    assert told(shares, churn, done).timing.mean() == pytest.approx(0, abs=1e-12)


@given(daily, daily, st.sampled_from([1e-3, 1e-4, 1.1e-5, 0.9e-5, 1e-7, 0.0]))
def test_points_change_smoothly_where_an_account_is_at_the_base(churn, done, distance):
    near = told(np.full((4, 1), distance), churn, done).scale
    at_base = told(np.zeros((4, 1)), churn, done).scale
    assert_allclose(near, at_base, rtol=2 * distance + 1e-4, atol=1e-9)


@given(daily, daily, daily)
def test_other_ways_out_move_timing_alone_where_no_input_speaks(churn, done, more):
    silent = np.zeros((4, 3))
    calm = told(silent, churn, done, base_risk=0.1)
    stormy = told(silent, churn, done + more, base_risk=0.1)
    assert (calm.by_input == 0).all()
    assert (stormy.by_input == 0).all()
    assert_allclose(stormy.timing - calm.timing, stormy.risk - calm.risk, atol=1e-15)


@given(shares_of, daily, daily, daily)
def test_other_ways_out_do_not_change_which_input_counts_for_how_much(
    shares, churn, done, more
):
    calm, stormy = told(shares, churn, done), told(shares, churn, done + more)
    ratio = (stormy.scale / calm.scale)[:, None]
    assert_allclose(stormy.by_input, calm.by_input * ratio, atol=1e-12)


def test_accounts_whose_hazards_are_all_zero_have_no_points():
    nothing = told(np.ones((4, 3)), np.zeros((4, 3)), np.full((4, 3), 0.01))
    assert (nothing.by_input == 0).all()
    assert (nothing.risk == 0).all()


def test_small_risks_have_points_in_proportion_to_risk():
    """At a risk of 1 in 1000, an input that doubles the hazard is worth half of the risk."""
    churn, done = np.full((1, 3), 1e-3 / 75), np.zeros((1, 3))
    parts = told(np.array([[np.log(2)]]), churn, done)
    assert parts.by_input[0, 0] == pytest.approx(0.0005, rel=0.01)


def test_nobody_to_explain_is_no_error():
    none = np.zeros((0, 3))
    assert told(none, none, none).by_input.shape == (0, 3)
