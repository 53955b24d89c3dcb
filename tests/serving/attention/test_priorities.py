"""The week's list: what is worth most first, the same tomorrow unless something happened."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.attention.alerts import alerts_schema
from serving.attention.feedback import feedback, feedback_schema
from serving.attention.priorities import priorities, priorities_schema
from serving.morning import Morning
from serving.scorecard import as_table
from tests.builders import MORNING, AnAccount, a_world
from tests.serving.mornings import Memory, a_morning

TODAY = MORNING.date()
IDS = tuple(f"a{i}" for i in range(5))
NO_ALERTS = {"alerts": pd.DataFrame(columns=["account_id", "state", "text"])}


@pytest.fixture(scope="module")
def bare() -> Morning:
    """Five accounts of one owner who can work two in a week."""
    accounts = [
        AnAccount(i).signed_up(60, owner="Ana").was_active(*range(1, 50, 9)) for i in IDS
    ]
    world = a_world(*accounts, serving={"capacity_per_owner": 2})
    return a_morning(TODAY, world.build(), None, world.configuration)


def on(
    bare: Morning,
    risks: Sequence[float],
    *,
    day: date = TODAY,
    past: Memory | None = None,
    **columns: Any,
) -> Morning:
    memory = past or Memory()
    memory.today = day
    told = bare.accounts.assign(as_of=day, churn_risk=list(risks), arr=1000.0, **columns)
    told["arr_at_risk"] = told["churn_risk"] * told["arr"]
    told["rank"] = told["arr_at_risk"].rank(ascending=False, method="first").astype(int)
    return replace(bare, as_of=day, accounts=told, past=memory)


def week(rows: pd.DataFrame) -> list[str]:
    """The accounts of the week, in order."""
    own = rows.loc[rows["is_this_week"]].sort_values("place")
    return list(own["account_id"])


def remembered(morning: Morning, past: Memory, tables: Any = None) -> pd.DataFrame:
    rows = priorities(morning, tables or NO_ALERTS)
    past.tables[morning.as_of] = {"accounts": morning.accounts, "priorities": rows}
    return rows


RISKS = [0.50, 0.40, 0.30, 0.20, 0.20]


def test_what_is_at_stake_orders_the_list_and_capacity_ends_it(bare):
    rows = priorities(on(bare, RISKS), NO_ALERTS)
    assert week(rows) == ["a0", "a1"]
    schema = priorities_schema(bare.configuration)
    assert as_table(rows, schema).schema.equals(schema)


def test_what_can_be_moved_with_evidence_comes_sooner(bare):
    effect = {"next_effect_points": [None, None, -0.15, -0.15, 0.1]}
    proven = {"next_evidence": ["adjusted", None, "adjusted", "descriptive", "randomised"]}
    rows = priorities(on(bare, RISKS, **effect, **proven), NO_ALERTS).set_index("account_id")
    assert rows["worth"].tolist() == pytest.approx([500, 400, 450, 200, 200])
    assert week(rows.reset_index()) == ["a0", "a2"]


def test_no_more_can_be_moved_than_is_at_stake(bare):
    effect = {"next_effect_points": -0.25, "next_evidence": "adjusted"}
    rows = priorities(on(bare, RISKS, **effect), NO_ALERTS)
    assert rows["worth"].tolist() == pytest.approx([750, 650, 550, 400, 400])


def test_a_renewal_that_is_near_comes_sooner(bare):
    renews = [None, TODAY + timedelta(days=90), TODAY + timedelta(days=30), None, None]
    rows = priorities(on(bare, [0.5, 0.36, 0.3, 0.2, 0.2], renews_on=renews), NO_ALERTS)
    assert week(rows) == ["a0", "a2"]
    assert rows["why_now"].tolist() == [None, None, "Renews in 30 days", None, None]


def test_a_renewal_that_is_late_is_near_until_the_grace_has_passed(bare):
    renews = [None, None, TODAY - timedelta(days=5), TODAY - timedelta(days=31), None]
    rows = priorities(on(bare, [0.5, 0.36, 0.3, 0.3, 0.2], renews_on=renews), NO_ALERTS)
    assert week(rows) == ["a0", "a2"]
    assert rows["why_now"].tolist() == [None, None, "Was to renew 5 days ago", None, None]


def test_the_list_stays_until_a_worth_moves_by_more_than_the_margin(bare):
    past = Memory()
    remembered(on(bare, RISKS), past)
    nearly = on(bare, [0.45, 0.46, 0.3, 0.2, 0.2], day=TODAY + timedelta(days=1), past=past)
    assert week(remembered(nearly, past)) == ["a0", "a1"]
    moved = on(bare, [0.45, 0.60, 0.3, 0.2, 0.2], day=TODAY + timedelta(days=2), past=past)
    assert week(priorities(moved, NO_ALERTS)) == ["a1", "a0"]


def test_what_is_worth_far_less_than_it_was_gives_way(bare):
    past = Memory()
    remembered(on(bare, RISKS), past)
    fallen = on(bare, [0.1, 0.4, 0.3, 0.2, 0.2], day=TODAY + timedelta(days=1), past=past)
    assert week(priorities(fallen, NO_ALERTS)) == ["a1", "a2"]


def test_what_happened_counts_at_once(bare):
    past = Memory()
    remembered(on(bare, RISKS), past)
    rung = pd.DataFrame({"account_id": ["a2"], "state": ["raised"], "text": ["It fell"]})
    next_day = on(bare, [0.5, 0.4, 0.41, 0.2, 0.2], day=TODAY + timedelta(days=1), past=past)
    still = priorities(next_day, NO_ALERTS)
    assert week(still) == ["a0", "a2"]
    small = on(bare, [0.5, 0.4, 0.33, 0.2, 0.2], day=TODAY + timedelta(days=1), past=past)
    rows = priorities(small, {"alerts": rung}).set_index("account_id")
    assert rows.loc["a2", "standing_worth"] == pytest.approx(330)
    assert rows.loc["a2", "why_now"] == "It fell"


def said(account: str, kind: str, days_ago: int = 1, **more: Any) -> dict[str, Any]:
    about = TODAY - timedelta(days=days_ago)
    told = {"account_id": account, "kind": kind, "about": about, "known_at": MORNING}
    return {"because": None, "until": None, "by": None} | told | more


def test_who_is_snoozed_or_handled_makes_room_for_the_next(bare):
    until = TODAY + timedelta(days=9)
    past = Memory(said=[said("a0", "snoozed", until=until, by="Ana"), said("a1", "handled")])
    rows = priorities(on(bare, RISKS, past=past), NO_ALERTS).set_index("account_id")
    assert week(rows.reset_index()) == ["a2", "a3"]
    assert rows.loc["a0", "set_aside"] == "snoozed by Ana until 19 Mar 2025"
    assert rows.loc["a1", "set_aside"] == "handled on 9 Mar 2025"
    assert rows["place"].isna().sum() == 2


def test_it_comes_back_when_the_time_is_over_or_something_happens(bare):
    over = Memory(said=[said("a0", "snoozed", until=TODAY), said("a1", "handled", 30)])
    assert week(priorities(on(bare, RISKS, past=over), NO_ALERTS)) == ["a0", "a1"]
    past = Memory(said=[said("a0", "snoozed", until=TODAY + timedelta(days=9))])
    rung = pd.DataFrame({"account_id": ["a0"], "state": ["raised"], "text": ["It fell"]})
    assert week(priorities(on(bare, RISKS, past=past), {"alerts": rung})) == ["a0", "a1"]


def test_what_is_said_of_this_morning_heeds_no_alert_of_this_morning(bare):
    past = Memory(said=[said("a0", "handled", 0)])
    rung = pd.DataFrame({"account_id": ["a0"], "state": ["raised"], "text": ["It fell"]})
    assert week(priorities(on(bare, RISKS, past=past), {"alerts": rung})) == ["a1", "a2"]


def test_the_last_thing_said_counts_and_right_or_wrong_moves_nothing(bare):
    until = TODAY + timedelta(days=9)
    past = Memory(
        said=[
            said("a0", "snoozed", 3, until=until),
            said("a0", "snoozed", 2, until=TODAY),
            said("a1", "wrong", because="They only changed the date"),
            said("a1", "right"),
        ]
    )
    assert week(priorities(on(bare, RISKS, past=past), NO_ALERTS)) == ["a0", "a1"]


def test_what_was_said_is_kept_beside_the_scores(bare):
    past = Memory(said=[said("a1", "wrong", because="Moved"), said("gone", "right")])
    rows = feedback(on(bare, RISKS, past=past), {})
    assert rows[["account_id", "because"]].to_numpy().tolist() == [["a1", "Moved"]]
    schema = feedback_schema(bare.configuration)
    assert as_table(rows, schema).schema.equals(schema)


books = st.lists(st.lists(st.floats(0.05, 0.9), min_size=5, max_size=5), min_size=1, max_size=6)


@settings(max_examples=50)
@given(books)
def test_every_owner_gets_as_many_as_can_be_worked(bare, days):
    past = Memory()
    for step, risks in enumerate(days):
        morning = on(bare, risks, day=TODAY + timedelta(days=step), past=past)
        rows = remembered(morning, past)
        able = rows["place"].dropna()
        assert sorted(able) == list(range(1, len(able) + 1))
        assert rows["is_this_week"].sum() == min(2, len(able))


@settings(max_examples=30)
@given(books, st.floats(0.9, 1.1))
def test_a_move_within_the_margin_changes_no_place(bare, days, by):
    past = Memory()
    rows = remembered(on(bare, days[0], past=past), past)
    moved = [risk * by for risk in days[0]]
    next_day = on(bare, moved, day=TODAY + timedelta(days=1), past=past)
    assert priorities(next_day, NO_ALERTS)["place"].tolist() == rows["place"].tolist()


def test_an_alert_table_as_written_can_be_read(bare):
    empty = as_table(
        pd.DataFrame(columns=alerts_schema(bare.configuration).names),
        alerts_schema(bare.configuration),
    ).to_pandas()
    assert week(priorities(on(bare, RISKS), {"alerts": empty})) == ["a0", "a1"]
