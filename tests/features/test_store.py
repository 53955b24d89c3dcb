from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from configs.errors import LakeError
from features import store
from features.assemble import FeatureSet
from features.known_as import changes_told
from features.store import mornings_of, read_features, read_morning, write_features
from features.stream import write_in_shards
from tests.builders import MORNING, AnAccount, World, a_step, a_world


def a_company() -> World:
    account = AnAccount().signed_up(60, plan="team", size=3.0, owner="Kim")
    account.has_user("ann", role="admin").was_active(3, 9, 40).has_contract(50, -50)
    leaver = AnAccount("b").signed_up(50, plan=None, size=None).was_touched(9).left(5)
    steps = [
        a_step(),
        a_step("later", done_when={"capability": "report_viewed", "at_least": 9}),
    ]
    return a_world(account, leaver, steps=steps, accounts={"attributes": ["plan", "size"]})


def as_told(frame: pd.DataFrame) -> pd.DataFrame:
    """The same cells, whatever stands for text and for nothing."""
    return frame.astype(object).where(frame.notna(), None)


def assert_same(one: FeatureSet, other: FeatureSet) -> None:
    for name in store.FRAMES:
        pd.testing.assert_frame_equal(
            as_told(getattr(one, name)), as_told(getattr(other, name))
        )
    for name in store.CATALOGUES:
        assert list(getattr(one, name).values()) == list(getattr(other, name).values())


@pytest.mark.parametrize(
    "world",
    [a_company, lambda: a_world(AnAccount().signed_up(60))],
    ids=["a company", "one silent account"],
)
def test_what_was_written_is_what_is_read(world, tmp_path):
    features = world().build()
    write_features(features, tmp_path)
    assert_same(features, read_features(tmp_path))


def test_numbers_and_days_keep_their_types(tmp_path):
    features = a_company().build()
    write_features(features, tmp_path)
    again = read_features(tmp_path)
    for name in ("snapshots", "values", "steps", "standing", "exits", "reached", "usage"):
        one, other = getattr(features, name), getattr(again, name)
        told = one.select_dtypes(exclude=["object", "str"])
        pd.testing.assert_series_equal(told.dtypes, other[list(told)].dtypes)


@pytest.mark.parametrize("shards", [None, 2])
def test_a_build_written_shard_by_shard_is_read_as_one_made_at_once(shards, tmp_path):
    world = a_company()
    tables, day = world.tables, MORNING.date()
    write_in_shards(tables, world.configuration, tmp_path, as_of=day, shards=shards)
    assert_same(world.build(), read_features(tmp_path))


def test_one_morning_is_read_as_it_stands_among_the_others(tmp_path):
    world = a_company()
    day = MORNING.date()
    write_in_shards(world.tables, world.configuration, tmp_path, as_of=day)
    features = read_features(tmp_path)
    assert len(list(tmp_path.glob("snapshots*.parquet"))) > 1
    for each in features.snapshots["day"].unique():
        own = features.snapshots["day"] == each
        told = features.values[own].set_index(features.snapshots.loc[own, "account_id"])
        pd.testing.assert_frame_equal(read_morning(tmp_path, each), told)


@pytest.mark.parametrize("day", [0, None], ids=["no such morning", "no build"])
def test_a_morning_that_is_not_there_says_what_to_do(day, tmp_path):
    if day is not None:
        write_features(a_company().build(), tmp_path)
    with pytest.raises(LakeError, match=r"does not hold the morning asked for\. Run `milepost"):
        read_morning(tmp_path, 0)


def test_a_morning_of_which_a_file_was_cut_short_is_not_there(tmp_path):
    features = a_company().build()
    write_features(features, tmp_path)
    cut = tmp_path / "values.parquet"
    cut.write_bytes(cut.read_bytes()[:50])
    with pytest.raises(LakeError, match="does not hold the morning"):
        read_morning(tmp_path, int(features.snapshots["day"].iloc[0]))


def test_into_how_many_shards_a_build_is_cut_changes_no_byte(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "GROUP_ROWS", 4)
    world = a_company()
    for shards in (1, 2):
        folder = tmp_path / str(shards)
        folder.mkdir()
        day = MORNING.date()
        write_in_shards(world.tables, world.configuration, folder, as_of=day, shards=shards)
    for path in filter(Path.is_file, (tmp_path / "1").iterdir()):
        assert path.read_bytes() == (tmp_path / "2" / path.name).read_bytes(), path.name


def test_the_same_features_give_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_features(a_company().build(), tmp_path / name)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_a_folder_without_a_finished_build_says_what_to_do(tmp_path):
    with pytest.raises(
        LakeError, match=r"holds no finished build\. Run `milepost build` first"
    ):
        read_features(tmp_path)


@pytest.mark.parametrize("lost", ["values.parquet", "step_catalogue.json"])
def test_half_a_build_is_no_build(lost, tmp_path):
    write_features(a_company().build(), tmp_path)
    (tmp_path / lost).unlink()
    with pytest.raises(LakeError, match="holds no finished build"):
        read_features(tmp_path)


@pytest.mark.parametrize("cut", ["values.parquet", "exits.parquet", "catalogue.json"])
def test_a_build_of_which_a_file_was_cut_short_says_what_to_do(cut, tmp_path):
    write_features(a_company().build(), tmp_path)
    (tmp_path / cut).write_bytes((tmp_path / cut).read_bytes()[:50])
    with pytest.raises(LakeError, match=r"is not whole\. Run `milepost build` again"):
        read_features(tmp_path)


@pytest.mark.parametrize("rows", [[], [1.5]], ids=["nothing", "a row"])
def test_what_is_empty_says_nothing_of_the_types_of_what_follows(rows, tmp_path):
    nothing = pa.table({"arr": pa.array([], pa.int64())})
    with store.frame_file(tmp_path, "arr") as file:
        file.add(nothing)
        file.add(pa.table({"arr": pa.array(rows, pa.float64())}))
    assert pq.read_table(tmp_path / "arr.parquet")["arr"].to_pylist() == rows


def test_some_mornings_are_read_as_if_the_others_had_never_been_built(tmp_path):
    world, as_of = a_company(), MORNING.date()
    for shards in (1, 2):
        folder = tmp_path / str(shards)
        folder.mkdir()
        write_in_shards(
            world.source.tables, world.configuration, folder, as_of=as_of, shards=shards
        )
        whole, days = read_features(folder), mornings_of(folder)[0]
        assert np.array_equal(days, np.unique(whole.snapshots["day"]))
        some = read_features(folder, days[[0, -1]])
        rows = np.flatnonzero(whole.snapshots["day"].isin(days[[0, -1]]))
        for name in ("snapshots", "values"):
            asked = getattr(whole, name).iloc[rows].reset_index(drop=True)
            pd.testing.assert_frame_equal(getattr(some, name), asked)
        steps = whole.steps.loc[whole.steps["snapshot"].isin(rows)].reset_index(drop=True)
        assert np.array_equal(rows[some.steps["snapshot"]], steps["snapshot"])
        pd.testing.assert_frame_equal(
            some.steps.drop(columns="snapshot"), steps.drop(columns="snapshot")
        )
        pd.testing.assert_frame_equal(some.exits, whole.exits)
        pd.testing.assert_frame_equal(some.known_as, changes_told(whole.snapshots))
