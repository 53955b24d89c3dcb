"""What followed a morning, as far as it was known on the day of training."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.asof import NEVER
from training.engine.outcomes import (
    FIRST_MOMENT_DAYS,
    Events,
    exit_events,
    first_of,
    followed_until,
    reached_events,
)
from training.engine.periods import CENSORED, FollowUp

CHURN, OTHER = 0, 1
few = settings(max_examples=100, deadline=None)
days = st.integers(0, 60)


def exits(*told: tuple[str, int, str, int]) -> pd.DataFrame:
    """Rows of exits: account, day it left, cause, day we knew."""
    return pd.DataFrame(
        {
            "account_id": [account for account, *_ in told],
            "exited_at": pd.to_datetime([day for _, day, _, _ in told], unit="D").as_unit("us"),
            "cause": [cause for _, _, cause, _ in told],
            "known_at": pd.to_datetime([known for *_, known in told], unit="D"),
        }
    )


def asked(told: pd.DataFrame, **mornings: int) -> Events:
    """The next exit of each account on its morning."""
    accounts, day = pd.Series(list(mornings), dtype="str"), np.array([*mornings.values()])
    return exit_events(told, accounts, day, ("churn", "other"))


def event(day: int, known_day: int, cause: int = CHURN) -> Events:
    return Events(np.array([day]), np.array([known_day]), np.array([cause]))


def followed(morning: int, what: Events, *, training_day: int, lag_days: int) -> tuple:
    found = followed_until(
        np.array([morning]), what, training_day=training_day, lag_days=lag_days
    )
    return found.days[0], found.cause[0]


def test_an_exit_is_looked_up_by_account_and_cause():
    told = exits(("a", 20, "churn", 22), ("b", 30, "acquired", 30))
    found = asked(told, a=10, b=10, c=10)
    assert found.day.tolist() == [20, 30, NEVER]
    assert found.known_day.tolist() == [22, 30, NEVER]
    assert found.cause.tolist() == [CHURN, OTHER, CENSORED]


def test_an_account_that_came_back_can_leave_again():
    told = exits(("a", 50, "acquired", 55), ("a", 20, "churn", 22))
    found = exit_events(
        told, pd.Series(["a", "a", "a", "a"]), np.array([10, 22, 23, 56]), ("churn", "other")
    )
    assert found.day.tolist() == [20, 20, 50, NEVER]
    assert found.cause.tolist() == [CHURN, CHURN, OTHER, CENSORED]


def test_an_exit_announced_beforehand_still_lies_ahead():
    found = asked(exits(("a", 40, "churn", 10)), a=30)
    assert found.day.tolist() == [40]
    assert followed(30, found, training_day=60, lag_days=0) == (10.0, CHURN)


def test_an_exit_dated_to_the_end_of_time_is_nobody_elses():
    told = exits(("a", 20, "churn", 22), ("b", 20, "churn", 22), ("c", 20, "churn", 22))
    told.loc[0, "exited_at"] = pd.Timestamp("9999-12-31").as_unit("us")
    found = asked(told, a=10, b=10, c=30)
    assert found.day.tolist()[1:] == [20, NEVER]
    assert followed(10, found, training_day=60, lag_days=0) == (50.0, CENSORED)


def test_without_any_exit_everybody_is_still_here():
    found = asked(exits(), a=10)
    assert found.day.tolist() == [NEVER]
    assert followed(10, found, training_day=60, lag_days=5) == (45.0, CENSORED)


def test_an_exit_happens_on_its_day_and_not_on_the_day_we_heard_of_it():
    assert followed(10, event(20, 31), training_day=60, lag_days=0) == (10.0, CHURN)


def test_an_exit_we_did_not_know_on_the_training_day_has_not_happened():
    assert followed(10, event(20, 40), training_day=40, lag_days=0) == (30.0, CENSORED)


def test_the_last_days_are_not_followed_because_their_exits_are_not_all_reported():
    assert followed(10, event(36, 37), training_day=40, lag_days=5) == (25.0, CENSORED)


def test_an_exit_before_the_morning_that_nobody_knew_of_falls_into_its_first_moments():
    assert followed(30, event(25, 33), training_day=60, lag_days=0) == (
        FIRST_MOMENT_DAYS,
        CHURN,
    )


def test_a_morning_too_late_to_be_followed_has_no_follow_up():
    assert followed(58, event(59, 59), training_day=60, lag_days=5) == (0.0, CENSORED)


def test_a_milestone_is_looked_up_by_account_and_slug():
    told = pd.DataFrame(
        {
            "account_id": ["a", "a", "b"],
            "milestone": ["one", "two", "one"],
            "day": [20, 30, 40],
            "known_day": [27, 34, 41],
        }
    )
    rows = pd.DataFrame({"account_id": ["a", "b", "b"], "milestone": ["two", "one", "two"]})
    found = reached_events(told, rows)
    assert found.day.tolist() == [30, 40, NEVER]
    assert found.known_day.tolist() == [34, 41, NEVER]
    assert found.cause.tolist() == [0, 0, CENSORED]


def test_where_nobody_reached_anything_nothing_was_reached():
    rows = pd.DataFrame({"account_id": ["a"], "milestone": ["one"]})
    nothing = pd.DataFrame({"account_id": [], "milestone": [], "day": [], "known_day": []})
    assert reached_events(nothing, rows).cause.tolist() == [CENSORED]


def test_what_comes_first_is_what_happened():
    reached = FollowUp(np.array([5.0, 9.0, 20.0]), np.array([0, 0, CENSORED]))
    left = FollowUp(np.array([9.0, 5.0, 7.0]), np.array([0, 1, 0]))
    found = first_of(reached, left, shift=1)
    assert found.days.tolist() == [5.0, 5.0, 7.0]
    assert found.cause.tolist() == [0, 2, 1]


def test_a_milestone_reached_on_the_last_day_counts():
    reached, left = (
        FollowUp(np.array([9.0]), np.array([0])),
        FollowUp(np.array([9.0]), np.array([0])),
    )
    assert first_of(reached, left, shift=1).cause.tolist() == [0]


known_events = st.tuples(days, days, st.integers(CHURN, OTHER)).map(
    lambda told: event(told[0], told[0] + told[1], told[2])
)


@given(days, known_events, st.integers(1, 80), st.integers(0, 10))
@few
def test_nobody_is_followed_beyond_the_training_day(morning, what, training_day, lag_days):
    lasted, cause = followed(morning, what, training_day=training_day, lag_days=lag_days)
    assert lasted >= 0
    end = max(training_day - lag_days - morning, 0)
    if cause == CENSORED:
        assert lasted == end
    elif what.day[0] >= morning:
        assert lasted < end or lasted == FIRST_MOMENT_DAYS


@given(days, known_events, st.integers(1, 80), st.integers(0, 10))
@few
def test_what_is_known_only_after_the_training_day_changes_nothing(
    morning, what, training_day, lag_days
):
    nothing = event(NEVER, NEVER, CENSORED)
    later = Events(what.day, np.maximum(what.known_day, training_day), what.cause)
    told, untold = (
        followed(morning, of, training_day=training_day, lag_days=lag_days)
        for of in (later, nothing)
    )
    assert told == untold


@given(days, known_events, st.integers(1, 80))
@few
def test_a_later_training_day_follows_at_least_as_long(morning, what, training_day):
    earlier, later = (
        followed(morning, what, training_day=day, lag_days=0)
        for day in (training_day, training_day + 7)
    )
    if earlier[1] == CENSORED:
        assert later[0] >= earlier[0] or later[1] != CENSORED
    else:
        assert later == earlier


ends = st.tuples(st.integers(0, 6).map(float), st.sampled_from([CENSORED, 0, 1]))


def outcomes(told: list[tuple[float, int]]) -> FollowUp:
    return FollowUp(np.array([day for day, _ in told]), np.array([cause for _, cause in told]))


@given(st.lists(st.tuples(ends, ends), min_size=1, max_size=8))
@few
def test_either_kind_may_be_asked_first_unless_both_happen_on_one_day(pairs):
    one, other = outcomes([pair[0] for pair in pairs]), outcomes([pair[1] for pair in pairs])
    ahead, behind = first_of(one, other, shift=2), first_of(other, one, shift=2)
    np.testing.assert_array_equal(ahead.days, behind.days)
    swapped = np.where(behind.cause == CENSORED, CENSORED, (behind.cause + 2) % 4)
    both = (one.days == other.days) & (one.cause != CENSORED) & (other.cause != CENSORED)
    np.testing.assert_array_equal(ahead.cause[~both], swapped[~both])


@given(st.lists(st.tuples(ends, ends), min_size=1, max_size=8))
@few
def test_the_first_of_two_ends_no_later_than_either_and_is_one_of_them(pairs):
    one, other = outcomes([pair[0] for pair in pairs]), outcomes([pair[1] for pair in pairs])
    found = first_of(one, other, shift=2)
    np.testing.assert_array_equal(found.days, np.minimum(one.days, other.days))
    for row, cause in enumerate(found.cause):
        if cause == CENSORED:
            assert found.days[row] in (one.days[row], other.days[row])
        else:
            of, number = (one, cause) if cause < 2 else (other, cause - 2)
            assert of.cause[row] == number
            assert of.days[row] == found.days[row]


@given(st.lists(ends, min_size=1, max_size=8))
@few
def test_against_nothing_everything_is_as_it_was(told):
    one = outcomes(told)
    nothing = FollowUp(np.full(len(told), 99.0), np.full(len(told), CENSORED))
    found = first_of(one, nothing, shift=2)
    np.testing.assert_array_equal(found.days, one.days)
    np.testing.assert_array_equal(found.cause, one.cause)


@pytest.mark.parametrize("lag_days", [0, 3])
def test_a_day_is_the_last_that_counts_when_it_lies_before_the_end(lag_days):
    end = 60 - lag_days
    assert followed(10, event(end - 1, end - 1), training_day=60, lag_days=lag_days)[1] == CHURN
    assert followed(10, event(end, end), training_day=60, lag_days=lag_days)[1] == CENSORED
