"""When an account's risk falls is told with what a CSM can check, and never against it."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.phrases import load_phrases
from serving.reasons.explain import Points, points
from serving.reasons.timing import TIMING, Timing, timing_of, timing_reasons
from training.engine.curves import IncidenceCurves

PHRASES = load_phrases()
HORIZON = 90
EDGES = (0.0, 30.0, 60.0, 90.0, 180.0)
amounts = st.floats(-0.5, 0.5)
renewals = st.one_of(st.none(), st.integers(-30, 400).map(float))


def told(
    at: float, *, competing=0.0, other_end=0.0, day=45.0, renewal: float | None = None
) -> str:
    """Say one account's timing among three others with nothing special about theirs."""
    timing = Timing(
        np.array([at, 0.0, 0.0, 0.0]),
        competing=np.array([competing, 0.0, 0.0, 0.0]),
        other_end=np.array([other_end, 0.1, 0.1, 0.1]),
        mean_day=np.array([day, 40.0, 40.0, 40.0]),
        horizon_days=HORIZON,
    )
    return timing_reasons(timing, [renewal, None, None, None], PHRASES)[0].text


@pytest.mark.parametrize(
    ("at", "known", "words"),
    [
        (0.04, {"renewal": 33.0}, "A renewal within these 90 days: in 33 days"),
        (0.04, {"renewal": 1.0}, "A renewal within these 90 days: in 1 day"),
        (0.04, {"renewal": 0.0}, "A renewal within these 90 days: today"),
        (-0.01, {"renewal": 242.0}, "No renewal within these 90 days: the next is in 242 days"),
        (
            -0.01,
            {"renewal": 12.0},
            "Its risk is spread over these 90 days as most accounts' is",
        ),
        (-0.01, {}, "Its risk is spread over these 90 days as most accounts' is"),
        (
            0.02,
            {"renewal": 242.0, "day": 61.2},
            "Its risk lies around day 61 of these 90 days; "
            "that of other accounts around day 40",
        ),
        (
            0.02,
            {"day": 40.2},
            "Its risk is spread over these 90 days otherwise than most accounts' is",
        ),
        (
            -0.04,
            {"competing": -0.03, "other_end": 0.63, "renewal": 20.0},
            "Its term ends in 20 days, before most of these 90 days",
        ),
        (
            -0.04,
            {"competing": -0.03, "other_end": 0.63, "renewal": 80.0},
            "Its time with us may end otherwise first: 63 % within these 90 days",
        ),
        (
            -0.04,
            {"competing": -0.03, "other_end": 0.997, "renewal": 95.0},
            "No renewal within these 90 days: the next is in 95 days",
        ),
        (
            0.02,
            {"competing": 0.015, "other_end": 0.02},
            "Hardly anything else will end its time with us first: 2 % within these 90 days",
        ),
        (0.0, {"renewal": 20.0}, "When its risk falls makes no difference"),
    ],
)
def test_a_csm_reads(at, known, words):
    assert told(at, **known) == words


@given(amounts, amounts, st.floats(0, 1), st.floats(0, HORIZON), renewals)
def test_what_is_said_bears_out_its_sign(at, competing, other_end, day, renewal):
    text = told(at, competing=competing, other_end=other_end, day=day, renewal=renewal)
    raises = ("A renewal", "otherwise than", "that of other", "Hardly anything")
    lowers = ("No renewal", "as most", "may end", "before most")
    if at:
        assert any(words in text for words in (raises if at > 0 else lowers)), text
    if "renewal" in text:
        assert (0 <= renewal <= HORIZON) == ("A renewal" in text)
    if days := re.search(r"around day (\d+) of .* around day (\d+)", text):
        assert days[1] != days[2]


def test_the_number_behind_the_words_is_kept():
    timing = Timing(
        np.array([0.02]),
        competing=np.array([0.0]),
        other_end=np.array([0.1]),
        mean_day=np.array([50.0]),
        horizon_days=HORIZON,
    )
    (reason,) = timing_reasons(timing, [33.0], PHRASES)
    assert (reason.family, reason.value, reason.typical) == (TIMING, 33.0, None)
    assert (reason.points, reason.factor) == (0.02, 1.0)


def seen(churn: list[list[float]], done: list[list[float]]) -> Timing:
    rates = {"churn": np.array(churn), "completed": np.array(done)}
    shares = np.log(rates["churn"]).mean(axis=1, keepdims=True)
    parts = points(
        shares - shares.mean(), rates, edges=EDGES, cause="churn", horizon_days=HORIZON
    )
    curves = IncidenceCurves.from_rates(rates, EDGES)
    return timing_of(parts, curves, cause="churn", horizon_days=HORIZON)


STEADY, NONE = [0.001] * 4, [0.0] * 4


def test_a_risk_that_gathers_on_few_days_counts_for_more():
    at_renewal = [0.0005, 0.008, 0.0005, 0.0005]
    timing = seen([STEADY, at_renewal], [NONE, NONE])
    assert timing.points[1] > 0 > timing.points[0]
    assert timing.competing == pytest.approx(0)
    assert timing.mean_day[1] == pytest.approx(45, abs=3)


@pytest.mark.parametrize(
    ("rates", "day"),
    [
        ([0.01, 0.0, 0.0, 0.0], 15),
        ([0.0, 0.0, 0.01, 0.01], 75),
        ([0.0, 0.0, 0.0, 0.01], 45),  # nothing within the horizon: its middle
        ([np.log(2) / 30, 0.0, np.log(2) / 30, 0.0], (2 * 15 + 75) / 3),  # a half, a quarter
    ],
)
def test_the_day_of_a_risk_is_the_middle_of_its_periods_as_each_is_likely(rates, day):
    curves = IncidenceCurves.from_rates({"churn": np.array([rates])}, EDGES)
    nothing = np.zeros(1)
    parts = Points(0.0, np.zeros((1, 1)), nothing, nothing, nothing, nothing)
    timing = timing_of(parts, curves, cause="churn", horizon_days=HORIZON)
    assert timing.mean_day == pytest.approx(day)
    assert timing.other_end.tolist() == [0.0]


def test_beside_the_chance_of_another_end_stands_that_of_most_accounts():
    timing = Timing(
        np.full(3, 0.02),
        competing=np.full(3, 0.02),
        other_end=np.array([0.01, 0.2, 0.3]),
        mean_day=np.array([50.0, 60.0, 80.0]),
        horizon_days=HORIZON,
    )
    told = timing_reasons(timing, [None] * 3, PHRASES)
    assert [(reason.value, reason.typical) for reason in told] == [
        (0.01, 0.2),
        (0.2, 0.2),
        (0.3, 0.2),
    ]
    days = timing_reasons(replace(timing, competing=np.zeros(3)), [None] * 3, PHRASES)
    assert [(reason.value, reason.typical) for reason in days] == [
        (50.0, 60.0),
        (None, None),
        (80.0, 60.0),
    ]


def test_an_account_that_will_end_otherwise_has_less_time_to_leave():
    timing = seen([STEADY, STEADY], [NONE, [0.05] * 4])
    assert timing.points[1] < 0
    assert timing.points == pytest.approx(timing.competing)
    assert timing.other_end == pytest.approx([0.0, 0.97], abs=0.03)


def test_nobody_to_tell_of_is_no_error():
    nobody = np.zeros(0)
    timing = Timing(nobody, nobody, nobody, nobody, HORIZON)
    assert timing_reasons(timing, [], PHRASES) == []
