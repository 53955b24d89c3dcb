import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from serving.adoption.measures import NOTHING, difference, mean, median, share

counts = st.integers(1, 400).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of)))


@given(counts)
def test_a_share_and_its_interval_are_those_of_scipy(count):
    hits, of = count
    told = share(hits, of)
    wilson = binomtest(hits, of).proportion_ci(0.95, method="wilson")
    assert told[:3] == pytest.approx((hits / of, wilson.low, wilson.high), abs=1e-6)


@given(st.lists(st.floats(0, 1000), min_size=2, max_size=60))
def test_a_mean_lies_within_its_interval(values):
    told = mean(np.array(values))
    assert told.low <= told.value <= told.high
    assert told.accounts == len(values)


@given(st.lists(st.floats(0, 1000) | st.just(float("inf")), min_size=1, max_size=80))
def test_a_median_is_one_of_the_waits_or_was_never_reached(waits):
    told = median(np.array(waits))
    ended = sorted(w for w in waits if np.isfinite(w))
    if len(ended) * 2 < len(waits):
        assert np.isnan(told.value)
    elif not np.isnan(told.value):
        assert told.value in ended
        assert told.low <= told.value


@given(st.integers(1, 300))
def test_a_median_s_interval_reaches_as_many_ranks_to_either_side(size):
    told = median(np.arange(size, dtype=float))
    assert told.low + told.high == size - 1


def test_the_interval_of_a_median_holds_it_about_as_often_as_it_says():
    chance = np.random.default_rng(5)
    held = [
        told.low <= np.log(2) <= told.high
        for told in (median(chance.exponential(size=60)) for _ in range(400))
    ]
    assert np.mean(held) > 0.93


@given(counts, counts)
def test_a_difference_turned_round_is_its_own_opposite(one, other):
    there, back = difference(share(*one), share(*other)), difference(share(*other), share(*one))
    assert there.value == pytest.approx(-back.value)
    assert there.low == pytest.approx(-back.high)


def test_of_nobody_nothing_is_told():
    assert share(0, 0) is mean(np.array([])) is median(np.array([])) is NOTHING
    assert difference(NOTHING, share(1, 2)) is difference(share(1, 2), NOTHING) is NOTHING
