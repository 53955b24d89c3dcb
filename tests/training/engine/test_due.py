"""How days count, by laws and by cases that can be counted by hand."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from training.engine.due import (
    DOUBT_EVENTS,
    FIRST,
    LAST,
    PRIOR_EVENTS,
    DuePull,
    _tallies,
)
from training.engine.hazard import HazardSettings, fit_hazard
from training.engine.matrix import Matrix
from training.engine.periods import CENSORED, FollowUp, Periods

WIDTH = LAST - FIRST + 3
DONE = 0
ROWS = 12

whole = st.integers(-90, 120)
due_days = arrays(np.float64, ROWS, elements=st.one_of(st.just(np.nan), whole.map(float)))
days = arrays(
    np.float64, ROWS, elements=st.one_of(st.just(0.5), st.integers(1, 200).map(float))
)
causes = arrays(np.int64, ROWS, elements=st.sampled_from([CENSORED, DONE, 1]))
kinds = arrays(np.int64, ROWS, elements=st.integers(0, 2))
rates = arrays(np.float64, (1, WIDTH), elements=st.floats(1e-4, 3.0))


@given(due_days, days, causes, kinds)
def test_what_was_done_and_who_could_have_are_counted_day_by_day(due, days, cause, kind):
    done, at_risk = _tallies(due, FollowUp(days, cause), kind, 3)
    for group in range(3):
        events, exposed = np.zeros(WIDTH + 1), np.zeros(WIDTH + 1)
        for row in np.flatnonzero(kind == group):
            for day in range(int(np.floor(days[row])) + 1):
                is_last = day == int(np.floor(days[row]))
                if is_last and cause[row] != DONE:
                    continue
                lag = np.clip(day - np.nan_to_num(due[row]) - FIRST + 1, 0, WIDTH - 1)
                column = WIDTH if np.isnan(due[row]) else int(lag)
                exposed[column] += 1
                events[column] += is_last
        assert_allclose(done[group], events)
        assert_allclose(at_risk[group][:-1], exposed[:-1])
        assert at_risk[group][-1] == pytest.approx(exposed[-1], abs=ROWS)


@given(rates, st.lists(whole, min_size=1, max_size=4), st.integers(0, 60), st.integers(0, 60))
def test_what_counts_is_the_sum_of_its_days(dated, due, first, more):
    counted = DuePull((), dated, np.ones(1)).of(np.array(due, float), ["any"] * len(due))
    told = counted.by(np.array([first, first + more], dtype=float))
    for row, own in enumerate(due):
        lags = np.arange(first, first + more) - own
        columns = np.clip(lags - FIRST + 1, 0, WIDTH - 1)
        assert told[row, 1] - told[row, 0] == pytest.approx(dated[0, columns].sum())


@given(rates, st.lists(st.floats(0, 150), min_size=2, max_size=6))
def test_no_day_counts_for_less_than_nothing(dated, moments):
    counted = DuePull((), dated, np.ones(1)).of(np.array([12.0, np.nan]), ["any"] * 2)
    assert (np.diff(counted.by(np.sort(np.array(moments))), axis=1) >= -1e-12).all()


def test_of_a_hundred_at_risk_on_the_due_day_forty_do_it():
    days = np.array([10.0] * 40 + [30.0] * 60)
    cause = np.array([DONE] * 40 + [CENSORED] * 60)
    pull = DuePull.learnt(np.full(100, 10.0), FollowUp(days, cause), ["one"] * 100)
    usual = 40 / (40 * 11 + 60 * 30)
    of_all = (40 + PRIOR_EVENTS) / (100 + PRIOR_EVENTS / usual)
    own = of_all * (40 + DOUBT_EVENTS) / (100 * of_all + DOUBT_EVENTS)
    assert_allclose(pull.dated[:, 1 - FIRST], -np.log1p(-np.array([own, of_all])))
    assert (pull.dated[0].argmax(), len(pull.dated)) == (1 - FIRST, 2)


def test_a_kind_never_seen_counts_like_everybody():
    due, followup = np.array([3.0, 3.0]), FollowUp(np.array([3.0, 9.0]), np.array([DONE, -1]))
    pull = DuePull.learnt(due, followup, ["early", "late"])
    strange = pull.of(np.array([3.0]), ["never seen"])
    assert_allclose(strange.by(np.array([9.0])), pull.dated[-1, 1 - FIRST - 3 :][:9].sum())


def test_where_nothing_was_done_every_day_counts_once():
    nothing = FollowUp(np.array([5.0, 9.0]), np.array([CENSORED, 1]))
    pull = DuePull.learnt(np.array([1.0, np.nan]), nothing, ["a", "b"])
    assert_allclose(pull.of(np.array([4.0]), ["a"]).per_day(Periods((0.0, 7.0, 30.0))), 1.0)


def test_what_was_written_down_counts_the_same_to_the_last_bit():
    due, followup = np.array([3.0, 8.0]), FollowUp(np.array([3.0, 9.0]), np.array([DONE, -1]))
    pull = DuePull.learnt(due, followup, ["early", "late"])
    back = DuePull.from_dict(json.loads(json.dumps(pull.to_dict())))
    assert back.groups == pull.groups
    np.testing.assert_array_equal(back.dated, pull.dated)
    np.testing.assert_array_equal(back.undated, pull.undated)


def chance_of_having_done_it(due_in: int, *, gathers: bool) -> float:
    """What is learnt of 2,000 of whom nine in ten did it on its day, the others never."""
    days = np.where(np.arange(2000) % 10 > 0, float(due_in), 60.0)
    followup = FollowUp(days, np.where(days < 60, DONE, CENSORED))
    periods, due, kinds = Periods.narrow([30, 60]), np.full(2000, float(due_in)), ["one"] * 2000
    pull = DuePull.learnt(due, followup, kinds) if gathers else DuePull.even()
    counted = pull.of(due, kinds)
    matrix = Matrix(due[:, None], ("days_to_due",), ("days_to_due",))
    hazard = fit_hazard(
        matrix,
        followup,
        cause=DONE,
        periods=periods,
        settings=HazardSettings(trees=150, learning_rate=0.1, doubt=0.1),
        counted=counted if gathers else None,
    )
    expected = hazard.daily_rates(matrix) * counted.per_day(periods) * periods.lengths
    return float(-np.expm1(-expected[0].sum()))


@pytest.mark.parametrize("due_in", [14, 17, 20])
def test_nine_in_ten_who_did_it_on_a_day_are_expected_to_wherever_in_its_week(due_in):
    assert chance_of_having_done_it(due_in, gathers=True) == pytest.approx(0.9, abs=0.03)


def test_without_counting_a_week_tells_too_few_of_its_end_and_too_many_of_its_beginning():
    assert chance_of_having_done_it(20, gathers=False) < 0.85
    assert chance_of_having_done_it(14, gathers=False) > 0.95
