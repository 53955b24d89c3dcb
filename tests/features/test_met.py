"""What was met is not decided again, unless something is learnt of what was before."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.criteria import NOT_YET
from features.met import FILE, FOLDER, TOLD, Met
from tests.builders import AnAccount, World, a_step, a_world, at
from tests.features.test_further import assert_same_bytes, written

DAMAGED = "what was kept of the criteria is damaged"


def a_company(account: AnAccount | None = None, *, role: str | None = None) -> World:
    """An account that met its criterion 30 days ago, by its second report."""
    busy = (account or AnAccount().has_user("ann", role="admin")).signed_up(90)
    busy.was_active(40, 30, 21, 8, user="ann")
    done_when = {"capability": "report_viewed", "measure": "count", "at_least": 2}
    step = a_step(done_when=done_when | ({"role": role} if role else {}))
    return a_world(busy, steps=[step], snapshots={"every_days": 7})


def achieved(folder: Path) -> list[pd.Timestamp]:
    return pd.read_parquet(folder / "standing.parquet")["achieved_at"].tolist()


def built_twice(then: World, now: World, home: Path) -> str | None:
    """Build five days ago, then today on top of it; and hold that against a build made anew."""
    written(then, 5, home / "then")
    stands = written(now, 0, home / "now", before=home / "then")
    written(now, 0, home / "anew")
    assert_same_bytes(home / "now", home / "anew")
    return stands.criteria_decided_anew_because


def test_what_was_met_stays_met_at_its_moment(tmp_path):
    assert built_twice(a_company(), a_company(), tmp_path) is None
    assert achieved(tmp_path / "now") == [at(30)]


def test_a_late_row_of_what_happened_before_moves_the_moment(tmp_path):
    late = AnAccount().has_user("ann", role="admin").was_active(35, user="ann", known_after=33)
    assert built_twice(a_company(), a_company(late), tmp_path) is None
    assert achieved(tmp_path / "then") == [at(30)]
    assert achieved(tmp_path / "now") == [at(35)]


def test_whose_role_is_learnt_late_counts_from_what_they_did_before(tmp_path):
    learnt = (
        AnAccount().has_user("ann", role="admin").has_user("bob", role="admin", known_after=398)
    )
    learnt.was_active(50, 45, user="bob")
    before = AnAccount().has_user("ann", role="admin").was_active(50, 45, user="bob")
    then, now = (a_company(who, role="admin") for who in (before, learnt))
    assert built_twice(then, now, tmp_path) is None
    assert achieved(tmp_path / "then") == [at(30)]
    assert achieved(tmp_path / "now") == [at(45)]


def test_where_an_old_row_is_gone_all_is_decided_anew_and_it_says_so(tmp_path):
    then, now = a_company(), a_company()
    activity = now.frames["activity"]
    now.frames["activity"] = activity.loc[activity["occurred_at"] != at(40)]
    assert "have changed" in str(built_twice(then, now, tmp_path))
    assert achieved(tmp_path / "now") == [at(21)]


def changed(folder: Path) -> None:
    content = bytearray((folder / FILE).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / FILE).write_bytes(content)


def lost(folder: Path) -> None:
    (folder / FILE).unlink()


def not_told(folder: Path) -> None:
    (folder / TOLD).write_text(json.dumps({}))


def told_wrong(folder: Path) -> None:
    (folder / TOLD).write_text("5")


@pytest.mark.parametrize("harm", [changed, lost, not_told, told_wrong])
def test_what_is_not_as_it_was_kept_is_not_used_and_it_says_so(harm, tmp_path):
    world = a_company()
    written(world, 5, tmp_path / "then")
    harm(tmp_path / "then" / FOLDER)
    stands = written(world, 0, tmp_path / "now", before=tmp_path / "then")
    assert stands.criteria_decided_anew_because == DAMAGED
    written(world, 0, tmp_path / "anew")
    assert_same_bytes(tmp_path / "now", tmp_path / "anew")


def test_nothing_is_known_to_be_met_of_accounts_that_were_not_there():
    kept = pd.DataFrame({"account_id": ["b", "a"], "first": [7, NOT_YET]})
    met = Met.by(kept, np.array(["a", "b", "c"], dtype=object))
    assert met.moments["first"].tolist() == [NOT_YET, 7, NOT_YET]
    assert met.between(1, 3).moments["first"].tolist() == [7, NOT_YET]


def test_only_what_was_met_before_the_news_stands():
    met = Met({"first": np.array([7, 7, 7, NOT_YET])})
    told = met.before(np.array([8, 7, NOT_YET, 9])).moments["first"]
    assert told.tolist() == [7, NOT_YET, NOT_YET, NOT_YET]
