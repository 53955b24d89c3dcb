"""The stability index by hand, by law, and beside another library's."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.questions.drift import LEAST_SHARE, drifted, stability_index

numbers = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60).map(np.array)


def a_history(*, shift: float, rows: int = 400) -> tuple[pd.DataFrame, np.ndarray]:
    """An input that stays as it was and one that moves in the newer half."""
    chance = np.random.default_rng(5)
    day = np.repeat([100, 128, 156, 184], rows // 4)
    steady, moved = chance.normal(size=rows), chance.normal(size=rows)
    moved = moved + shift * (day >= 142)
    return pd.DataFrame({"steady": steady, "moved": moved}), day


def test_half_of_one_value_moved_to_another_counts_as_by_hand():
    before, after = np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.0, 1.0, 1.0, 1.0])
    by_hand = (0.25 - 0.5) * np.log(0.25 / 0.5) + (0.75 - 0.5) * np.log(0.75 / 0.5)
    assert stability_index(before, after) == pytest.approx(by_hand)


@given(numbers)
def test_a_sample_is_like_itself(sample):
    assert stability_index(sample, sample) == 0.0


@given(numbers, numbers)
def test_the_index_is_never_negative_and_always_finite(before, after):
    index = stability_index(before, after)
    assert np.isfinite(index)
    assert index >= 0


def test_being_absent_is_a_value_like_any_other():
    present, absent = np.arange(100.0), np.full(100, np.nan)
    assert stability_index(present, absent) > 1
    assert stability_index(absent, absent) == 0.0
    assert LEAST_SHARE > 0


def test_only_what_moved_is_named_and_only_above_the_bound():
    values, day = a_history(shift=2.0)
    assert set(drifted(values, day, ["steady", "moved"], most=0.25)) == {"moved"}
    assert drifted(values, day, ["steady", "moved"], most=1e9) == {}
    calm, day = a_history(shift=0.0)
    assert drifted(calm, day, ["steady", "moved"], most=0.25) == {}


def test_of_one_morning_nothing_can_be_said():
    values, day = a_history(shift=2.0)
    assert drifted(values, np.full(len(day), 100), ["moved"], most=0.1) == {}


@pytest.mark.parametrize("shift", [0.0, 0.3, 1.0])
def test_feature_engine_drops_what_is_named_here(shift):
    from feature_engine.selection import DropHighPSIFeatures

    values, day = a_history(shift=shift, rows=4000)
    theirs = DropHighPSIFeatures(
        variables=["steady", "moved"],
        split_col="day",
        split_frac=0.5,
        threshold=0.25,
        strategy="equal_frequency",
        bins=10,
        min_pct_empty_bins=LEAST_SHARE,
    ).fit(values.assign(day=day))
    ours = {name: stability_index(*_halves(values[name], day)) for name in values}
    assert ours == pytest.approx(theirs.psi_values_, abs=0.02)
    named = drifted(values, day, ["steady", "moved"], most=0.25)
    assert set(named) == set(theirs.features_to_drop_)


def _halves(column: pd.Series, day: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    older = day < np.median(day)
    return column.to_numpy()[older], column.to_numpy()[~older]
