from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.engine.followed import Followed, follow
from training.engine.periods import CENSORED
from training.questions.exits import ExitModel
from training.questions.steps import REACHED, StepModel, _sampled, fit_steps, follow_steps

ALL = 10**9


@pytest.fixture(scope="module")
def followed(company) -> Followed:
    return follow(company.features, training_day=company.day, every_days=28, min_events=30)


@pytest.fixture(scope="module")
def curves_of(company):
    """Curves of every open milestone of today, by a step model."""
    features, today = company.features, company.features.snapshots["day"] == company.day
    rows = np.flatnonzero(today)
    steps = features.steps.loc[features.steps["snapshot"].isin(rows)]
    steps = steps.assign(snapshot=np.searchsorted(rows, steps["snapshot"]))
    values = features.values.iloc[rows]

    def curves(exits: ExitModel, model: StepModel):
        return model.curves(exits.rates(exits.matrix(values)), values, steps)

    return curves


def test_what_was_written_down_scores_as_before_to_the_last_bit(company, curves_of):
    exits, steps = company.models.exits, company.models.steps
    back = StepModel.from_parts(steps.to_parts())
    one, other = curves_of(exits, steps), curves_of(exits, back)
    for cause, incidence in one.by_cause.items():
        np.testing.assert_array_equal(incidence, other.by_cause[cause])
    assert back.to_parts() == steps.to_parts()


def test_reaching_it_and_leaving_first_share_one_chance_and_never_fall(company, curves_of):
    curves = curves_of(company.models.exits, company.models.steps)
    causes = list(curves.by_cause)
    assert causes[0] == REACHED
    by_day = np.array(
        [[curves.incidence_at(c, day) for day in (7, 30, 90, 180)] for c in causes]
    )
    assert (np.diff(by_day, axis=1) >= 0).all()
    assert (by_day.sum(axis=0) <= 1).all()


def test_who_is_likelier_to_leave_is_less_likely_to_reach_it(company, curves_of):
    exits, steps = company.models.exits, company.models.steps
    stormy = replace(exits, hazards={c: h.shifted(3.0) for c, h in exits.hazards.items()})
    calm_chance = curves_of(exits, steps).incidence_at(REACHED, 180)
    assert (curves_of(stormy, steps).incidence_at(REACHED, 180) < calm_chance).all()


def test_dates_come_in_order_and_are_named_exactly_where_the_longest_horizon_is_enough(company):
    features, today = company.features, company.features.snapshots["day"] == company.day
    rows = np.flatnonzero(today)
    steps = features.steps.loc[features.steps["snapshot"].isin(rows)]
    steps = steps.assign(snapshot=np.searchsorted(rows, steps["snapshot"]))
    values, exits = features.values.iloc[rows], company.models.exits
    curves = company.models.steps.curves(exits.rates(exits.matrix(values)), values, steps)
    waits = company.models.steps.waits(curves, values, steps, (0.1, 0.5, 0.9))
    chance = curves.by_cause[REACHED][:, -1]
    for quantile, wait in zip((0.1, 0.5, 0.9), waits, strict=True):
        assert (np.isnan(wait) == (chance < quantile)).all()
        assert (wait[~np.isnan(wait)] < curves.days[-1]).all()
        assert (wait[~np.isnan(wait)] >= 0).all()
    for sooner, later in pairwise(waits):
        assert (np.isnan(later) | (sooner <= later)).all()


@pytest.mark.parametrize("ago", [0, 150])
def test_no_step_is_followed_past_the_training_day(company, ago):
    day = company.day - ago
    followed = follow(company.features, training_day=day, every_days=28, min_events=30)
    cases = follow_steps(company.features, followed, most_rows=ALL)
    assert (cases.day + cases.followup.days <= day).all()
    assert (cases.day < day).all()


def test_a_milestone_known_later_teaches_nothing(company):
    day, features = company.day - 150, company.features
    followed = follow(features, training_day=day, every_days=28, min_events=30)
    known = features.reached["known_day"] < day
    assert 0 < known.sum() < len(known)
    then = replace(features, reached=features.reached.loc[known])
    one = follow_steps(features, followed, most_rows=ALL)
    other = follow_steps(then, followed, most_rows=ALL)
    np.testing.assert_array_equal(one.followup.days, other.followup.days)
    np.testing.assert_array_equal(one.followup.cause, other.followup.cause)


def test_each_step_ends_by_what_came_first(company, followed):
    cases = follow_steps(company.features, followed, most_rows=ALL)
    keys = (
        company.features.snapshots["account_id"]
        .iloc[followed.rows]
        .iloc[cases.steps["snapshot"]]
    )
    told = cases.steps.assign(account_id=keys.to_numpy(), asked=cases.day)
    told = told.assign(days=cases.followup.days, cause=cases.followup.cause)
    reached = company.features.reached[["account_id", "milestone", "day"]]
    told = told.merge(reached, on=["account_id", "milestone"], how="left")
    done = told["cause"] == 0
    assert done.any()
    assert (told["cause"] > 0).any()
    wait = (told["day"] - told["asked"]).clip(lower=0.5)
    pd.testing.assert_series_equal(told["days"][done], wait[done], check_names=False)
    assert not (wait[told["cause"] > 0] < told["days"][told["cause"] > 0]).any()
    assert not (wait[told["cause"] == CENSORED] < told["days"][told["cause"] == CENSORED]).any()


def test_where_nothing_is_open_there_is_nothing_to_learn(company, followed):
    climbed = replace(company.features, steps=company.features.steps.iloc[:0])
    project = company.configuration.project
    assert fit_steps(climbed, followed, company.models.exits, project) is None


accounts = st.lists(st.integers(0, 20), max_size=60).map(lambda found: np.array(found, int))


@given(accounts, st.integers(1, 30))
def test_too_many_rows_are_thinned_by_whole_accounts(account, most_rows):
    kept = _sampled(account, len(account), most_rows)
    chosen = set(account[kept])
    assert [row for row, own in enumerate(account) if own in chosen] == kept.tolist()
    if len(account) <= most_rows:
        assert len(kept) == len(account)
