from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.playbook import Playbook
from serving.next_steps.recommend import (
    FILLER,
    PROVEN,
    UNPROVEN,
    candidates,
    next_milestones,
)
from serving.next_steps.verdict import NOTHING_MEASURED, verdict
from tests.builders import a_step
from training.effects.effect import Effect, Effects

SLUGS = ("kicked_off", "first_report", "weekly_report")
PLAYBOOK = Playbook.model_validate(
    {
        "milestones": [
            a_step("kicked_off", actions=["Call them", "Write to them"]),
            a_step("first_report"),
            a_step("weekly_report", actions=["Show them how"]),
        ]
    }
)
states = st.sampled_from(["done", "open", "locked", "lost"])


def ladder(**accounts: tuple[str, ...]) -> pd.DataFrame:
    """Where each account stands on each milestone, in the playbook's order."""
    rows = [
        {"account_id": account, "milestone": slug, "state": state}
        for account, own in accounts.items()
        for slug, state in zip(SLUGS, own, strict=True)
    ]
    return pd.DataFrame(rows, columns=["account_id", "milestone", "state"])


def test_it_is_the_first_open_one_with_its_first_action():
    chosen = next_milestones(ladder(a=("open", "open", "locked")), PLAYBOOK)
    assert chosen.loc["a", ["milestone", "action", "evidence"]].tolist() == [
        "kicked_off",
        "Call them",
        "too_few",
    ]


def test_what_is_done_lost_or_locked_is_not_asked_for():
    chosen = next_milestones(ladder(a=("lost", "done", "open")), PLAYBOOK)
    assert chosen["milestone"].to_dict() == {"a": "weekly_report"}


@pytest.mark.parametrize("own", [("done",) * 3, ("done", "lost", "lost"), ("locked",) * 3])
def test_an_account_with_nothing_open_has_no_next_milestone(own):
    assert next_milestones(ladder(a=own), PLAYBOOK).empty


def test_a_milestone_without_an_action_has_none_to_offer():
    chosen = next_milestones(ladder(a=("done", "open", "open")), PLAYBOOK)
    assert pd.isna(chosen.loc["a", "action"])


@given(
    st.dictionaries(st.sampled_from("abcde"), st.tuples(states, states, states)), st.randoms()
)
def test_the_order_of_the_rows_decides_nothing(accounts, chance):
    rows = ladder(**accounts)
    shuffled = rows.sample(frac=1, random_state=chance.randrange(99))
    one, other = next_milestones(rows, PLAYBOOK), next_milestones(shuffled, PLAYBOOK)
    pd.testing.assert_frame_equal(one, other)
    assert set(one.index) == {name for name, own in accounts.items() if "open" in own}


KEEPS = Effect("startup", "weekly_report", "adjusted", -0.05, -0.08, -0.02, best=-0.04)
ALSO_KEEPS = Effect("startup", "first_report", "adjusted", -0.03, -0.05, -0.01, best=-0.02)
UNCLEAR = Effect("startup", "first_report", "descriptive", -0.03, -0.07, 0.01, best=-0.02)
FEW = Effect("startup", "kicked_off", "too_few", reached=4)
EFFECTS = Effects((KEEPS, UNCLEAR, FEW))
SEGMENTS = pd.Series({"a": "startup", "b": "enterprise"})


def chosen_of(chances, effects=EFFECTS, account="a"):
    rows = ladder(**{account: ("open",) * 3}).assign(chance_90d=chances)
    return next_milestones(
        rows, PLAYBOOK, effects=effects, segments=SEGMENTS, chance="chance_90d"
    ).loc[account]


def order_of(chances, effects, playbook=PLAYBOOK):
    rows = ladder(a=("open",) * 3).assign(chance_90d=chances)
    ordered = candidates(
        rows, playbook, effects=effects, segments=SEGMENTS, chance="chance_90d"
    )
    return ordered.set_index("milestone")


def test_of_proven_steps_what_takes_most_off_the_risk_times_its_chance_comes_first():
    both = Effects((KEEPS, ALSO_KEEPS))
    assert chosen_of([0.9, 0.5, 0.5], both)["milestone"] == "weekly_report"
    assert chosen_of([0.9, 0.9, 0.3], both)["milestone"] == "first_report"


def test_evidence_comes_first_then_the_unknown_and_what_shows_no_effect_last():
    ordered = order_of([0.9, 0.9, 0.01], EFFECTS)
    assert ordered["order"].to_dict() == {
        "weekly_report": 1, "kicked_off": 2, "first_report": 3,
    }  # fmt: skip
    assert ordered["ground"].to_dict() == {
        "weekly_report": PROVEN, "kicked_off": UNPROVEN, "first_report": FILLER,
    }  # fmt: skip


def test_among_unproven_steps_the_playbook_s_order_rules_and_no_estimate():
    """Both open the last step; the second one's estimate looks better and proves nothing."""
    opening = Playbook.model_validate(
        {
            "milestones": [
                a_step("kicked_off"),
                a_step("first_report"),
                a_step("weekly_report", requires=["kicked_off", "first_report"]),
            ]
        }
    )
    lucky = replace(UNCLEAR, best=-0.2)
    worse = Effect("startup", "kicked_off", "descriptive", -0.001, -0.05, 0.05, best=-0.001)
    ordered = order_of([0.1, 0.9, 0.0], Effects((lucky, worse)), opening)
    assert ordered["order"].to_dict() == {
        "kicked_off": 1, "first_report": 2, "weekly_report": 3,
    }  # fmt: skip
    assert ordered.loc["first_report", "worth"] == 0


cells = st.tuples(
    st.sampled_from(["adjusted", "descriptive", "too_few"]),
    st.floats(-0.2, 0.2),
    st.floats(0.0, 1.0),
)


@given(st.tuples(cells, cells, cells))
def test_a_step_without_measurable_effect_is_never_named_where_another_is_open(told):
    effects = Effects(
        tuple(
            Effect("startup", slug, label, points, points - 0.01, points + 0.01, best=points)
            if label != "too_few"
            else Effect("startup", slug, label)
            for slug, (label, points, _) in zip(SLUGS, told, strict=True)
        )
    )
    ordered = order_of([chance for _, _, chance in told], effects)
    filler = [verdict(effects.of("startup", slug)) == NOTHING_MEASURED for slug in SLUGS]
    first = ordered["order"].idxmin()
    assert all(filler) or not filler[SLUGS.index(first)]
    kept = [slug for slug in SLUGS if effects.of("startup", slug).keeps]
    assert not kept or first in kept


def test_only_what_is_evidence_is_told_as_an_effect():
    proven = chosen_of([0.9, 0.5, 0.5])
    unclear = [
        replace(UNCLEAR, milestone=slug, best=-0.02 if slug == "first_report" else 0.0)
        for slug in SLUGS
    ]
    unproven = chosen_of([0.9, 0.9, 0.3], Effects(tuple(unclear)))
    assert proven[["points", "low", "high", "evidence"]].tolist() == [
        -0.05, -0.08, -0.02, "adjusted",
    ]  # fmt: skip
    assert unproven["evidence"] == "descriptive"
    assert unproven[["points", "low", "high"]].isna().all()


@pytest.mark.parametrize("chances", [[0.1, 0.5, 0.9], [float("nan")] * 3])
def test_where_nothing_is_known_it_is_the_first_open_one_and_says_so(chances):
    elsewhere = chosen_of(chances, account="b")
    assert (elsewhere["milestone"], elsewhere["evidence"]) == ("kicked_off", "too_few")
    few = chosen_of(chances, effects=Effects((FEW,)))
    assert (few["milestone"], few["evidence"]) == ("kicked_off", "too_few")


def test_what_raises_the_risk_is_never_put_before_the_ladder_s_order():
    harms = Effect("startup", "weekly_report", "adjusted", 0.05, 0.02, 0.08, best=0.05)
    assert chosen_of([0.1, 0.1, 0.9], effects=Effects((harms,)))["milestone"] == "kicked_off"


def test_every_open_milestone_has_its_place_in_the_order():
    rows = ladder(a=("open", "done", "open")).assign(chance_90d=0.5)
    ordered = candidates(
        rows, PLAYBOOK, effects=EFFECTS, segments=SEGMENTS, chance="chance_90d"
    )
    assert ordered.set_index("milestone")["order"].to_dict() == {
        "weekly_report": 1,
        "kicked_off": 2,
    }
