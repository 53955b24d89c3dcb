import os
import subprocess
import sys
from pathlib import Path

import pytest

from configs.errors import LakeError
from pipelines import environment

SCRIPT = """
import sys
from pathlib import Path
from pipelines import environment
environment.prepare(Path(sys.argv[1]))
from prefect import flow

@flow
def seven() -> int:
    return 7

assert seven() == 7
"""


@pytest.fixture
def bare(monkeypatch) -> pytest.MonkeyPatch:
    """An environment in which nobody has set anything of ours; what is set is undone."""
    for name in environment.settings(Path("lake")):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return monkeypatch


def test_a_flow_needs_no_server_and_no_lake_and_says_nothing(tmp_path):
    ours = set(environment.settings(tmp_path)) | {"PREFECT_API_URL"}
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "some" / "lake")],
        env={name: value for name, value in os.environ.items() if name not in ours},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.stdout, ran.stderr, ran.returncode) == ("", "", 0)
    assert [path.name for path in tmp_path.iterdir()] == ["some"]


def test_what_somebody_has_set_stays_set(bare, tmp_path):
    bare.setenv("PREFECT_HOME", str(tmp_path / "mine"))
    environment.prepare(tmp_path / "lake")
    assert os.environ["PREFECT_HOME"] == str(tmp_path / "mine")
    assert os.environ["DO_NOT_TRACK"] == "true"
    assert not (tmp_path / "lake").exists()


def test_a_lake_that_cannot_be_made_is_said_so_in_one_line(bare, tmp_path):
    (tmp_path / "lake").write_text("a file where a folder should be")
    with pytest.raises(LakeError, match=r"lake/prefect: cannot be written .*--lake"):
        environment.prepare(tmp_path / "lake")
