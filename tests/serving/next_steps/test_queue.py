"""A customer hears the best of what there is to say, seldom, and never the same thing twice."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.morning import Morning
from serving.next_steps.queue import queue, queue_schema
from serving.scorecard import as_table
from tests.builders import MORNING, AnAccount, World, a_step, a_world
from tests.serving.mornings import Memory, a_morning

TODAY = MORNING.date()
STEPS = [
    a_step(
        "ten_runs",
        name="Ten runs",
        purpose="It pays",
        roles=["builder"],
        expected_days=60,
        done_when={"capability": "run", "at_least": 10},
        nudges={"achieved": "Ten runs are done, {account}."},
    ),
    a_step("reported", name="Reported", done_when="recorded", expected_days=30),
]


def told(world: World, as_of: date = TODAY, past: Memory | None = None) -> Morning:
    features = world.build(pd.Timestamp(as_of))
    return a_morning(as_of, features, None, world.configuration, past=past)


def runner(*days: float, name: str = "a1") -> AnAccount:
    account = AnAccount(name).signed_up(50, name="Acme").has_user("ann", role="builder")
    return account.was_active(*days, capability="run")


def one(rows: pd.DataFrame, milestone: str = "ten_runs") -> pd.Series:
    return rows.set_index("milestone").loc[milestone]


def queued(*accounts: AnAccount, past: Memory | None = None, **sections: Any) -> pd.DataFrame:
    return queue(told(a_world(*accounts, steps=STEPS, **sections), past=past), {})


def sent_before(
    rows: pd.DataFrame, days_ago: int, *earlier: tuple[pd.DataFrame, int]
) -> Memory:
    past = Memory()
    for told_then, ago in ((rows, days_ago), *earlier):
        day = TODAY - timedelta(days=ago)
        accounts = pd.DataFrame({"account_id": ["a1"], "churn_risk": [None]})
        past.tables[day] = {"nudges": told_then, "accounts": accounts}
    return past


def test_on_approach_the_account_hears_how_far_it_is():
    rows = queued(runner(*range(30, 23, -1)))
    assert one(rows)[["occasion", "decision", "channel", "roles"]].tolist() == [
        "approaching",
        "send",
        "in_app",
        "builder",
    ]
    assert one(rows)["text"] == "You're 70% of the way to “Ten runs”. Need help with the rest?"


def test_on_stall_it_hears_how_long_the_step_has_been_open():
    rows = queued(runner(45), past=None)
    stalled = one(rows, "reported")
    assert (stalled["occasion"], stalled["channel"]) == ("stalled", "email")
    assert stalled["text"] == "“Reported” has been open for 50 days. Shall we do it together?"


def test_on_achievement_it_hears_what_was_before_and_what_is_now():
    rows = queued(runner(45, *range(12, 2, -1)))
    done = one(rows)
    assert (done["occasion"], done["decision"]) == ("achieved", "send")
    assert done["text"].startswith("Ten runs are done, Acme.")
    assert done["text"].endswith(
        "Run: 0 times in the 4 weeks before 20 Jan 2025, 10 times in the last 4."
    )
    assert one(rows, "reported")["reason"] == "another message to it goes first"


def test_people_who_came_are_celebrated_as_people():
    asked = {"capability": "run", "measure": "users", "at_least": 3, "role": "builder"}
    steps = [a_step("three_builders", name="Three builders", done_when=asked)]
    account = AnAccount("a1").signed_up(50)
    for name, days in (("ann", 12), ("bob", 9), ("cem", 3)):
        account.has_user(name, role="builder").was_active(days, user=name, capability="run")
    text = one(queue(told(a_world(account, steps=steps)), {}), "three_builders")["text"]
    assert text.endswith(
        "Builders active: 0 in the 4 weeks before 20 Jan 2025, 3 in the last 4."
    )


def test_nobody_is_written_to_about_what_is_hardly_ever_reached():
    morning = told(a_world(runner(*range(30, 23, -1)), steps=STEPS))
    lines = morning.milestones.assign(chance_180d=[0.4, 0.01])
    rows = queue(replace(morning, milestones=lines), {})
    assert one(rows)["decision"] == "send"
    assert one(rows, "reported")["reason"] == (
        "it is hardly ever reached from here: 1 % within 180 days"
    )


def test_nobody_is_told_by_a_message_what_has_been_waiting_for_years():
    morning = told(a_world(runner(45), steps=STEPS))
    lines = morning.milestones.assign(days_open=[366, 366], pace="stuck")
    rows = queue(replace(morning, milestones=lines), {})
    assert set(rows["reason"]) == {"open for 366 days: a matter for a call, not for a message"}


def test_nothing_is_celebrated_with_numbers_that_did_not_grow():
    account = AnAccount("a1").signed_up(90, kickoff=40).was_active(60, 58, 56, 54, 52, 50)
    text = one(
        queued(account.was_active(4, capability="run").reached("reported", 3)), "reported"
    )["text"]
    assert text == "You've reached “Reported”. Well done!"


def test_what_was_reached_long_ago_is_no_occasion():
    assert "ten_runs" not in set(queued(runner(*range(40, 29, -1)))["milestone"])


def test_nobody_reads_in_the_product_who_does_not_use_it():
    rows = queued(runner(*range(48, 41, -1)))
    assert one(rows)[["occasion", "channel"]].tolist() == ["approaching", "email"]
    chosen = queued(runner(*range(30, 23, -1)), nudges={"channels": {"approaching": "slack"}})
    assert one(chosen)["channel"] == "slack"


def test_the_same_is_not_said_twice_until_something_changes():
    first = queued(runner(*range(30, 24, -1)))
    past = sent_before(first, 20)
    again = one(queued(runner(*range(30, 24, -1)), past=past))
    assert again["decision"] == "hold"
    assert again["reason"] == "said on 18 Feb 2025, and nothing has changed since"
    further = one(queued(runner(*range(30, 22, -1)), past=past))
    assert further["decision"] == "send"


def test_messages_to_one_account_are_spaced_and_capped():
    first = queued(runner(*range(30, 24, -1)))
    further = runner(*range(30, 22, -1))
    soon = one(queued(further, past=sent_before(first, 3)))
    assert soon["reason"].startswith("the last message went out on 7 Mar 2025: 5 days")
    capped = one(queued(further, past=sent_before(first, 6)))
    assert capped["reason"] == "1 in a week is the most for one account"
    twice = queued(further, past=sent_before(first, 6), nudges={"per_account_per_week": 2})
    assert one(twice)["decision"] == "send"


def test_what_others_sent_counts_too():
    nudged = runner(*range(30, 23, -1)).was_touched(2, kind="nudge")
    assert one(queued(nudged))["reason"] == "somebody else nudged it 2 days ago"


def test_what_others_said_of_a_milestone_is_not_said_again_for_a_while():
    past = Memory(nudges=[("a1", "ten_runs", TODAY - timedelta(days=9))])
    approaching = runner(*range(30, 23, -1))
    held = queued(approaching, past=past)
    assert one(held)["reason"] == "somebody else spoke of it 9 days ago"
    assert one(held, "reported")["decision"] == "send"
    long_ago = Memory(nudges=[("a1", "ten_runs", TODAY - timedelta(days=14))])
    assert one(queued(approaching, past=long_ago))["decision"] == "send"
    reached = queued(runner(45, *range(12, 2, -1)), past=past)
    assert one(reached)[["occasion", "decision"]].tolist() == ["achieved", "send"]


def test_peers_are_never_spoken_of_where_they_are_too_few():
    peers = [
        AnAccount(f"p{i}").signed_up(70).was_active(*range(45, 34, -1), capability="run")
        for i in range(4)
    ]
    few = one(queued(runner(), *peers).query("account_id == 'a1'"))
    assert (few["occasion"], few["decision"]) == ("peers", "hold")
    assert few["reason"].startswith("fewer than 5 peers")
    enough = queued(runner(), *peers, nudges={"fewest_peers": 4}).query("account_id == 'a1'")
    assert "100%" in one(enough)["text"]


def test_the_table_is_as_promised_and_the_same_every_time():
    world = a_world(runner(*range(30, 23, -1)), steps=STEPS)
    rows = queue(told(world), {})
    schema = queue_schema(world.configuration)
    assert as_table(rows, schema).schema.equals(schema)
    pd.testing.assert_frame_equal(queue(told(world), {}), rows)


@pytest.fixture(scope="module")
def bare() -> Morning:
    accounts = [runner(45, name=f"a{i}") for i in range(3)]
    return told(a_world(*accounts, steps=STEPS, nudges={"per_account_per_week": 2}))


ladders = st.lists(
    st.lists(
        st.tuples(
            st.sampled_from(["on_track", "stuck"]), st.sampled_from([0.0, 0.3, 0.6, 0.9])
        ),
        min_size=6,
        max_size=6,
    ),
    min_size=2,
    max_size=8,
)


def lived(bare: Morning, mornings: Sequence[Any], every: int) -> pd.DataFrame:
    past, parts = Memory(), []
    for step, standing in enumerate(mornings):
        day = TODAY + timedelta(days=every * step)
        paces, progress = zip(*standing, strict=True)
        lines = bare.milestones.assign(pace=paces, progress=progress)
        days = bare.features.snapshots["day"] + every * step
        seen = bare.features.snapshots.assign(day=days)
        features = replace(bare.features, snapshots=seen)
        rows = queue(
            replace(bare, as_of=day, features=features, milestones=lines, past=past), {}
        )
        past.tables[day] = {"accounts": bare.accounts, "nudges": rows}
        parts.append(rows)
    return pd.concat(parts, ignore_index=True)


@settings(max_examples=30)
@given(ladders, st.sampled_from([1, 3, 7]))
def test_whatever_happens_no_account_hears_too_much(bare, mornings, every):
    rows = lived(bare, mornings, every)
    sent = rows.loc[rows["decision"] == "send"].sort_values("as_of")
    assert sent["text"].notna().all()
    assert (rows["reason"] != "").all()
    for _, own in sent.groupby("account_id"):
        assert (pd.to_datetime(own["as_of"]).diff().dropna() >= pd.Timedelta(days=5)).all()
        for day in own["as_of"]:
            assert own["as_of"].between(day - timedelta(days=6), day).sum() <= 2
    for _, own in sent.groupby(["account_id", "milestone"]):
        for last, now in zip(
            own.iloc[:-1].itertuples(), own.iloc[1:].itertuples(), strict=True
        ):
            moved = abs(now.progress - last.progress) >= 0.1
            assert moved or now.occasion != last.occasion
