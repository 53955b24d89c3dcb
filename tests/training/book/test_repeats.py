from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.book.repeats import changed_first, further_changes, ratio_of
from training.engine.followed import Followed
from training.engine.periods import CENSORED, FollowUp
from training.questions.changes import DOWN, UP

MORNINGS, END = (100, 128), 300


def followed(*first: tuple[str, int, int, int]) -> Followed:
    """Rows of (account, morning, cause, days to it)."""
    accounts, day, cause, days = (list(each) for each in zip(*first, strict=True))
    return Followed(
        rows=np.arange(len(first)),
        day=np.array(day),
        account=pd.factorize(pd.Series(accounts))[0].astype(np.int64),
        causes=("churn",),
        followup=FollowUp(np.array(days, dtype=float), np.array(cause)),
        training_day=END,
        lag_days=0,
    )


def a_history(*steps: tuple[str, int, float], accounts: list[str]) -> SimpleNamespace:
    """Steps of (account, day, factor)."""
    names, day, factor = (list(each) for each in zip(*steps, strict=True))
    arr = pd.DataFrame({"account_id": names, "day": day, "known_day": day, "before": 100.0})
    arr["arr"] = arr["before"] * np.array(factor)
    return SimpleNamespace(arr=arr, snapshots=pd.DataFrame({"account_id": accounts}))


def test_a_first_change_is_told_once_by_the_last_morning_before_it():
    early, late = MORNINGS
    changed = followed(("a", early, UP, 40), ("a", late, UP, 12), ("b", late, DOWN, 5))
    assert changed_first(changed, way=UP, within_days=90).tolist() == [1]
    assert changed_first(changed, way=DOWN, within_days=90).tolist() == [2]


def test_a_change_beyond_the_horizon_or_never_seen_is_none():
    late = MORNINGS[1]
    changed = followed(("a", late, UP, 95), ("b", late, CENSORED, 172))
    assert changed_first(changed, way=UP, within_days=90).tolist() == []


def test_further_changes_are_those_of_the_same_way_after_the_first_and_before_the_end():
    late = MORNINGS[1]
    changed = followed(("a", late, UP, 12), ("b", late, UP, 3))
    history = a_history(
        ("a", late + 12, 1.5),
        ("a", late + 20, 1.2),
        ("a", late + 30, 0.5),
        ("a", late + 60, 1.1),
        ("a", late + 90, 1.1),
        ("b", late + 3, 1.2),
        accounts=["a", "b"],
    )
    until = np.full(2, late + 90)
    rows = np.arange(2)
    assert further_changes(history, changed, rows, until, way=UP).tolist() == [2, 0]


@given(st.integers(1, 20), st.floats(0.0, 0.1), st.integers(0, 30), st.integers(0, 30))
def test_the_more_changes_follow_the_more_often_it_is_said_to_happen_again(
    size, rate, one, other
):
    def told(further: int) -> float:
        days = np.full(size, 10.0)
        counted = np.full(size, further)
        return ratio_of(np.full((size, 90), rate), days, days + 70, counted)

    assert told(min(one, other)) <= told(max(one, other))
    assert told(0) <= 1.0


def test_what_happens_as_often_as_the_rate_says_is_multiplied_by_one():
    daily = np.full((40, 90), 0.05)
    first, watched = np.full(40, 9.0), np.full(40, 50.0)
    assert ratio_of(daily, first, watched, np.full(40, 2)) == pytest.approx(1.0)
