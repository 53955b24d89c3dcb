from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.engine.followed import (
    CHURN,
    OTHER,
    Followed,
    causes_of,
    follow,
    lag_known_by,
    spaced_back,
)
from training.engine.periods import CENSORED, FollowUp

days = st.sets(st.integers(0, 400), max_size=40).map(lambda found: np.array(sorted(found)))


def exits(*told: tuple[str, int]) -> pd.DataFrame:
    """Exits by cause and the day they were known."""
    known = pd.to_datetime([day for _, day in told], unit="D")
    return pd.DataFrame({"cause": [cause for cause, _ in told], "known_at": known})


@given(days, st.integers(1, 60), st.integers(0, 30))
def test_mornings_that_teach_are_a_step_apart_and_none_that_fits_is_left_out(days, step, ago):
    last = int(days.max(initial=0)) + ago
    chosen = spaced_back(days, last, step)
    assert set(chosen) <= set(days)
    assert (np.diff([*chosen, last]) >= step).all()
    for day in set(days.tolist()) - set(chosen.tolist()):
        later = min([*chosen[chosen > day], last])
        assert later - day < step


def test_churn_comes_first_then_what_is_common_then_the_rest_together():
    told = exits(*[("moved", 5)] * 3, *[("acquired", 5)] * 2, ("closed", 5), (CHURN, 5))
    assert causes_of(told, known_before=9, min_events=2) == (
        CHURN,
        "acquired",
        "moved",
        OTHER,
    )
    assert causes_of(told, known_before=9, min_events=1) == (
        CHURN,
        "acquired",
        "closed",
        "moved",
    )


def test_a_cause_nobody_knew_of_yet_is_no_cause():
    told = exits((CHURN, 5), ("acquired", 9))
    assert causes_of(told, known_before=9, min_events=1) == (CHURN,)


def test_rows_that_were_still_followed_after_a_day_and_up_to_where_all_is_known():
    followed = Followed(
        rows=np.arange(4),
        day=np.array([50, 60, 70, 80]),
        account=np.arange(4),
        causes=(CHURN,),
        followup=FollowUp(np.array([30.0, 20.5, 5.0, 10.0]), np.array([0, 0, 0, CENSORED])),
        training_day=97,
        lag_days=7,
    )
    assert followed.watched_since(80).tolist() == [1, 3]
    assert followed.end_day == 90
    assert followed.exited() == 3


def test_how_late_exits_are_told_is_learnt_from_those_that_were_known_before_the_day():
    lags = pd.DataFrame({"left": [10, 20, 30, 40], "known": [13, 24, 90, 91]})
    moments = {f"{name}_at": pd.to_datetime(days, unit="D") for name, days in lags.items()}
    exits = pd.DataFrame(moments).rename(columns={"left_at": "exited_at"})
    told = [lag_known_by(day, exits) for day in (13, 14, 24, 25, 91, 92)]
    # 95 of 100 were known within: between 3 and 4, 4 and 60, and 51 and 60 days.
    assert told == [0, 3, 3, 4, 55, 59]


@pytest.mark.parametrize("ago", [0, 40, 100, 333])
def test_nothing_is_followed_past_the_training_day(company, ago):
    followed = follow(
        company.features, training_day=company.day - ago, every_days=28, min_events=5
    )
    until = followed.day + followed.followup.days
    assert len(until) > 100
    assert (until <= followed.end_day).all()
    assert (followed.day < company.day - ago).all()
    assert (followed.followup.days > 0).all()
    assert (until[followed.followup.cause == CENSORED] == followed.end_day).all()


def test_where_exits_are_told_late_a_morning_of_which_nothing_is_known_yet_teaches_nothing(
    company,
):
    exits, day = company.features.exits, company.day
    late = exits.assign(known_at=exits["exited_at"] + pd.Timedelta(days=35))
    told = {"training_day": day, "every_days": 7, "min_events": 5}
    followed = follow(replace(company.features, exits=late), **told)
    at_once = follow(company.features, **told)
    assert followed.end_day == day - 35
    assert set(followed.day) == set(at_once.day[at_once.day < day - 35])


def test_an_exit_known_later_teaches_nothing(company):
    day, features = company.day - 120, company.features
    known = features.exits["known_at"] < pd.Timestamp(day, unit="D")
    assert 0 < known.sum() < len(known)
    then = replace(features, exits=features.exits.loc[known])
    told = {"training_day": day, "every_days": 28, "min_events": 5}
    one, other = follow(features, **told), follow(then, **told)
    assert one.causes == other.causes
    np.testing.assert_array_equal(one.rows, other.rows)
    np.testing.assert_array_equal(one.followup.days, other.followup.days)
    np.testing.assert_array_equal(one.followup.cause, other.followup.cause)


def test_every_account_that_left_while_it_was_watched_is_counted_once(company):
    followed = follow(company.features, training_day=company.day, every_days=28, min_events=5)
    left = company.features.exits.query("cause == 'churn'")["account_id"]
    watched = company.features.snapshots["account_id"].iloc[followed.rows]
    assert followed.exited() == len(set(left) & set(watched))
    assert followed.exited("acquired") + followed.exited() <= len(company.features.exits)
