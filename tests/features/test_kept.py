"""Rows that were read once are kept; whatever becomes of them, a build is the one made anew."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from features import stream
from features.kept import FOLDER, MOST_RUNS, TOLD, Kept
from tests.builders import AnAccount, World, a_step, a_world, at
from tests.features.test_further import assert_same_bytes, written


def a_company(*days_before: float) -> World:
    """Three accounts, of which one is active on some days before the morning."""
    busy = AnAccount().signed_up(90).has_user("ann", role="admin").has_user("bob")
    busy.was_active(*days_before).was_active(*days_before[::2], user="bob", quantity=2.5)
    busy.was_active(12, capability="workflow_run", user=None).was_active(9, known_after=4)
    quiet = AnAccount("a0").signed_up(70).was_active(60, user="ann")
    stranger = AnAccount("zz").was_active(20, 3, user="zoe")
    return a_world(busy, quiet, stranger, steps=[a_step()], snapshots={"every_days": 7})


def kept_of(folder: Path) -> list[dict[str, object]]:
    told: list[dict[str, object]] = json.loads((folder / FOLDER / TOLD).read_text())["runs"]
    return told


def test_the_next_build_keeps_only_what_became_known_since(tmp_path):
    world = a_company(40, 30, 21, 6, 2, 1)
    written(world, 5, tmp_path / "then")
    written(world, 0, tmp_path / "now", before=tmp_path / "then")
    whole, new = kept_of(tmp_path / "now")
    assert whole == kept_of(tmp_path / "then")[0]
    assert new["rows"] == 5
    one, other = (tmp_path / day / FOLDER / "first-0.known.npy" for day in ("then", "now"))
    assert one.samefile(other)


def test_every_row_known_by_then_is_kept_also_of_accounts_that_nobody_signed_up(tmp_path):
    written(a_company(40, 30, 21, 6, 2, 1), 5, tmp_path / "then")
    kept = Kept.of(tmp_path / "then")
    rows = sum(len(run.rows.known) for run, _ in kept.held().runs)
    assert rows == sum(run.rows for run in kept.runs) == 9


def damaged(folder: Path) -> None:
    path = folder / "first-0.quantity.npy"
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)


def shortened(folder: Path) -> None:
    path = folder / "first-0.moment.npy"
    path.write_bytes(path.read_bytes()[:-8])


def lost(folder: Path) -> None:
    (folder / "first-0.accounts.parquet").unlink()


def not_told(folder: Path) -> None:
    (folder / TOLD).write_text("{")


def not_sealed(folder: Path) -> None:
    told = json.loads((folder / TOLD).read_text())
    told["runs"][0]["seals"] = {}
    (folder / TOLD).write_text(json.dumps(told))


@pytest.mark.parametrize("harm", [damaged, shortened, lost, not_told, not_sealed])
def test_rows_that_are_not_what_was_kept_are_read_anew_and_it_says_so(harm, tmp_path):
    world = a_company(40, 30, 21, 6, 2, 1)
    written(world, 5, tmp_path / "then")
    harm(tmp_path / "then" / FOLDER)
    stands = written(world, 0, tmp_path / "now", before=tmp_path / "then")
    assert stands.rows_read_anew_because == "the rows that were kept are damaged"
    assert stands.why_not is None
    written(world, 0, tmp_path / "anew")
    assert_same_bytes(tmp_path / "now", tmp_path / "anew")


def test_a_corrected_row_ends_its_run_on_the_day_it_was_known(tmp_path):
    world = a_company(40, 30, 21, 6, 2, 1)
    written(world, 5, tmp_path / "then")
    activity = world.frames["activity"].copy()
    activity["quantity"] = activity["quantity"].where(activity["occurred_at"] != at(30), 7.0)
    mended = replace(world, frames=world.frames | {"activity": activity})
    stands = written(mended, 0, tmp_path / "now", before=tmp_path / "then")
    assert stands.rows_read_anew_because is None
    first, since = kept_of(tmp_path / "now")
    assert first["until_day"] == since["from_day"] < kept_of(tmp_path / "then")[0]["until_day"]
    written(mended, 0, tmp_path / "anew")
    assert_same_bytes(tmp_path / "now", tmp_path / "anew")


def test_runs_do_not_pile_up(tmp_path):
    written(a_company(40, 2), 5, tmp_path / "then")
    kept = Kept.of(tmp_path / "then")
    many = replace(kept, runs=kept.runs * MOST_RUNS)
    assert many.holding_until(10**6).why_not == "rows were kept in too many runs"


def test_rows_that_are_read_so_many_accounts_at_a_time_are_the_same(tmp_path, monkeypatch):
    world = a_company(40, 30, 21, 6, 2, 1)
    written(world, 0, tmp_path / "roomy")
    monkeypatch.setattr(stream, "BYTES_PER_ROW_READ", 10**9)
    written(world, 0, tmp_path / "tight")
    assert_same_bytes(tmp_path / "roomy", tmp_path / "tight")
    roomy, tight = (kept_of(tmp_path / name) for name in ("roomy", "tight"))
    assert [run["rows"] for run in roomy] == [14]
    assert [run["rows"] for run in tight] == [1, 13]
