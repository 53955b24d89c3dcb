"""A risk moves the way a person who knows the account would expect."""

import numpy as np
import pandas as pd
import pytest

from tests.behaviour.variants import Frames, risks, told_otherwise


def silent(frames: Frames, as_of: pd.Timestamp, days: int) -> Frames:
    activity = frames["activity"]
    early = activity["occurred_at"] < as_of - pd.Timedelta(days=days)
    # One row of somebody unknown, so that the company still has news of the last day.
    news = activity.tail(1).assign(account_id="nobody", occurred_at=as_of - pd.Timedelta("1h"))
    news["known_at"] = news["occurred_at"]
    return frames | {"activity": pd.concat([activity[early], news])}


def test_accounts_that_fall_silent_are_likelier_to_leave(company, tmp_path):
    as_of = pd.Timestamp(company.as_of)
    told = told_otherwise(company, tmp_path, lambda frames: silent(frames, as_of, 60))
    before, after = risks(company, company), risks(company, told)
    assert after.mean() > before.mean()
    assert (after >= before).mean() > 0.8


@pytest.mark.parametrize("times", [3.0, 10.0])
def test_more_at_stake_never_ranks_lower(company, times):
    features = company.features
    scored = company.scores(company.speaking).accounts
    middle = scored["account_id"].iloc[len(scored) // 2]
    own = features.snapshots["account_id"] == middle
    arr = features.snapshots["arr"].mask(own, features.snapshots["arr"] * times)
    richer = company.told(snapshots=features.snapshots.assign(arr=arr))
    after = company.scores(company.speaking, features=richer).accounts
    places = [told.set_index("account_id").loc[middle, "rank"] for told in (scored, after)]
    assert places[1] < places[0]
    others = [
        told.loc[told["account_id"] != middle, "account_id"].tolist()
        for told in (scored, after)
    ]
    assert others[0] == others[1]


def test_without_any_arr_the_likeliest_to_leave_come_first(company):
    snapshots = company.features.snapshots.assign(arr=np.nan)
    bare = company.told(snapshots=snapshots, arr=company.features.arr.iloc[:0])
    told = company.scores(company.speaking, features=bare).accounts
    assert (np.diff(told["churn_risk"]) <= 0).all()
    assert told["arr_at_risk"].isna().all()
