"""What an account did lately, in cases that can be checked by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.assemble import FeatureSet
from features.windows import newly_set_bits
from tests.builders import AnAccount, a_world

few = settings(max_examples=60, deadline=None)


def today(features: FeatureSet, account_id: str) -> dict[str, float]:
    rows = features.snapshots["account_id"] == account_id
    rows &= features.snapshots["day"] == features.snapshots["day"].max()
    return features.values[rows.to_numpy()].iloc[0].to_dict()


@pytest.fixture(scope="module")
def company() -> FeatureSet:
    members = {
        "silent": AnAccount("silent").signed_up(50),
        "steady": AnAccount("steady").signed_up(100).was_active(*range(2, 90, 7)),
        "stopped": AnAccount("stopped").signed_up(100).was_active(40, 35, 30),
        "busy": AnAccount("busy")
        .signed_up(100)
        .was_active(1.2, 1.1, 1.0, user="ann")
        .was_active(1.1, user="bob")
        .was_active(20, user=None, quantity=5),
        "on_the_edge": AnAccount("on_the_edge")
        .signed_up(100)
        .was_active(7, known_after=0)
        .was_active(7.01, known_after=0),
        "from_tomorrow": AnAccount("from_tomorrow").signed_up(20).was_active(-1, -30),
        "of_two_roles": AnAccount("of_two_roles")
        .signed_up(60)
        .has_user("ann", role="admin")
        .has_user("bob", role="member", since=10)
        .was_active(50, user="ann")
        .was_active(12, user="bob"),
        "told_late": AnAccount("told_late")
        .signed_up(60)
        .was_active(10, known_after=3)
        .was_active(10, user="bob", known_after=20),
        "of_the_past": AnAccount("of_the_past").signed_up(3).was_active(30),
    }
    return a_world(*members.values()).build()


def test_a_silent_account_scores_zero_not_missing(company):
    told = today(company, "silent")
    assert told["activity_count_28d"] == told["active_days_91d"] == told["weeks_streak"] == 0
    assert told["days_since_active"] == 50


def test_use_once_a_week_is_a_streak_of_whole_weeks(company):
    told = today(company, "steady")
    assert told["weeks_streak"] == 13
    assert told["active_weeks_share_56d"] == 1.0
    assert told["active_weeks_share_182d"] == 0.5
    assert told["active_days_28d"] == 4


def test_silence_after_use_is_a_fall(company):
    told = today(company, "stopped")
    assert told["activity_ratio_28d"] == pytest.approx(1 / 4)
    assert told["days_since_active"] == 30
    assert told["active_users_ratio_91d"] == 0.0


def test_days_and_people_are_counted_once_and_rows_every_time(company):
    told = today(company, "busy")
    assert told["activity_count_7d"] == 4
    assert told["active_days_7d"] == 2
    assert told["active_users_7d"] == 2
    assert told["activity_quantity_28d"] == 9


def test_rows_without_a_user_are_use_by_nobody_in_particular(company):
    told = today(company, "busy")
    assert told["activity_count_28d"] - told["activity_count_7d"] == 1
    assert told["active_users_28d"] == 2


def test_a_week_begins_seven_midnights_ago(company):
    told = today(company, "on_the_edge")
    assert told["activity_count_7d"] == 1
    assert told["activity_count_28d"] == 2


def test_what_is_dated_in_the_future_has_not_happened(company):
    told = today(company, "from_tomorrow")
    assert told["activity_count_91d"] == 0
    assert told["days_since_active"] == 20


def test_a_role_is_silent_when_its_people_are(company):
    told = today(company, "of_two_roles")
    assert told["role_active_users_admin_28d"] == 0
    assert told["role_active_users_admin_91d"] == 1
    assert told["role_days_since_active_admin"] == 50
    assert told["role_active_users_member_28d"] == 1
    # Nobody knew that bob was a member when he was active.
    assert told["role_days_since_active_member"] == 12


def test_a_row_counts_once_it_is_known_on_the_day_it_happened(company):
    told = today(company, "told_late")
    assert told["active_users_28d"] == 1
    assert told["days_since_active"] == 10


def test_use_before_the_sign_up_counts_as_use(company):
    told = today(company, "of_the_past")
    assert told["activity_count_91d"] == 1
    assert told["days_since_active"] == 30


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 127)), max_size=12))
@few
def test_bits_are_new_once_in_each_group(rows):
    group = np.array([row[0] for row in rows], dtype=np.int64)
    bits = np.array([row[1] for row in rows], dtype=np.int64)
    new = newly_set_bits(group, np.arange(len(rows)), bits)
    for name in range(3):
        whole = np.bitwise_or.reduce(bits[group == name], initial=0)
        assert np.bitwise_count(new[group == name]).sum() == int(whole).bit_count()
