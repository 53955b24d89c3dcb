from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from training.engine.followed import follow
from training.engine.periods import CENSORED, FollowUp
from training.models import Models
from training.questions.changes import DOWN, GROWS, SHRINKS, UP, follow_changes
from training.questions.expansion import (
    CONTRACTION,
    QUESTION,
    falls_on_term_ends,
    fit_expansion,
)


@pytest.fixture(scope="module")
def followed(company):
    return follow(company.features, training_day=company.day, every_days=28, min_events=30)


def test_growing_shrinking_and_leaving_never_sum_past_one(company):
    models, values = company.models, company.features.values.iloc[-40:]
    exits = models.exits.rates(models.exits.matrix(values))
    curves = models.expansion.curves(values, exits)
    assert {GROWS, SHRINKS, "churn"} <= set(curves.by_cause)
    assert (sum(curves.by_cause.values()) <= 1 + 1e-12).all()


def test_what_the_bundle_kept_foretells_the_same_to_the_last_bit(company):
    again = Models.from_bundle(company.models.to_bundle())
    values = company.features.values.iloc[-40:]
    for name, rates in company.models.expansion.rates(values).items():
        assert_array_equal(again.expansion.rates(values)[name], rates)
    for question in (QUESTION, CONTRACTION):
        assert again.foretells(question) == company.models.foretells(question)


def test_a_bundle_of_an_older_make_says_nothing_of_growth_and_all_else_as_before(company):
    bundle = company.models.to_bundle()
    older = {name: text for name, text in bundle.parts.items() if "amount-" not in name}
    again = Models.from_bundle(replace(bundle, parts=older))
    assert again.expansion is None
    values = company.features.values.iloc[-40:]
    assert_array_equal(again.rule_chances(values), company.models.rule_chances(values))


@pytest.mark.parametrize("question", [QUESTION, CONTRACTION])
def test_both_ways_are_judged_beside_simple_rules_like_every_other_question(company, question):
    judged = company.tested.judged[question]
    assert judged
    assert all(each.rules for each in judged)
    assert "margin" in company.models.meta["skill"][question]


def test_without_changes_of_arr_there_is_no_model(company, followed):
    nobody = replace(company.features, arr=company.features.arr.iloc[:0])
    assert fit_expansion(nobody, followed, company.configuration.project) is None


def test_about_as_many_are_expected_to_grow_as_grew(company, followed):
    features, project = company.features, company.configuration.project
    model = fit_expansion(features, followed, project)
    values = features.values.iloc[followed.rows]
    rates = model.rates(values)[GROWS]
    came = follow_changes(features, followed)
    expected = (rates * model.periods.exposure(came.days)).sum()
    assert 0.7 < expected / np.sum((came.cause == UP) & (came.days < 180)) < 1.4


def moved(*, renewal: float, term: float, days: float, cause: int = UP) -> bool:
    values = pd.DataFrame({"days_to_renewal": [renewal] * 9, "term_days": [term] * 9})
    return falls_on_term_ends(values, FollowUp(np.full(9, days), np.full(9, cause)))


@pytest.mark.parametrize("cause", [UP, DOWN])
def test_changes_fall_on_ends_of_terms_where_years_end_with_them(cause):
    assert moved(renewal=100.0, term=365.0, days=100.0, cause=cause)
    assert moved(renewal=400.0, term=365.0, days=36.0, cause=cause)
    assert not moved(renewal=100.0, term=365.0, days=50.0, cause=cause)


def test_every_day_is_near_the_end_of_a_month_and_nothing_falls_on_no_term():
    assert not moved(renewal=10.0, term=30.0, days=10.0)
    assert not moved(renewal=np.nan, term=np.nan, days=10.0)
    assert not moved(renewal=100.0, term=365.0, days=100.0, cause=CENSORED)
    assert not falls_on_term_ends(
        pd.DataFrame({"arr": [1.0]}), FollowUp(np.ones(1), np.zeros(1))
    )


def test_where_changes_fall_on_ends_of_terms_time_as_a_customer_does_not_stand_for_them(
    company,
):
    changed = company.models.expansion
    assert "days_to_renewal" in changed.encoder.features
    assert "tenure_days" not in changed.encoder.features
