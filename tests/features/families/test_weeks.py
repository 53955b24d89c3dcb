"""Weekly use against the account's own past: cases by hand. MORNING is a Monday."""

import pandas as pd
import pytest

from tests.builders import AnAccount, a_world


def told(account: AnAccount, **sections: object) -> dict[str, float]:
    """The last morning's inputs of the one account."""
    return a_world(account, **sections).build().values.iloc[-1].to_dict()


def weekly(*uses: int) -> AnAccount:
    """Used so often in each of the last whole weeks, the newest first; signed up before."""
    account = AnAccount().signed_up(7 * len(uses))
    for back, count in enumerate(uses):
        account.was_active(*(7 * back + 1 + 0.1 * use for use in range(count)))
    return account


def test_use_that_fell_has_a_change_point_where_it_fell():
    now = told(weekly(*[1] * 4, *[10] * 9))
    # Means 1 and 10, no spread within: the variance is the mean use of all weeks, 94 / 13.
    error = (94 / 13 * (1 / 4 + 1 / 9)) ** 0.5
    assert now["use_shift_182d"] == pytest.approx(-9 / error)
    assert now["use_shift_weeks_182d"] == 4


def test_level_use_has_no_change_point():
    now = told(weekly(*[5] * 12))
    assert now["use_shift_182d"] == 0
    assert pd.isna(now["use_shift_weeks_182d"])


def test_a_young_account_has_no_past_to_shift_from():
    assert pd.isna(told(weekly(*[9] * 7))["use_shift_182d"])


def test_a_decline_is_seen_against_the_best_weeks():
    now = told(weekly(1, 1, 1, 1, 4, 4, 4, 4, 2, 2, 2, 2))
    assert now["use_share_of_peak_182d"] == pytest.approx(4 / 16)
    # From 8 to 16 it grew to 17 / 9, then fell to 5 / 17.
    assert now["use_acceleration_84d"] == pytest.approx((5 / 17) / (17 / 9))
    assert now["use_slope_91d"] < 1


def test_a_burst_is_told_from_regular_use():
    assert told(weekly(0, 0, 12, 0))["busiest_week_share_91d"] == 1
    assert told(weekly(3, 3, 3, 3))["busiest_week_share_91d"] == 0.25


def test_the_longest_streak_need_not_be_the_last_one():
    assert told(weekly(1, 0, 1, 1, 1, 0, 1))["longest_weeks_streak_182d"] == 3


def test_a_weekend_is_no_weekday():
    # The days before a Monday: Sunday, Saturday, Friday.
    assert told(AnAccount().signed_up(60).was_active(1, 2))["weekdays_share_91d"] == 0
    assert told(AnAccount().signed_up(60).was_active(1, 3))["weekdays_share_91d"] == 0.5


def test_a_capability_used_once_was_tried_but_not_taken_up():
    account = AnAccount().signed_up(200).was_active(100)
    account.was_active(100, 90, 3, capability="workflow_run")
    now = told(account)
    assert now["capabilities_repeated_share"] == 0.5
    assert now["capabilities_kept_share_91d"] == 0.5
    assert now["capabilities_new_28d"] == 0
