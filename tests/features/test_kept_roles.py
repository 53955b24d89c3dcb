"""Of people's roles only new ones are asked; whatever becomes of them, builds are made anew."""

import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from features import kept_roles
from features.kept_roles import FILE, FOLDER, TOLD
from features.roles import ROWS, Roles
from tests.builders import MORNING, AnAccount, World, a_step, a_world
from tests.features.test_arrived import as_files, built
from tests.features.test_further import assert_same_bytes

NEWCOMERS = MORNING - pd.Timedelta(days=5)


def a_company() -> World:
    """Of ann two roles are told, of zoe one before she first does something."""
    busy = AnAccount().signed_up(90).has_user("ann", role="admin").has_user("bob")
    busy.has_user("zoe", role="admin").was_active(40, 30, 21, 12, user="bob")
    busy.was_active(33, 9, 2, user="ann").was_active(3, user="zoe")
    quiet = AnAccount("a0").signed_up(70).was_active(60, user="bob").has_user("bob")
    return a_world(busy, quiet, steps=[a_step()])


def two_days(tmp_path: Path, world: World) -> tuple[Path, Path]:
    """The files as they are five days before the morning, and a build of that day."""
    is_new = world.frames["activity"]["known_at"] >= NEWCOMERS
    files = as_files(
        world.frames | {"activity": world.frames["activity"].loc[~is_new]}, tmp_path / "files"
    )
    built(world, files, 5, tmp_path / "then")
    new = world.frames["activity"].loc[is_new]
    new.to_parquet(files / "activity" / "new.parquet", index=False)
    return files, tmp_path / "then"


@pytest.fixture
def asked(monkeypatch) -> list[int]:
    """Of how many users roles were asked."""
    counts = []

    def counting(users, held, *, since=0):
        counts.append(len(held) - since)
        return ask(users, held, since=since)

    ask = kept_roles.said_of_roles
    monkeypatch.setattr(kept_roles, "said_of_roles", counting)
    return counts


def assert_anew(world: World, files: Path, tmp_path: Path) -> None:
    built(world, files, 0, tmp_path / "now", before=tmp_path / "then")
    built(world, files, 0, tmp_path / "anew")
    assert_same_bytes(tmp_path / "now", tmp_path / "anew")


def test_only_people_who_did_nothing_before_are_asked_of(tmp_path, asked):
    world = a_company()
    files, _ = two_days(tmp_path, world)
    assert_anew(world, files, tmp_path)
    assert asked == [2, 1, 3]


def test_where_another_file_tells_of_users_all_are_asked_of(tmp_path, asked):
    world = a_company()
    files, _ = two_days(tmp_path, world)
    more = world.frames["users"].tail(1).assign(user_id="bob", role="zealot")
    more.to_parquet(files / "users" / "new.parquet", index=False)
    assert_anew(world, files, tmp_path)
    assert asked == [2, 3, 3]


def changed(then: Path) -> None:
    path = then / FOLDER / FILE
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def lost(then: Path) -> None:
    (then / FOLDER / FILE).unlink()


def not_told(then: Path) -> None:
    (then / FOLDER / TOLD).write_text("{}")


def of_other_users(then: Path) -> None:
    told = json.loads((then / FOLDER / TOLD).read_text())
    told["named_in"] = {"first-0.users.parquet": ["", 0]}
    (then / FOLDER / TOLD).write_text(json.dumps(told))


@pytest.mark.parametrize("harm", [changed, lost, not_told, of_other_users])
def test_where_what_was_kept_is_not_what_was_written_all_are_asked_of(harm, tmp_path, asked):
    world = a_company()
    files, then = two_days(tmp_path, world)
    harm(then)
    assert_anew(world, files, tmp_path)
    assert asked == [2, 3, 3]


def test_of_several_roles_the_last_name_counts_from_when_the_first_was_known():
    said = pa.table(
        {
            "account_id": ["b", "a", "b", "nobody", "b"],
            "person": [7, 7, 7, 7, 7],
            "role": ["member", "admin", "admin", "admin", "owner"],
            "known": [3, 9, 5, 1, 10],
        }
    )
    ids = pd.Index(["a", "b"]).to_numpy(dtype=object)
    texts = {name: said[name].dictionary_encode() for name in ("account_id", "role")}
    coded = pa.table({n: texts.get(n, said[n]) for n in said.column_names}).cast(ROWS)
    roles = Roles.of(coded, ids, ["admin", "member", "owner"], before_day=10)
    assert [column.tolist() for column in roles] == [[0, 1], [7, 7], [0, 1], [9, 3]]
