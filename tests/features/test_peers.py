"""How an account stands among its peers, and how they fare: cases by hand."""

from typing import Any

import pandas as pd
import pytest

from features.assemble import FeatureSet
from tests.builders import AnAccount, a_world


@pytest.fixture(scope="module")
def company() -> FeatureSet:
    """Six old accounts, active on none to five days; two young ones; two that left."""
    members = [
        AnAccount(f"old_{days}").signed_up(200, kickoff=199).was_active(*range(1, days + 1))
        for days in range(5)
    ]
    members += [
        AnAccount("old_4_too").signed_up(200, kickoff=199).was_active(2, 3, 4, 5),
        AnAccount("young").signed_up(20).was_active(3),
        AnAccount("younger").signed_up(10),
        AnAccount("left").signed_up(200, kickoff=199).left(20),
        AnAccount("left_long_ago").signed_up(200, kickoff=199).left(30),
        AnAccount("acquired").signed_up(200, kickoff=199).left(10, cause="acquired"),
        AnAccount("left_secretly").signed_up(200, kickoff=199).left(5, known_after=5),
    ]
    return a_world(*members).build()


def today(features: FeatureSet, name: str) -> dict[str, Any]:
    row = features.snapshots.index[features.snapshots["account_id"] == name][-1]
    return features.values.loc[row].to_dict()


def test_a_percentile_is_the_place_among_peers(company):
    # Peers: 0, 0 (left secretly), 1, 2, 3, 4 and 4 active days.
    told = [
        today(company, f"old_{days}")["peers_percentile_active_days_28d"] for days in range(5)
    ]
    assert told == pytest.approx([1.5 / 7, 3 / 7, 4 / 7, 5 / 7, 6.5 / 7])


def test_who_is_level_shares_a_place(company):
    one, other = (
        today(company, name)["peers_percentile_active_days_28d"]
        for name in ("old_4", "old_4_too")
    )
    assert one == other


def test_too_few_peers_say_nothing(company):
    assert pd.isna(today(company, "young")["peers_percentile_active_days_28d"])


def test_churn_among_peers_is_what_was_heard_in_the_last_four_weeks(company):
    # One of eight: seven are here, one is known to have churned 20 days ago; who left longer
    # ago, was acquired, or left unknown to us does not count.
    assert today(company, "old_1")["cohort_exit_rate_28d"] == pytest.approx(1 / 8)


def test_who_did_not_renew_is_heard_of_when_the_grace_is_over():
    # Both contracts ended too long ago for the window; of one the grace ended 5 days ago.
    members = [AnAccount(f"here_{one}").signed_up(200, kickoff=199) for one in range(3)]
    for member in members:
        member.has_contract(190, -100)
    for name, ended in (("lately", 35), ("long_ago", 80)):
        members.append(AnAccount(name).signed_up(200, kickoff=199).has_contract(190, ended))
    told = today(a_world(*members).build(), "here_1")
    assert told["cohort_exit_rate_28d"] == pytest.approx(1 / 4)


def test_who_came_back_has_not_left():
    members = [AnAccount(f"here_{one}").signed_up(200, kickoff=199) for one in range(2)]
    for member in members:
        member.has_contract(190, 45)
    back, gone = members
    back.has_contract(10, -100)
    other = AnAccount("other").signed_up(200, kickoff=199).has_contract(190, -100)
    told = today(a_world(back, gone, other).build(), "other")
    assert told["cohort_exit_rate_28d"] == pytest.approx(1 / 3)


def test_another_months_cohort_fares_on_its_own(company):
    assert today(company, "young")["cohort_exit_rate_28d"] == 0.0


def test_of_all_mornings_the_peers_are_those_of_the_same_one(company):
    rows = company.snapshots["account_id"] == "old_4"
    told = company.values.loc[rows, "peers_percentile_active_days_28d"]
    # Nobody was active before the last week, so that all nine to ten were level.
    assert told.iloc[0] == pytest.approx((10 + 1) / 2 / 10)
