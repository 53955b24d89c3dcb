from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.asof import ordinal
from features.assemble import FeatureSet
from features.plan import origins
from training.proof.backtest import backtest
from training.proof.gate import skill_of
from training.proof.judged import QUESTIONS, Backtest
from training.proof.measures import records, unmatured

HORIZON = 90


@pytest.fixture(scope="module")
def origin(company) -> int:
    days = origins(company.configuration.project, company.features.exits, company.as_of)
    return ordinal(days[-1])


def at_origin(company, features: FeatureSet, origin: int) -> Backtest:
    return backtest(features, company.configuration.project, origin_days=[origin])


@pytest.fixture(scope="module")
def tested(company, origin) -> Backtest:
    return at_origin(company, company.features, origin)


def test_every_live_account_is_judged_at_every_origin(company):
    features, days = (
        company.features,
        sorted(j.origin_day for j in company.tested.judged["churn"]),
    )
    project = company.configuration.project
    wanted = origins(project, features.exits, company.as_of)
    assert days == sorted(ordinal(day) for day in wanted)
    for judged in company.tested.judged["churn"]:
        live = features.snapshots.query("day == @judged.origin_day")["account_id"]
        assert judged.accounts.tolist() == live.tolist()
        assert judged.said.shape == (len(live), len(project.outcomes.horizons_days))


def test_what_came_is_what_the_exits_tell(company, origin, tested):
    judged = tested.judged["churn"][0]
    left = company.features.exits.query("cause == 'churn'").set_index("account_id")["exited_at"]
    day = (left.reindex(judged.accounts) - pd.Timestamp(0)).dt.days.to_numpy() - origin
    came = judged.happened[:, judged.horizons.index(HORIZON)]
    np.testing.assert_array_equal(came, (day < HORIZON).astype(float))
    assert 0 < came.sum() < len(came)


def test_nothing_known_after_the_origin_was_said_at_it(company, origin, tested):
    morning = pd.Timestamp(origin, unit="D")
    features = company.features
    then = replace(
        features,
        exits=features.exits.loc[features.exits["known_at"] < morning],
        reached=features.reached.loc[features.reached["known_day"] < origin],
    )
    blind = at_origin(company, then, origin)
    for question in QUESTIONS:
        one, other = blind.judged[question][0], tested.judged[question][0]
        np.testing.assert_array_equal(one.said, other.said)
        for name, chances in one.rules.items():
            np.testing.assert_array_equal(chances, other.rules[name])
    assert not blind.judged["churn"][0].happened.any()


def test_a_model_taught_who_left_at_random_has_no_skill(company, origin):
    features, chance = company.features, np.random.default_rng(3)
    ids = features.snapshots["account_id"].unique()
    dealt = chance.choice(ids, size=len(features.exits), replace=False)
    shuffled = replace(features, exits=features.exits.assign(account_id=dealt))
    days = [origin, origin + 91]
    found = backtest(shuffled, company.configuration.project, origin_days=days)
    assert not skill_of(found, "churn", horizon=HORIZON).has_skill


def test_an_origin_before_enough_exits_is_left_out_and_named(company):
    early = ordinal(company.as_of) - 600
    found = at_origin(company, company.features, early)
    assert found.judged == {question: [] for question in QUESTIONS}
    (remark,) = found.remarks
    assert remark.startswith("the origin 20")
    assert remark.endswith("known exits to learn from")


def test_a_horizon_that_no_origin_is_old_enough_for_is_named(company):
    project = company.configuration.project
    young = at_origin(company, company.features, company.day - 98)
    said = list(unmatured(project.outcomes.horizons_days, young, "churn"))
    assert said == ["no origin is old enough to judge churn within 180 days"]
    assert {row["horizon_days"] for row in records(young, "churn", (30, 60, 90, 180))} == {
        30,
        60,
        90,
    }


def test_the_record_tells_each_origin_and_all_of_them_together(company):
    told = pd.DataFrame(records(company.tested, "churn", (HORIZON,)))
    parts, whole = told.loc[told["origin"] != "all"], told.loc[told["origin"] == "all"]
    assert len(parts) == 2
    assert whole["events"].item() == parts["events"].sum()
    assert parts["accounts"].max() <= whole["accounts"].item() <= parts["accounts"].sum()
    assert ((told["auc_low"] <= told["auc"]) & (told["auc"] <= told["auc_high"])).all()
    assert told["ece"].between(0, 1).all()
    for row in told.to_dict("records"):
        briers = row["baseline_brier"]
        assert briers[row["best_baseline"]] == min(briers.values())
        assert briers.keys() == row["baseline_auc"].keys()


def test_every_rule_is_judged_beside_the_model(company):
    for question, rules in {
        "churn": {"days since last use", "ladder pace", "Cox regression"},
        "milestones": {"days to the due date", "Cox regression"},
    }.items():
        for judged in company.tested.judged[question]:
            assert rules < set(judged.rules)
            assert all(chances.shape == judged.said.shape for chances in judged.rules.values())
