import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.health.drift import drift
from tests.serving.ledger_world import TODAY, a_feature_set

THEN = 500


def compared(then: dict[str, np.ndarray], now: dict[str, np.ndarray], **units: str):
    values = pd.DataFrame({n: [*then[n], *now[n]] for n in then})
    sizes = len(next(iter(then.values()))), len(next(iter(now.values())))
    days = np.repeat([TODAY - 28, TODAY], sizes)
    return drift(
        a_feature_set(values, days=days, units=units),
        as_of_day=TODAY,
        training_day=TODAY,
        every_days=28,
        used=frozenset({"moved"}),
    ).set_index("feature")


def test_what_moved_comes_first_and_what_did_not_stays_near_what_chance_gives():
    chance = np.random.default_rng(1)
    then = {"same": chance.normal(size=THEN), "moved": chance.normal(size=THEN)}
    now = {"same": chance.normal(size=THEN), "moved": chance.normal(1, size=THEN)}
    found = compared(then, now)
    assert list(found.index) == ["moved", "same"]
    assert found.loc["moved", "index"] > 0.5
    assert found.loc["same", "index"] < 3 * found.loc["same", "by_chance"]
    assert found["is_used"].to_dict() == {"moved": True, "same": False}
    assert found.loc["moved", "typical_now"] == pytest.approx(1, abs=0.2)


def test_the_index_is_what_one_works_out_by_hand():
    """Labels a, b: 50:50 then, 80:20 now. (.8-.5)ln(.8/.5) + (.2-.5)ln(.2/.5) = 0.416."""
    then, now = (
        {"kind": np.repeat(["a", "b"], 5000)},
        {"kind": np.repeat(["a", "b"], [8000, 2000])},
    )
    found = compared(then, now, kind="label")
    assert found.loc["kind", "index"] == pytest.approx(0.416, abs=0.001)
    assert np.isnan(found.loc["kind", "typical_now"])
    # Of two groups chance alone gives one over the accounts then, and one over those now.
    assert found.loc["kind", "by_chance"] == pytest.approx(2 / 10_000)


def test_values_that_are_lacking_all_at_once_are_a_drift():
    full, empty = np.arange(THEN, dtype=float), np.full(THEN, np.nan)
    found = compared({"count": full}, {"count": empty})
    assert found.loc["count", "index"] > 1


def test_what_is_lacking_is_a_group_of_its_own_whatever_else_there_is():
    half = np.where(np.arange(THEN) % 2, np.arange(THEN, dtype=float), np.nan)
    filled, all_high = np.nan_to_num(half, nan=THEN), np.where(np.isnan(half), half, THEN)
    for now in (filled, all_high):
        assert compared({"count": half}, {"count": now}).loc["count", "index"] > 1


def test_what_nobody_had_and_all_have_now_is_a_drift():
    full, empty = np.arange(THEN, dtype=float), np.full(THEN, np.nan)
    assert compared({"count": empty}, {"count": full}).loc["count", "index"] > 1


def test_a_label_never_seen_before_is_a_drift():
    then, now = {"kind": np.repeat("a", THEN)}, {"kind": np.repeat("z", THEN)}
    assert compared(then, now, kind="label").loc["kind", "index"] > 1


def test_the_season_is_no_drift_for_it_is_another_on_every_morning():
    values = pd.DataFrame({"days_to_quarter_end": np.repeat([40.0, 12.0], THEN), "use": 1.0})
    found = drift(
        a_feature_set(
            values,
            days=np.repeat([TODAY - 28, TODAY], THEN),
            families={"days_to_quarter_end": "calendar"},
        ),
        as_of_day=TODAY,
        training_day=TODAY,
        every_days=28,
        used=frozenset(values),
    )
    assert list(found["feature"]) == ["use"]


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=60))
def test_the_same_accounts_have_not_drifted(values):
    same = np.array(values)
    assert compared({"x": same}, {"x": same}).loc["x", "index"] == pytest.approx(0, abs=1e-12)


def test_before_there_is_anything_to_compare_with_nothing_is_said():
    found = drift(
        a_feature_set(pd.DataFrame({"x": [1.0]}), days=np.array([TODAY])),
        as_of_day=TODAY,
        training_day=TODAY,
        every_days=28,
        used=frozenset(),
    )
    assert found.empty
