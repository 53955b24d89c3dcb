import numpy as np
import pandas as pd
import pytest

from training.effects.landmarks import landmark_book


@pytest.fixture(scope="module")
def book(company):
    return landmark_book(
        company.features,
        training_day=company.day,
        horizon_days=90,
        min_events=company.configuration.project.models.min_events,
    )


def mornings(landmarks, features):
    rows = features.snapshots.iloc[landmarks.snapshot]
    return pd.DataFrame({"account_id": rows["account_id"].to_numpy(), "day": rows["day"]})


def seen(book, name):
    features = book.features
    keys = [features.snapshots["account_id"], features.snapshots["day"]]
    return pd.Series(
        features.values[name].to_numpy(dtype=float), index=pd.MultiIndex.from_arrays(keys)
    )


def test_in_a_busy_week_no_milestone_was_reached(book):
    weeks = mornings(book.busy_weeks(), book.features)
    both = weeks.merge(book.features.reached, on="account_id", suffixes=("", "_reached"))
    wait = both["day_reached"] - both["day"]
    assert len(weeks) > 100
    assert not wait.between(0, book.window_days - 1).any()


def test_a_week_is_busy_where_more_was_done_than_in_the_one_before(book):
    weeks = book.busy_weeks()
    asked = mornings(weeks, book.features)
    done = seen(book, "activity_count_7d")
    before = done[pd.MultiIndex.from_frame(asked)].to_numpy()
    after = asked.assign(day=asked["day"] + book.window_days)
    within = done[pd.MultiIndex.from_frame(after)].to_numpy()
    assert (weeks.is_reached == (within > before)).all()
    assert 0.1 < weeks.is_reached.mean() < 0.9


def test_later_use_is_that_of_the_week_after_the_window_and_unknown_where_none_was_seen(book):
    landmarks = next(book.milestones())
    asked = mornings(landmarks, book.features)
    asked["day"] += 2 * book.window_days
    told = seen(book, "active_days_7d").reindex(pd.MultiIndex.from_frame(asked)).to_numpy()
    np.testing.assert_array_equal(landmarks.later, told)
    assert np.isfinite(landmarks.later).mean() > 0.5
