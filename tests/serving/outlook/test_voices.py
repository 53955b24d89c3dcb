from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from serving.outlook.prospects import CHURNS, look_ahead
from serving.outlook.voices import (
    LEAST_WEIGHT,
    of_growing,
    of_leaving,
    rates_of_chances,
    who_speaks,
)
from training.models import Models
from training.proof.judged import MODEL
from training.questions.changes import GROWS

some = st.lists(st.floats(0.05, 1.0), min_size=1, max_size=5)


@given(some, st.integers(1, 500), st.integers(0, 99))
def test_each_speaks_in_as_many_draws_as_it_is_believed(weights, draws, seed):
    told = who_speaks(weights, draws, np.random.default_rng(seed))
    times = np.bincount(told, minlength=len(weights))
    assert times.sum() == draws
    assert_allclose(times, np.array(weights) / sum(weights) * draws, atol=1.01)


@given(st.lists(st.lists(st.floats(0, 1), min_size=3, max_size=3), min_size=1, max_size=4))
def test_rates_lead_to_the_chances_they_are_made_of_and_no_chance_falls(chances):
    rates, periods = rates_of_chances(np.array(chances), [10, 40, 45])
    assert periods.edges == (0, 10, 40, 45)
    by_end = -np.expm1(-np.cumsum(rates * periods.lengths, axis=1))
    never_falling = np.maximum.accumulate(np.minimum(chances, 0.999), axis=1)
    assert_allclose(by_end, never_falling, atol=1e-12)
    assert (rates >= -1e-12).all()


def told(company, **meta):
    """The company's models, as if nothing were proven and these were the weights."""
    nothing = {question: {"has_skill": False} for question in company.models.meta["skill"]}
    meta = {**company.models.meta, "skill": nothing, "weights": meta}
    return replace(company.models, meta=meta)


def ahead(company, models: Models, *, is_model: bool):
    project = company.configuration.project
    return look_ahead(company.features, models, project, day=company.day, is_model=is_model)


def test_a_model_that_is_proven_speaks_alone(company):
    (alone,) = of_leaving(company.models, is_model=True)
    assert alone.is_model
    assert alone.weight == 1.0


def test_where_nothing_is_proven_all_speak_that_are_believed_enough(company):
    rules = [rule.name for rule in company.models.rules]
    weights = dict.fromkeys(rules, 0.9 / len(rules))
    unproven = told(company, churn={**weights, MODEL: 0.1}, expansion={})
    speak = of_leaving(unproven, is_model=False)
    assert len(speak) == len(rules) + 1
    assert sum(each.is_model for each in speak) == 1
    assert sum(each.weight for each in speak) == pytest.approx(1.0)
    hardly = {**weights, rules[0]: LEAST_WEIGHT / 2}
    fewer = of_leaving(told(company, churn=hardly), is_model=False)
    assert len(fewer) == len(rules) - 1
    assert sum(each.weight for each in fewer) == pytest.approx(1.0)


def test_where_nobody_is_weighed_the_rule_speaks_alone(company):
    unproven = told(company)
    assert [each.weight for each in of_leaving(unproven, is_model=False)] == [1.0]
    assert [each.weight for each in of_growing(unproven, unproven.expansion)] == [1.0]


def test_a_rule_alone_says_the_same_whether_it_is_weighed_or_not(company):
    rule = company.models.rule.name
    grows = company.models.expansion.rules[GROWS].name
    weighed = told(company, churn={rule: 1.0}, expansion={grows: 1.0})
    one, other = (ahead(company, m, is_model=False) for m in (told(company), weighed))
    for name in (CHURNS, GROWS):
        (before,), (after,) = one.voices[name], other.voices[name]
        assert_allclose(before.daily, after.daily)
    assert one.again == other.again


def test_what_was_learnt_of_each_rule_comes_back_from_a_bundle(company):
    back = Models.from_bundle(company.models.to_bundle())
    assert back.rules == company.models.rules
    assert back.expansion.of_growth == company.models.expansion.of_growth
    assert set(back.meta["weights"]) == {"churn", "expansion"}
    for weights in back.meta["weights"].values():
        assert sum(weights.values()) == pytest.approx(1.0)
