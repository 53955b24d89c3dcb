"""When a milestone was truly reached, in cases that can be checked by hand."""

from typing import Any

import pandas as pd
import pytest

from features.assemble import FeatureSet
from tests.builders import SOON, AnAccount, World, a_step, a_world, at

QUIET = {"capability": "report_viewed", "silent_days": 14}


def a_criterion(measure: str = "count", at_least: float = 1, **told: Any) -> dict[str, Any]:
    return {"capability": "report_viewed", "measure": measure, "at_least": at_least, **told}


def asked(account: AnAccount, done_when: Any, **told: Any) -> World:
    """One account, one milestone."""
    return a_world(account, steps=[a_step("goal", done_when=done_when, **told)])


def now(features: FeatureSet) -> pd.Series:
    """Where the account stands on the one milestone today."""
    return features.standing.iloc[0]


def a_customer() -> AnAccount:
    return AnAccount().signed_up(65)


def test_the_moment_is_that_of_the_row_that_met_the_criterion():
    account = a_customer().was_active(30, 21.3, 9.7, 2)
    stands = now(asked(account, a_criterion(at_least=3)).build())
    assert stands["state"] == "done"
    assert stands["achieved_at"] == at(9.7)


def test_the_moment_is_the_same_whenever_the_pipeline_ran():
    world = asked(a_customer().was_active(30, 21.3, 9.7, 2), a_criterion(at_least=2))
    told = {now(world.build(at(days)))["achieved_at"] for days in (0, 7, 20, 21)}
    assert told == {at(21.3)}


def test_one_short_is_open_and_says_how_far_it_is():
    stands = now(asked(a_customer().was_active(30, 20, 10), a_criterion(at_least=4)).build())
    assert stands["state"] == "open"
    assert stands["progress"] == 0.75
    assert pd.isna(stands["achieved_at"])


def test_only_its_own_capability_counts():
    account = a_customer().was_active(30).was_active(20, 10, capability="workflow_run")
    assert now(asked(account, a_criterion(at_least=2)).build())["progress"] == 0.5


def test_quantities_add_up_to_a_fraction():
    account = a_customer().was_active(*range(10, 20), quantity=0.7)
    met = now(asked(account, a_criterion("quantity", 7)).build())
    assert met["achieved_at"] == at(10)


def test_people_count_once_and_nobody_not_at_all():
    account = a_customer().was_active(30, 29, user="ann").was_active(28, user=None)
    assert now(asked(account, a_criterion("users", 2)).build())["progress"] == 0.5
    met = now(asked(account.was_active(5, user="bob"), a_criterion("users", 2)).build())
    assert met["achieved_at"] == at(5)


def test_two_uses_on_one_day_are_one_day():
    account = a_customer().was_active(10.2, 10.1, 9.9)
    met = now(asked(account, a_criterion("days", 2)).build())
    assert met["achieved_at"] == at(9.9)


def test_a_sliding_window_forgets():
    thin = a_customer().was_active(40, 30, 20, 10)
    assert now(asked(thin, a_criterion(at_least=2, within_days=9)).build())["state"] == "open"
    dense = a_customer().was_active(40, 30, 22, 10)
    assert now(asked(dense, a_criterion(at_least=2, within_days=9)).build())[
        "achieved_at"
    ] == at(22)


def test_weeks_run_from_monday_to_sunday():
    # MORNING is a Monday: 8 days before is a Sunday, 7 days before the next week's Monday.
    met = now(asked(a_customer().was_active(8, 7), a_criterion("weeks_in_a_row", 2)).build())
    assert met["achieved_at"] == at(7)
    one_week = a_customer().was_active(7, 1)
    assert now(asked(one_week, a_criterion("weeks_in_a_row", 2)).build())["state"] == "open"


def test_only_people_of_the_role_count():
    account = a_customer().has_user("ann", role="admin").has_user("bob", role="member")
    account.was_active(30, user="bob").was_active(20, user="cy").was_active(15, user=None)
    met = asked(account.was_active(10, user="ann"), a_criterion(role="admin")).build()
    assert now(met)["achieved_at"] == at(10)


def test_a_role_told_later_counts_for_what_was_done_before():
    account = a_customer().was_active(30, user="ann")
    account.has_user("ann", role="admin", since=60, known_after=50)
    world = asked(account, a_criterion(role="admin"))
    assert now(world.build(at(10)))["state"] == "open"
    assert now(world.build())["achieved_at"] == at(30)


def test_without_a_table_of_users_nobody_has_a_role():
    assert (
        now(asked(a_customer().was_active(30), a_criterion(role="admin")).build())["state"]
        == "open"
    )


def test_a_late_row_corrects_the_moment_and_only_from_then_on():
    account = a_customer().was_active(20).was_active(40, known_after=30)
    world = asked(account, a_criterion())
    assert now(world.build(at(14)))["achieved_at"] == at(20)
    assert now(world.build())["achieved_at"] == at(40)
    # What adoption tells is the true day; training learns it as it was first known.
    assert world.build().completed["day"].tolist() == [(at(40) - pd.Timestamp(0)).days]
    assert world.build().reached["day"].tolist() == [(at(20) - pd.Timestamp(0)).days]


def test_a_record_is_believed_once_it_is_known_and_has_come():
    known_late = asked(a_customer().reached("goal", 30, known_after=20), "recorded")
    assert now(known_late.build(at(14)))["state"] == "open"
    assert now(known_late.build())["achieved_at"] == at(30)
    dated_ahead = asked(a_customer().reached("goal", -5, known_after=-30), "recorded")
    assert now(dated_ahead.build())["state"] == "open"


def test_a_record_without_a_table_of_records_is_never_reached():
    stands = now(asked(a_customer().was_active(3), "recorded").build())
    assert stands["state"] == "open"
    assert stands["progress"] == 0.0


def test_adoption_decays_and_comes_back():
    account = a_customer().was_active(50, 20)
    steps = [a_step("goal", done_when=a_criterion(), lost_when={"silent_days": 14})]
    every_day = {"every_days": 1, "first_on": at(60).date()}
    features = a_world(account, steps=steps, snapshots=every_day).build()
    age = features.snapshots["day"].max() - features.snapshots["day"]
    assert set(age[features.values["milestones_lost"] == 1]) == {*range(20, 36), *range(6)}
    assert set(age[features.values["milestones_done"] == 1]) == set(range(50))
    assert now(features)["state"] == "lost"


def test_what_was_just_reached_is_not_yet_lost():
    account = a_customer().reached("goal", 5)
    told = account.was_active(60, capability="workflow_run").was_active(60)
    world = asked(told, "recorded", lost_when=QUIET | {"capability": "workflow_run"})
    assert now(world.build())["state"] == "done"
    assert now(world.build(at(-10)))["state"] == "lost"


def test_what_was_lost_stays_reached_for_those_who_count():
    world = asked(a_customer().was_active(50), a_criterion(), lost_when={"silent_days": 14})
    features = world.build()
    assert features.values["milestones_done"].iloc[-1] == 1
    assert features.values["milestones_lost"].iloc[-1] == 1
    assert features.snapshots["pace"].iloc[-1] == "done"


def test_a_milestone_that_nobody_ever_reached_is_open_for_everybody():
    ladder = [a_step(), a_step("never", done_when=a_criterion(at_least=1000))]
    features = a_world(a_customer().was_active(3), steps=ladder).build()
    assert (features.steps["milestone"] == "never").any()
    assert (features.reached["milestone"] == "first_report").all()
    assert features.standing.set_index("milestone")["state"]["never"] == "open"


share = a_criterion("share_of_seats", 0.5)


def test_a_share_is_of_the_seats_in_force():
    account = a_customer().has_contract(60, -300, seats=4)
    account.was_active(30, user="ann").was_active(20, user="bob")
    assert now(asked(account, share).build())["achieved_at"] == at(20)


def test_more_seats_ask_for_more_people():
    account = a_customer().has_contract(60, -300, seats=2)
    account.has_contract(25, -300, seats=2, product="extra").was_active(20, user="ann")
    assert now(asked(account, share).build())["progress"] == 0.5


def test_seats_that_end_are_not_asked_for():
    account = a_customer().has_contract(60, -300, seats=2)
    account.has_contract(60, 40, seats=20, product="pilot").was_active(30, user="ann")
    assert now(asked(account, share).build())["achieved_at"] == at(30)


def test_without_contracts_the_account_says_how_many_seats_it_has():
    account = AnAccount().signed_up(65, seats=4).was_active(30, user="ann")
    assert now(asked(account, share).build())["progress"] == 0.5
    smaller = AnAccount().signed_up(65, seats=4).changed(32, seats=2).was_active(30)
    assert now(asked(smaller, share).build())["achieved_at"] == at(30)


def test_two_changes_on_one_day_leave_the_last():
    account = AnAccount().signed_up(65, seats=4).changed(40.2, seats=2).changed(40.1, seats=9)
    assert now(asked(account.was_active(30), share).build())["progress"] == pytest.approx(0.2)


@pytest.mark.parametrize("seats", [None, 0.0])
def test_without_seats_there_is_nothing_to_share(seats):
    account = AnAccount().signed_up(65, seats=seats).was_active(30)
    assert now(asked(account, share).build())["progress"] == 0.0


def test_a_contract_without_an_end_is_a_contract():
    account = a_customer().has_contract(60, -400, seats=2).was_active(30)
    account.rows["contracts"][0]["ends_on"] = pd.Timestamp("9999-12-31").as_unit("us")
    features = asked(account, share).build()
    assert now(features)["achieved_at"] == at(30)
    assert features.values["days_to_renewal"].isna().all()


def test_contracts_of_one_account_say_nothing_about_anothers_seats():
    told_by_itself = AnAccount("a").signed_up(65, seats=4).was_active(30)
    told_by_lines = AnAccount("b").signed_up(65, seats=100)
    told_by_lines.has_contract(60, -300, seats=2).was_active(30)
    world = a_world(told_by_itself, told_by_lines, steps=[a_step("goal", done_when=share)])
    assert world.build().standing["progress"].tolist() == [0.5, 1.0]


def test_what_was_reached_is_known_the_day_before_the_first_morning_that_knew():
    features = asked(a_customer().was_active(10, known_after=SOON), a_criterion()).build()
    day, known_day = features.reached.loc[0, ["day", "known_day"]]
    assert day == (at(10) - pd.Timestamp(0)).days
    assert known_day == (at(7) - pd.Timestamp(0)).days - 1
