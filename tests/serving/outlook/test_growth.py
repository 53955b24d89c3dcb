from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from serving.outlook.growth import expansion_rows
from tests.serving.mornings import a_morning
from training.models import Models
from training.questions.changes import DOWN, GROWS, UP
from training.questions.expansion import QUESTIONS, amount_question


def foretelling(models: Models, *, has_skill: bool) -> Models:
    skill = models.meta["skill"]
    told = {question: {**found, "has_skill": has_skill} for question, found in skill.items()}
    return replace(models, meta={**models.meta, "skill": told})


@pytest.fixture(scope="module", params=[True, False], ids=["model", "rule"])
def morning(company, request):
    models = foretelling(company.models, has_skill=request.param)
    return a_morning(company.as_of, company.features, models, company.configuration)


def test_the_list_holds_every_paying_account_that_has_a_chance_best_first(morning):
    rows = expansion_rows(morning, {})
    accounts = morning.accounts
    paying = accounts["expansion_chance"].notna() & (accounts["arr"] > 0)
    assert set(rows["account_id"]) == set(accounts.loc[paying, "account_id"])
    assert rows["rank"].tolist() == list(range(1, len(rows) + 1))
    assert (np.diff(rows["expected_arr"]) <= 0).all()


def test_the_chances_are_those_of_the_scores(morning):
    rows = expansion_rows(morning, {}).set_index("account_id")["expansion_chance"]
    scores = morning.accounts.set_index("account_id")["expansion_chance"]
    assert_allclose(rows, scores.reindex(rows.index))
    assert rows.between(0, 1).all()


def test_the_reasons_tell_which_of_the_two_speaks_and_add_up(morning):
    rows = expansion_rows(morning, {})
    bases = {
        round(chance - sum(reason.points for reason in reasons), 6)
        for chance, reasons in zip(rows["expansion_chance"], rows["reasons"], strict=True)
    }
    assert len(bases) == 1
    is_rule = rows["chance_source"].iloc[0] == "baseline"
    assert is_rule == (rows["reasons"].iloc[0][0].family == "baseline")


def test_a_rule_speaks_of_all_accounts_by_the_primary_horizon(company):
    models = foretelling(company.models, has_skill=False)
    morning = a_morning(company.as_of, company.features, models, company.configuration)
    rows = expansion_rows(morning, {})
    outcomes = company.configuration.project.outcomes
    at = outcomes.horizons_days.index(outcomes.primary_horizon_days)
    everybody = models.expansion.rules[GROWS].overall[at]
    assert models.expansion.rules[GROWS].overall[0] < everybody
    for chance, (reason,) in zip(rows["expansion_chance"], rows["reasons"], strict=True):
        assert (reason.value, reason.typical) == (chance, everybody)
        assert reason.factor == chance / everybody
        assert reason.points == chance - everybody


def test_what_is_to_be_won_is_chance_times_what_such_accounts_add(morning):
    rows = expansion_rows(morning, {})
    assert (rows["usual_growth"] > 0).all()
    won = rows["expansion_chance"] * rows["usual_growth"] * rows["arr"]
    assert_allclose(rows["expected_arr"], won)
    at_risk = rows["contraction_chance"] * rows["usual_loss"] * rows["arr"]
    assert_allclose(rows["expected_loss_arr"], at_risk)
    assert rows["usual_loss"].between(0, 0.95).all()


def test_by_every_horizon_more_is_to_be_won_and_to_be_lost_than_by_the_one_before(morning):
    rows = expansion_rows(morning, {})
    horizons = morning.configuration.project.outcomes.horizons_days
    for money in ("expansion_arr", "loss_arr"):
        by_horizon = rows[[f"{money}_{days}d" for days in horizons]]
        assert (by_horizon.diff(axis=1).iloc[:, 1:] >= -1e-9).all(axis=None)
    assert_allclose(rows["expected_arr"], rows["expansion_arr_90d"])


def test_a_typical_share_and_the_points_of_its_reasons_are_the_share(morning):
    rows = expansion_rows(morning, {})
    bases = [
        share - sum(reason.points for reason in reasons)
        for share, reasons in zip(rows["usual_growth"], rows["growth_reasons"], strict=True)
    ]
    assert_allclose(bases, bases[0], rtol=1e-6)
    assert not any(r.family == "timing" for each in rows["growth_reasons"] for r in each)


SOURCES = {
    QUESTIONS[UP]: "chance_source",
    QUESTIONS[DOWN]: "contraction_source",
    amount_question(QUESTIONS[UP]): "growth_source",
    amount_question(QUESTIONS[DOWN]): "loss_source",
}


@pytest.mark.parametrize("question", SOURCES)
def test_each_source_speaks_of_its_own_question(company, question):
    models = foretelling(company.models, has_skill=False)
    skill = {**models.meta["skill"], question: {"has_skill": True}}
    models = replace(models, meta={**models.meta, "skill": skill})
    morning = a_morning(company.as_of, company.features, models, company.configuration)
    rows = expansion_rows(morning, {})
    told = {column: set(rows[column]) for column in SOURCES.values()}
    proven = {question: "model"}
    assert told == {SOURCES[each]: {proven.get(each, "baseline")} for each in SOURCES}


def test_where_nobody_ever_grew_there_is_no_list(company):
    models = replace(company.models, expansion=None)
    morning = a_morning(company.as_of, company.features, models, company.configuration)
    assert expansion_rows(morning, {}).empty
    assert morning.accounts["expansion_chance"].isna().all()
