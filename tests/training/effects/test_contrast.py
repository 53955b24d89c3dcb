from dataclasses import replace

import doubleml
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict

from training.effects.contrast import (
    contrast,
    e_value,
    later_contrast,
    overlap_weights,
    probe_contrast,
)
from training.effects.crossfit import Expected, cross_fit, folds
from training.effects.landmarks import Landmarks

DOES = -0.08
"""What reaching it really does, in the made-up landmarks below."""


def made_up(seed, *, accounts=2500, each=2, does=DOES):
    """Landmarks in which engagement drives both reaching and staying, and is seen."""
    rng = np.random.default_rng(seed)
    account = np.repeat(np.arange(accounts), each)
    engaged = np.repeat(rng.normal(size=accounts), each) + 0.3 * rng.normal(size=len(account))
    reaching = 1 / (1 + np.exp(0.5 - 1.2 * engaged))
    reached = rng.random(len(account)) < reaching
    leaving = np.clip(0.25 - 0.08 * engaged, 0.1, 0.9) + does * reached
    return Landmarks(
        milestone="first",
        snapshot=np.arange(len(account)),
        segment=np.full(len(account), "startup", dtype=object),
        account=account,
        cluster=account,
        inputs=np.stack([engaged, rng.normal(size=len(account))], axis=1),
        probe=engaged + rng.normal(size=len(account)),
        later=engaged + rng.normal(size=len(account)),
        is_reached=reached,
        left=(rng.random(len(account)) < leaving).astype(float),
    )


def everything(landmarks):
    return np.ones(len(landmarks), dtype=bool)


def naive(landmarks):
    left, reached = landmarks.left, landmarks.is_reached
    return left[reached].mean() - left[~reached].mean()


def test_the_truth_is_within_the_interval_where_a_naive_comparison_is_far_off():
    covered = 0
    for seed in range(4):
        landmarks = made_up(seed)
        found = contrast(landmarks, cross_fit(landmarks, seed=1), everything(landmarks))
        low, high = found.interval
        covered += low <= DOES <= high
        assert naive(landmarks) < DOES - 0.03
        assert abs(found.points - DOES) < abs(naive(landmarks) - DOES)
    assert covered >= 3


def test_it_agrees_with_weighing_by_another_library_s_chances():
    landmarks = made_up(5, accounts=3000)
    reached, left = landmarks.is_reached, landmarks.left
    chance = cross_val_predict(
        LogisticRegression(),
        landmarks.inputs,
        reached,
        groups=landmarks.account,
        cv=GroupKFold(5),
        method="predict_proba",
    )[:, 1]
    weighed = np.average(left[reached], weights=1 - chance[reached]) - np.average(
        left[~reached], weights=chance[~reached]
    )
    found = contrast(landmarks, cross_fit(landmarks, seed=1), everything(landmarks))
    assert found.points == pytest.approx(weighed, abs=found.error)


def test_it_agrees_with_another_library_for_effects_and_so_does_its_error():
    landmarks = made_up(5, accounts=3000)
    table = pd.DataFrame(landmarks.inputs, columns=["engaged", "noise"]).assign(
        left=landmarks.left,
        reached=landmarks.is_reached.astype(float),
        account=landmarks.cluster,
    )
    told = doubleml.DoubleMLData(
        table, "left", "reached", ["engaged", "noise"], cluster_cols="account"
    )
    np.random.seed(1)
    other = doubleml.DoubleMLPLR(
        told, ml_l=LinearRegression(), ml_m=LogisticRegression(), n_folds=3
    ).fit()
    found = contrast(landmarks, cross_fit(landmarks, seed=1), everything(landmarks))
    assert found.points == pytest.approx(float(other.coef[0]), abs=found.error / 2)
    assert found.error == pytest.approx(float(other.se[0]), rel=0.15)


def test_what_came_before_is_not_moved_where_alike_is_compared_with_alike():
    landmarks = made_up(6)
    found = probe_contrast(landmarks, cross_fit(landmarks, seed=1), everything(landmarks))
    assert abs(found.points) < 0.1
    reached, probe = landmarks.is_reached, landmarks.probe
    assert probe[reached].mean() - probe[~reached].mean() > 0.8


def test_of_whom_nothing_is_known_later_nothing_is_compared():
    landmarks = made_up(6, accounts=600)
    expected, known = cross_fit(landmarks, seed=1), landmarks.account % 3 > 0
    silent = replace(landmarks, later=np.where(known, landmarks.later, np.nan))
    some = later_contrast(silent, expected, everything(silent))
    assert some.points == later_contrast(landmarks, expected, known).points
    assert np.isfinite(cross_fit(silent, seed=1).later).all()


def test_seeing_each_account_twice_makes_nothing_surer():
    once = made_up(7, accounts=800, each=1)
    expected = cross_fit(once, seed=1)
    twice = np.repeat(np.arange(len(once)), 2)
    parts = {name: getattr(once, name) for name in Landmarks.__slots__}
    doubled = Landmarks(**{n: v if isinstance(v, str) else v[twice] for n, v in parts.items()})
    told = Expected(*(getattr(expected, name)[twice] for name in Expected.__slots__))
    assert contrast(doubled, told, everything(doubled)).error == pytest.approx(
        contrast(once, expected, everything(once)).error
    )


@given(st.floats(0.02, 0.9), st.floats(-0.5, 0.5))
def test_the_stronger_the_change_the_stronger_a_hidden_cause_must_be(without, points):
    assert e_value(without, 0.0) == pytest.approx(1.0)
    assert e_value(without, points) >= 1.0
    if points < 0:
        assert e_value(without, points) >= e_value(without, points / 2) - 1e-9


@given(st.floats(0.0, 1.0))
def test_a_path_that_was_certain_counts_for_nothing(chance):
    weight = overlap_weights(np.array([chance, 1 - chance, 0.5]))
    assert_allclose(weight[0], weight[1], atol=1e-12)
    assert weight[0] <= weight[2]
    assert not overlap_weights(np.array([0.0, 1.0])).any()


@given(st.lists(st.integers(0, 40), min_size=1, max_size=200), st.integers(0, 9))
def test_all_landmarks_of_one_account_are_in_one_fold(cluster, seed):
    fold = folds(np.array(cluster), seed=seed)
    for name in set(cluster):
        assert len(set(fold[np.array(cluster) == name])) == 1
