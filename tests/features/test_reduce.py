"""The reduction keeps what windows need, exactly, in whatever order rows are handed over."""

from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from features.asof import Mornings, ordinal
from features.assemble import FeatureSet
from features.reduce import Calendar, reduce_activity
from tests.builders import MORNING, AnAccount, World, a_world, at
from tests.features.worlds import worlds

TODAY = ordinal(MORNING.date())
few = settings(
    max_examples=4,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@given(worlds(snapshots={"every_days": 10, "first_on": "2024-12-20"}), st.randoms())
@few
def test_the_order_of_rows_changes_nothing(world, chance):
    shuffled = {
        name: frame.iloc[chance.sample(range(len(frame)), len(frame))]
        for name, frame in world.frames.items()
    }
    one, other = world.build(), World(shuffled, world.configuration).build()
    for field in fields(FeatureSet):
        if isinstance(getattr(one, field.name), pd.DataFrame):
            pd.testing.assert_frame_equal(
                getattr(one, field.name), getattr(other, field.name), check_exact=True
            )


@given(st.lists(st.sampled_from([0.1, 0.2, 0.7, 1 / 3, 4096.0]), min_size=4, max_size=9))
@few
def test_an_emptied_window_holds_exactly_nothing(quantities):
    account = AnAccount().signed_up(70)
    for days, quantity in enumerate(quantities):
        account.was_active(60 - 5 * days, quantity=quantity)
    found = a_world(account).build().values["activity_quantity_7d"].to_numpy()
    assert found[-1] == 0.0
    assert found.max() <= sum(quantities) * (1 + 1e-9)


def test_the_order_of_fractions_changes_no_sum():
    quantities = [0.1, 0.7, 1e9, 0.3, 1 / 3, 1e-5]
    told = [
        a_world(
            AnAccount().signed_up(70),
            *(AnAccount().was_active(9, quantity=quantity) for quantity in order),
        )
        .build()
        .values["activity_quantity_28d"]
        .iloc[-1]
        for order in (quantities, quantities[::-1])
    ]
    assert told[0] == told[1]
    assert told[0] == pytest.approx(sum(quantities), rel=1e-12)


def test_the_largest_amounts_are_not_lost():
    account = AnAccount().signed_up(60).was_active(20, 10, quantity=3e15)
    assert a_world(account).build().values["activity_quantity_28d"].iloc[-1] == 6e15


def test_every_known_row_is_kept_once():
    account = AnAccount().signed_up(60).was_active(*np.arange(0.5, 60, 1.7))
    account.was_active(3, known_after=3).was_active(4, known_after=2).was_active(-2)
    mornings = Mornings(np.array([TODAY - 20, TODAY - 9, TODAY]))
    reduced = reduce_activity(a_world(account).tables, mornings, capabilities=["report_viewed"])
    assert reduced.by_segment["rows"].sum() == 35 + 1
    assert (reduced.by_segment["rows"] == reduced.by_segment["rows_0"]).all()
    keys = reduced.by_segment[["account_id", "segment", "seen_from"]]
    assert not keys.duplicated().any()


@given(st.sets(st.integers(TODAY - 200, TODAY), min_size=1, max_size=4), st.integers(1, 300))
@settings(max_examples=30, deadline=None)
def test_no_window_or_week_begins_or_ends_inside_a_segment(days, back):
    mornings = Mornings(np.array(sorted(days), dtype=np.int64))
    frame = Calendar.spanning(mornings, first_day=int(mornings.days[-1]) - back).frame()
    assert (frame.groupby("segment")["day"].agg(np.ptp) <= 6).all()
    weeks = (frame["day"] + 3) // 7
    assert (weeks.groupby(frame["segment"]).nunique() == 1).all()
    for morning in days:
        for window in (7, 28, 56, 91):
            inside = frame["day"].between(morning - window, morning - 1)
            assert (inside.groupby(frame["segment"]).nunique() == 1).all()


def test_one_person_known_on_two_mornings_is_one_person_from_entry_to_entry():
    account = AnAccount().signed_up(60).was_active(30, 12, 12, 3)
    mornings = Mornings(np.array([TODAY - 20, TODAY - 10, TODAY]))
    reduced = reduce_activity(a_world(account).tables, mornings, capabilities=[])
    entries = reduced.by_user.sort_values("seen_from")
    assert entries["seen_from"].tolist() == [0, 1, 2]
    assert entries["until"].tolist()[:2] == [1, 2]
    assert entries["last_day"].tolist() == [TODAY - 30, TODAY - 12, TODAY - 3]


def test_one_row_dated_long_ago_does_no_harm():
    ordinary = AnAccount("a").signed_up(60).was_active(20)
    stray = AnAccount("b").signed_up(60).was_active(15_000, 20)
    features = a_world(ordinary, stray, snapshots={"every_days": 7}).build()
    assert features.snapshots["day"].min() >= ordinal(at(60).date())
    assert features.snapshots["day"].nunique() <= 10
    used = features.values.groupby(features.snapshots["account_id"])["activity_count_28d"].max()
    assert used.tolist() == [1, 1]


@pytest.mark.parametrize("quantity", [None, float("nan")])
def test_a_quantity_that_nobody_told_counts_as_one(quantity):
    account = AnAccount().signed_up(60).was_active(20, 10, quantity=quantity)
    found = a_world(account).build()
    assert found.values["activity_quantity_28d"].iloc[-1] == 2.0
