"""What people say of the scores is kept, in order, and heeded; what is not so is refused."""

import json
from datetime import date

import pandas as pd
import pytest

from configs.errors import LakeError
from pipelines.feedback import feedback
from pipelines.lake import Lake, write_parquet
from tests.company import a_config
from tests.pipelines.commands import typed

DAY = date(2025, 3, 10)


@pytest.fixture
def say(capfd, monkeypatch, tmp_path):
    """Speak of a lake in which one account was scored on one morning."""
    config = a_config(tmp_path / "acme", tmp_path / "tables")
    store = Lake(tmp_path / "lake", "acme")
    with store.replace("scores", DAY) as folder:
        write_parquet(pd.DataFrame({"account_id": ["a1", "a2"]}), folder / "accounts.parquet")

    def spoken(*words: object):
        place = ("--config", config, "--lake", store.root)
        return typed(capfd, monkeypatch, "feedback", *place, *words)

    spoken.store = store
    return spoken


def test_everything_said_is_kept_in_order(say):
    assert say("--account", "a1", "--wrong", "They moved [sic] to us").status == 0
    told = say("--account", "a2", "--snooze-until", "2025-04-01", "--by", "Ana")
    assert told.out == "Kept of a2: snoozed. The next scores heed it.\n"
    rows = feedback(say.store, up_to=DAY)
    assert rows["account_id"].tolist() == ["a1", "a2"]
    assert rows["kind"].tolist() == ["wrong", "snoozed"]
    assert rows["because"].iloc[0] == "They moved [sic] to us"
    assert rows["until"].iloc[1] == date(2025, 4, 1)
    assert rows["by"].iloc[1] == "Ana"
    assert rows["known_at"].notna().all()
    assert set(rows["about"]) == {DAY}


def test_an_earlier_morning_knows_nothing_of_it(say):
    say("--account", "a1", "--right")
    assert feedback(say.store, up_to=date(2025, 3, 9)).empty
    assert feedback(Lake(say.store.root, "other"), up_to=DAY).empty


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--account", "a1"), "0 things are said"),
        (("--account", "a1", "--right", "--handled"), "2 things are said"),
        (("--account", "a9", "--right"), "'a9' is no live account on 2025-03-10"),
        (("--account", "a1", "--snooze-until", "2025-03-10"), "is not after the scores"),
        (("--account", "a1", "--snooze-until", "soon"), "'soon' is no date"),
        (("--account", "a1", "--right", "--as-of", "2025-01-01"), "there is nothing here"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_nothing_is_kept(say, words, told):
    assert told in say(*words).the_error()
    assert feedback(say.store, up_to=DAY).empty


def test_a_line_that_somebody_broke_is_named(say):
    say("--account", "a1", "--right")
    file = say.store.home / "feedback" / "said.jsonl"
    assert json.loads(file.read_text("utf-8"))["kind"] == "right"
    file.write_text(file.read_text("utf-8") + "{broken\n", "utf-8")
    with pytest.raises(LakeError, match=r"said\.jsonl, line 2: cannot be read"):
        feedback(say.store, up_to=DAY)
