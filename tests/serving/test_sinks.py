import csv
import json
import sqlite3
from datetime import date

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from configs.errors import ConfigError, DataError, LakeError
from serving.sinks.folder import FolderSink
from serving.sinks.protocol import Change, Scorecards, Sink
from serving.sinks.sql import SqlSink

MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)
COLUMNS = {"account_id": str, "as_of": date, "name": str, "rank": int, "churn_risk": float}


def cards(risks: dict[str, float | None], as_of: date = MONDAY) -> Scorecards:
    rows = [
        {"account_id": a, "as_of": as_of, "name": f"{a} & Söhne", "rank": i, "churn_risk": risk}
        for i, (a, risk) in enumerate(risks.items(), 1)
    ]
    return Scorecards(as_of=as_of, columns=COLUMNS, rows=rows)


def publish(sink: Sink, said: Scorecards) -> None:
    sink.apply(sink.plan(said).changes, scorecards=said)


@pytest.fixture
def empty_postgres(postgres) -> str:
    with psycopg.connect(postgres) as connection:
        connection.execute("DROP TABLE IF EXISTS milepost_scores")
        connection.execute("DROP SCHEMA IF EXISTS cs CASCADE")
    return postgres


@pytest.fixture(params=["sqlite", "postgres"])
def url(request, tmp_path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/crm.db"
    return request.getfixturevalue("empty_postgres")


@pytest.fixture
def table(url) -> SqlSink:
    return SqlSink(url, table="milepost_scores")


@pytest.fixture(params=["a folder", "a table"])
def sink(request, tmp_path) -> Sink:
    if request.param == "a folder":
        return FolderSink(tmp_path / "pickup")
    return SqlSink(f"sqlite:///{tmp_path}/crm.db", table="milepost_scores")


def rows_of(
    url: str, query: str = "SELECT * FROM milepost_scores ORDER BY rank"
) -> list[tuple]:
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
            return connection.execute(query).fetchall()
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


def test_planning_writes_nothing(sink, tmp_path):
    plan = sink.plan(cards({"a": 0.5, "b": None}))
    assert [change.before for change in plan.changes] == [None, None]
    assert not [p for p in tmp_path.rglob("*") if p.is_file() and p.stat().st_size]


def test_what_was_published_is_unchanged_the_second_time(sink):
    said = cards({"a": 0.1 + 0.2, "b": None})
    publish(sink, said)
    plan = sink.plan(said)
    assert (list(plan.changes), plan.unchanged, plan.newer) == ([], 2, 0)


def test_applying_a_plan_twice_changes_nothing_the_second_time(sink):
    said = cards({"a": 0.5, "b": 0.2})
    changes = sink.plan(said).changes
    for _ in range(2):
        sink.apply(changes, scorecards=said)
    assert list(sink.plan(said).changes) == []


def test_a_change_says_what_differs_and_from_what(sink):
    publish(sink, cards({"a": 0.5, "b": 0.2}))
    plan = sink.plan(cards({"a": 0.5, "b": 0.3, "c": 0.1}))
    changed, new = plan.changes
    assert plan.unchanged == 1
    assert (changed.account_id, changed.fields) == ("b", ("churn_risk",))
    assert (changed.before["churn_risk"], changed.after["churn_risk"]) == (0.2, 0.3)
    assert (new.account_id, new.before) == ("c", None)


def test_a_new_morning_changes_the_date_of_every_row_and_says_only_what_else_moved(sink):
    publish(sink, cards({"a": 0.5, "b": 0.2}))
    tuesday = sink.plan(cards({"a": 0.5, "b": 0.4}, as_of=TUESDAY))
    assert [change.fields for change in tuesday.changes] == [(), ("churn_risk",)]


def test_older_scores_never_overwrite_newer_ones(sink):
    publish(sink, cards({"a": 0.5}, as_of=TUESDAY))
    plan = sink.plan(cards({"a": 0.1}, as_of=MONDAY))
    assert (list(plan.changes), plan.newer) == ([], 1)


risks = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=5),
    st.none() | st.floats(0, 1),
    max_size=6,
)


@given(before=risks, after=risks)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_after_publishing_every_account_shows_what_was_said(tmp_path_factory, before, after):
    folder = tmp_path_factory.mktemp("law")
    for sink in (FolderSink(folder), SqlSink(f"sqlite:///{folder}/crm.db", table="t")):
        publish(sink, cards(before))
        publish(sink, cards(after, as_of=TUESDAY))
        plan = sink.plan(cards(after, as_of=TUESDAY))
        assert (list(plan.changes), plan.unchanged) == ([], len(after))


def test_the_same_change_has_the_same_key_whatever_was_there_before():
    row = cards({"a": 0.5}).rows[0]
    other = cards({"a": 0.6}).rows[0]
    assert Change("a", before=None, after=row).key == Change("a", before=other, after=row).key
    assert Change("a", before=None, after=row).key != Change("a", before=None, after=other).key


def test_the_folder_holds_the_same_rows_as_csv_and_as_json(tmp_path):
    publish(FolderSink(tmp_path), cards({"a": 0.25, "b": None}))
    text = (tmp_path / "milepost_scores.csv").read_text("utf-8")
    assert text == (
        "account_id,as_of,name,rank,churn_risk\n"
        "a,2026-03-02,a & Söhne,1,0.25\n"
        "b,2026-03-02,b & Söhne,2,\n"
    )
    content = json.loads((tmp_path / "milepost_scores.json").read_text("utf-8"))
    assert content["as_of"] == "2026-03-02"
    assert content["accounts"][0] == {
        "account_id": "a",
        "as_of": "2026-03-02",
        "name": "a & Söhne",
        "rank": 1,
        "churn_risk": 0.25,
    }


def test_the_folder_shows_live_accounts_only(tmp_path):
    sink = FolderSink(tmp_path)
    publish(sink, cards({"a": 0.5, "b": 0.2}))
    tuesday = cards({"b": 0.2}, as_of=TUESDAY)
    gone = sink.plan(tuesday).changes[-1]
    assert (gone.account_id, gone.after) == ("a", None)
    publish(sink, tuesday)
    with (tmp_path / "milepost_scores.csv").open(encoding="utf-8") as file:
        assert [row["account_id"] for row in csv.DictReader(file)] == ["b"]


def test_files_in_which_nothing_changes_are_not_touched(tmp_path):
    publish(FolderSink(tmp_path), cards({"a": 0.5}))
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    publish(FolderSink(tmp_path), cards({"a": 0.5}))
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_a_file_that_was_picked_up_is_written_again(tmp_path):
    publish(FolderSink(tmp_path), cards({"a": 0.5}))
    (tmp_path / "milepost_scores.csv").unlink()
    publish(FolderSink(tmp_path), cards({"a": 0.5}))
    assert (tmp_path / "milepost_scores.csv").exists()


def test_a_file_of_somebody_else_is_not_overwritten(tmp_path):
    for ending in ("csv", "json"):
        (tmp_path / f"milepost_scores.{ending}").write_text("[1, 2]")
    with pytest.raises(LakeError, match="was not written by Milepost"):
        FolderSink(tmp_path).plan(cards({"a": 0.5}))


def test_the_table_is_made_with_a_key_and_proper_types(table, url):
    publish(table, cards({"a": 0.25, "b": None}))
    days = {"a": "2026-03-02"} if url.startswith("sqlite") else {"a": MONDAY}
    assert rows_of(url) == [
        ("a", days["a"], "a & Söhne", 1, 0.25),
        ("b", days["a"], "b & Söhne", 2, None),
    ]


def test_a_row_of_the_table_is_updated_in_place(table, url):
    publish(table, cards({"a": 0.5, "b": 0.2}))
    publish(table, cards({"b": 0.3, "c": 0.1}, as_of=TUESDAY))
    risks = dict(rows_of(url, "SELECT account_id, churn_risk FROM milepost_scores"))
    assert risks == {"a": 0.5, "b": 0.3, "c": 0.1}


def test_columns_that_others_added_are_kept_and_ours_are_added_where_missing(table, url):
    publish(table, cards({"a": 0.5}))
    changed = "ALTER TABLE milepost_scores ADD COLUMN note TEXT DEFAULT 'call them'"
    run(url, changed)
    wider = cards({"a": 0.4, "b": 0.1})
    rows = [{**row, "churn_risk_30d": 0.05} for row in wider.rows]
    said = Scorecards(MONDAY, columns={**COLUMNS, "churn_risk_30d": float}, rows=rows)
    assert len(table.plan(said).changes) == 2
    publish(table, said)
    assert list(table.plan(said).changes) == []
    query = "SELECT account_id, note, churn_risk_30d FROM milepost_scores ORDER BY 1"
    assert rows_of(url, query) == [("a", "call them", 0.05), ("b", "call them", 0.05)]


def test_a_publication_that_fails_half_way_leaves_the_table_as_it_was(table, url):
    publish(table, cards({"a": 0.5}))
    run(url, "CREATE UNIQUE INDEX one_name_each ON milepost_scores (rank)")
    said = cards({"b": 0.2, "c": 0.3})
    with pytest.raises(DataError, match=r"milepost_scores: .*Mend it there"):
        publish(table, said)
    assert len(rows_of(url)) == 1


def test_a_table_with_another_key_is_not_ours_to_write(table, url):
    run(url, "CREATE TABLE milepost_scores (id INTEGER PRIMARY KEY, account_id TEXT)")
    with pytest.raises(DataError, match=r"primary key should be account_id .*publish\.table"):
        table.plan(cards({"a": 0.5}))


def test_the_table_may_live_in_a_schema_of_its_own(empty_postgres):
    run(empty_postgres, "CREATE SCHEMA cs")
    sink = SqlSink(empty_postgres, table="milepost_scores", schema="cs")
    publish(sink, cards({"a": 0.5}))
    wider = Scorecards(
        TUESDAY,
        columns={**COLUMNS, "pace": str},
        rows=[{**cards({"a": 0.5}).rows[0], "pace": "b"}],
    )
    publish(sink, wider)
    assert rows_of(empty_postgres, "SELECT pace FROM cs.milepost_scores") == [("b",)]
    assert sink.name.endswith("cs.milepost_scores")


def test_a_database_that_does_not_answer_is_named_without_its_password():
    sink = SqlSink("postgresql://me:secret@127.0.0.1:1/crm", table="milepost_scores")
    with pytest.raises(DataError, match=r"postgresql table crm\.milepost_scores: ") as wrong:
        sink.plan(cards({"a": 0.5}))
    assert "secret" not in str(wrong.value)
    assert "\n" not in str(wrong.value)


@pytest.mark.parametrize("url", ["not a url", "mysql://me:secret@host/db", "made_up://host/db"])
def test_a_url_we_cannot_write_to_is_refused_without_showing_it(url):
    with pytest.raises(ConfigError, match=r"`publish\.url`: ") as wrong:
        SqlSink(url, table="milepost_scores")
    assert "secret" not in str(wrong.value)


def run(url: str, statement: str) -> None:
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
            connection.execute(statement)
    else:
        with psycopg.connect(url) as connection:
            connection.execute(statement)
