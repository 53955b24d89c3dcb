"""Random worlds, small enough to shrink, in which every table has rows that arrive late."""

from typing import Any

from hypothesis import strategies as st

from tests.builders import AnAccount, World, a_step, a_world, at

LADDER = (
    a_step("kicked_off", done_when="recorded"),
    a_step("first_report", done_when={"capability": "report_viewed", "at_least": 2}),
    a_step(
        "deep_use",
        requires=["first_report"],
        done_when={
            "capability": "report_viewed",
            "measure": "quantity",
            "at_least": 4.5,
            "within_days": 21,
        },
        lost_when={"silent_days": 20},
        expected_days={"default": 15, "large": 30},
    ),
    a_step(
        "team",
        segments=["large"],
        requires=["kicked_off"],
        done_when={"capability": "workflow_run", "measure": "users", "at_least": 2},
    ),
    a_step(
        "habit",
        done_when={"capability": "report_viewed", "measure": "weeks_in_a_row", "at_least": 3},
    ),
    a_step(
        "daily",
        expected_days={},
        requires=["team", "first_report"],
        done_when={
            "capability": "workflow_run",
            "measure": "days",
            "at_least": 2,
            "within_days": 14,
        },
    ),
    a_step(
        "spread",
        done_when={
            "capability": "report_viewed",
            "measure": "share_of_seats",
            "at_least": 0.5,
        },
    ),
    a_step(
        "set_up",
        done_when={"capability": "source_synced", "role": "admin"},
        lost_when={"capability": "workflow_run", "silent_days": 25},
    ),
)
CAPABILITIES = ("report_viewed", "report_viewed", "workflow_run", "source_synced")

lags = st.sampled_from([0, 0.1, 0.1, 0.5, 4, 12, 40])
quarter_days = st.integers(-8, 120 * 4).map(lambda quarters: quarters / 4)
past_days = st.integers(1, 120)
use = st.tuples(
    quarter_days,
    st.sampled_from(CAPABILITIES),
    st.sampled_from(["ann", "bob", "cy", None]),
    st.sampled_from([1.0, 1.0, 2.5, None]),
    lags,
)


def some(*names: str) -> st.SearchStrategy[list[str]]:
    """Any of the names, each once, in alphabetical order."""
    return st.sets(st.sampled_from(names)).map(sorted)


@st.composite
def accounts(draw: st.DrawFn, name: str) -> AnAccount:
    """One account with a random history in every table."""
    account = AnAccount(name)
    signed_up = draw(st.integers(20, 150))
    account.signed_up(
        signed_up,
        known_after=draw(lags),
        kickoff=draw(st.sampled_from([None, signed_up - 30, signed_up + 3])),
        plan=draw(st.sampled_from(["small", "small", "large"])),
        seats=draw(st.sampled_from([2.0, 4.0, None])),
        parent_id=draw(st.sampled_from([None, "p", "q"])),
    )
    for day in sorted(draw(st.sets(past_days, max_size=2))):
        # An odd fraction, so that no two rows of an account are known at one moment.
        account.changed(day + 0.37, plan=draw(st.sampled_from(["small", "large"])), seats=3.0)
    for days, capability, user, quantity, late in draw(st.lists(use, max_size=12)):
        account.was_active(
            days, capability=capability, user=user, quantity=quantity, known_after=late
        )
    _people_and_touches(draw, account)
    _records(draw, account)
    return account


def _people_and_touches(draw: st.DrawFn, account: AnAccount) -> None:
    for user in draw(some("ann", "bob", "cy", "di")):
        role = draw(st.sampled_from(["admin", "member", None]))
        account.has_user(user, role=role, since=draw(past_days), known_after=draw(lags))
    for days in draw(st.lists(quarter_days, max_size=3)):
        kind = draw(st.sampled_from(["call", "ticket", "nudge"]))
        about = draw(st.sampled_from(["kicked_off", "first_report", "deep_use", None]))
        account.was_touched(days, kind=kind, milestone=about, known_after=draw(lags))


def _records(draw: st.DrawFn, account: AnAccount) -> None:
    if draw(st.booleans()):
        account.reached("kicked_off", draw(past_days), known_after=draw(lags))
    for milestone in draw(some("first_report", "team", "daily")):
        known = draw(st.sampled_from([None, at(70), at(25), at(-5)]))
        account.planned(milestone, draw(past_days), known=known)
    for product in draw(some("core", "add_on", "extra")):
        starts = draw(past_days)
        account.has_contract(
            starts,
            starts - draw(st.integers(10, 150)),
            arr=draw(st.sampled_from([1200.5, 300.0, None])),
            seats=draw(st.sampled_from([None, 3.0, 5.0])),
            product=product,
            signed=starts + draw(st.sampled_from([0, 20])),
            known_after=draw(lags),
        )
    if draw(st.integers(0, 3)) == 0:
        cause = draw(st.sampled_from(["churn", "churn", "acquired"]))
        account.left(draw(past_days), cause=cause, known_after=draw(lags))


@st.composite
def worlds(draw: st.DrawFn, *, most_accounts: int = 7, **sections: Any) -> World:
    """A few accounts on one ladder, and a stranger in ``activity`` whom nobody signed up."""
    stranger = AnAccount("nobody").was_active(100)
    for capability in CAPABILITIES[2:]:
        stranger.was_active(100, capability=capability)
    count = draw(st.integers(1, most_accounts))
    usual = {
        "segments": {"large": {"plan": ["large"]}},
        "accounts": {"attributes": ["plan", "seats"]},
    }
    members = [draw(accounts(f"a{number}")) for number in range(count)]
    stayed = AnAccount("stayed").signed_up(85, plan="small", seats=5.0).was_active(50, 1)
    return a_world(*members, stayed, stranger, steps=LADDER, **(usual | sections))
