import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from training.engine.periods import CENSORED, FollowUp, Periods

MONTHS = Periods((0.0, 30.0, 60.0, 90.0))
days = st.lists(st.floats(0, 200), min_size=1, max_size=20).map(np.array)


def follow_up(*outcomes: tuple[float, int]) -> FollowUp:
    watched, causes = zip(*outcomes, strict=True)
    return FollowUp(np.array(watched, float), np.array(causes))


@given(days)
def test_the_days_of_all_periods_are_the_days_watched(watched):
    assert_allclose(MONTHS.exposure(watched).sum(axis=1), np.minimum(watched, 90))


@given(days)
def test_an_event_lies_in_the_last_period_that_was_entered(watched):
    period = MONTHS.period_of(watched)
    inside = period < MONTHS.count
    assert (MONTHS.starts[period[inside]] <= watched[inside]).all()
    assert (watched[inside] < MONTHS.ends[period[inside]]).all()
    assert (watched[~inside] >= 90).all()


@given(st.sets(st.integers(1, 400), min_size=1, max_size=5))
def test_every_horizon_ends_a_period_and_the_largest_ends_them_all(horizons):
    edges = Periods.covering(sorted(horizons)).edges
    assert horizons <= set(edges)
    assert edges[-1] == max(horizons)


def test_an_event_on_an_edge_belongs_to_the_period_that_starts_there():
    assert MONTHS.period_of(np.array([0.0, 29.9, 30.0, 90.0])).tolist() == [0, 0, 1, 3]


@pytest.mark.parametrize("edges", [(0.0,), (1.0, 2.0), (0.0, 5.0, 5.0), (0.0, 9.0, 3.0)])
def test_edges_that_do_not_rise_from_zero_are_refused(edges):
    with pytest.raises(ValueError, match="must rise from 0"):
        Periods(edges)


def test_within_thirty_days_means_thirty_days():
    followup = follow_up((0.0, 0), (29.0, 0), (30.0, 0))
    assert followup.happened_by(30, cause=0).tolist() == [1, 1, 0]


def test_a_row_censored_before_the_horizon_is_unknown_and_one_that_left_otherwise_is_not():
    followup = follow_up((10.0, CENSORED), (10.0, 1), (30.0, CENSORED))
    assert_allclose(followup.happened_by(30, cause=0), [np.nan, 0, 0])


def test_a_follow_up_that_ends_before_it_starts_is_refused():
    with pytest.raises(ValueError, match="before it starts"):
        follow_up((-1.0, 0))


@given(st.lists(st.integers(1, 720), min_size=1, max_size=5, unique=True))
def test_narrow_periods_end_at_every_horizon_and_are_nowhere_long(horizons):
    periods = Periods.narrow(sorted(horizons))
    assert set(horizons) <= set(periods.ends)
    assert periods.edges[-1] == max(horizons)
    assert max(periods.lengths) <= 42
    early = periods.lengths[periods.ends <= 63]
    assert not len(early) or early.max() <= 10


@given(st.integers(0, 10_000))
def test_spreading_rates_keeps_what_is_expected_up_to_every_common_edge(seed):
    wide, fine = Periods.covering([30, 60, 90, 180]), Periods.narrow([30, 60, 90, 180])
    rates = np.random.default_rng(seed).exponential(size=(3, wide.count))
    spread = wide.spread(rates, fine)
    for day in set(wide.edges[1:]) & set(fine.edges):
        one, other = (p.exposure(np.full(3, day)) for p in (wide, fine))
        np.testing.assert_allclose((rates * one).sum(axis=1), (spread * other).sum(axis=1))
