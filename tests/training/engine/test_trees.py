import lightgbm
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from training.engine.trees import Tree, model_text, parse_trees

INPUTS = 4


def a_booster(seed: int = 1, **settings: object) -> tuple[lightgbm.Booster, np.ndarray]:
    chance = np.random.default_rng(seed)
    values = chance.normal(size=(2000, INPUTS))
    values[::5, 1] = np.nan
    values[::3, 2] = 0.0
    told = values[:, 0] * (values[:, 2] > 0) + np.nan_to_num(values[:, 1])
    usual = {"objective": "poisson", "num_leaves": 7, "verbosity": -1, "num_threads": 1}
    cases = lightgbm.Dataset(values, label=chance.poisson(np.exp(told)))
    return lightgbm.train({**usual, **settings}, cases, num_boost_round=12), values


@pytest.mark.parametrize("settings", [{}, {"zero_as_missing": True}, {"use_missing": False}])
def test_trees_written_again_predict_the_same_to_the_last_bit(settings):
    booster, values = a_booster(**settings)
    text = model_text(parse_trees(booster.model_to_string()), inputs=INPUTS)
    again = lightgbm.Booster(model_str=text)
    for what in ("raw_score", "pred_leaf", "pred_contrib"):
        assert_array_equal(
            again.predict(values, **{what: True}), booster.predict(values, **{what: True})
        )


def test_trees_are_read_as_lightgbm_describes_them():
    booster, _ = a_booster()
    described = booster.dump_model()["tree_info"]
    trees = parse_trees(booster.model_to_string())
    assert [len(tree.leaf_value) for tree in trees] == [t["num_leaves"] for t in described]
    root = described[0]["tree_structure"]
    assert trees[0].threshold[0] == root["threshold"]
    assert trees[0].node_counts()[0] == root["internal_count"]


@given(st.floats(-20, 20))
def test_a_constant_tree_says_the_same_to_everybody(value):
    booster = lightgbm.Booster(model_str=model_text([Tree.constant(value)], inputs=2))
    assert_array_equal(booster.predict(np.zeros((3, 2)), raw_score=True), np.full(3, value))


def test_categorical_splits_are_refused():
    chance = np.random.default_rng(1)
    labels = chance.integers(0, 9, size=(500, 1))
    cases = lightgbm.Dataset(labels, label=labels[:, 0] % 3, categorical_feature=[0])
    model = lightgbm.train({"verbosity": -1}, cases, num_boost_round=1).model_to_string()
    with pytest.raises(ValueError, match="categorical"):
        parse_trees(model)
