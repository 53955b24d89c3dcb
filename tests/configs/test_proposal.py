import subprocess
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.errors import ConfigError
from configs.load import load
from configs.proposal import difference, with_expected_days

ROOT = Path(__file__).parents[2]
PLAYBOOK = """# Ours.
version = 3   # counted by hand

[[milestones]]
slug = "first"           # the very first
stage = "onboarding"
expected_days = 14       # as agreed in May
done_when = "recorded"
[milestones.nudges]
stalled = "{days_open} days # open"

[[milestones]]
slug = "second"
expected_days = { default = 21,  "big ones" = 45 } # a while
done_when = "recorded"

[[milestones]]
slug = "third"
name = "Third"
done_when = "recorded"

[[milestones]]
slug = "fourth"
done_when = "recorded"
[milestones.expected_days]
default = 30 # a month
"""


def lines_changed(before: str, after: str) -> list[str]:
    told = difference(before, after, path="playbook.toml").splitlines()[2:]
    return [line for line in told if line[0] in "+-"]


def test_only_the_lines_that_say_it_change_and_comments_stay():
    wanted = {"first": {"default": 20}, "second": {"big ones": 60, "startup": 9}}
    assert lines_changed(PLAYBOOK, with_expected_days(PLAYBOOK, wanted, where="it")) == [
        "-version = 3   # counted by hand",
        "+version = 4   # counted by hand",
        "-expected_days = 14       # as agreed in May",
        "+expected_days = 20       # as agreed in May",
        '-expected_days = { default = 21,  "big ones" = 45 } # a while',
        '+expected_days = { default = 21,  "big ones" = 60, startup = 9 } # a while',
    ]


def test_days_are_written_where_none_were_and_into_a_table_of_their_own():
    wanted = {"third": {"default": 12}, "fourth": {"default": 40, "startup": 25}}
    after = tomllib.loads(with_expected_days(PLAYBOOK, wanted, where="it"))
    assert after["milestones"][2]["expected_days"] == 12
    assert after["milestones"][3]["expected_days"] == {"default": 40, "startup": 25}


def test_a_number_for_all_becomes_a_table_where_one_segment_differs():
    after = with_expected_days(PLAYBOOK, {"first": {"startup": 9}}, where="it")
    assert "expected_days = { default = 14, startup = 9 }       # as agreed in May" in after


def test_what_cannot_be_written_safely_is_said_and_not_done():
    text = PLAYBOOK.replace("expected_days = 14 ", "expected_days.default = 14 ")
    with pytest.raises(ConfigError, match=r"it: is written.* by hand: first: .*default = 20"):
        with_expected_days(text, {"first": {"default": 20}}, where="it")


days = st.dictionaries(
    st.sampled_from(["default", "big ones", "startup"]), st.integers(1, 400), min_size=1
)
slugs = st.sampled_from(["first", "second", "third", "fourth"])


@given(st.dictionaries(slugs, days), st.sampled_from(["\n", "\r\n"]))
def test_whatever_is_wanted_is_what_the_text_then_says(wanted, ending):
    text = PLAYBOOK.replace("\n", ending)
    after = tomllib.loads(with_expected_days(text, wanted, where="it"))
    for milestone in after["milestones"]:
        asked = wanted.get(milestone["slug"], {})
        held = milestone.get("expected_days", {})
        held = held if isinstance(held, dict) else {"default": held}
        assert asked.items() <= held.items()


@pytest.mark.parametrize("command", [["git", "apply"], ["patch", "-p1", "-s", "-i"]])
@pytest.mark.parametrize("ends", ["", "\n"])
def test_the_difference_is_applied_by_the_usual_tools_and_the_result_loads(
    tmp_path, command, ends
):
    there = ROOT / "configs" / "demo"
    before = (there / "playbook.toml").read_text(encoding="utf-8").rstrip("\n") + ends
    folder = tmp_path / "configs" / "mine"
    folder.mkdir(parents=True)
    (folder / "project.toml").write_bytes((there / "project.toml").read_bytes())
    (folder / "playbook.toml").write_text(before, encoding="utf-8")
    slug = load(folder).playbook.milestones[-1].slug
    after = with_expected_days(before, {slug: {"default": 99}}, where="it")
    told = difference(before, after, path="configs/mine/playbook.toml")
    (tmp_path / "proposal.diff").write_text(told, encoding="utf-8")
    subprocess.run([*command, "proposal.diff"], cwd=tmp_path, check=True)
    assert (folder / "playbook.toml").read_text(encoding="utf-8") == after
    assert load(folder).playbook.milestones[-1].expected_days["default"] == 99
