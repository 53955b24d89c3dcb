"""The reasons of an account: one per family, strongest first, adding up."""

import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from configs.phrases import load_phrases
from serving.reasons.timing import TIMING
from serving.reasons.wording import reasons
from tests.serving.report_world import a_catalogue, a_timing

CATALOGUE = a_catalogue()
NAMES = list(CATALOGUE)
PHRASES = load_phrases()


def said(contributions, *, scale=None, timing=None, values=None, typical=None):
    count = len(contributions)
    frame = pd.DataFrame(np.full((count, len(NAMES)), 4.0), columns=NAMES)
    return reasons(
        contributions,
        np.full(count, 0.1) if scale is None else scale,
        timing=a_timing(np.zeros(count) if timing is None else timing),
        names=NAMES,
        values=frame if values is None else values,
        typical=frame if typical is None else typical,
        catalogue=CATALOGUE,
        phrases=PHRASES,
    )


pulls = arrays(np.float64, (3, len(NAMES)), elements=st.floats(-2, 2))
amounts = arrays(np.float64, 3, elements=st.floats(0, 0.5))


@settings(max_examples=60)
@given(pulls, amounts, amounts)
def test_points_sum_to_all_that_the_model_said(pull, scale, timing):
    for row, told in enumerate(said(pull, scale=scale, timing=timing)):
        total = pull[row].sum() * scale[row] + timing[row]
        assert sum(reason.points for reason in told) == pytest.approx(total, abs=1e-9)


@settings(max_examples=60)
@given(pulls)
def test_every_family_is_told_once_and_the_strongest_first(pull):
    for told in said(pull):
        families = [reason.family for reason in told]
        assert sorted(families) == sorted({f.family for f in CATALOGUE.values()} | {TIMING})
        sizes = [abs(reason.points) for reason in told]
        assert sizes == sorted(sizes, reverse=True)


def test_the_sentence_is_about_the_input_that_pushes_with_its_family():
    pull = np.zeros((1, len(NAMES)))
    pull[0, NAMES.index("active_users_28d")] = 0.5
    pull[0, NAMES.index("activity_count_28d")] = -0.9
    usage = next(r for r in said(pull)[0] if r.family == "usage")
    assert usage.text.startswith("4 uses in the last 4 weeks")
    assert usage.points == pytest.approx(-0.04)
    assert usage.factor == pytest.approx(np.exp(-0.4))
    assert (usage.value, usage.typical) == (4.0, 4.0)


def test_timing_is_told_by_the_renewal_and_multiplies_nothing():
    (told,) = said(np.zeros((1, len(NAMES))), timing=np.array([0.02]))
    assert told[0].family == TIMING
    assert told[0].text == "A renewal within these 90 days: in 4 days"
    assert told[0].value == 4.0
    assert told[0].factor == 1.0


def test_a_null_is_told_without_a_number():
    values = pd.DataFrame([dict.fromkeys(NAMES, np.nan)])
    roles = next(
        r for r in said(np.ones((1, len(NAMES))), values=values)[0] if r.family == "roles"
    )
    assert roles.text == "No admin was ever active"
    assert roles.value is None


def test_a_word_is_told_as_it_is_and_is_no_number_behind_the_sentence():
    values = pd.DataFrame([dict.fromkeys(NAMES, 4.0)]).astype(object)
    values["tenure_days"] = "since_ever"
    typical = values.assign(tenure_days="a_while")
    told = said(np.ones((1, len(NAMES))), values=values, typical=typical)[0]
    (account,) = (reason for reason in told if reason.family == "account")
    assert "since ever" in account.text
    assert (account.value, account.typical) == (None, None)


def test_where_no_input_tells_of_a_renewal_timing_is_told_without_one():
    names = [name for name in NAMES if name != "days_to_renewal"]
    frame = pd.DataFrame(np.full((2, len(names)), 4.0), columns=names)
    told = reasons(
        np.zeros((2, len(names))),
        np.ones(2),
        timing=a_timing(np.array([0.02, -0.02])),
        names=names,
        values=frame,
        typical=frame,
        catalogue=CATALOGUE,
        phrases=PHRASES,
    )
    for own in told:
        (timing,) = (reason for reason in own if reason.family == TIMING)
        assert "renewal" not in timing.text.lower()


def test_a_trend_is_told_with_the_amounts_of_the_account_itself():
    values = pd.DataFrame([dict.fromkeys(NAMES, 4.0)] * 2)
    values["activity_count_28d"] = [11.0, 7.0]
    values["activity_ratio_91d"] = [0.5, 2.0]
    told = [
        next(reason.text for reason in own if reason.family == "usage_trend")
        for own in said(np.ones((2, len(NAMES))), values=values)
    ]
    assert [text.split(" against")[0] for text in told] == [
        "Uses per 4 weeks 23 → 11",
        "Uses per 4 weeks 3 → 7",
    ]


def test_no_account_has_no_reasons():
    assert said(np.zeros((0, len(NAMES)))) == []


def test_twelve_thousand_accounts_are_told_in_seconds():
    dice = np.random.default_rng(1)
    values = pd.DataFrame(dice.normal(50, 20, (12_000, len(NAMES))), columns=NAMES)
    before = time.process_time()
    said(dice.normal(0, 1, (12_000, len(NAMES))), values=values, typical=values.round(0))
    assert time.process_time() - before < 8
