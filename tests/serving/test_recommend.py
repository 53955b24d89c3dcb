import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.playbook import Playbook
from serving.recommend import next_milestones
from tests.builders import a_step

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
        "descriptive",
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
