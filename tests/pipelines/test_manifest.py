import json
import subprocess
import time
from datetime import date, datetime
from importlib.metadata import version

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.manifest import Timings, code_version, read_manifest, write_manifest

RELEASE = version("milepost")
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
facts = st.dictionaries(
    st.text(),
    st.recursive(
        leaves.filter(lambda leaf: leaf not in (float("inf"), float("-inf"))),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
        ),
        max_leaves=8,
    ),
    max_size=4,
)


@given(facts)
def test_what_json_knows_comes_back_as_it_was_written(tmp_path_factory, facts):
    folder = tmp_path_factory.mktemp("manifest")
    write_manifest(folder, facts)
    assert read_manifest(folder) == facts


def test_days_and_numbers_of_numpy_and_pandas_are_written_plainly(tmp_path):
    facts = {
        "as_of": date(2026, 3, 2),
        "data": {"newest_activity_at": datetime(2026, 3, 1, 23, 59)},
        "stamp": pd.Timestamp("2026-03-01"),
        "never": pd.NaT,
        "rows": {"accounts": np.int64(7)},
        "auc": np.float64(0.75),
        "promoted": np.bool_(True),
        "origins": (1, 2),
    }
    write_manifest(tmp_path, facts)
    assert read_manifest(tmp_path) == {
        "as_of": "2026-03-02",
        "data": {"newest_activity_at": "2026-03-01T23:59:00"},
        "stamp": "2026-03-01T00:00:00",
        "never": None,
        "rows": {"accounts": 7},
        "auc": 0.75,
        "promoted": True,
        "origins": [1, 2],
    }


def test_what_is_no_number_is_null_so_that_every_reader_can_parse_it(tmp_path):
    path = write_manifest(tmp_path, {"margin": float("nan"), "low": np.float64("-inf")})
    assert json.loads(path.read_text(), parse_constant=pytest.fail) == {
        "margin": None,
        "low": None,
    }


def test_what_cannot_be_written_is_named(tmp_path):
    with pytest.raises(TypeError, match=r"cannot hold .* a set"):
        write_manifest(tmp_path, {"rows": {1, 2}})


def test_a_step_in_several_goes_is_added_up_even_if_it_fails():
    timings = Timings()
    with timings.step("read"):
        time.sleep(0.02)
    with pytest.raises(ZeroDivisionError), timings.step("read"):
        raise ZeroDivisionError
    assert 0.02 <= timings.seconds["read"] < 5


def test_the_code_version_names_the_commit_and_whether_files_differ_from_it(tmp_path):
    assert code_version(tmp_path) == RELEASE

    def git(*arguments: str) -> str:
        who = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "core.hooksPath=/dev/null"]
        command = ["git", "-C", str(tmp_path), *who, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    git("init", "-q")
    assert code_version(tmp_path) == RELEASE
    (tmp_path / "a.py").write_text("1")
    git("add", "a.py")
    git("commit", "-q", "-m", "one")
    commit = git("rev-parse", "HEAD")[:12]
    assert code_version(tmp_path) == f"{RELEASE}+{commit}"
    (tmp_path / "a.py").write_text("2")
    assert code_version(tmp_path) == f"{RELEASE}+{commit}-dirty"
