"""What does the command `build` keep from the build of the morning before?"""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.lake import Lake
from pipelines.manifest import is_whole
from tests.pipelines.commands import typed


@pytest.fixture
def build(company, prefect_server, capfd, monkeypatch):
    """Build one morning into a lake by the command, and give the folder."""

    def built(lake: Path, days_ago: int) -> Path:
        day = company.as_of - timedelta(days=days_ago)
        words = ("--config", company.config, "--lake", lake, "--as-of", day)
        assert typed(capfd, monkeypatch, "build", *words).status == 0
        return Lake(lake, "acme").path("builds", day)

    return built


def further(folder: Path) -> dict[str, object]:
    """What the manifest of a build says of the one before."""
    told: dict[str, object] = json.loads((folder / "run.json").read_text("utf-8"))["further"]
    return told


def test_the_next_mornings_build_takes_over_what_stands_and_is_the_one_made_anew(
    build, tmp_path
):
    yesterday, today = (build(tmp_path / "daily", ago) for ago in (1, 0))
    anew = build(tmp_path / "anew", 0)
    assert further(today)["from"] == yesterday.name, further(today)
    assert "" in further(today)["parts_taken_over"]
    assert further(anew)["made_anew_because"].startswith("no earlier build")
    assert further(today)["tables_looked_at_whole"] == []
    assert "activity" in further(anew)["tables_looked_at_whole"]
    assert {path.name for path in today.iterdir()} == {path.name for path in anew.iterdir()}
    for path in today.glob("*.parquet"):
        assert path.read_bytes() == (anew / path.name).read_bytes(), path.name


@pytest.mark.parametrize("harm", ["cut", "lost"])
def test_a_build_that_is_not_whole_is_made_again(build, tmp_path, harm):
    folder = build(tmp_path / "lake", 0)
    files = ("values.parquet", "run.json", "rows/*")
    paths = [next(folder.glob(file)) for file in files if [*folder.glob(file)]]
    assert len(paths) > 1
    for path in paths:
        whole = path.read_bytes()
        path.unlink()
        if harm == "cut":
            path.write_bytes(whole[:20])
        build(tmp_path / "lake", 0)
        assert path.name == "run.json" or path.read_bytes() == whole
        assert is_whole(folder)
