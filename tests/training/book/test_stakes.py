import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from training.book.stakes import DOUBT_EVENTS, Stakes

events = st.lists(
    st.tuples(st.floats(1, 1e6), st.floats(0, 0.5), st.booleans()), min_size=1, max_size=60
)


def learnt(rows):
    return Stakes.learnt(*(np.array([float(row[i]) for row in rows]) for i in range(3)))


@given(events)
def test_every_account_belongs_to_a_part_and_is_multiplied_by_something_above_zero(rows):
    stakes = learnt(rows)
    arr = np.array([0.0, np.nan, 1.0, 1e9, *(row[0] for row in rows)])
    assert (stakes.part_of(arr) < len(stakes.shape)).all()
    assert (stakes.times(arr) > 0).all()


def test_parts_hold_a_like_share_of_the_money():
    arr = np.array([1.0] * 100 + [100.0])
    stakes = Stakes.learnt(arr, np.full(101, 0.1), np.zeros(101))
    assert stakes.part_of(np.array([1.0]))[0] < stakes.part_of(np.array([100.0]))[0]


def test_where_the_large_leave_twice_as_often_as_expected_they_are_expected_to():
    arr = np.array([1.0] * 900 + [9.0] * 100)
    expected = np.full(1000, 0.5)
    came = np.where(arr > 1, 1.0, 0.5 * 800 / 900)
    times = Stakes.learnt(arr, expected, came).times(np.array([1.0, 9.0]))
    large = (100 + DOUBT_EVENTS) / (50 + DOUBT_EVENTS)
    assert_allclose(times[1], large, rtol=0.02)
    assert_allclose(times[0], 400 / 450, rtol=0.02)


def test_of_few_events_little_is_believed_and_much_is_possible():
    few = Stakes.learnt(np.array([1.0, 5.0]), np.array([0.5, 0.5]), np.array([0.0, 1.0]))
    assert_allclose(few.times(np.array([1.0, 5.0])), 1.0, atol=0.06)
    off = few.drawn(draws=4000, rng=np.random.default_rng(1))
    assert_allclose(off.mean(axis=0), 1.0)
    assert (off.std(axis=0) > 0.25).all()


def test_without_money_nothing_is_corrected():
    stakes = Stakes.learnt(np.full(3, np.nan), np.ones(3), np.ones(3))
    assert_allclose(stakes.times(np.full(3, np.nan)), 1.0)
    assert_allclose(stakes.drawn(draws=2, rng=np.random.default_rng(0)), 1.0)
