"""A run that is killed, at whatever point, leaves the lake as it was; the next one finishes."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.lake import Lake
from tests.company import Company, a_company

POINTS = {
    "while it reads the tables": "features.sources.source.Source.check",
    "while it writes the features": "pipelines.build.write_manifest",
    "while it records the model": "training.record.expected_rates",
    "while it writes the scores": "pipelines.score.write_report",
    "while the new folder takes the old one's place": "pipelines.swap.flush",
}
DIES_AT = """
import os, signal, sys
from pathlib import Path
from pkgutil import resolve_name
point, config, lake, as_of = sys.argv[1:]
from pipelines import environment
environment.prepare(Path(lake))
from pipelines.run import run
where, _, name = point.rpartition(".")
setattr(resolve_name(where), name, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
run(config, lake, as_of)
"""


@pytest.fixture(scope="module")
def few(tmp_path_factory) -> Company:
    """A company so small that a run of it takes seconds."""
    return a_company(tmp_path_factory.mktemp("few"), accounts=25, seed=4)


@pytest.fixture(scope="module")
def yesterday(few, laid_out, tmp_path_factory, prefect_server) -> Path:
    """A lake with the scores of one morning."""
    from pipelines.run import run

    lake = Path(shutil.copytree(laid_out, tmp_path_factory.mktemp("yesterday") / "lake"))
    run(str(few.config), str(lake), few.as_of.isoformat())
    return lake


@pytest.fixture
def lake(yesterday, tmp_path) -> Path:
    return Path(shutil.copytree(yesterday, tmp_path / "lake"))


def content(lake: Path, kind: str = "scores") -> dict[str, bytes]:
    home = lake / "acme" / kind
    return {
        path.relative_to(home).as_posix(): path.read_bytes()
        for path in sorted(home.rglob("*"))
        if path.is_file()
    }


def killed(point: str, company: Company, lake: Path, server: str) -> int:
    command = [sys.executable, "-c", DIES_AT, POINTS[point], str(company.config), str(lake)]
    # Other features, so that the old build does not serve.
    told = company.config / "project.toml"
    written = told.read_text("utf-8")
    told.write_text(written.replace("every_days = 91", "every_days = 84"), "utf-8")
    try:
        done = subprocess.run(
            [*command, company.as_of.isoformat()],
            env={**os.environ, "PREFECT_API_URL": server},
            capture_output=True,
            timeout=200,
            check=False,
        )
    finally:
        told.write_text(written, "utf-8")
    return done.returncode


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_run_leaves_the_scores_as_they_were_and_the_next_one_finishes(
    few, lake, prefect_server, point
):
    from pipelines.run import run

    before = content(lake)
    assert killed(point, few, lake, prefect_server) == -signal.SIGKILL
    assert content(lake) == before
    scores = Lake(lake, "acme")
    assert len(scores.read("scores", few.as_of, file="accounts.parquet"))
    assert run(str(few.config), str(lake), few.as_of.isoformat()) == few.as_of
    after = content(lake)
    tables = [name for name in before if name.endswith(".parquet")]
    assert {name: after[name] for name in tables} == {name: before[name] for name in tables}
    assert not [path for path in (lake / "acme" / ".writing").rglob("*") if path.is_file()]


ENDS_AT = """
import os, signal, sys, time
from features.sources.source import Source
from pipelines import cli

def check(self):
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(60)

Source.check = check
cli.main()
"""


def test_a_run_that_is_told_to_end_takes_its_server_with_it(few, tmp_path):
    words = ("build", "--config", str(few.config), "--lake", str(tmp_path / "lake"))
    bare = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    # A server that lived on would keep these pipes open, and this would wait in vain.
    ended = subprocess.run(
        [sys.executable, "-c", ENDS_AT, *words],
        env=bare,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (128 + signal.SIGTERM, "")
    assert "Traceback" not in ended.stderr
