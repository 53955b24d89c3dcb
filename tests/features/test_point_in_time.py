"""Nothing sees its own future: what becomes known later changes no earlier morning.

In the worlds of these laws rows arrive late in every table: activity, users, achievements,
plans, contracts, exits (also those that follow from contracts), touches, versions of accounts.
"""

from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from features.assemble import FeatureSet
from tests.builders import MORNING, AnAccount, a_step, a_world, at
from tests.features.worlds import worlds

few = settings(
    max_examples=5,
    deadline=None,
    # A world takes a second; shrinking one would take minutes.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
some_worlds = worlds(
    snapshots={"every_days": 10, "first_on": "2024-12-20"},
)
earlier_mornings = st.integers(1, 6).map(lambda back: MORNING - pd.Timedelta(days=10 * back))
tables_taken_away = st.sampled_from([(), (), ("exits",), ("users", "plans"), ("contracts",)])


@given(some_worlds, earlier_mornings, tables_taken_away)
@few
def test_a_morning_can_be_told_again_from_what_was_known_then(world, morning, missing):
    world = world.without(*missing)
    now, then = world.build(morning), world.known_before(morning).build(morning)
    assert list(now.catalogue) == list(then.catalogue)
    for field in fields(FeatureSet):
        one, other = getattr(now, field.name), getattr(then, field.name)
        if isinstance(one, pd.DataFrame):
            pd.testing.assert_frame_equal(one, other)


@given(some_worlds, st.sets(st.integers(0, 80), min_size=1, max_size=3))
@few
def test_which_mornings_are_asked_for_together_changes_no_cell_of_any(world, days_ago):
    also = tuple(at(days).date() for days in days_ago)
    alone, beside = world.build(), world.build(also=also)
    asked_for = np.unique(alone.snapshots["day"])
    rows = beside.snapshots["day"].isin(asked_for).to_numpy()
    pd.testing.assert_frame_equal(
        beside.snapshots[rows].reset_index(drop=True), alone.snapshots
    )
    pd.testing.assert_frame_equal(beside.values[rows].reset_index(drop=True), alone.values)
    assert_same_steps(beside, alone, rows)
    for name in (
        "standing",
        "exits",
        "reached",
        "completed",
        "usage",
        "first_use",
        "tried",
        "arr",
    ):
        pd.testing.assert_frame_equal(getattr(beside, name), getattr(alone, name))


@given(some_worlds, earlier_mornings, tables_taken_away)
@few
def test_a_later_build_tells_an_earlier_morning_as_it_was_told_then(world, morning, missing):
    world = world.without(*missing)
    then, now = world.build(morning), world.build()
    rows = (now.snapshots["day"] <= then.snapshots["day"].max()).to_numpy()
    pd.testing.assert_frame_equal(now.snapshots[rows].reset_index(drop=True), then.snapshots)
    values = now.values[rows].reset_index(drop=True)
    pd.testing.assert_frame_equal(values[list(then.values)], then.values)
    # A capability, role or kind of touch that nobody had heard of says nothing.
    unheard = values.drop(columns=list(then.values))
    assert not unheard.fillna(0).to_numpy(dtype=float).any()
    assert_same_steps(now, then, rows)
    assert_same_outcomes(now, then, morning)


def assert_same_steps(now: FeatureSet, then: FeatureSet, rows: pd.Series) -> None:
    position = pd.Series(rows).cumsum().to_numpy() - 1
    steps = now.steps[rows[now.steps["snapshot"]]].reset_index(drop=True)
    steps["snapshot"] = position[steps["snapshot"]]
    pd.testing.assert_frame_equal(steps, then.steps)


def assert_same_outcomes(now: FeatureSet, then: FeatureSet, morning: pd.Timestamp) -> None:
    known = now.exits[now.exits["known_at"] < morning].reset_index(drop=True)
    later = known["returned_at"] >= morning
    known["returned_at"] = known["returned_at"].mask(later)
    pd.testing.assert_frame_equal(known, then.exits)
    day = (morning - pd.Timestamp(0)).days
    reached = now.reached[now.reached["known_day"] < day].reset_index(drop=True)
    pd.testing.assert_frame_equal(reached, then.reached)


def an_account() -> AnAccount:
    """A customer with something in every table, all of it known at once."""
    account = AnAccount().signed_up(60, plan="small").has_user("ann", role="admin")
    account.was_active(40, 20, 9).has_contract(60, -100, seats=4)
    return account.was_touched(30).reached("kicked_off", 45)


late_rows = {
    "activity": lambda a: a.was_active(5, known_after=5),
    "activity of another capability": lambda a: a.was_active(
        5, capability="workflow_run", known_after=5
    ),
    "users": lambda a: a.has_user("bob", role="member", known_after=400),
    "achievements": lambda a: a.reached("signed_off", 20, known_after=20),
    "plans": lambda a: a.planned("first_report", 30, known=MORNING),
    "contracts": lambda a: a.has_contract(60, 10, product="extra", known_after=60),
    "contracts that end all": lambda a: a.has_contract(900, 500, signed=0, product="old"),
    "exits": lambda a: a.left(30, known_after=30),
    "touches": lambda a: a.was_touched(3, kind="ticket", known_after=3),
    "accounts": lambda a: a.changed(0, plan="large"),
    "accounts whose clock starts anew": lambda a: a.changed(0, kickoff_at=at(3)),
}


@pytest.mark.parametrize("added", late_rows.values(), ids=late_rows)
def test_a_row_known_on_the_morning_itself_is_not_yet_known(added):
    steps = (
        a_step(),
        a_step("kicked_off", done_when="recorded"),
        a_step("signed_off", done_when="recorded"),
    )
    known, told = an_account(), added(an_account())
    without, with_it = (
        a_world(account, steps=steps, segments={"large": {"plan": ["large"]}}).build()
        for account in (known, told)
    )
    for field in fields(FeatureSet):
        one, other = getattr(without, field.name), getattr(with_it, field.name)
        if isinstance(one, pd.DataFrame):
            pd.testing.assert_frame_equal(one, other)


def test_a_late_row_counts_from_the_morning_after_it_became_known():
    account = AnAccount().signed_up(60).was_active(30, known_after=9.5)
    world = a_world(account, snapshots={"every_days": 1, "first_on": at(25).date()})
    features = world.build()
    days = features.snapshots["day"].to_numpy() - (MORNING - pd.Timestamp(0)).days
    counted = features.values["activity_count_28d"].to_numpy()
    # Known 20.5 days before MORNING, so first seen 20 days before; 28 days old two days before.
    assert days[counted > 0].tolist() == list(range(-20, -1))


def test_who_will_come_back_is_gone_and_nobody_knows_better():
    account = AnAccount().signed_up(70).was_active(60).has_contract(70, 60).has_contract(8, -9)
    stayed = AnAccount("stayed").signed_up(70)
    world = a_world(account, stayed)
    then, now = world.build(at(14)), world.build()
    assert then.exits["returned_at"].isna().all()
    assert now.exits["returned_at"].tolist() == [at(8).normalize()]
    assert "a1" not in set(then.standing["account_id"])
    assert "a1" in set(now.standing["account_id"])
