"""What was said on past mornings survives being written down, and is pooled fairly."""

import numpy as np
import pandas as pd
import pytest

from training.engine.periods import CENSORED, FollowUp
from training.proof.judged import ASKED, MODEL, QUESTIONS, Backtest, Judged
from training.proof.measures import measures_of

NOTHING: dict = {question: [] for question in QUESTIONS}


def an_origin(day: int, *, accounts: int = 4, watched: float = 200.0, **rules) -> Judged:
    ids = np.array([f"a{i}" for i in range(accounts)], dtype=object)
    days = np.full(accounts, watched)
    days[0] = 5.0
    cause = np.where(np.arange(accounts) == 0, ASKED, CENSORED)
    said = np.linspace(0.1, 0.9, accounts)[:, None] * [0.5, 1.0]
    return Judged(
        origin_day=day,
        horizons=(30, 90),
        about=pd.DataFrame(
            {"account_id": ids, "family": ids, "segment": "one", "is_new": False}
        ),
        followup=FollowUp(days, cause),
        said=said,
        rules={name: said * times for name, times in rules.items()},
    )


def read_back(tested: Backtest) -> Backtest:
    frames = {question: tested.to_frame(question) for question in QUESTIONS}
    return Backtest.from_frames(
        frames, remarks=tested.remarks, leavers=tested.leavers, today=tested.today
    )


def test_a_whole_backtest_is_read_back_to_the_last_bit(company):
    tested, back = company.tested, read_back(company.tested)
    for question in QUESTIONS:
        for one, other in zip(tested.judged[question], back.judged[question], strict=True):
            assert one.origin_day == other.origin_day
            assert one.horizons == other.horizons
            np.testing.assert_array_equal(one.said, other.said)
            np.testing.assert_array_equal(one.happened, other.happened)
            assert one.rules.keys() == other.rules.keys()
            assert one.listed.keys() == other.listed.keys()
    horizons = company.configuration.project.outcomes.horizons_days
    pd.testing.assert_frame_equal(measures_of(tested, horizons), measures_of(back, horizons))


def test_a_rule_that_spoke_at_one_origin_only_stays_at_it_and_out_of_the_pool():
    tested = Backtest({**NOTHING, "churn": [an_origin(200, rule=0.5), an_origin(100)]})
    back = read_back(tested)
    assert [set(judged.rules) for judged in back.judged["churn"]] == [{"rule"}, set()]
    assert dict(back.pooled("churn", 30).told).keys() == {MODEL}


def test_an_origin_too_young_for_a_horizon_has_no_column_and_is_not_pooled():
    young, old = an_origin(200, watched=60.0), an_origin(100)
    assert young.column(90) is None
    tested = Backtest({"churn": [young, old]})
    assert len(tested.pooled("churn", 30).said) == 8
    assert len(tested.pooled("churn", 90).said) == 4


def test_a_backtest_of_nothing_is_read_back_as_nothing():
    nothing = Backtest(NOTHING, ("too few exits",))
    back = read_back(nothing)
    assert back.judged == nothing.judged
    assert back.remarks == nothing.remarks
    assert measures_of(back, (30,)).empty


def test_accounts_of_one_parent_are_one_family_and_new_only_together(company):
    for judged in company.tested.judged["churn"]:
        snapshots = company.features.snapshots
        parents = snapshots.drop_duplicates("account_id").set_index("account_id")["parent_id"]
        own = parents.reindex(judged.accounts)
        expected = own.where(own.notna(), own.index.to_series())
        assert judged.about["family"].tolist() == expected.tolist()
        assert judged.about.groupby("family")["is_new"].nunique().eq(1).all()


@pytest.mark.parametrize("question", QUESTIONS)
def test_nobody_is_called_new_whose_family_taught_the_model(company, question):
    features = company.features
    family = features.snapshots["parent_id"].fillna(features.snapshots["account_id"])
    for judged in company.tested.judged[question]:
        before = features.snapshots["day"] <= judged.origin_day - 28
        known_long = set(family[before & (features.snapshots["day"] > 0)])
        new = judged.about.loc[judged.about["is_new"], "family"]
        first = features.snapshots["day"].groupby(family).min()
        assert (first.reindex(new) > judged.origin_day - 56).all()
        assert known_long
