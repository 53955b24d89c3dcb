import os
import signal
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import psycopg
import pyarrow.parquet as pq
import pytest

from pipelines.lake import Lake
from pipelines.watch import watch
from tests.company import a_config
from tests.features.given_tables import as_postgres
from tests.pipelines.commands import typed


def watched(config: Path, lake: Path, *steps: Callable[[], object]) -> list[str]:
    """What is said while, after each look, one step happens; then somebody presses Ctrl-C."""
    said: list[str] = []
    left = list(steps)

    def wait(seconds: float) -> None:
        assert seconds == 7
        if left:
            left.pop(0)()
            return
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)
        pytest.fail("Ctrl-C went unheard")

    # A shell starts what it runs in the background deaf to Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        watch(str(config), str(lake), every_seconds=7, say=said.append, wait=wait)
    finally:
        signal.signal(signal.SIGINT, before)
    return said


@pytest.fixture
def small(company, tmp_path) -> tuple[Path, Path]:
    """The tables and the configuration of a company too small to learn from."""
    tables = tmp_path / "tables"
    tables.mkdir()
    for path in company.tables.glob("*.parquet"):
        rows = pd.read_parquet(path)
        few = sorted(rows["account_id"].unique())[:12]
        rows[rows["account_id"].isin(few)].to_parquet(tables / path.name)
    return tables, a_config(tmp_path / "acme", tables)


def moved(rows: pd.DataFrame, days: int) -> pd.DataFrame:
    """The newest row of activity, as if it had happened later."""
    newest = rows[rows["occurred_at"] == rows["occurred_at"].max()]
    later = {name: newest[name] + timedelta(days=days) for name in ("occurred_at", "known_at")}
    return newest.assign(**later)


def test_scores_follow_the_files_and_nothing_is_done_where_nothing_is_new(
    small, lake, prefect_server
):
    tables, config = small
    activity = tables / "activity.parquet"
    rows = pd.read_parquet(activity)
    seen: list[dict[date, int]] = []

    def look() -> None:
        store = Lake(lake, "acme")
        mornings = store.dates("scores")
        seen.append({day: store.path("scores", day).stat().st_mtime_ns for day in mornings})

    def arrives(days: int) -> Callable[[], object]:
        return lambda: pd.concat([rows, moved(rows, days)]).to_parquet(activity)

    def breaks() -> None:
        activity.write_bytes(b"half a file")

    steps = [look, look, breaks, lambda: None, arrives(1), look, arrives(9), look]
    said = watched(config, lake, *steps)
    first = rows["occurred_at"].max().date() + timedelta(days=1)
    second, third = first + timedelta(days=1), first + timedelta(days=9)
    assert seen[0] == seen[1]
    assert [list(mornings) for mornings in seen[1:]] == [
        [first],
        [first, second],
        [first, second, third],
    ]
    assert said[0] == f"Scores as of {first} are fresh, by models that learnt anew"
    assert "holds a file that cannot be read" in said[1]
    assert said[1].endswith("Trying again until it is right.")
    assert said[2:] == [
        f"Scores as of {second} are fresh",
        f"Scores as of {third} are fresh, by models that learnt anew",
        f"Stopped watching; scores as of {third}",
    ]


def ask(url: str, statement: str) -> Callable[[], object]:
    def asked() -> None:
        with psycopg.connect(url) as connection:
            connection.execute("SET lock_timeout = '5s'")
            connection.execute(statement)

    return asked


ONE_MORE_ROW = """
INSERT INTO watched.activity (account_id, capability, occurred_at, user_id, known_at)
SELECT account_id, capability, occurred_at + interval '1 day', user_id,
       known_at + interval '1 day'
FROM watched.activity ORDER BY occurred_at DESC LIMIT 1
"""


@pytest.fixture
def in_database(company, postgres, tmp_path, monkeypatch) -> Path:
    """The configuration of the small simulated company, whose tables are in PostgreSQL."""
    files = {path.stem: pq.read_table(path) for path in company.tables.glob("*.parquet")}
    as_postgres(postgres, "watched", **files)
    config = a_config(tmp_path / "acme", company.tables)
    written = (config / "project.toml").read_text("utf-8")
    there = 'kind = "sql"\nurl = "${WAREHOUSE_URL}"\nschema = "watched"'
    (config / "project.toml").write_text(written.replace('kind = "files"', there), "utf-8")
    monkeypatch.setenv("WAREHOUSE_URL", postgres)
    return config


def test_the_main_job_works_from_a_database_and_scores_are_the_same(
    company, postgres, in_database, first_run, lake, prefect_server
):
    said = watched(
        in_database,
        lake,
        ask(postgres, "ALTER SCHEMA watched RENAME TO away"),
        ask(postgres, "ALTER SCHEMA away RENAME TO watched"),
        ask(postgres, ONE_MORE_ROW),
    )
    tomorrow = company.as_of + timedelta(days=1)
    assert said[0].startswith(f"Scores as of {company.as_of} are fresh")
    assert "there is no schema watched" in said[1]
    assert said[2:] == [
        f"Scores as of {tomorrow} are fresh",
        f"Stopped watching; scores as of {tomorrow}",
    ]
    for name in ("accounts", "milestones"):
        pd.testing.assert_frame_equal(
            told(lake, company, name), told(first_run[0], company, name)
        )


def told(lake: Path, company, name: str) -> pd.DataFrame:
    """All but the name of the model, which says what data it learnt from."""
    scores = pd.read_parquet(
        Lake(lake, "acme").path("scores", company.as_of) / f"{name}.parquet"
    )
    return scores.drop(columns="model_version", errors="ignore")


def test_watching_speaks_of_the_newest_rows_and_takes_no_morning(
    company, tmp_path, capfd, monkeypatch
):
    command = ["run", "--config", company.config, "--lake", tmp_path, "--watch"]
    said = typed(capfd, monkeypatch, *command, "--as-of", "2026-01-01")
    assert said.status == 2
    assert "--as-of: means nothing to --watch" in said.err
