import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from features.asof import NEVER
from tests.builders import AnAccount, a_world
from training.engine.followed import follow
from training.engine.periods import CENSORED
from training.questions.changes import DOWN, UP, KindRates, changes, follow_changes
from training.questions.changes import _next_change as next_change

accounts, days = st.sampled_from("abc"), st.integers(0, 60)
moves = st.lists(st.tuples(accounts, days), max_size=9, unique=True)


def a_book():
    grows = AnAccount("grows").signed_up(200).was_active(150, 3)
    grows.has_contract(190, 20, arr=10.0).has_contract(20, -100, arr=15.0)
    shrinks = AnAccount("shrinks").signed_up(200)
    shrinks.has_contract(190, 30, arr=10.0).has_contract(30, -100, arr=8.0)
    same = AnAccount("same").signed_up(200)
    same.has_contract(190, 30, arr=10.0).has_contract(30, -100, arr=10.05)
    leaves = AnAccount("leaves").signed_up(200).has_contract(190, 10, arr=10.0).left(10)
    return a_world(grows, shrinks, same, leaves).build()


def test_the_first_change_is_followed_like_an_exit():
    features = a_book()
    followed = follow(features, training_day=int(features.snapshots["day"].max()),
                      every_days=28, min_events=1)  # fmt: skip
    found = follow_changes(features, followed)
    accounts = features.snapshots["account_id"].iloc[followed.rows].to_numpy()
    at = {name: found.cause[(accounts == name)][0] for name in set(accounts)}
    assert at == {"grows": UP, "shrinks": DOWN, "same": CENSORED, "leaves": 2}
    wait = found.days[accounts == "grows"] + followed.day[accounts == "grows"]
    assert (wait == wait[0]).all()


def test_a_change_is_known_by_what_it_multiplied():
    features = a_book()
    moved = changes(features.arr, known_before=10**6).set_index("account_id")["factor"]
    assert_allclose(moved.loc[["grows", "shrinks"]], [1.5, 0.8])


def test_a_small_kind_is_drawn_towards_everybodys_rate():
    values = pd.DataFrame({"tenure_days": [10.0] * 99 + [500.0], "arr": [10.0] * 100})
    events = np.array([1.0] * 40 + [0.0] * 60)
    rates = KindRates.learnt(values, events, np.full(100, 50.0))
    young, old = rates.rates(values)[[0, 99], 0]
    assert old < young
    assert old > rates.overall / 2


@given(moves, st.lists(st.tuples(accounts, days), min_size=1, max_size=6))
def test_the_next_change_is_that_which_looking_one_by_one_finds(told, asked):
    moved = pd.DataFrame(told, columns=["account_id", "day"])
    moved = moved.assign(known_day=moved["day"] + 2, factor=np.where(moved["day"] % 2, 2, 0.5))
    ids, day = pd.Series([name for name, _ in asked]), np.array([day for _, day in asked])
    found = next_change(moved, ids, day)
    for place, (name, morning) in enumerate(asked):
        ahead = [day for other, day in told if other == name and day >= morning]
        first = min(ahead, default=None)
        assert found.day[place] == (NEVER if first is None else first)
        assert found.known_day[place] == (NEVER if first is None else first + 2)
        way = CENSORED if first is None else UP if first % 2 else DOWN
        assert found.cause[place] == way


def test_a_kind_that_was_never_seen_fares_as_everybody_does():
    seen = pd.DataFrame({"tenure_days": [10.0] * 40, "arr": [10.0] * 40})
    rates = KindRates.learnt(seen, np.ones(40), np.full(40, 50.0))
    other = pd.DataFrame({"tenure_days": [900.0], "arr": [10.0]})
    assert rates.rates(other).tolist() == [[rates.overall]]
