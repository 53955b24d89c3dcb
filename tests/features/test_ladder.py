"""Where an account stands on its ladder, in cases that can be checked by hand."""

from typing import Any

import pandas as pd
import pytest

from features.assemble import FeatureSet
from tests.builders import MORNING, AnAccount, a_step, a_world, at


def used(capability: str, **told: Any) -> dict[str, Any]:
    return {"done_when": {"capability": capability, **told}}


LADDER = (
    a_step("connected", **used("source_synced")),
    a_step("first_report", **used("report_viewed"), requires=["connected"]),
    a_step("automated", **used("workflow_run"), requires=["first_report"], expected_days=20),
)
ENTERPRISE = {"enterprise": {"plan": ["enterprise"]}}


@pytest.fixture(scope="module")
def company() -> FeatureSet:
    """Accounts on every rung; each did one thing on each of the days named."""
    members = [
        climbing("nowhere", 60),
        climbing("on_time", 60, source_synced=52),
        climbing("top", 60, source_synced=52, report_viewed=45, workflow_run=30),
        climbing("late", 60, source_synced=40, report_viewed=38),
        climbing("skipped", 60, report_viewed=50),
        climbing("young", 5),
        AnAccount("not_started").signed_up(60, kickoff=-10),
        climbing("planned", 60).planned("connected", -3).planned("automated", 30),
        climbing("planned_late", 60, source_synced=40).planned("connected", 45),
        climbing("gone", 60, source_synced=50).left(20),
    ]
    return a_world(*members, steps=LADDER).build()


def climbing(name: str, signed_up: float, **first_use: float) -> AnAccount:
    account = AnAccount(name).signed_up(signed_up)
    for capability, days in first_use.items():
        account.was_active(days, capability=capability)
    return account


def states(features: FeatureSet, name: str, column: str = "state") -> list[Any]:
    rows = features.standing["account_id"] == name
    return features.standing.loc[rows, column].tolist()


def today(features: FeatureSet, name: str) -> dict[str, Any]:
    row = features.snapshots.index[features.snapshots["account_id"] == name][-1]
    return features.values.loc[row].to_dict() | features.snapshots.loc[row].to_dict()


def days_before(moments: list[pd.Timestamp]) -> list[float | None]:
    return [None if pd.isna(moment) else (MORNING - moment).days for moment in moments]


def test_only_what_nothing_stands_before_is_open(company):
    assert states(company, "nowhere") == ["open", "locked", "locked"]
    assert states(company, "on_time") == ["done", "open", "locked"]
    assert states(company, "top") == ["done", "done", "done"]


def test_a_step_taken_out_of_order_is_done_and_opens_nothing_by_itself(company):
    assert states(company, "skipped") == ["open", "done", "open"]


def test_a_step_opens_with_the_last_that_it_requires(company):
    assert days_before(states(company, "late", "opened_at")) == [60, 40, 38]
    assert states(company, "late", "days_open") == [20, 2, 38]


def test_a_locked_step_has_neither_opened_nor_a_date(company):
    assert days_before(states(company, "nowhere", "opened_at")) == [60, None, None]
    assert days_before(states(company, "nowhere", "due_on")) == [50, None, None]


def test_a_step_is_due_as_long_after_opening_as_the_playbook_expects(company):
    assert days_before(states(company, "late", "due_on")) == [50, 30, 18]


def test_an_agreed_date_goes_before_the_playbooks(company):
    assert days_before(states(company, "planned", "due_on")) == [-3, None, 30]
    assert today(company, "planned_late")["last_milestone_days_late"] == 5


def test_a_step_is_on_track_then_behind_then_stuck(company):
    assert states(company, "young", "pace")[0] == "on_track"
    assert states(company, "late", "pace") == ["done", "done", "behind"]
    assert states(company, "nowhere", "pace")[0] == "stuck"


@pytest.mark.parametrize(
    ("days_old", "pace"), [(30, "on_track"), (31, "behind"), (60, "behind"), (61, "stuck")]
)
def test_stuck_is_late_by_as_long_again(days_old, pace):
    account, stranger = (
        AnAccount().signed_up(90, kickoff=days_old),
        AnAccount("b").was_active(9),
    )
    features = a_world(account, stranger, steps=[a_step(expected_days=30)]).build()
    assert features.snapshots["pace"].iloc[-1] == pace


def test_an_account_is_as_late_as_its_latest_open_step(company):
    assert today(company, "nowhere")["pace"] == "stuck"
    assert today(company, "late")["pace"] == "behind"
    assert today(company, "young")["pace"] == "on_track"
    assert today(company, "nowhere")["days_late"] == 50


def test_an_account_at_the_top_of_its_ladder_has_no_next_step(company):
    top = today(company, "top")
    assert top["pace"] == "done"
    assert top["milestones_done"] == top["milestones_total"] == 3
    assert top["milestones_done_share"] == 1.0
    assert pd.isna(top["days_late"])
    assert pd.isna(top["days_to_next_due"])
    last_row = company.snapshots.index[company.snapshots["account_id"] == "top"][-1]
    assert not (company.steps["snapshot"] == last_row).any()


def test_every_open_step_of_every_morning_has_a_row(company):
    is_last = company.snapshots["day"] == company.snapshots["day"].max()
    rows = company.steps[company.steps["snapshot"].map(is_last)]
    accounts = company.snapshots["account_id"].loc[rows["snapshot"]]
    pairs = sorted(zip(accounts, rows["milestone"], strict=True))
    open_now = company.standing[company.standing["state"] == "open"]
    assert pairs == sorted(zip(open_now["account_id"], open_now["milestone"], strict=True))


def test_before_kickoff_a_step_is_open_but_has_not_begun(company):
    assert states(company, "not_started") == ["open", "locked", "locked"]
    assert days_before(states(company, "not_started", "opened_at"))[0] is None
    assert days_before(states(company, "not_started", "due_on"))[0] == -20
    assert pd.isna(states(company, "not_started", "days_open")[0])
    assert today(company, "not_started")["pace"] == "on_track"


def test_who_has_left_stands_nowhere(company):
    assert states(company, "gone") == []
    assert "gone" in set(company.reached["account_id"])


def test_lateness_is_told_of_what_was_reached(company):
    late = today(company, "late")
    assert late["milestones_late"] == 1  # connected: due 50 days ago, reached 40 days ago
    assert late["last_milestone_days_late"] == -8  # first report: due 30, reached 38 days ago
    assert late["days_since_milestone"] == 38
    assert late["milestones_behind"] == 1


def test_the_share_of_peers_who_got_there_is_of_those_past_their_date(company):
    is_last = company.snapshots["day"] == company.snapshots["day"].max()
    rows = company.steps[company.steps["snapshot"].map(is_last)]
    connected = rows.loc[rows["milestone"] == "connected", "milestone_reach_rate"]
    # Past the date: nowhere, on_time, top, late, skipped, planned_late; four of six are there.
    assert connected.unique() == pytest.approx([4 / 6])


def test_a_segment_has_its_own_ladder_and_its_own_time():
    steps = (
        a_step("signed_off", done_when="recorded", segments=["enterprise"]),
        a_step(expected_days={"default": 10, "enterprise": 40}, requires=["signed_off"]),
        a_step("untimed", **used("report_viewed", at_least=9), expected_days={}),
    )
    members = [
        AnAccount("big").signed_up(60, plan="enterprise").reached("signed_off", 30),
        AnAccount("bigger").signed_up(60, plan="enterprise"),
        AnAccount("small").signed_up(60, plan="team"),
        AnAccount("eager").signed_up(60, plan="team").reached("signed_off", 30),
        AnAccount("stranger").was_active(30),
    ]
    features = a_world(*members, steps=steps, segments=ENTERPRISE).build()
    assert states(features, "big", "milestone") == ["signed_off", "first_report", "untimed"]
    assert states(features, "small", "milestone") == ["first_report", "untimed"]
    assert days_before(states(features, "big", "due_on")) == [50, -10, None]
    assert days_before(states(features, "small", "due_on")) == [50, None]
    # What a segment is not asked for stands in nobody's way there.
    assert states(features, "small") == ["open", "open"]
    assert states(features, "small", "days_open") == [60, 60]
    assert states(features, "eager", "days_open") == [60, 60]
    assert states(features, "bigger") == ["open", "locked", "open"]


def test_a_ladder_that_asks_nothing_of_a_segment_says_nothing():
    steps = [a_step(segments=["enterprise"])]
    account = AnAccount().signed_up(60, plan="team").was_active(3)
    features = a_world(account, steps=steps, segments=ENTERPRISE).build()
    assert features.standing.empty
    assert features.steps.empty
    assert features.values["milestones_done_share"].isna().all()
    assert (features.snapshots["pace"] == "on_track").all()


def test_a_plan_for_a_step_or_account_that_is_not_there_is_left_out():
    account = AnAccount().signed_up(60).was_active(3).planned("first_report", 40)
    account.planned("no_such_step", 9)
    features = a_world(account, AnAccount("b").planned("first_report", 9)).build()
    assert days_before(features.standing["due_on"].tolist()) == [40]


def test_a_plan_that_became_known_late_changes_no_earlier_pace():
    account = AnAccount().signed_up(60).was_active(3)
    account.planned("first_report", -30, known=at(20))
    features = a_world(account).build()
    told = dict(zip(features.snapshots["day"], features.snapshots["pace"], strict=True))
    day = (MORNING - pd.Timestamp(0)).days
    assert (told[day - 21], told[day - 14]) == ("stuck", "on_track")
