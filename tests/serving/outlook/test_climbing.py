"""How soon half of a cohort gets there, of whom some are still waiting."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.duration.survfunc import SurvfuncRight

from serving.outlook.climbing import _median_wait as median_wait

waits = st.lists(st.tuples(st.integers(1, 40), st.booleans()), min_size=1, max_size=40)


def half_of(told: list[tuple[int, bool]]) -> float:
    """Days each has waited, and whether it got there then."""
    days = np.array([day for day, _ in told], dtype=float)
    came = np.array([has_come for _, has_come in told])
    return median_wait(np.where(came, days, np.nan), days)


def test_where_just_half_got_there_the_last_of_them_is_the_median():
    for half in range(1, 60):
        told = [(day, True) for day in range(1, half + 1)]
        assert half_of([*told, *[(500, False)] * half]) == half
        assert half_of([*told, *[(500, False)] * (half + 1)]) == np.inf


def test_who_waits_is_counted_for_as_long_as_it_was_watched():
    """Of four one came on day 2, and on day 4 another: of two or of three still watched."""
    assert half_of([(2, True), (3, False), (4, True), (9, False)]) == 4
    assert half_of([(2, True), (5, False), (4, True), (9, False)]) == 4
    assert half_of([(2, True), (5, False), (9, False), (9, False)]) == np.inf


@given(waits)
def test_it_is_the_median_of_another_library(told):
    days, came = np.array(told, dtype=float).T
    curve = SurvfuncRight(days, came)
    beyond = curve.surv_times[curve.surv_prob <= 0.5 + 1e-9]
    assert half_of(told) == (beyond[0] if len(beyond) else np.inf)
