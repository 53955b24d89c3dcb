"""A message to the customer says only what is true of it and of its peers."""

from typing import Any

import pandas as pd
import pytest

from configs.playbook import Playbook
from serving.next_steps.nudges import nudge_texts
from tests.builders import MORNING

PEERS = "{peer_share} of companies like yours reached {name} within {peer_days} days."
STEP = {
    "slug": "first_report",
    "name": "First report",
    "stage": "onboarding",
    "expected_days": 30,
    "done_when": {"capability": "report_run", "measure": "count", "at_least": 4},
    "nudges": {
        "approaching": "{progress} of {target}. Then comes {next}.",
        "stalled": "{name} has been open for {days_open} days.",
        "peers": PEERS,
    },
}
AFTER = {
    "slug": "weekly_report",
    "name": "Weekly report",
    "requires": ["first_report"],
    "expected_days": 60,
    "done_when": {"capability": "report_run", "measure": "weeks_in_a_row", "at_least": 4},
}


def a_peer(
    number: int, state: str, days_open: float | None, opened_ago: int = 200
) -> dict[str, Any]:
    opened = MORNING - pd.Timedelta(days=days_open if state == "open" else opened_ago)
    return {
        "account_id": f"peer-{number}",
        "as_of": MORNING,
        "milestone": "first_report",
        "state": state,
        "days_open": days_open,
        "opened_at": pd.NaT if days_open is None else opened,
        "progress": 1.0 if state == "done" else 0.0,
        "pace": "on_track",
    }


def message(
    *peers: tuple[Any, ...], changes: dict[str, Any] | None = None, **own: Any
) -> str | None:
    """Write to one account whose first report is open, beside its peers."""
    playbook = Playbook.model_validate({"milestones": [STEP | (changes or {}), AFTER]})
    asked = a_peer(0, "open", 3.0) | {"account_id": "me"} | own
    others = [a_peer(number, *peer) for number, peer in enumerate(peers)]
    standing = pd.DataFrame([asked, *others])
    accounts = pd.DataFrame(
        {"name": "Acme", "owner": "Ana", "segment": "everyone"},
        index=pd.Index(standing["account_id"]),
    )
    chosen = standing.iloc[:1].set_index("account_id")
    return nudge_texts(chosen, standing, accounts, playbook, fewest_peers=5).iloc[0]


def test_peers_are_counted_only_once_they_had_the_time():
    in_time, late = [("done", 20.0)] * 6, [("done", 45.0)] * 2
    too_soon_to_say = [("open", 10.0)] * 9 + [("locked", None)] * 9
    assert message(*in_time, *late, *too_soon_to_say) == (
        "75% of companies like yours reached First report within 30 days."
    )


def test_the_quick_are_not_counted_before_the_others_had_the_time():
    quick, late = [("done", 5.0, 10)] * 9, [("done", 45.0)] * 2 + [("done", 20.0)] * 3
    assert message(*quick) is None
    assert message(*quick, *late) == (
        "60% of companies like yours reached First report within 30 days."
    )


def test_those_who_still_have_not_reached_it_count_as_not_in_time():
    assert message(*[("done", 20.0)] * 6, *[("open", 90.0)] * 2).startswith("75%")
    assert message(*[("lost", 20.0)] * 6, *[("open", 90.0)] * 2).startswith("75%")


def test_who_reached_it_without_what_it_requires_took_no_time_that_could_be_told():
    """Of nine to whom it opened six were in time; for twenty others it never opened."""
    first = {"slug": "signed", "name": "Signed", "done_when": "recorded"}
    needs = STEP | {"requires": ["signed"]}
    playbook = Playbook.model_validate({"milestones": [first, needs]})
    peers = [("done", 20.0)] * 6 + [("done", 45.0)] * 2 + [("open", 90.0)]
    stood = [a_peer(0, "open", 3.0), *(a_peer(1 + n, *peer) for n, peer in enumerate(peers))]
    skipped = [a_peer(100 + n, "done", 150.0) for n in range(20)]
    signed = [
        one | {"milestone": "signed", "state": "done" if one in stood else "open"}
        for one in (*stood, *skipped)
    ]
    standing = pd.DataFrame([*stood, *skipped, *signed])
    ids = pd.Index(standing["account_id"].unique())
    known = {"name": "Acme", "owner": "Ana", "segment": "everyone"}
    accounts = pd.DataFrame(known, index=ids)
    chosen = standing.iloc[:1].set_index("account_id")
    (text,) = nudge_texts(chosen, standing, accounts, playbook, fewest_peers=5)
    assert text == "67% of companies like yours reached First report within 30 days."


@pytest.mark.parametrize(
    "peers",
    [
        [("done", 20.0)] * 4,
        [("done", 20.0)] * 4 + [("open", 90.0)] * 5,
        [],
    ],
)
def test_few_peers_and_slow_peers_are_not_spoken_of(peers):
    assert message(*peers) is None


def test_a_step_that_nobody_expects_by_a_day_has_no_peers_in_time():
    assert message(*[("done", 20.0)] * 9, changes={"expected_days": {}}) is None


def test_progress_and_the_step_after_are_told_as_they_are():
    assert message(progress=0.75) == "3 of 4. Then comes Weekly report."


def test_a_step_that_is_late_is_told_to_be_waiting():
    assert message(pace="behind", days_open=50) == "First report has been open for 50 days."


def test_what_is_one_is_written_as_one():
    assert message(pace="behind", days_open=1) == "First report has been open for 1 day."
    assert message(pace="behind", days_open=21) == "First report has been open for 21 days."


@pytest.mark.parametrize(("done", "told"), [(0.5, "2 of 4"), (0.7, "2 of 4"), (0.99, "3 of 4")])
def test_of_whole_things_only_the_whole_ones_are_done(done, told):
    assert message(progress=done).startswith(told)


def test_what_is_unlocked_is_listed_as_it_is_said():
    changes = {"unlocks": ["reports", "seats", "a review"], "nudges": {"peers": "{unlocks}."}}
    assert message(changes=changes) == "reports, seats and a review."


def test_a_template_that_asks_for_what_is_unknown_gives_no_message():
    assert message(changes={"nudges": {"peers": "Unlocks {unlocks}."}}) is None
