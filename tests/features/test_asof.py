from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.asof import (
    NEVER,
    Grid,
    Mornings,
    Snapshots,
    Window,
    as_dates,
    day_number,
    ordinal,
)

few = settings(max_examples=60, deadline=None)
days = st.integers(0, 40)
some_mornings = st.sets(st.integers(1, 40), min_size=1, max_size=6).map(
    lambda found: Mornings(np.array(sorted(found), dtype=np.int64))
)
# Account, day it happened, days until known, amount.
some_rows = st.lists(
    st.tuples(st.integers(0, 2), days, st.integers(0, 9), st.sampled_from([1.0, 2.5, -1.0])),
    max_size=12,
)


def everyone(mornings: Mornings) -> Snapshots:
    """Three accounts on every morning."""
    ids = np.array(["a", "b", "c"], dtype=object)
    count = mornings.count
    return Snapshots(mornings, ids, np.repeat([0, 1, 2], count), np.tile(range(count), 3))


def columns(rows: list[tuple[int, int, int, float]]) -> tuple[np.ndarray, ...]:
    account, day, late, amount = zip(*rows, strict=True) if rows else ((), (), (), ())
    whole = (np.array(of, dtype=np.int64) for of in (account, day, late))
    return *whole, np.array(amount, dtype=np.float64)


@given(some_mornings, st.lists(days, max_size=9))
@few
def test_a_row_is_first_seen_on_the_first_morning_after_the_day_it_was_known(mornings, known):
    seen = mornings.first_seeing(np.array(known, dtype=np.int64))
    for day, first in zip(known, seen, strict=True):
        later = [n for n, morning in enumerate(mornings.days) if morning > day]
        assert first == min(later, default=mornings.count)


@given(some_mornings, days, st.integers(1, 20))
@few
def test_a_day_is_in_a_window_until_as_many_days_have_passed(mornings, day, window):
    gone = int(mornings.first_without(np.array([day]), window)[0])
    for number, morning in enumerate(mornings.days):
        assert (number < gone) == (day >= morning - window)


@given(some_mornings, days)
@few
def test_a_term_holds_from_its_first_day(mornings, day):
    first = int(mornings.first_from(np.array([day]))[0])
    for number, morning in enumerate(mornings.days):
        assert (number >= first) == (morning >= day)


@given(some_mornings, some_rows, st.integers(1, 20), st.integers(0, 40))
@few
def test_a_total_is_of_what_was_known_in_the_window_and_has_not_left(
    mornings, rows, window, end
):
    snapshots = everyone(mornings)
    account, day, late, amount = columns(rows)
    enter = mornings.first_seeing(day + late)
    until = mornings.first_from(day + end)

    def total(**asked):
        return snapshots.total(account, enter=enter, amount=amount, **asked)

    in_window = total(window=Window(day, window))
    np.testing.assert_array_equal(in_window, total(leave=mornings.first_without(day, window)))
    in_both = total(window=Window(day, window), leave=until)
    for row in range(len(snapshots)):
        morning = snapshots.day[row]
        counted = (account == snapshots.account[row]) & (day + late < morning)
        counted &= day >= morning - window
        assert in_window[row] == pytest.approx(amount[counted].sum())
        counted &= morning < day + end
        assert in_both[row] == pytest.approx(amount[counted].sum())


@given(some_mornings, some_rows)
@few
def test_the_latest_and_earliest_are_those_among_what_was_known(mornings, rows):
    snapshots = everyone(mornings)
    account, day, late, _ = columns(rows)
    enter = mornings.first_seeing(day + late)
    latest = snapshots.latest(account, enter=enter, value=day)
    earliest = snapshots.earliest(account, enter=enter, value=day)
    for row in range(len(snapshots)):
        known = day[(account == snapshots.account[row]) & (day + late < snapshots.day[row])]
        assert latest[row] == max(known, default=NEVER)
        assert earliest[row] == min(known, default=-NEVER)


@given(some_mornings, some_rows, some_rows)
@few
def test_learning_more_on_the_last_morning_changes_no_earlier_total(mornings, early, late):
    snapshots = everyone(mornings)
    last = int(mornings.days[-1])
    known_then = [row for row in early if row[1] + row[2] < last]
    learnt = [(account, last, 0, amount) for account, _, _, amount in late]

    def totals(rows):
        account, day, lag, amount = columns(rows)
        return snapshots.total(account, enter=mornings.first_seeing(day + lag), amount=amount)

    np.testing.assert_array_equal(totals(known_then), totals(known_then + learnt))


@given(st.lists(st.datetimes(pd.Timestamp("1970-01-01"), pd.Timestamp("2200-01-01"))))
@few
def test_days_come_back_as_the_midnights_they_began_with(moments):
    stamps = pd.Series(moments, dtype="datetime64[us]")
    midnights = as_dates(day_number(stamps))
    pd.testing.assert_series_equal(midnights, stamps.dt.normalize())


def test_what_never_happened_is_no_day_and_comes_back_as_nothing():
    never = day_number(pd.Series([pd.NaT], dtype="datetime64[us]"))
    assert never.tolist() == [NEVER]
    assert as_dates(never).isna().all()


def as_told(mornings: Mornings) -> list[str]:
    return [str(day) for day in mornings.days.astype("datetime64[D]")]


def test_mornings_are_mondays_and_the_last_one_and_single_days_are_added():
    mornings = Mornings.on(
        Grid(7),
        first_on=date(2025, 2, 20),
        last_on=date(2025, 3, 12),
        also=(date(2025, 2, 21), date(2025, 2, 1)),
    )
    mondays = ["2025-02-24", "2025-03-03", "2025-03-10"]
    assert as_told(mornings) == ["2025-02-21", *mondays, "2025-03-12"]


def test_there_is_always_the_last_morning():
    mornings = Mornings.on(Grid(7), first_on=date(2025, 3, 11), last_on=date(2025, 3, 11))
    assert as_told(mornings) == ["2025-03-11"]


@given(st.integers(1, 400), st.dates(), st.integers(0, 300), st.integers(0, 300))
def test_a_day_later_the_mornings_before_are_the_same(step, first_on, back, later):
    grid, then = Grid(step), first_on + timedelta(days=back)
    now = then + timedelta(days=later)
    earlier = Mornings.on(grid, first_on=first_on, last_on=then)
    both = Mornings.on(grid, first_on=first_on, last_on=now, also=(then,))
    assert earlier.days.tolist() == [day for day in both.days if day <= ordinal(then)]
    assert (np.diff(both.days) <= step).all()


@given(st.integers(1, 400), st.dates(date(1980, 1, 1)), st.dates(date(1980, 1, 1)))
def test_the_grid_has_a_morning_in_every_step_and_goes_through_the_day_it_is_given(
    step, through, day
):
    grid = Grid(step, through)
    newest = grid.newest(day)
    assert 0 <= (day - newest).days < step
    assert (newest - through).days % step == 0


def test_an_account_that_nobody_knows_has_no_index():
    snapshots = everyone(Mornings(np.array([5])))
    assert snapshots.code_of(pd.Series(["c", "nobody", "a"])).tolist() == [2, -1, 0]
