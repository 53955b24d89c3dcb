"""A feature set is made of whatever there is: odd tables, missing tables, hardly any rows."""

import numpy as np
import pandas as pd
import pytest

from configs.errors import ConfigError, DataError
from features.assemble import FeatureSet
from tests.builders import MORNING, AnAccount, World, a_frame, a_step, a_world, at

COUNTS = ("activity_count_28d", "active_days_91d", "active_users_7d", "capabilities_ever")


def a_customer(name: str = "a1") -> AnAccount:
    return AnAccount(name).signed_up(60)


def with_rows(world: World, **frames: pd.DataFrame) -> World:
    return World({**world.frames, **frames}, world.configuration)


def is_whole(features: FeatureSet) -> bool:
    """Every frame fits the others, and no number is infinite."""
    assert len(features.values) == len(features.snapshots)
    assert list(features.values) == list(features.catalogue)
    assert not features.snapshots.duplicated(["account_id", "day"]).any()
    assert features.steps["snapshot"].isin(range(len(features.snapshots))).all()
    numbers = features.values.select_dtypes("number").to_numpy(dtype=float)
    return not np.isinf(numbers).any()


def test_one_account_is_enough():
    features = a_world(a_customer().was_active(3)).build()
    assert is_whole(features)
    assert features.snapshots["account_id"].unique().tolist() == ["a1"]
    assert features.values["peers_percentile_active_days_28d"].isna().all()


def test_without_any_activity_everything_is_silent():
    features = a_world(a_customer()).build()
    assert is_whole(features)
    assert not features.values[list(COUNTS)].to_numpy().any()
    assert (
        features.values["days_since_active"].tolist() == features.values["tenure_days"].tolist()
    )
    assert features.usage.empty
    assert features.reached.empty


def test_without_activity_and_a_first_morning_there_is_today():
    world = a_world(a_customer(), snapshots={"every_days": 7})
    assert len(world.build().snapshots) == 1


def test_activity_of_strangers_is_nobodys():
    stranger = AnAccount("stranger").has_user("ann", role="admin").was_active(3, 9)
    stranger.was_touched(5).reached("first_report", 4).has_contract(30, -30).left(2)
    features = a_world(a_customer(), stranger).build()
    assert is_whole(features)
    assert not features.values[list(COUNTS)].to_numpy().any()
    assert not any("admin" in name or "touch" in name for name in features.catalogue)


def test_what_is_dated_in_the_future_waits_for_its_day():
    account = a_customer().was_active(-5, -400).was_touched(-3).reached("first_report", -2)
    account.has_contract(-30, -400).left(-9, known_after=-20)
    account.has_contract(-30, -400, product="extra", signed=40)
    features = a_world(account).build()
    assert is_whole(features)
    assert features.values["activity_count_91d"].sum() == 0
    assert features.snapshots["day"].max() == (MORNING - pd.Timestamp(0)).days
    assert features.values["arr"].isna().all()
    assert features.values["days_to_renewal"].iloc[-1] == 400


def test_an_account_that_signs_up_in_the_future_is_not_there_yet():
    features = a_world(a_customer(), AnAccount("b").signed_up(-5, known_after=-30)).build()
    assert set(features.snapshots["account_id"]) == {"a1"}


def test_an_account_all_of_whose_rows_are_late_is_silent_until_then():
    account = AnAccount().signed_up(60, known_after=30)
    account.was_active(50, 45, 40, known_after=30).has_user("ann", role="admin")
    features = a_world(account).build()
    day = (MORNING - pd.Timestamp(0)).days
    assert features.snapshots["day"].min() == day - 28
    counted = features.values["activity_count_91d"].tolist()
    # Known 20, 15 and 10 days before MORNING.
    assert counted == [0, 0, 2, 3, 3]


def test_rows_without_users_are_use_all_the_same():
    account = a_customer().was_active(3, 9, user=None).has_user("ann", role="admin")
    features = a_world(account).build()
    assert is_whole(features)
    assert features.values["activity_count_28d"].iloc[-1] == 2
    assert features.values["active_users_91d"].sum() == 0
    assert features.values["active_users_ratio_91d"].isna().all()


@pytest.mark.parametrize("table", ["users", "contracts", "touches", "exits", "achievements"])
def test_a_table_without_rows_is_as_good_as_none(table):
    world = a_world(a_customer().was_active(3))
    with_it = with_rows(world, **{table: a_frame(table, [])}).build()
    without = world.build()
    assert is_whole(with_it)
    pd.testing.assert_frame_equal(with_it.values, without.values)


def test_a_table_of_plans_without_rows_agrees_on_nothing():
    world = a_world(a_customer().was_active(3))
    with_it = with_rows(world, plans=a_frame("plans", [])).build()
    pd.testing.assert_frame_equal(with_it.standing, world.build().standing)


def test_a_user_whose_role_or_birth_nobody_told_does_no_harm():
    account = a_customer().was_active(3).has_user("ann")
    account.rows["users"][0] |= {"created_at": None, "known_at": None}
    features = a_world(account).build()
    assert is_whole(features)
    assert features.values["active_users_28d"].iloc[-1] == 1


def test_a_contract_without_figures_is_a_line_all_the_same():
    features = a_world(a_customer().has_contract(50, -50, arr=None)).build()
    assert features.values["contract_lines"].iloc[-1] == 1
    assert features.values["arr"].isna().all()
    assert features.values["days_to_renewal"].iloc[-1] == 50


def test_an_attribute_that_nobody_told_is_absent():
    account = a_customer().was_active(3)
    account.rows["accounts"][0] |= {"plan": None, "size": None}
    other = AnAccount("b").signed_up(60, plan="team", size=4)
    world = a_world(account, other, accounts={"attributes": ["plan", "size"]})
    last = world.build().values.groupby(np.repeat([0, 1], 9)).last()
    assert last["attribute_plan"].isna().tolist() == [True, False]
    assert last["attribute_size"].isna().tolist() == [True, False]


def test_a_column_of_lists_that_nobody_asked_for_does_no_harm():
    account, other = a_customer().was_active(3), a_customer("b")
    account.rows["accounts"][0]["tags"] = ["new", "large"]
    other.rows["accounts"][0]["tags"] = ["old"]
    assert is_whole(a_world(account, other).build())


def test_an_attribute_that_accounts_lack_is_refused_by_name():
    world = a_world(a_customer().was_active(3), accounts={"attributes": ["owners"]})
    with pytest.raises(ConfigError, match=r"accounts\.attributes.*`owners`.*mean `owner`"):
        world.build()


def test_a_capability_that_activity_never_shows_is_refused_by_name():
    world = a_world(
        a_customer().was_active(3), steps=[a_step(done_when={"capability": "report_view"})]
    )
    with pytest.raises(ConfigError, match=r"report_view.*did you mean `report_viewed`"):
        world.build()


def test_a_capability_that_only_the_future_shows_is_no_mistake():
    account = a_customer().was_active(30, capability="workflow_run").was_active(3)
    features = a_world(account).build(at(14))
    assert features.standing["state"].tolist() == ["open"]
    assert "capability_count_report_viewed_28d" not in features.catalogue


def test_before_anybody_was_known_there_is_nothing_to_say():
    with pytest.raises(DataError, match=r"no account was known and live by 2024-01-01"):
        a_world(a_customer().was_active(3)).build(pd.Timestamp("2024-01-01"))


def test_where_everybody_has_left_the_past_still_teaches():
    features = a_world(a_customer().was_active(30).left(20)).build()
    assert features.snapshots["day"].max() < (MORNING - pd.Timestamp(0)).days
    assert features.standing.empty
    assert features.usage.empty
    assert features.exits["account_id"].tolist() == ["a1"]


def test_an_exit_before_the_sign_up_leaves_nobody():
    features = a_world(a_customer(), AnAccount("b").signed_up(40).left(50)).build()
    assert set(features.snapshots["account_id"]) == {"a1"}


def test_who_left_is_gone_the_morning_after_we_knew():
    features = a_world(a_customer().left(30, known_after=8.5)).build()
    ages = (MORNING - pd.Timestamp(0)).days - features.snapshots["day"].to_numpy()
    # Known 21.5 days before MORNING: still thought to be here 28 days before, not 21.
    assert ages.min() == 28


def test_who_came_back_is_here_again():
    account = a_customer().was_active(5)
    account.has_contract(60, 55).has_contract(20, -100)
    world = a_world(account, snapshots={"every_days": 1, "first_on": at(60).date()})
    ages = (MORNING - pd.Timestamp(0)).days - world.build().snapshots["day"].to_numpy()
    # The contract ended 55 days ago; with 30 days of grace, that is an exit known 25 days ago.
    assert 25 in ages
    assert not set(ages) & set(range(20, 25))
    assert 19 in ages


def test_a_window_longer_than_the_data_holds_what_there_is():
    world = a_world(a_customer().was_active(3), snapshots={"every_days": 7})
    features = world.build()
    assert features.values["activity_count_91d"].iloc[-1] == 1


def test_the_most_used_capabilities_have_inputs_of_their_own():
    account = a_customer()
    for number in range(45):
        capability = f"capability_{number:02d}"
        account.was_active(*np.arange(1, 2 + (number < 40)), capability=capability)
    world = a_world(account, steps=[a_step(done_when={"capability": "capability_44"})])
    features = world.build()
    named = [f.subject for f in features.catalogue.values() if f.measure == "capability_count"]
    assert named == [f"capability_{number:02d}" for number in range(40)]
    assert features.values["capabilities_ever"].iloc[-1] == 45


def test_every_input_says_what_it_means():
    account = a_customer().was_active(3).has_user("ann", role="admin").was_touched(4)
    features = a_world(account.has_contract(50, -50)).build()
    for feature in (*features.catalogue.values(), *features.step_catalogue.values()):
        assert feature.meaning
        assert feature.absence
    assert {n for n, f in features.catalogue.items() if f.is_clock} == {
        "days_to_next_due",
        "days_to_renewal",
        "days_to_kickoff",
    }


def test_clocks_fall_by_one_a_day():
    account = a_customer().was_active(3).has_contract(50, -50).planned("first_report", -20)
    account.rows["accounts"][0]["kickoff_at"] = at(-9)
    steps = [a_step(done_when={"capability": "report_viewed", "at_least": 9})]
    world = a_world(
        account, steps=steps, snapshots={"every_days": 1, "first_on": at(40).date()}
    )
    features = world.build()
    clocks = [name for name, feature in features.catalogue.items() if feature.is_clock]
    assert (features.values[clocks].diff().iloc[1:] == -1).all(axis=None)
