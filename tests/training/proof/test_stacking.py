import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from tests.training.proof.test_gate import HORIZON, RULE, WORSE, a_backtest, a_book
from training.proof.judged import MODEL, Backtest
from training.proof.stacking import doubted, stacked, weights_of

likely = st.tuples(st.integers(1, 30), st.integers(1, 5)).flatmap(
    lambda shape: arrays(float, shape, elements=st.floats(1e-6, 1.0))
)


class Named:
    def __init__(self, name: str) -> None:
        self.name = name


def weights(*books, default=WORSE, **asked):
    tested = a_backtest(*books) if books else Backtest({"churn": []})
    rules = [Named(RULE), Named(WORSE)]
    return weights_of(tested, "churn", rules, default=default, horizon=HORIZON, **asked)


@settings(max_examples=50)
@given(likely)
def test_weights_sum_to_one_and_nobody_is_believed_less_than_nothing(chances):
    names = [str(number) for number in range(chances.shape[1])]
    told = stacked(chances, doubted(names, "0"))
    assert told.sum() == pytest.approx(1.0)
    assert (told >= 0).all()


@settings(max_examples=50)
@given(likely)
def test_of_those_that_say_the_same_none_is_believed_more_than_before(chances):
    before = doubted([str(number) for number in range(chances.shape[1])], "0")
    alike = np.repeat(chances[:, :1], chances.shape[1], axis=1)
    assert_allclose(stacked(alike, before), before, atol=1e-9)


def test_the_more_mornings_the_further_the_better_one_is_believed():
    few, many = weights(a_book(accounts=60)), weights(*(a_book(seed=s) for s in range(4)))
    assert many[RULE] + many[MODEL] > few[RULE] + few[MODEL] > 0.5
    assert many[WORSE] < 0.1


def test_until_anything_was_judged_the_rule_by_default_is_believed_by_half_of_all_rules():
    assert weights(has_model=False) == {RULE: 0.5, WORSE: 0.5}
    assert doubted(["a", "b", "c"], "b").tolist() == [0.25, 0.5, 0.25]
    assert doubted(["a"], "a").tolist() == [1.0]


def test_a_model_that_was_never_judged_is_believed_by_half():
    assert weights() == {MODEL: 0.5, RULE: 0.25, WORSE: 0.25}
    rules, asked = [Named(RULE), Named(WORSE)], {"default": WORSE, "horizon": HORIZON}
    assert weights_of(Backtest({}), "expansion", rules, **asked) == weights()
    assert doubted(["a", MODEL], "a").tolist() == [0.5, 0.5]


@settings(max_examples=50)
@given(st.lists(st.sampled_from(["a", "b", "c", MODEL]), min_size=1, unique=True))
def test_what_they_weigh_before_sums_to_one(names):
    assert doubted(names, "a").sum() == pytest.approx(1.0)
