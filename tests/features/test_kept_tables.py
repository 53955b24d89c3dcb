"""A small table whose files are as they were is read once; builds are those made anew."""

import os
import shutil
from pathlib import Path

import pandas as pd
import pytest

from features.kept_tables import CHANGED, DAMAGED, FOLDER, TOLD
from tests.builders import MORNING, AnAccount, World, a_world, at
from tests.features.test_arrived import as_files, built, unreadable
from tests.features.test_further import assert_same_bytes


def a_company() -> World:
    busy = AnAccount().signed_up(90).was_active(40, 30, 21, 12, 9, 8, 2).was_touched(30)
    busy.was_touched(12, 4, kind="email")
    return a_world(busy, AnAccount("a0").signed_up(70).was_active(60))


def test_tables_in_unchanged_files_are_not_read_again(tmp_path):
    world, files = a_company(), tmp_path / "files"
    as_files(dict(world.frames), files)
    assert built(world, files, 5, tmp_path / "then").tables_read_because == {
        "accounts": CHANGED,
        "touches": CHANGED,
    }
    built(world, files, 0, tmp_path / "anew")
    for name in ("accounts", "touches"):
        unreadable(files / f"{name}.parquet")
    stands = built(world, files, 0, tmp_path / "now", before=tmp_path / "then")
    assert stands.tables_read_because == {}
    assert_same_bytes(tmp_path / "now", tmp_path / "anew")


def test_a_table_that_has_grown_is_read_and_it_says_so(tmp_path):
    world, files = a_company(), tmp_path / "files"
    as_files(dict(world.frames), files)
    built(world, files, 5, tmp_path / "then")
    touches = world.frames["touches"]
    more = touches.tail(1).assign(occurred_at=at(1), known_at=at(1))
    pd.concat([touches, more]).to_parquet(files / "touches.parquet", index=False)
    stands = built(world, files, 0, tmp_path / "now", before=tmp_path / "then")
    assert stands.tables_read_because == {"touches": CHANGED}
    built(world, files, 0, tmp_path / "anew")
    assert_same_bytes(tmp_path / "now", tmp_path / "anew")


def changed(folder: Path) -> None:
    path = folder / "touches.arrow"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def lost(folder: Path) -> None:
    (folder / "touches.arrow").unlink()


@pytest.mark.parametrize("harm", [changed, lost])
def test_a_table_that_is_not_what_was_kept_is_read_and_it_says_so(harm, tmp_path):
    world, files = a_company(), tmp_path / "files"
    as_files(dict(world.frames), files)
    built(world, files, 5, tmp_path / "then")
    harm(tmp_path / "then" / FOLDER)
    stands = built(world, files, 0, tmp_path / "now", before=tmp_path / "then")
    assert stands.tables_read_because == {"touches": DAMAGED}
    built(world, files, 0, tmp_path / "anew")
    assert_same_bytes(tmp_path / "now", tmp_path / "anew")


@pytest.mark.parametrize("told", ["{", "5", "[]", '{"touches.arrow": 3}'])
def test_without_what_tells_of_it_nothing_kept_is_used(told, tmp_path):
    world, files = a_company(), tmp_path / "files"
    as_files(dict(world.frames), files)
    built(world, files, 5, tmp_path / "then")
    (tmp_path / "then" / FOLDER / TOLD).write_text(told)
    stands = built(world, files, 0, tmp_path / "now", before=tmp_path / "then")
    assert stands.tables_read_because == {"accounts": DAMAGED, "touches": DAMAGED}


def test_a_lake_that_was_moved_still_holds_what_was_kept(tmp_path):
    world, files = a_company(), tmp_path / "files"
    as_files(dict(world.frames), files)
    built(world, files, 5, tmp_path / "then")
    shutil.copytree(tmp_path / "then", tmp_path / "moved")
    for path in (tmp_path / "moved").rglob("*.arrow"):
        os.utime(path, (MORNING.timestamp(), MORNING.timestamp()))
    stands = built(world, files, 0, tmp_path / "now", before=tmp_path / "moved")
    assert stands.tables_read_because == {}
    assert stands.rows_read_anew_because is None
