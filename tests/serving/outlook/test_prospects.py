from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.testing import assert_allclose

from serving.outlook.prospects import CHURNS, LEAVES, look_ahead, past_of
from training.book.renewals import CLOCK, NEAR_DAYS, TERM
from training.questions.changes import GROWS, SHRINKS


def test_what_lies_ahead_is_what_each_account_had_signed_before_the_morning(company):
    features, day = company.features, company.day
    first, second = features.snapshots.loc[features.snapshots["day"] == day, "account_id"][:2]
    steps = pd.DataFrame(
        [
            (second, day + 9, day - 1, 500.0),
            (first, day + 50, day - 1, 900.0),
            (first, day + 20, day - 30, 700.0),
            (first, day + 60, day, 1.0),  # signed this morning: not yet known
            (second, day, day - 1, 400.0),  # has begun
            (second, day + 30, day - 1, 0.0),  # an end, of which nobody signs
            ("nobody", day + 5, day - 1, 300.0),
        ],
        columns=["account_id", "day", "known_day", "arr"],
    )
    others = features.arr.loc[~features.arr["account_id"].isin([first, second])]
    others = others.loc[others["day"] <= day]
    arr = pd.concat([others, steps.assign(before=float("nan"))], ignore_index=True)
    arr = arr.sort_values(["account_id", "day"], ignore_index=True)
    ahead = look_ahead(
        replace(features, arr=arr),
        company.models,
        company.configuration.project,
        day=day,
        is_model=True,
    )
    ids = ahead.accounts["account_id"]
    told = ahead.signed.assign(account_id=ids.iloc[ahead.signed["account"]].to_numpy())
    assert told[["account_id", "in_days", "arr"]].to_numpy().tolist() == [
        [second, 9, 500.0],
        [first, 20, 700.0],
        [first, 50, 900.0],
    ]
    assert ahead.accounts["arr"][ids == second].tolist() == [400.0]


def test_of_a_large_past_whole_accounts_teach_and_of_a_small_one_all(company, monkeypatch):
    project = company.configuration.project
    whole = past_of(company.features, project, company.day)
    assert len(whole.rows) > 500
    monkeypatch.setattr("serving.outlook.prospects.MOST_ROWS", len(whole.rows) - 1)
    half = past_of(company.features, project, company.day)
    ids = company.features.snapshots["account_id"]
    kept = set(ids.iloc[half.rows])
    assert set(half.rows) == set(whole.rows[ids.iloc[whole.rows].isin(kept)])
    assert len(kept) == (ids.iloc[whole.rows].nunique() + 1) // 2


def test_who_has_signed_the_next_term_changes_nothing_before_it_ends_but_may_leave(company):
    features, day = company.features, company.day
    today = np.flatnonzero(features.snapshots["day"] == day)
    values = features.values.copy()
    values.loc[values.index[today], [CLOCK, TERM]] = [20.0, 90.0]
    values.loc[values.index[today[:3]], [CLOCK, TERM]] = [50.0, 30.0]
    ahead = look_ahead(
        replace(features, values=values),
        company.models,
        company.configuration.project,
        day=day,
        is_model=True,
    )
    for name in (GROWS, SHRINKS):
        daily = np.sum([voice.daily for voice in ahead.voices[name]], axis=0)
        assert (daily[:3, : 50 - NEAR_DAYS] == 0).all()
        assert (daily[:3, 50 - NEAR_DAYS :].sum(axis=1) > 0).all()
        assert (daily[3:, :30].sum(axis=1) > 0).all()
    (churns,) = ahead.voices[CHURNS]
    assert (churns.daily[:3, :30].sum(axis=1) > 0).all()
    exits = company.models.exits
    rates = exits.rates(exits.matrix(values.iloc[today]))
    others = sum(rate[:, 0] for cause, rate in rates.items() if cause != "churn")
    (leaves,) = ahead.voices[LEAVES]
    assert_allclose(leaves.daily[:, 0], others)
