"""Every pair of accounts counts once, however many there are."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from training.engine.periods import CENSORED, FollowUp
from training.proof.concordance import concordance
from training.proof.metrics import auc

follow_ups = st.tuples(
    arrays(np.float64, 15, elements=st.integers(0, 20).map(float)),
    arrays(np.int64, 15, elements=st.integers(CENSORED, 1)),
).map(lambda parts: FollowUp(*parts))


@given(arrays(np.float64, 15, elements=st.integers(0, 5).map(float)), follow_ups)
def test_concordance_is_the_count_over_all_pairs(score, followup):
    right = pairs = 0.0
    for one in np.flatnonzero(followup.cause == 0):
        for other in range(15):
            exited = followup.cause[other] == 1
            after = followup.days[other] > followup.days[one] or (
                followup.days[other] == followup.days[one] and followup.cause[other] != 0
            )
            if exited or after:
                pairs += 1
                right += (score[one] > score[other]) + (score[one] == score[other]) / 2
    expected = right / pairs if pairs else np.nan
    assert_allclose(concordance(score, followup, cause=0), expected, equal_nan=True)


def test_without_censoring_or_competition_concordance_of_two_times_is_auc():
    happened = np.array([1.0, 0.0, 1.0, 0.0, 0.0])
    score = np.array([0.9, 0.3, 0.2, 0.2, 0.1])
    followup = FollowUp(np.where(happened == 1, 5.0, 9.0), np.where(happened == 1, 0, CENSORED))
    assert concordance(score, followup, cause=0) == pytest.approx(auc(score, happened))


def test_the_order_of_hundreds_of_thousands_is_counted_in_a_moment():
    draw = np.random.default_rng(5)
    rows = 200_000
    days, cause = draw.exponential(90, rows).round(), draw.integers(CENSORED, 2, rows)
    followup, score = FollowUp(days, cause), draw.random(rows)
    concordance(score[:9], followup.take(np.arange(9)), cause=0)
    started = time.process_time()
    told = concordance(score, followup, cause=0)
    assert time.process_time() - started < 5
    assert told == pytest.approx(0.5, abs=0.01)
