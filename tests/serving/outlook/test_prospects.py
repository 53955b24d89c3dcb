from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.testing import assert_allclose

from features.arr import arr_steps
from features.asof import as_dates
from serving.outlook.prospects import CHURNS, LEAVES, look_ahead, past_of
from training.book.renewals import CLOCK, NEAR_DAYS, TERM
from training.questions.changes import GROWS, SHRINKS


def ahead_of(company, **changed):
    """What lies ahead of the company, some of whose frames are others."""
    return look_ahead(
        replace(company.features, **changed),
        company.models,
        company.configuration.project,
        day=company.day,
        is_model=True,
    )


def signed_ahead(company, lines, *, seen_after=0):
    """Days and ARR ahead of the first account, of contract lines in days from the morning."""
    features, day = company.features, company.day
    name = features.snapshots.loc[features.snapshots["day"] == day, "account_id"].iloc[0]
    columns = ["starts_on", "ends_on", "known_at", "arr"]
    contracts = pd.DataFrame(lines, columns=columns).assign(account_id=name)
    for column in columns[:3]:
        contracts[column] = as_dates(day + contracts[column].to_numpy())
    contracts = contracts.loc[contracts["known_at"] < as_dates(np.array([day + seen_after]))[0]]
    arr = arr_steps(contracts, as_of_day=day + seen_after, grace_days=30)
    ahead = ahead_of(company, arr=arr)
    ids = ahead.accounts["account_id"].iloc[ahead.signed["account"]]
    assert set(ids) <= {name}
    return list(zip(ahead.signed["in_days"], ahead.signed["arr"], strict=True))


RAMP = [(-60, 300, -90, 100.0), (40, 300, -90, 200.0), (80, 300, -90, 50.0)]


def test_what_was_signed_before_the_morning_is_paid_step_by_step(company):
    told = signed_ahead(company, [*RAMP, (60, 300, 0, 1.0)])  # signed this morning: not known
    assert told == [(40, 300.0), (80, 350.0)]
    renewed = [(-60, 40, -90, 100.0), (40, 400, -9, 70.0)]
    assert signed_ahead(company, renewed) == [(40, 70.0)]
    after_a_pause = [(-60, 40, -90, 100.0), (45, 400, -9, 70.0)]
    assert signed_ahead(company, after_a_pause) == [(45, 70.0)]
    free_at_first = [(-60, 40, -90, 100.0), (40, 70, -9, 0.0), (70, 400, -9, 300.0)]
    assert signed_ahead(company, free_at_first) == [(40, 0.0), (70, 300.0)]


def test_each_account_pays_its_own_steps_and_who_is_not_here_none(company):
    features, day = company.features, company.day
    first, second = features.snapshots.loc[features.snapshots["day"] == day, "account_id"][:2]
    steps = [
        (first, day + 20, day - 30, 0.0, 700.0),
        (first, day + 50, day - 1, 700.0, 900.0),
        ("nobody", day + 5, day - 1, 0.0, 300.0),
        (second, day, day - 1, 0.0, 400.0),  # has begun
        (second, day + 9, day - 1, 400.0, 500.0),
    ]
    arr = pd.DataFrame(steps, columns=["account_id", "day", "known_day", "before", "arr"])
    ahead = ahead_of(company, arr=arr)
    ids = ahead.accounts["account_id"]
    told = ahead.signed.assign(account_id=ids.iloc[ahead.signed["account"]].to_numpy())
    assert told[["account_id", "in_days", "arr"]].to_numpy().tolist() == [
        [second, 9, 500.0],
        [first, 20, 700.0],
        [first, 50, 900.0],
    ]
    assert ahead.accounts["arr"][ids == second].tolist() == [400.0]


def test_what_was_not_renewed_yet_may_go_on_beside_what_was(company):
    one, other = (-60, 30, -90, 100.0), (-60, 60, -90, 50.0)
    assert signed_ahead(company, [one, other, (60, 400, -9, 60.0)]) == [(60, 160.0)]


def test_what_is_signed_later_moves_nothing_that_was_signed(company):
    then = signed_ahead(company, RAMP)
    later = [*RAMP, (20, 200, 10, 1000.0), (50, 90, 30, 7.0)]
    assert signed_ahead(company, later, seen_after=90) == then
    assert signed_ahead(company, later) == then


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
    ahead = ahead_of(company, values=values)
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
