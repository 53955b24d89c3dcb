import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.errors import LakeError
from pipelines import swap
from pipelines.lake import Lake, write_parquet

MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)
FILES = ("accounts.parquet", "milestones.parquet", "report/index.html")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake", "acme")


@pytest.fixture(params=["in one step", "by stepping aside"])
def any_file_system(request, monkeypatch):
    if request.param == "by stepping aside":
        monkeypatch.setattr(swap, "exchanged", lambda one, other: False)


def write(lake: Lake, said: str, as_of: date = MONDAY) -> None:
    with lake.replace("scores", as_of) as folder:
        for name in FILES:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(said)


def said(lake: Lake, as_of: date = MONDAY) -> set[str]:
    return {(lake.path("scores", as_of) / name).read_text() for name in FILES}


def leftovers(lake: Lake) -> list[Path]:
    return [
        path for path in (lake.home / ".writing").rglob("*") if path.name.startswith("as_of")
    ]


def killed_at(step: int, act: Callable[[], None]) -> bool:
    """Run `act` in a child that is killed at its step-th touch of the file system."""
    child = os.fork()
    if child == 0:
        left = [step]

        def count(event: str, _: object) -> None:
            if event in {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir"}:
                left[0] -= 1
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        with suppress(BaseException):
            act()
            os._exit(0)
        os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def test_a_run_killed_anywhere_leaves_the_old_folder_or_the_new_one(lake):
    write(lake, "old")
    seen, step = [], 1
    while killed_at(step, lambda: write(lake, "new")):
        seen.append(said(lake))
        write(lake, "old")
        step += 1
    assert step > 15
    assert all(each in ({"old"}, {"new"}) for each in seen)
    assert {"old"} in seen
    assert {"new"} in seen


def test_where_folders_cannot_be_exchanged_the_next_run_puts_a_killed_one_right(
    lake, monkeypatch
):
    monkeypatch.setattr(swap, "exchanged", lambda one, other: False)
    write(lake, "old")
    step = 1
    while killed_at(step, lambda: write(lake, "new")):
        with lake.lock():
            assert said(lake) in ({"old"}, {"new"})
        write(lake, "old")
        step += 1
    assert step > 15


def test_a_first_run_killed_anywhere_leaves_nothing_or_everything(tmp_path):
    step, alive = 1, True
    while alive:
        lake = Lake(tmp_path / str(step), "acme")
        alive = killed_at(step, lambda to=lake: write(to, "new"))
        if lake.newest("scores") is not None:
            assert said(lake) == {"new"}
        step += 1
    assert said(lake) == {"new"}


@pytest.mark.usefixtures("any_file_system")
def test_a_run_that_raises_leaves_the_lake_as_it_was(lake):
    write(lake, "old")

    def write_half() -> None:
        with lake.replace("scores", MONDAY) as folder:
            (folder / FILES[0]).write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_half()
    assert said(lake) == {"old"}
    assert leftovers(lake) == []


@pytest.mark.usefixtures("any_file_system")
def test_writing_again_replaces_the_whole_folder(lake):
    write(lake, "old")
    (lake.path("scores", MONDAY) / "stale.parquet").write_text("from an older release")
    write(lake, "new")
    assert said(lake) == {"new"}
    assert not (lake.path("scores", MONDAY) / "stale.parquet").exists()
    assert leftovers(lake) == []


def test_a_reader_finds_a_folder_at_every_moment_of_a_replacement(lake):
    write(lake, "old")
    missing, done = [], threading.Event()

    def look() -> None:
        while not done.is_set():
            missing.append(not (lake.path("scores", MONDAY) / FILES[0]).exists())

    reader = threading.Thread(target=look)
    reader.start()
    for turn in range(40):
        write(lake, str(turn))
    done.set()
    reader.join()
    assert not any(missing)


def test_what_a_dead_run_left_is_swept_by_the_next_one_of_any_date(lake):
    left = lake.home / ".writing" / "scores" / "as_of=2026-03-02"
    left.mkdir(parents=True)
    (left / "accounts.parquet").write_text("half")
    assert lake.newest("scores") is None
    write(lake, "new", TUESDAY)
    assert leftovers(lake) == []
    assert lake.dates("scores") == [TUESDAY]


def test_only_one_run_at_a_time_writes_and_the_other_is_told_who(lake):
    script = (
        "import sys; from pathlib import Path; from pipelines.lake import Lake\n"
        "with Lake(Path(sys.argv[1]), 'acme').lock(): print('mine', flush=True); input()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", script, str(lake.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == b"mine\n"
        with pytest.raises(LakeError, match=rf"process {other.pid}\).*Wait") as wrong:
            write(lake, "new")
        assert "\n" not in str(wrong.value)
        assert lake.newest("scores") is None
    finally:
        other.kill()
        other.communicate()
    write(lake, "new")
    assert said(lake) == {"new"}


def test_a_run_waits_for_another_one_if_it_is_told_to(lake):
    holding, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with lake.lock():
            holding.set()
            let_go.wait(10)

    other = threading.Thread(target=hold)
    other.start()
    holding.wait(10)
    with pytest.raises(LakeError), lake.lock(wait_seconds=0.3):
        pass
    threading.Timer(0.3, let_go.set).start()
    with lake.lock(wait_seconds=10):
        pass
    other.join()


def test_a_flow_inside_a_flow_does_not_wait_for_itself(lake):
    with lake.lock():
        write(lake, "new")
    assert said(lake) == {"new"}


def test_two_projects_of_one_lake_do_not_wait_for_each_other(lake):
    with lake.lock():
        write(Lake(lake.root, "other"), "new")


def test_the_newest_date_can_be_asked_for_before_another_one(lake):
    assert lake.newest("scores") is None
    for as_of in (TUESDAY, MONDAY):
        write(lake, "new", as_of)
    (lake.home / "scores" / "as_of=soon").mkdir()
    assert lake.newest("scores") == TUESDAY
    assert lake.newest("scores", before=TUESDAY) == MONDAY
    assert lake.newest("scores", before=MONDAY) is None


def test_a_missing_output_is_named_with_the_command_that_writes_it(lake):
    with pytest.raises(LakeError, match=r"acme/scores: there is nothing.*`milepost score`"):
        lake.found("scores")
    write(lake, "new")
    with pytest.raises(LakeError, match=r"as_of=2026-03-03: there is nothing"):
        lake.read("scores", TUESDAY, file="accounts.parquet")
    with pytest.raises(LakeError, match=r"forecast\.parquet: is not there.*--as-of 2026-03-02"):
        lake.read("scores", MONDAY, file="forecast.parquet")


def test_a_file_that_was_cut_short_is_named_with_the_command_that_writes_it(lake):
    with lake.replace("scores", MONDAY) as folder:
        write_parquet(pd.DataFrame({"arr": [1.0]}), folder / "accounts.parquet")
        (folder / "run.json").write_text('{"as_of": ', encoding="utf-8")
    whole = (lake.path("scores", MONDAY) / "accounts.parquet").read_bytes()
    (lake.path("scores", MONDAY) / "accounts.parquet").write_bytes(whole[:-9])
    with pytest.raises(LakeError, match=r"accounts\.parquet: is not whole.*--as-of 2026-03-02"):
        lake.read("scores", MONDAY, file="accounts.parquet")
    with pytest.raises(LakeError, match=r"run\.json: is not whole.*--as-of 2026-03-02"):
        lake.read_json("scores", MONDAY)


def test_a_table_comes_back_as_it_was_written(lake):
    accounts = pd.DataFrame(
        {"account_id": ["a", "b"], "as_of": [MONDAY] * 2, "arr": [1.0, None]}
    )
    schema = pa.schema(
        [("account_id", pa.string()), ("as_of", pa.date32()), ("arr", pa.float64())]
    )
    with lake.replace("scores", MONDAY) as folder:
        write_parquet(accounts, folder / "accounts.parquet", schema=schema)
    table = lake.read_arrow("scores", MONDAY, file="accounts.parquet")
    assert table.schema == schema
    assert table.to_pylist()[1] == {"account_id": "b", "as_of": MONDAY, "arr": None}
    back = lake.read("scores", MONDAY, file="accounts.parquet", columns=["arr"])
    assert back.columns.tolist() == ["arr"]


def test_a_count_with_holes_is_written_as_whole_numbers_and_nulls(tmp_path):
    counts = pd.DataFrame({"days_open": [3.0, np.nan]})
    schema = pa.schema([("days_open", pa.int32())])
    write_parquet(counts, tmp_path / "t.parquet", schema=schema)
    table = pa.parquet.read_table(tmp_path / "t.parquet")
    assert table["days_open"].to_pylist() == [3, None]


rows = st.lists(st.tuples(st.text(max_size=4), st.floats(allow_nan=False)), max_size=30)


@given(rows, st.integers(1, 30))
def test_equal_tables_give_equal_bytes_whatever_their_chunks_and_index(
    tmp_path_factory, rows, at
):
    folder = tmp_path_factory.mktemp("bytes")
    frame = pd.DataFrame(
        {
            "name": pd.Series([row[0] for row in rows], dtype="str"),
            "value": pd.Series([row[1] for row in rows], dtype="float64"),
        }
    )
    schema = pa.schema([("name", pa.string()), ("value", pa.float64())])
    whole = pa.Table.from_pandas(frame, schema=schema)
    pieces = pa.concat_tables([whole.slice(0, at), whole.slice(at)])
    write_parquet(frame, folder / "1", schema=schema)
    write_parquet(frame.set_axis(range(7, 7 + len(frame))), folder / "2", schema=schema)
    write_parquet(pieces.select(["value", "name"]), folder / "3", schema=schema)
    assert len({(folder / name).read_bytes() for name in "123"}) == 1
