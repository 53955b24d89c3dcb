"""An alert is heard once, when something begins, with evidence, and never too many at once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.attention.alerts import alerts, alerts_schema
from serving.morning import Morning
from serving.scorecard import as_table
from tests.builders import MORNING, AnAccount, World, a_step, a_world
from tests.serving.mornings import Memory, a_morning, remember

TODAY = MORNING.date()
STEPS = [
    a_step("first_report", expected_days=20),
    a_step(
        "weekly_use",
        done_when={"capability": "report_viewed", "at_least": 3},
        lost_when={"silent_days": 42},
        expected_days=300,
    ),
]


def a_busy_world(**sections: Any) -> World:
    """One account behind, one that lost a milestone, one whose admins fell silent, one calm."""
    late = AnAccount("late").signed_up(25, owner="Ana").has_user("ann")
    lost = AnAccount("lost").signed_up(200, owner="Ana").was_active(150, 149, 148)
    quiet = AnAccount("quiet").signed_up(200, owner="Ben")
    for user in ("ann", "bob", "cyd"):
        quiet.has_user(user, role="admin").was_active(40, 38, 36, 33, user=user)
    quiet.was_active(20, 4, user="ann")
    calm = AnAccount("calm").signed_up(200, owner="Ben").was_active(*range(1, 90, 4))
    return a_world(late, lost, quiet, calm, steps=STEPS, **sections)


def told(world: World, as_of: date = TODAY, past: Memory | None = None) -> Morning:
    features = world.build(pd.Timestamp(as_of))
    return a_morning(as_of, features, None, world.configuration, past=past)


def states(rows: pd.DataFrame) -> dict[tuple[str, str], str]:
    return {
        (account, kind): state
        for account, kind, state in zip(
            rows["account_id"], rows["kind"], rows["state"], strict=True
        )
    }


@pytest.fixture(scope="module")
def world() -> World:
    return a_busy_world()


@pytest.fixture(scope="module")
def first(world) -> pd.DataFrame:
    return alerts(told(world), {})


def test_the_first_morning_raises_only_what_began_in_the_week_before(first):
    told_of = states(first)
    assert told_of["late", "behind"] == told_of["quiet", "role_decay"] == "raised"
    assert told_of["lost", "lost"] == "standing"
    assert "calm" not in set(first["account_id"])


def test_every_alert_holds_its_evidence(first):
    text = first.set_index(["account_id", "kind"])["text"]
    assert text["late", "behind"] == (
        "“First report” is overdue: it was due on 5 Mar 2025 and has been open for 25 days"
    )
    assert text["lost", "lost"] == (
        "“Weekly use”, reached on 13 Oct 2024, is lost: "
        "“report viewed” has been silent for more than 42 days"
    )
    assert text["quiet", "role_decay"] == (
        "Active admins: 1 in the last 4 weeks; 3 in the 4 weeks before 10 Feb 2025"
    )


def test_the_table_is_as_promised(world, first):
    schema = alerts_schema(world.configuration)
    assert as_table(first, schema).schema.equals(schema)


def test_what_was_raised_is_not_raised_again_while_it_stands(world):
    past = Memory()
    day = TODAY - timedelta(days=7)
    remember(past, told(world, day, past))
    second = told(world, TODAY, past)
    raised = states(alerts(second, {}))
    assert raised["late", "behind"] == "raised"
    remember(past, second)
    again = alerts(told(world, TODAY + timedelta(days=1), past), {})
    assert states(again)["late", "behind"] == "standing"
    since = again.set_index(["account_id", "kind"])["raised_on"]
    assert since["late", "behind"] == TODAY


def test_a_milestone_that_is_stuck_is_another_alert_than_one_that_is_behind(world):
    past = Memory()
    remember(past, told(world, TODAY, past))
    later = alerts(told(world, TODAY + timedelta(days=20), past), {})
    assert states(later)["late", "stuck"] == "raised"
    assert states(later)["late", "behind"] == "ended"
    text = later.set_index(["account_id", "kind"])["text"]["late", "stuck"]
    assert text.startswith("“First report” is stuck: 25 days past its due date of 5 Mar 2025")


def test_the_same_morning_told_twice_is_the_same(world, first):
    pd.testing.assert_frame_equal(alerts(told(world), {}), first)


def test_an_owner_hears_of_no_more_accounts_than_the_budget():
    world = a_busy_world(alerts={"accounts_per_owner_per_week": 1})
    crowd = [
        AnAccount(f"late{i}").signed_up(25, owner="Ana").has_user(f"u{i}") for i in range(4)
    ]
    more = a_world(*crowd, steps=STEPS, alerts={"accounts_per_owner_per_week": 1})
    rows = alerts(told(more), {})
    assert (rows["state"] == "raised").sum() == 1
    held = rows.loc[rows["state"] == "held", "note"]
    assert set(held) == {"held: its owner already hears of 1 other this week"}
    raised = alerts(told(world), {}).query("state == 'raised'")
    assert set(raised["account_id"]) == {"late", "quiet"}


def test_a_renewal_near_and_unready_names_the_gravest_thing():
    late = AnAccount("late").signed_up(25, owner="Ana").has_user("a").has_contract(300, -57.0)
    rows = alerts(told(a_world(late, steps=STEPS)), {})
    text = rows.set_index("kind")["text"]["renewal"]
    assert text == (
        "Renews on 6 May 2025, in 57 days, and is not ready: “First report” is overdue: "
        "it was due on 5 Mar 2025 and has been open for 25 days"
    )
    ready = AnAccount("ready").signed_up(90).was_active(*range(1, 80, 3)).has_contract(300, -57)
    assert alerts(told(a_world(ready, steps=STEPS)), {}).empty


OWNERS = ("Ana", "Ben", None)
IDS = tuple(f"a{i}" for i in range(6))


@pytest.fixture(scope="module")
def bare() -> Morning:
    accounts = [AnAccount(i).signed_up(60).was_active(*range(1, 50, 3)) for i in IDS]
    return told(a_world(*accounts, steps=STEPS, alerts={"accounts_per_owner_per_week": 1}))


def with_risks(bare: Morning, as_of: date, risks: Sequence[float], past: Memory) -> Morning:
    accounts = bare.accounts.assign(as_of=as_of, churn_risk=np.array(risks), risk_source=None)
    accounts["owner"] = [OWNERS[i % 3] for i in range(len(IDS))]
    return replace(bare, as_of=as_of, accounts=accounts, past=past)


def lived(bare: Morning, mornings: Sequence[Sequence[float]], every: int) -> pd.DataFrame:
    """Tell one morning after the other, and give all their alerts."""
    past, parts = Memory(), []
    for step, risks in enumerate(mornings):
        day = TODAY + timedelta(days=every * step)
        rows = alerts(with_risks(bare, day, risks, past), {})
        own = {"accounts": bare.accounts, "alerts": rows}
        past.tables[day] = own
        parts.append(rows)
    return pd.concat(parts, ignore_index=True)


days_of_risks = st.lists(
    st.lists(st.sampled_from([0.01, 0.05, 0.1, 0.2, 0.4, 0.6]), min_size=6, max_size=6),
    min_size=2,
    max_size=8,
)


@settings(max_examples=40)
@given(days_of_risks, st.sampled_from([1, 3, 7]))
def test_whatever_happens_each_is_heard_once_and_never_too_many(bare, mornings, every):
    rows = lived(bare, mornings, every)
    raised = rows.loc[rows["state"] == "raised"].sort_values("as_of")
    for _, own in raised.groupby(["account_id", "kind"]):
        assert (np.diff(pd.to_datetime(own["as_of"])) > pd.Timedelta(days=28)).all()
    for _, own in raised.assign(owner=raised["owner"].fillna("")).groupby("owner"):
        for day in own["as_of"]:
            week = own.loc[(own["as_of"] <= day) & (own["as_of"] > day - timedelta(days=7))]
            assert week["account_id"].nunique() <= 1
    assert rows["state"].isin(["raised", "held", "standing", "ended"]).all()
    assert (rows.loc[rows["state"] == "held", "note"] != "").all()


def test_what_is_held_is_heard_of_once_there_is_room_if_that_is_within_a_week(bare):
    """Of two accounts of one owner that can be told of one a week, the second waits."""
    risks = [0.6, 0.01, 0.01, 0.6, 0.01, 0.01]

    def second(mornings: int, *, every: int) -> list[str]:
        rows = lived(bare, [risks] * mornings, every)
        own = (rows["account_id"] == "a3") & (rows["kind"] == "high")
        return rows.loc[own, "state"].tolist()

    assert second(9, every=1) == [*["held"] * 7, "raised", "standing"]
    assert second(2, every=9) == ["held", "standing"]


def test_of_two_there_is_no_room_for_the_one_with_less_at_stake_waits(bare):
    risks = [0.6, 0.01, 0.01, 0.7, 0.01, 0.01]
    found = states(alerts(with_risks(bare, TODAY, risks, Memory()), {}))
    assert (found["a0", "high"], found["a3", "high"]) == ("held", "raised")


def test_a_risk_that_is_raised_is_told_though_something_else_stands_badly_too(bare):
    late = bare.milestones.assign(state="open", pace="behind", due_on=TODAY, progress=0.0)
    risks = with_risks(bare, TODAY + timedelta(days=3), [0.3, *[0.2] * 5], Memory())
    rows = alerts(replace(risks, milestones=late), {})
    assert states(rows)["a0", "raised"] == "raised"


def test_a_risk_at_the_edge_of_its_band_rings_once(bare):
    calm = [0.1] * 5
    edge = [[0.1, *calm], [0.3, *calm], [0.25, *calm], [0.3, *calm], [0.25, *calm]]
    rows = lived(bare, edge, 1)
    own = rows.loc[rows["kind"] == "high", ["as_of", "state"]]
    assert own["state"].tolist() == ["raised", "standing", "standing", "standing"]
    assert "raised" not in set(rows.loc[rows["kind"] == "raised", "state"])


def test_what_can_wait_is_not_alarmed_about_where_others_cannot(bare):
    late = bare.milestones.assign(state="open", pace="behind", due_on=TODAY, progress=0.0)
    risks = [0.001, *[0.2] * 5]
    past = Memory()
    behind = replace(with_risks(bare, TODAY + timedelta(days=3), risks, past), milestones=late)
    rows = alerts(behind, {})
    own = rows.loc[rows["account_id"] == "a0"]
    assert set(own["state"]) == {"held"}
    assert set(own["note"]) == {"held: little risk and little at stake"}
