"""The automata of the ladder are the criteria of the playbook, told week by week."""

from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.simulated.ladder import DASHBOARDS_DONE, RUNGS, SPINE, dashboards_after
from features.simulated.laws import start_chances, step_chance, transitions
from features.simulated.weeks import Span

weeks_with_a_step = st.lists(st.booleans(), min_size=1, max_size=30)
MONDAY_TO_FRIDAY = ((0, 2, 3), (0, 2, 4), (1, 2, 3), (1, 2, 4))
days_of_a_step = st.sampled_from(MONDAY_TO_FRIDAY)


def week_done_by_automaton(steps: list[bool]) -> int | None:
    state = np.array([0])
    for week, stepped in enumerate(steps):
        state = dashboards_after(state, stepped=stepped)
        if state[0] == DASHBOARDS_DONE:
            return week
    return None


def week_done_by_criterion(steps: list[bool], days: list[tuple[int, ...]]) -> int | None:
    """Six different days of use within 28 days."""
    used: list[int] = []
    for week, stepped in enumerate(steps):
        for weekday in days[week] if stepped else ():
            today = 7 * week + weekday
            used.append(today)
            if sum(today - 28 < day for day in used) >= 6:
                return week
    return None


@given(weeks_with_a_step, st.data())
def test_dashboards_are_done_in_the_week_in_which_six_days_fall_into_28(steps, data):
    days = [data.draw(days_of_a_step) for _ in steps]
    assert week_done_by_automaton(steps) == week_done_by_criterion(steps, days)


@given(weeks_with_a_step)
def test_a_streak_restarts_after_a_missed_week(steps):
    slug = "weekly_reporting_rhythm"
    place, streak = SPINE.opens_at[slug], 0
    for stepped in steps:
        streak = streak + 1 if stepped else 0
        place = int((SPINE.after_step if stepped else SPINE.after_miss)[place])
        if place == SPINE.done_at[slug]:
            break
        assert place - SPINE.opens_at[slug] == streak
    assert (place == SPINE.done_at[slug]) == (streak >= RUNGS[slug].steps)


def test_the_hidden_state_always_goes_somewhere():
    assert np.allclose(transitions().sum(axis=1), 1)
    assert (transitions() >= 0).all()
    assert np.isclose(start_chances().sum(), 1)


def test_steps_are_chances_that_rise_with_engagement():
    for segment, rung in product(range(3), RUNGS.values()):
        chance = step_chance(rung, segment=segment).reshape(5, 4)
        assert ((chance >= 0) & (chance < 1)).all()
        assert (np.diff(chance, axis=0) >= 0).all()


def test_nobody_connects_or_reviews_without_a_sponsor():
    for slug in ("data_source_connected", "executive_review_held", "systems_integrated"):
        assert step_chance(RUNGS[slug], segment=0).reshape(5, 2, 2)[:, 1].max() == 0


@given(st.integers(0, 800), st.integers(0, 40))
def test_a_term_ends_on_the_day_of_the_month_on_which_it_began(day, months):
    span = Span.of_months(30)
    starts = np.array([day])
    date = span.dates(starts).astype("datetime64[D]").astype(object)[0]
    if date.day <= 28:
        later = span.dates(span.months_later(starts, np.array([months])))
        later = later.astype("datetime64[D]").astype(object)[0]
        assert later.day == date.day
        assert (later.year - date.year) * 12 + later.month - date.month == months
