from dataclasses import replace

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from training.book.reality import Correction, Reality, by_day
from training.book.renewals import RenewalFactors
from training.book.stakes import Stakes
from training.engine.periods import CENSORED, FollowUp, Periods

PERIODS = Periods((0.0, 7.0, 30.0))


def seen(*told: tuple[int, float, int], end_day: int = 128) -> Reality:
    """Rows of (morning, days followed, cause) under a rate of one in ten a day."""
    day, days, cause = (np.array(column) for column in zip(*told, strict=True))
    return Reality.seen(
        np.full((len(day), 2), 0.1),
        FollowUp(days.astype(float), cause),
        pd.DataFrame({"tenure_days": np.zeros(len(day))}),
        cause=0,
        periods=PERIODS,
        day=day,
        end_day=end_day,
    )


def test_rates_are_spread_over_the_days_of_their_period():
    daily = by_day(np.array([[0.1, 0.2]]), PERIODS, days=40)
    assert daily[0, 6:9].tolist() == [0.1, 0.2, 0.2]
    assert daily[0, -1] == 0.2


def test_an_exit_counts_on_the_morning_before_it_alone():
    reality = seen((100, 20.0, 0), (114, 6.0, 0))
    assert reality.events == 1
    assert reality.came[1, 6] == 1


@given(st.sets(st.integers(0, 200), min_size=1, max_size=8), st.integers(1, 60))
def test_every_day_of_an_account_is_told_once_however_far_its_mornings_lie_apart(mornings, on):
    told, left = sorted(mornings), max(mornings) + on
    reality = seen(*[(day, left - day, 0) for day in told], end_day=left + 20)
    assert_allclose(reality.expected.sum(), 0.1 * (left - told[0]))
    assert reality.events == 1


def test_what_is_expected_is_decided_by_how_those_fare_that_pay_as_much():
    reality = replace(
        seen((100, 28.0, CENSORED), (100, 28.0, CENSORED)), arr=np.array([1.0, 9.0])
    )
    stakes = Stakes((5.0,), np.array([1.0, 6.0]), np.array([2.0, 3.0]))
    correction = replace(Correction.learnt(reality), stakes=stakes, factors=RenewalFactors())
    told = reality.decided(correction).expected.sum(axis=1)
    assert_allclose(told, [2.8 / 2, 2.8 * 2])


def test_nothing_is_expected_of_a_day_that_nobody_watched():
    reality = seen((100, 5.5, 0), (100, 28.0, CENSORED))
    assert_allclose(reality.expected.sum(axis=1), [0.55, 2.8])


def test_what_was_seen_is_told_by_month_counted_back():
    reality = seen((68, 28.0, CENSORED), (96, 32.0, CENSORED), (96, 2.0, 0))
    expected, came = reality.by_month()
    assert came == [0.0, 1.0]
    assert_allclose(sum(expected), reality.expected.sum())
    assert len(came) == 2


def test_a_model_that_says_twice_too_much_is_brought_down_by_half():
    rng = np.random.default_rng(5)
    rows = []
    for morning in range(0, 1400, 28):
        days = rng.exponential(1 / 0.05, size=60)
        rows += [(morning, d, 0) if d < 28 else (morning, 28.0, CENSORED) for d in days]
    correction = Correction.learnt(seen(*rows, end_day=1428))
    assert 0.4 < correction.level.mean < 0.6


def of_a_year(*, ends_in: float, events: int, rows: int) -> tuple[pd.DataFrame, FollowUp]:
    days = np.where(np.arange(rows) < events, ends_in, 28.0)
    cause = np.where(np.arange(rows) < events, 0, CENSORED)
    terms = pd.DataFrame({"days_to_renewal": [ends_in] * rows, "term_days": [364.0] * rows})
    return terms, FollowUp(days, cause)


def test_of_a_term_that_does_not_end_the_days_tell_next_to_nothing():
    # 40 of 80 terms that end bring a change, and 400 that do not end bring none.
    ended, after = of_a_year(ends_in=14.0, events=40, rows=80)
    goes_on, nothing = of_a_year(ends_in=200.0, events=0, rows=400)
    values = pd.concat([ended, goes_on], ignore_index=True)
    followup = FollowUp(
        np.concatenate([after.days, nothing.days]), np.concatenate([after.cause, nothing.cause])
    )
    reality = Reality.seen(
        np.ones((480, 1)), followup, values, cause=0, periods=Periods((0.0, 28.0)),
        day=np.zeros(480, dtype=int), end_day=28,
    )  # fmt: skip
    assert_allclose(reality.expected[80:].sum(axis=1), 28.0)
    counted = reality.counted_days()
    near, away = counted[79], counted[80]
    assert away < 4
    # The 14 days around the end stand for 26 days each; those 7 before an event for half.
    assert_allclose(counted[0] / near, 0.5, atol=0.05)
    # Half of those whose term ends change: so a rate per counted day has to say.
    rate = 40 / counted.sum()
    assert 0.45 < rate * counted[:80].mean() < 0.55
