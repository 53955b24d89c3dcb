from dataclasses import replace

import numpy as np
import pytest

from features.asof import ordinal
from training.engine.followed import follow
from training.fit import best_rule, fit_models
from training.models import LEAST_EXITS
from training.proof.backtest import rules_for_churn
from training.proof.gate import Skill
from training.proof.judged import QUESTIONS, Backtest

NOTHING_TESTED = Backtest({question: [] for question in QUESTIONS})
UNKNOWN = Skill(has_skill=False, best_baseline=None, margin=0.0, low=0.0, high=0.0)


def fitted(company, features=None, *, tested=NOTHING_TESTED, ago=0, champion=None):
    return fit_models(
        features or company.features,
        company.configuration.project,
        tested,
        training_day=company.day - ago,
        champion=champion,
    )


def with_exits(company, churned: int):
    """The same company, of which only so many are known to have left."""
    exits = company.features.exits
    followed = follow(company.features, training_day=company.day, every_days=28, min_events=9)
    seen = company.features.snapshots["account_id"].iloc[followed.rows]
    left = exits.loc[(exits["cause"] == "churn") & exits["account_id"].isin(seen)]
    return replace(company.features, exits=left.iloc[:churned])


def test_before_any_morning_can_teach_there_is_no_model(company):
    first = int(company.features.snapshots["day"].min())
    assert fitted(company, ago=company.day - first) is None


@pytest.mark.parametrize(
    ("churned", "has_rule"), [(LEAST_EXITS - 1, False), (LEAST_EXITS, True)]
)
def test_with_fewer_than_five_exits_not_even_a_rule_is_learnt(company, churned, has_rule):
    models, decision = fitted(company, with_exits(company, churned))
    assert models.meta["exits"]["churn"] == churned
    assert (models.rule is not None) == has_rule
    assert not decision.promoted
    too_small = f"{churned} accounts are known to have churned by {company.as_of}"
    needs = f"a model needs 30, {30 - churned} more"
    assert f"{too_small}; {needs}" in models.meta["remarks"]


def test_the_same_history_gives_the_same_bundle(company):
    again, _ = fitted(company, tested=company.tested)
    assert again.to_bundle().fingerprint == company.models.to_bundle().fingerprint


def test_what_it_was_taught_by_and_how_it_did_is_kept_with_it(company):
    meta = company.models.meta
    assert meta["training_day"] == ordinal(company.as_of)
    assert meta["horizons"] == [30, 60, 90, 180]
    assert set(meta["exits"]) == set(meta["causes"]) == {"churn", "other"}
    for question in QUESTIONS:
        assert {"has_skill", "best_baseline", "margin", "low", "high", "measure"} == set(
            meta["skill"][question]
        )
        assert {row["horizon_days"] for row in meta["backtest"][question]} == {30, 60, 90, 180}


def test_without_a_backtest_nothing_is_claimed(company):
    models, decision = fitted(company)
    assert not models.has_skill
    assert not decision.promoted
    assert models.rule is not None
    assert "segment" in models.rule.name
    unjudged = [said for said in models.meta["remarks"] if said.startswith("no origin is old")]
    assert len(unjudged) == 4


def test_the_rule_that_speaks_is_the_one_that_did_best(company):
    followed = follow(company.features, training_day=company.day, every_days=28, min_events=9)
    rules = rules_for_churn(company.features, followed, company.configuration.project)
    for rule in rules:
        assert best_rule(rules, replace(UNKNOWN, best_baseline=rule.name)) is rule
    for unknown in (None, "a rule of long ago"):
        fallback = best_rule(rules, replace(UNKNOWN, best_baseline=unknown))
        assert "segment" in fallback.name


def test_exits_that_were_not_known_yet_change_no_model(company):
    ago = 150
    known = company.features.exits["known_at"] < np.datetime64(company.day - ago, "D")
    then = replace(company.features, exits=company.features.exits.loc[known])
    one, other = fitted(company, ago=ago), fitted(company, then, ago=ago)
    assert one[0].to_bundle().parts == other[0].to_bundle().parts
