from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from configs.errors import DataError
from features.store import read_features, write_features
from serving.score import Scores
from serving.scorecard import accounts_schema, as_table, milestones_schema
from tests.company import with_skill

HORIZONS = (30, 60, 90, 180)


@pytest.fixture(scope="module")
def by_model(company) -> Scores:
    """Scores of a model that is in use and has shown skill."""
    return company.scores(with_skill(company.models))


@pytest.fixture(scope="module")
def by_rule(company) -> Scores:
    return company.scores(company.models, is_promoted=False)


@pytest.fixture(params=["by_model", "by_rule"])
def scores(request) -> Scores:
    return request.getfixturevalue(request.param)


def risks(accounts: pd.DataFrame) -> np.ndarray:
    return accounts[[f"churn_risk_{days}d" for days in HORIZONS]].to_numpy()


def points(accounts: pd.DataFrame) -> np.ndarray:
    return np.array([sum(reason.points for reason in own) for own in accounts["reasons"]])


def test_every_live_account_is_scored_once_and_nobody_else(company, scores):
    live = company.features.snapshots.query("day == @company.day")["account_id"]
    assert sorted(scores.accounts["account_id"]) == sorted(live)
    left = company.features.exits["account_id"]
    assert not set(scores.accounts["account_id"]) & set(left)


def test_base_risk_and_all_points_give_the_risk(scores):
    told = scores.accounts.query("status == 'scored'")
    assert len(told) > 50
    np.testing.assert_allclose(told["base_risk"] + points(told), told["churn_risk"], atol=1e-6)


def test_a_risk_never_falls_with_time_and_is_a_chance(scores):
    chances = risks(scores.accounts.query("status == 'scored'"))
    assert (np.diff(chances, axis=1) >= 0).all()
    assert ((chances > 0) & (chances < 1)).all()
    told = scores.accounts
    pd.testing.assert_series_equal(
        told["churn_risk"], told["churn_risk_90d"], check_names=False
    )


def test_the_risk_lies_in_its_band(by_model):
    told = by_model.accounts.query("status == 'scored'")
    assert (told["churn_risk_low"] < told["churn_risk"]).all()
    assert (told["churn_risk"] < told["churn_risk_high"]).all()


def test_ranks_count_from_one_by_what_is_at_stake(scores):
    told = scores.accounts
    assert told["rank"].tolist() == list(range(1, len(told) + 1))
    at_stake = (told["churn_risk"] * told["arr"]).fillna(0)
    assert (np.diff(at_stake) <= 0).all()
    pd.testing.assert_series_equal(told["arr_at_risk"].fillna(0), at_stake, check_names=False)


def test_a_model_that_was_not_promoted_is_silent(company, by_rule, by_model):
    assert set(by_model.accounts["risk_source"].dropna()) == {"model"}
    assert set(by_rule.accounts["risk_source"].dropna()) == {"baseline"}
    unproven = company.scores(company.models).accounts
    assert set(unproven["risk_source"].dropna()) == {"baseline"}
    (reason,) = by_rule.accounts["reasons"].iloc[0]
    assert reason.family == "baseline"
    assert "simple rule" in reason.text
    assert by_rule.accounts[["churn_risk_low", "churn_risk_high"]].isna().all(axis=None)


@pytest.mark.parametrize("known", ["nothing", "too few exits"])
def test_without_enough_exits_no_risk_is_told_and_the_ladder_still_is(company, known):
    models = None if known == "nothing" else replace(company.models, rule=None)
    told = company.scores(models)
    assert set(told.accounts["status"]) == {"not_enough_data"}
    assert told.accounts["risk_source"].isna().all()
    assert np.isnan(risks(told.accounts)).all()
    assert not told.accounts["reasons"].map(len).any()
    assert told.accounts["next_milestone"].notna().any()
    assert told.accounts["model_version"].isna().all() == (models is None)
    assert len(told.milestones) == len(company.features.standing)


def test_an_account_of_less_than_a_week_is_too_new_and_comes_last(company):
    features = company.features
    young = features.snapshots.query("day == @company.day").index[:2]
    values = features.values.copy()
    values.loc[young, "tenure_days"] = [6.0, 7.0]
    told = company.scores(
        with_skill(company.models), features=replace(features, values=values)
    ).accounts
    named = features.snapshots.loc[young, "account_id"].tolist()
    status = told.set_index("account_id").loc[named, "status"]
    assert status.tolist() == ["too_new", "scored"]
    last = told.iloc[-1]
    assert last["account_id"] == named[0]
    assert pd.isna(last["churn_risk"])
    assert pd.isna(last["risk_source"])
    assert last["reasons"] == []


def test_where_nothing_is_known_to_help_the_next_milestone_is_the_first_open(company, scores):
    order = [milestone.slug for milestone in company.configuration.playbook.milestones]
    ladder = scores.milestones.query("state == 'open'")
    first = ladder.assign(place=ladder["milestone"].map(order.index)).sort_values("place")
    wanted = first.drop_duplicates("account_id").set_index("account_id")["milestone"]
    told = scores.accounts.set_index("account_id")["next_milestone"]
    assert told.dropna().to_dict() == wanted.to_dict()
    evidence = scores.accounts.set_index("account_id")["next_evidence"]
    assert set(evidence[told.notna()]) <= {"descriptive", "too_few"}
    assert evidence[told.isna()].isna().all()


def test_an_account_at_the_top_of_its_ladder_has_no_next_step(scores):
    told = scores.accounts
    at_top = told["milestones_done"] == told["milestones_total"]
    assert at_top.any()
    assert told.loc[at_top, ["next_milestone", "nudge"]].isna().all(axis=None)
    assert (told.loc[at_top, "pace"] == "done").all()
    asked = told.loc[at_top & told["next_action"].notna()]
    assert asked["next_action"].str.startswith("Book the renewal conversation").all()
    near = pd.to_datetime(asked["renews_on"]) - pd.to_datetime(asked["as_of"])
    assert (
        near.dt.days.between(0, 60) & (asked["churn_risk"] > told["churn_risk"].mean())
    ).all()


def test_only_an_open_milestone_has_a_chance_and_it_shares_it_with_leaving(scores):
    ladder = scores.milestones
    is_open = ladder["state"] == "open"
    chances = ladder[[f"chance_{days}d" for days in HORIZONS]]
    leaving = ladder[[f"exit_first_{days}d" for days in HORIZONS]]
    assert chances[~is_open].isna().all(axis=None)
    assert chances[is_open].notna().all(axis=None)
    for told in (chances[is_open], leaving[is_open]):
        assert (np.diff(told, axis=1) >= 0).all()
    assert (chances[is_open].to_numpy() + leaving[is_open].to_numpy() <= 1).all()


def test_dates_are_expected_in_order_within_the_longest_horizon(company, scores):
    dates = scores.milestones[["eta_p10_on", "eta_p50_on", "eta_p90_on"]]
    assert dates["eta_p10_on"].notna().any()
    known = dates.dropna()
    assert (known["eta_p10_on"] <= known["eta_p50_on"]).all()
    assert (known["eta_p50_on"] <= known["eta_p90_on"]).all()
    assert (dates["eta_p10_on"].isna() <= dates["eta_p50_on"].isna()).all()
    first, last = pd.Timestamp(company.as_of), pd.Timestamp(company.as_of + timedelta(days=180))
    assert ((known >= first) & (known <= last)).all(axis=None)


def test_what_was_said_before_stands_beside_what_is_said_now(company, by_rule):
    before = by_rule.accounts[["account_id", "churn_risk"]].iloc[3:].assign(churn_risk=0.25)
    told = company.scores(company.models, previous=before).accounts
    assert told["previous_churn_risk"].isna().sum() == 3
    assert set(told["previous_churn_risk"].dropna()) == {0.25}
    assert by_rule.accounts["previous_churn_risk"].isna().all()


def test_scores_take_the_promised_shape(scores):
    accounts = as_table(scores.accounts, accounts_schema(HORIZONS))
    milestones = as_table(scores.milestones, milestones_schema(HORIZONS))
    assert accounts.num_rows == len(scores.accounts)
    assert milestones["account_id"].null_count == 0


def test_features_that_were_kept_in_the_lake_score_the_same(company, tmp_path):
    features = company.features
    nameless = features.snapshots["account_id"].isin(
        sorted(features.standing["account_id"])[:9]
    )
    snapshots = features.snapshots.assign(
        name=features.snapshots["name"].mask(nameless, None),
        owner=features.snapshots["owner"].mask(nameless, None),
    )
    features = replace(features, snapshots=snapshots)
    write_features(features, tmp_path)
    models = with_skill(company.models)
    one = company.scores(models, features=features)
    other = company.scores(models, features=read_features(tmp_path))
    for schema, name in ((accounts_schema, "accounts"), (milestones_schema, "milestones")):
        before, after = (as_table(getattr(s, name), schema(HORIZONS)) for s in (one, other))
        assert before.equals(after)


def test_a_morning_on_which_nobody_is_left_has_no_scores(company):
    features = company.features
    gone = features.snapshots["day"] < company.day
    rows = np.flatnonzero(gone)
    earlier = replace(
        features,
        snapshots=features.snapshots.iloc[rows].reset_index(drop=True),
        values=features.values.iloc[rows].reset_index(drop=True),
    )
    with pytest.raises(DataError, match=f"no account is live on {company.as_of}"):
        company.scores(company.models, features=earlier)
