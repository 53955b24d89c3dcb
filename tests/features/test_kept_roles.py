"""Of people's roles only new ones are asked; whatever becomes of them, builds are made anew."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from features import kept_roles
from features.kept_roles import FILE, FOLDER, TOLD, read_said, write_said
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


def told(text: str) -> Callable[[Path], None]:
    """Something else stands where the seal was."""
    return lambda then: (then / FOLDER / TOLD).write_text(text)


def other_digits(then: Path) -> None:
    """The seal is as long as it was, and of something else."""
    seal = (then / FOLDER / TOLD).read_text()
    (then / FOLDER / TOLD).write_text(re.sub(r"\d", "7", seal))


def of_more_users_unsealed(then: Path) -> None:
    path = then / FOLDER / FILE
    content = path.read_bytes()
    more = re.sub(rb"(first-0[^]]* )2]", rb"\g<1>9]", content)
    assert more != content
    path.write_bytes(more)


def named_in(**other: str | int) -> Callable[[Path], None]:
    """Under a seal that holds, another file is said to name the users."""

    def sealed_anew(then: Path) -> None:
        said, (naming,) = read_said(then / FOLDER)
        assert naming.users == 2
        write_said(said, [naming._replace(**other)], then / FOLDER)

    return sealed_anew


def named_nowhere(then: Path) -> None:
    said, _ = read_said(then / FOLDER)
    write_said(said, 5, then / FOLDER)


HARMS = {
    "changed": changed,
    "lost": lost,
    "nothing told": told("{}"),
    "a list": told("[]"),
    "a number": told("5"),
    "no seal": told(json.dumps({FILE: 5})),
    "no text": told("{"),
    "other digits": other_digits,
    "more users, unsealed": of_more_users_unsealed,
    "more users": named_in(users=99),
    "other users": named_in(sum=0),
    "nowhere": named_nowhere,
}


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
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
