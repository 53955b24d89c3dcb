"""Files that are as they were are not read again; whatever comes of files, builds are exact."""

import os
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from configs.project import Project
from features.further import Stands
from features.sources import open_source
from features.stream import write_in_shards
from tests.builders import MORNING, AnAccount, World, a_step, a_world
from tests.features.test_further import assert_same_bytes
from tests.features.worlds import worlds

few = settings(
    max_examples=2,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
some_worlds = worlds(snapshots={"every_days": 7, "first_on": "2024-12-20"}, most_accounts=4)
PIECES = 3


def as_files(frames: dict[str, pd.DataFrame], folder: Path) -> Path:
    """Activity and users in a few files each, by when rows became known; the rest in one.

    Those of whom nobody knows are in a file of their own: they use what the playbook names.
    """
    folder.mkdir()
    for name, frame in frames.items():
        if name in ("activity", "users"):
            (folder / name).mkdir()
            strange = frame["account_id"] == "nobody"
            frame.loc[strange].to_parquet(folder / name / "strange.parquet", index=False)
            frame = frame.loc[~strange].sort_values("known_at", ignore_index=True)
            for piece, rows in enumerate(np.array_split(np.arange(len(frame)), PIECES)):
                path = folder / name / f"{piece}.parquet"
                frame.iloc[rows].to_parquet(path, index=False)
        else:
            frame.to_parquet(folder / f"{name}.parquet", index=False)
    return folder


def built(world: World, files: Path, days_ago: int, folder: Path, **asked: Path) -> Stands:
    folder.mkdir()
    told = world.configuration.project.model_dump(by_alias=True, exclude_unset=True)
    project = Project.model_validate(told | {"source": {"kind": "files", "path": str(files)}})
    configuration = replace(world.configuration, project=project)
    source = open_source(project, files)
    day = (MORNING - pd.Timedelta(days=days_ago)).date()
    try:
        return write_in_shards(
            source.tables, configuration, folder, as_of=day, filed=source.filed, **asked
        )
    finally:
        source.close()


def a_company(*days_before: float) -> World:
    """One of its rows nobody knows on any of the mornings."""
    busy = AnAccount().signed_up(90).has_user("ann", role="admin").has_user("bob")
    busy.was_active(*days_before, user="bob").was_active(9, known_after=30)
    return a_world(busy, AnAccount("a0").signed_up(70).was_active(60), steps=[a_step()])


def unreadable(path: Path) -> None:
    """Put other bytes in the place of a file's rows, without a trace."""
    facts, content = path.stat(), bytearray(path.read_bytes())
    rows_end = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    content[4:rows_end] = b"x" * (rows_end - 4)
    path.write_bytes(content)
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))


def test_a_new_file_is_read_alone(tmp_path):
    world, files = a_company(40, 30, 21, 12, 9, 8, 2), tmp_path / "files"
    known_at = world.frames["activity"]["known_at"]
    is_old = (known_at < MORNING - pd.Timedelta(days=5)) | (known_at > MORNING)
    old, new = (world.frames["activity"].loc[which] for which in (is_old, ~is_old))
    as_files(world.frames | {"activity": old}, files)
    built(world, files, 5, tmp_path / "then")
    new.to_parquet(files / "activity" / "new.parquet", index=False)
    built(world, files, 0, tmp_path / "anew")
    for piece in range(PIECES):
        unreadable(files / "activity" / f"{piece}.parquet")
    stands = built(world, files, 0, tmp_path / "now", before=tmp_path / "then")
    assert stands.why_not is None
    assert stands.rows_read_anew_because is None
    assert_same_bytes(tmp_path / "now", tmp_path / "anew")


@pytest.mark.parametrize("what", ["changed", "gone", "late"])
def test_a_file_that_is_otherwise_is_held_against_what_was_known(what, tmp_path):
    world, files = a_company(40, 30, 21, 12, 9, 8, 2), tmp_path / "files"
    as_files(world.frames, files)
    built(world, files, 5, tmp_path / "then")
    second = files / "activity" / "1.parquet"
    rows = pd.read_parquet(second)
    if what == "changed":
        rows.assign(quantity=3.0).to_parquet(second, index=False)
    elif what == "gone":
        second.unlink()
    else:
        rows.to_parquet(files / "activity" / "late.parquet", index=False)
    built(world, files, 0, tmp_path / "anew")
    stands = built(world, files, 0, tmp_path / "now", before=tmp_path / "then")
    assert stands.rows_read_anew_because is None
    assert_same_bytes(tmp_path / "now", tmp_path / "anew")


deeds = st.lists(
    st.tuples(
        st.sampled_from(["activity", "users"]),
        st.sampled_from(["late", "gone", "changed", "nothing"]),
        st.integers(0, PIECES - 1),
    ),
    min_size=1,
    max_size=2,
)


@given(some_worlds, deeds, st.lists(st.integers(0, 25), min_size=2, max_size=2), st.data())
@few
def test_whatever_is_done_to_files_the_next_build_is_the_one_made_anew(world, deeds, ago, data):
    with tempfile.TemporaryDirectory() as home:
        files = as_files(dict(world.frames), Path(home) / "files")
        held_back = {}
        for table, deed, piece in deeds:
            path = files / table / f"{piece}.parquet"
            if deed == "late" and path.is_file():
                held_back[path] = path.read_bytes()
                path.unlink()
        before, now = sorted(ago, reverse=True)
        built(world, files, before, Path(home) / "then")
        for path, content in held_back.items():
            path.write_bytes(content)
        for table, deed, piece in deeds:
            path = files / table / f"{piece}.parquet"
            if deed == "gone" and len(list(path.parent.iterdir())) > 1:
                path.unlink(missing_ok=True)
            elif deed == "changed" and path.is_file():
                rows = pd.read_parquet(path)
                rows.iloc[data.draw(st.integers(0, 1)) :].to_parquet(path, index=False)
        built(world, files, now, Path(home) / "now", before=Path(home) / "then")
        built(world, files, now, Path(home) / "anew")
        assert_same_bytes(Path(home) / "now", Path(home) / "anew")
