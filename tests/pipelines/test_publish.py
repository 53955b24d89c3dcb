import csv
import sqlite3
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from configs.errors import DataError, LakeError, UnreachableError
from configs.load import Configuration, load
from pipelines.lake import Lake, write_parquet
from serving.scorecard import accounts_schema
from serving.sinks.folder import FolderSink

MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)
PLAYBOOK = """
version = 1
[[milestones]]
slug = "connected"
name = "Connected"
stage = "onboarding"
done_when = { capability = "synced", measure = "count", at_least = 1 }
expected_days = { default = 10 }
"""


@pytest.fixture
def lake(tmp_path) -> Lake:
    return Lake(tmp_path / "lake", "acme")


def configured(tmp_path: Path, publish: str = "") -> Configuration:
    folder = tmp_path / "configs" / "acme"
    folder.mkdir(parents=True)
    (folder / "project.toml").write_text(f'name = "acme"\n[publish]\n{publish}\n')
    (folder / "playbook.toml").write_text(PLAYBOOK)
    return load(folder)


def score(lake: Lake, risks: dict[str, float], as_of: date = MONDAY) -> None:
    rows = [
        {"account_id": each, "as_of": as_of, "rank": place, "churn_risk": risk}
        for place, (each, risk) in enumerate(risks.items(), 1)
    ]
    with lake.replace("scores", as_of) as folder:
        table = pa.Table.from_pylist(rows, schema=accounts_schema([90]))
        write_parquet(table, folder / "accounts.parquet")


def test_a_dry_run_says_what_would_change_and_changes_nothing(lake, tmp_path, server_home):
    from pipelines.publish import publish_scores

    score(lake, {"a": 0.5, "b": 0.2})
    report = publish_scores(configured(tmp_path), lake, apply=False)
    assert report.lines() == (
        "Nothing was written. Would publish the scores of 2026-03-02:",
        f"  {lake.published}: 2 new, 0 changed, 0 unchanged",
        "    a is new",
        "    b is new",
        "Add --apply to write.",
    )
    assert not lake.published.exists()


def test_without_a_sink_the_scores_are_published_into_the_lake(lake, tmp_path, server_home):
    from pipelines.publish import publish_scores

    score(lake, {"a": 0.5, "b": 0.2})
    publish_scores(configured(tmp_path), lake, apply=True)
    with (lake.published / "milepost_scores.csv").open(encoding="utf-8") as file:
        assert [row["account_id"] for row in csv.DictReader(file)] == ["a", "b"]


def test_the_newest_scores_go_to_every_sink_that_is_configured(
    lake, tmp_path, monkeypatch, server_home
):
    from pipelines.publish import publish_scores

    monkeypatch.setenv("CRM_URL", f"sqlite:///{tmp_path}/crm.db")
    configuration = configured(tmp_path, 'folder = "../../pickup"\nurl = "${CRM_URL}"\n')
    score(lake, {"a": 0.5, "b": 0.2})
    publish_scores(configuration, lake, apply=True)
    score(lake, {"a": 0.7}, as_of=TUESDAY)
    report = publish_scores(configuration, lake, apply=True)
    assert (tmp_path / "pickup" / "milepost_scores.json").exists()
    with sqlite3.connect(tmp_path / "crm.db") as connection:
        query = "SELECT account_id, as_of, churn_risk FROM milepost_scores ORDER BY 1"
        shown = connection.execute(query).fetchall()
    assert shown == [("a", "2026-03-03", 0.7), ("b", "2026-03-02", 0.2)]
    folder, table = report.sinks
    assert (folder.changed, folder.gone, table.changed, table.gone) == (1, 1, 1, 0)
    assert "    a: churn_risk 0.5 -> 0.7" in report.lines()
    assert "    b is no longer there" in report.lines()
    assert not lake.published.exists()


def test_publishing_again_changes_nothing(lake, tmp_path, server_home):
    from pipelines.publish import publish_scores

    configuration = configured(tmp_path)
    score(lake, {"a": 0.5})
    publish_scores(configuration, lake, apply=True)
    (again,) = publish_scores(configuration, lake, apply=True).sinks
    assert (again.new, again.changed, again.unchanged) == (0, 0, 1)


def test_what_would_change_is_counted_and_three_examples_are_given(lake, tmp_path, server_home):
    from pipelines.publish import publish_scores

    configuration = configured(tmp_path)
    score(lake, {"a": 0.5, "b": 0.2, "c": 0.1, "d": 0.1, "e": 0.3})
    publish_scores(configuration, lake, apply=True)
    score(lake, {"a": 0.6, "b": 0.2, "x": 0.1, "d": 0.1, "y": 0.4}, as_of=TUESDAY)
    report = publish_scores(configuration, lake, apply=False)
    done = publish_scores(configuration, lake, apply=True)
    assert done.lines()[0] == "Published the scores of 2026-03-03:"
    assert done.lines()[1:] == report.lines()[1:-1]
    assert done.markdown().startswith("## Scores of 2026-03-03: published")
    (own,) = report.sinks
    changed = own.changed
    assert (own.new, own.gone, changed + own.unchanged) == (2, 2, 3)
    said = f"2 new, {changed} changed, {own.unchanged} unchanged, 2 no longer there"
    assert own.sentence == f"{lake.published}: {said}"
    assert len(own.examples) == 3
    assert report.markdown().splitlines() == [
        "## Scores of 2026-03-03: dry run",
        "",
        f"- {own.sentence}",
    ]


def test_an_older_morning_can_be_named_but_does_not_overwrite_a_newer_one(
    lake, tmp_path, server_home
):
    from pipelines.publish import publish_scores

    configuration = configured(tmp_path)
    score(lake, {"a": 0.5})
    score(lake, {"a": 0.7}, as_of=TUESDAY)
    publish_scores(configuration, lake, apply=True)
    report = publish_scores(configuration, lake, apply=True, as_of=MONDAY)
    assert report.as_of == MONDAY
    assert "1 left alone (newer scores are there)" in report.sinks[0].sentence
    assert "0.7" in (lake.published / "milepost_scores.csv").read_text()


def test_publishing_before_scoring_says_to_score_first(lake, tmp_path, server_home):
    from pipelines.publish import publish_scores

    with pytest.raises(LakeError, match="Run `milepost score` first"):
        publish_scores(configured(tmp_path), lake, apply=False)


def test_the_flow_publishes_and_leaves_a_page_for_the_operator(lake, tmp_path, prefect_server):
    from prefect.artifacts import Artifact

    from pipelines.publish import publish

    configuration = configured(tmp_path)
    score(lake, {"a": 0.5})
    report = publish(str(configuration.folder), str(lake.root), apply=True)
    assert report.applied
    assert (lake.published / "milepost_scores.csv").exists()
    page = Artifact.get("publish")
    assert page is not None
    assert "## Scores of 2026-03-02: published" in str(page.data)


@pytest.mark.parametrize(("wrong", "tries"), [(UnreachableError, 3), (DataError, 1)])
def test_the_flow_tries_again_only_when_a_sink_did_not_answer(
    lake, tmp_path, prefect_server, monkeypatch, wrong, tries
):
    from pipelines import publish

    calls = []

    def fail(self, scorecards):
        calls.append(1)
        raise wrong("crm", "is away", "Wait")

    monkeypatch.setattr(FolderSink, "plan", fail)
    monkeypatch.setattr(publish.send, "retry_delay_seconds", [0, 0])
    configuration = configured(tmp_path)
    score(lake, {"a": 0.5})
    with pytest.raises(wrong):
        publish.publish(str(configuration.folder), str(lake.root))
    assert len(calls) == tries
