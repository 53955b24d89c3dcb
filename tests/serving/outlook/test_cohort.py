from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from serving.outlook.cohort import Cohort, arr_kept, came_in, chances, has_left, milestones
from training.engine.curves import IncidenceCurves
from training.engine.followed import CHURN
from training.engine.periods import Periods

DAY = pd.Timestamp(0, unit="D")


def at(days: "pd.Series[int]") -> "pd.Series[pd.Timestamp]":
    return (DAY + pd.to_timedelta(days, unit="D")).astype("datetime64[us]")


def a_history():
    """Mornings 0, 7, 14 and 21: `old` stays, `gone` leaves, `young` comes on day 14."""
    seen = [("gone", 0), ("gone", 7), ("old", 0), ("old", 7), ("old", 14), ("old", 21)]
    seen += [("young", 14), ("young", 21), ("early", 0)]
    snapshots = pd.DataFrame(seen, columns=["account_id", "day"]).assign(parent_id=None)
    exits = pd.DataFrame(
        [("gone", 12, "churn"), ("early", 5, "churn"), ("young", 30, "acquired")],
        columns=["account_id", "day", "cause"],
    )
    exits["exited_at"] = exits["known_at"] = at(exits["day"])
    reached = pd.DataFrame(
        [("old", "a", 3), ("old", "b", 8), ("young", "a", 14), ("young", "b", 25)],
        columns=["account_id", "milestone", "day"],
    )
    paid = [("gone", 0, 100.0), ("old", 0, 100.0), ("old", 10, 150.0), ("young", 14, 80.0)]
    arr = pd.DataFrame([*paid, ("young", 20, 60.0)], columns=["account_id", "day", "arr"])
    return SimpleNamespace(snapshots=snapshots, exits=exits, reached=reached, arr=arr)


@pytest.fixture
def history():
    return a_history()


def test_those_who_were_here_come_in_when_it_begins_and_the_others_on_their_first_morning(
    history,
):
    cohort = came_in(history, since=8, until=22)
    told = dict(zip(cohort.accounts["account_id"], cohort.day, strict=True))
    assert told == {"gone": 8, "old": 8, "young": 14}
    assert history.snapshots["day"].iloc[cohort.row].tolist() == [7, 7, 14]


def test_whoever_left_between_the_last_morning_and_the_beginning_never_came_in(history):
    assert "early" not in set(came_in(history, since=6, until=22).accounts["account_id"])


def test_whoever_had_left_before_the_beginning_as_nobody_knew_yet_never_came_in(history):
    """Of an account that left on day 5 nobody knew on the morning of day 7."""
    early = history.exits["account_id"] == "early"
    history.exits.loc[early, "known_at"] = at(pd.Series([13]))[0]
    history.snapshots.loc[len(history.snapshots)] = ["early", 7, None]
    assert "early" not in set(came_in(history, since=8, until=22).accounts["account_id"])
    back = history.snapshots.copy()
    back.loc[len(back)] = ["early", 21, None]
    cohort = came_in(SimpleNamespace(**vars(history) | {"snapshots": back}), since=8, until=22)
    told = dict(zip(cohort.accounts["account_id"], cohort.day, strict=True))
    assert told["early"] == 21
    history.exits.loc[early, "known_at"] = at(pd.Series([6]))[0]
    assert "early" in set(came_in(history, since=8, until=22).accounts["account_id"])


def test_whoever_comes_after_the_look_has_not_come_in_yet(history):
    assert "young" not in set(came_in(history, since=8, until=14).accounts["account_id"])


def test_only_churn_between_coming_in_and_the_look_counts_as_leaving(history):
    cohort = came_in(history, since=8, until=22)
    assert has_left(history, cohort, until=12).tolist() == [0, 0, 0]
    assert has_left(history, cohort, until=13).tolist() == [1, 0, 0]
    assert has_left(history, cohort, until=99).tolist() == [1, 0, 0]


def test_milestones_are_those_before_coming_in_and_those_since(history):
    before, since = milestones(history, came_in(history, since=8, until=22), until=22)
    assert before.tolist() == [0, 1, 0]
    assert since.tolist() == [0, 1, 1]


def test_of_arr_at_most_what_was_paid_is_kept_and_nothing_once_gone(history):
    paid, kept = arr_kept(history, came_in(history, since=8, until=22), until=22)
    np.testing.assert_allclose(paid, [100, 100, 80])
    np.testing.assert_allclose(kept, [0, 1, 0.75])


def test_what_happens_after_the_look_changes_nothing(history):
    later = a_history()
    day = DAY + pd.Timedelta(days=22)
    later.exits.loc[len(later.exits)] = ["old", 22, "churn", day, day]
    later.reached.loc[len(later.reached)] = ["gone", "a", 22]
    for told in (history, later):
        cohort = came_in(told, since=8, until=22)
        assert has_left(told, cohort, until=22).tolist() == [1, 0, 0]
        assert milestones(told, cohort, until=22)[1].tolist() == [0, 1, 1]


@given(arrays(float, (1, 3), elements=st.floats(0.0, 0.05)), st.integers(0, 200))
def test_what_was_expected_is_the_curve_on_the_day_and_goes_on_as_it_ended(rates, days):
    """One account, seen from the day it came in: its rates are those of 30, 60 and 90 days."""
    periods = Periods((0.0, 30.0, 60.0, 90.0))
    curves = IncidenceCurves.from_rates({CHURN: rates}, periods.edges)
    model = SimpleNamespace(curves=lambda _: curves, periods=periods)
    accounts = pd.DataFrame({"account_id": ["a"], "parent_id": [None]})
    cohort = Cohort(accounts, np.array([0]), np.array([500]))
    features = SimpleNamespace(values=pd.DataFrame({"any": [1.0]}))
    told = chances(model, features, cohort, until=500 + days)
    lived = np.clip(days - np.array([0, 30, 60]), 0, [30, 30, np.inf])
    np.testing.assert_allclose(told, 1 - np.exp(-(rates * lived).sum()), atol=1e-9)
