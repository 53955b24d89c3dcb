"""How many milestones are to come, and how soon half of a cohort gets there."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.duration.survfunc import SurvfuncRight

from serving.outlook.climbing import _level as level_of
from serving.outlook.climbing import _median_wait as median_wait
from serving.outlook.climbing import reached_between
from serving.outlook.prospects import past_of
from tests.serving.mornings import a_morning

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


def test_as_many_are_to_come_in_any_days_as_chances_and_level_say(company):
    features, models, project = company.features, company.models, company.configuration.project
    past = past_of(features, project, company.day)
    spans = [(0, 30), (30, 60), (60, 90), (0, 90), (0, 12), (12, 43), (43, 90)]
    _, drawn = reached_between(features, models, past, day=company.day, spans=spans, seed=1)
    told = {span: drawn[span].sum(axis=1).mean() for span in spans}
    morning = a_morning(company.as_of, features, models, company.configuration)
    by_day = [morning.milestones[f"chance_{days}d"].sum() for days in (30, 60, 90)]
    level = level_of(features, models.steps, past).expected(3)
    said = np.diff(by_day, prepend=0.0) * level
    assert [told[span] for span in spans[:3]] == pytest.approx(said, rel=0.04)
    assert told[0, 90] == pytest.approx(said.sum(), rel=0.04)
    assert sum(told[span] for span in spans[4:]) == pytest.approx(said.sum(), rel=0.04)
