"""People, seats, nudges, siblings and seasons: cases by hand. MORNING is a Monday."""

import pandas as pd
import pytest

from tests.builders import AnAccount, a_step, a_world


def told(*accounts: AnAccount, **more: object) -> dict[str, float]:
    """The last morning's inputs of the first account, by name."""
    built = a_world(*accounts, **more).build()
    mine = built.snapshots["account_id"] == accounts[0].account_id
    return built.values.loc[mine].iloc[-1].to_dict()


def test_use_rests_on_the_most_active_person():
    account = (
        AnAccount().signed_up(90).was_active(3, 10, 17, user="ann").was_active(4, user="bo")
    )
    assert told(account)["top_user_share_91d"] == 0.75


def test_the_most_active_person_is_lost_when_not_seen_for_four_weeks():
    account = AnAccount().signed_up(90)
    account.was_active(70, 60, 50, user="ann").was_active(55, 3, user="bo")
    now = told(account)
    assert now["top_user_lost_28d"] == 1
    assert now["lost_users_share_28d"] == 0.75
    back = told(account.was_active(2, user="ann"))
    assert back["top_user_lost_28d"] == 0
    assert back["lost_users_share_28d"] == 0


def test_who_was_never_active_cannot_be_lost():
    now = told(AnAccount().signed_up(90).was_active(3, user=None))
    assert pd.isna(now["top_user_share_91d"])
    assert pd.isna(now["top_user_lost_28d"])


def test_a_role_that_was_active_this_quarter_only_has_gone_silent():
    account = AnAccount().signed_up(90).has_user("ann", role="admin").was_active(40, user="ann")
    now = told(account)
    assert now["role_gone_silent_admin"] == 1
    assert now["role_key_capabilities_admin"] == 1
    assert told(account.was_active(3, user="ann"))["role_gone_silent_admin"] == 0


def test_seats_in_use_are_people_per_seat():
    account = AnAccount().signed_up(90).has_contract(80, -200, seats=4.0, arr=1_000.0)
    now = told(account.was_active(3, user="ann").was_active(40, user="bo"))
    assert now["active_seats_share_28d"] == 0.25
    assert now["active_seats_share_91d"] == 0.5
    assert now["arr_per_seat"] == 250


def test_a_nudge_is_followed_by_its_milestone_within_two_weeks():
    account = AnAccount().signed_up(90).reached("kicked_off", 50)
    account.was_touched(60, 80, kind="nudge", milestone="kicked_off")
    account.was_touched(5, kind="nudge", milestone="kicked_off").was_touched(2, kind="ticket")
    steps = [a_step("kicked_off", done_when="recorded")]
    now = told(account, steps=steps)
    assert now["nudges_followed_share_91d"] == 0.5
    assert now["days_since_contact"] == 5


def test_what_befell_siblings_is_known_and_not_what_befell_itself():
    own = AnAccount("own").signed_up(90, parent_id="p").was_active(3)
    stays = AnAccount("stays").signed_up(90, parent_id="p")
    gone = AnAccount("gone").signed_up(90, parent_id="p").left(30)
    later = AnAccount("later").signed_up(90, parent_id="p").left(3, known_after=9)
    stranger = AnAccount("stranger").signed_up(90, parent_id=None).left(30)
    now = told(own, stays, gone, later, stranger)
    # Nobody has heard yet that `later` left.
    assert now["siblings_live"] == 2
    assert now["siblings_gone_share"] == pytest.approx(1 / 3)
    assert pd.isna(told(stranger, own)["siblings_live"])


def test_a_sibling_that_came_back_is_live_and_no_longer_gone():
    own = AnAccount("own").signed_up(290, parent_id="p").was_active(3)
    twice = AnAccount("twice").signed_up(290, parent_id="p")
    twice.has_contract(280, 250).has_contract(200, 150).has_contract(20, -200)
    company = a_world(own, twice).build()
    siblings = company.values.loc[company.snapshots["account_id"] == "own"]
    # Gone from 30 days after its second term until 20 days before MORNING.
    assert siblings["siblings_live"].tolist() == [0.0] * 8 + [1.0] * 3
    assert siblings["siblings_gone_share"].tolist() == [1.0] * 8 + [0.0] * 3


def test_the_season_is_offered_only_where_it_came_round_twice():
    account = AnAccount().signed_up(900).was_active(3)
    short = told(account, snapshots={"every_days": 28, "first_on": "2024-01-01"})
    long = told(account, snapshots={"every_days": 28, "first_on": "2022-10-01"})
    assert "month_of_year" not in short
    assert (long["month_of_year"], long["days_to_quarter_end"]) == ("March", 21)
