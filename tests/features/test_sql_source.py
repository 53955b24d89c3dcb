import dataclasses
import time
from datetime import date
from pathlib import Path

import ibis
import pandas as pd
import psycopg
import pyarrow.parquet as pq
import pytest

from configs.errors import ConfigError, DataError, UnreachableError
from features.asof import Grid, Mornings
from features.assemble import FeatureSet, build_features
from features.reduce import reduce_activity
from features.sources import Source, open_source
from features.sources.sql import through_ibis
from tests.features.given_tables import (
    ACCOUNTS,
    ACTIVITY,
    TABLES,
    a_project,
    as_parquet,
    as_postgres,
    in_order,
    in_postgres,
    opened,
)


def run(url: str, *statements: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("SET lock_timeout = '5s'")
        for statement in statements:
            connection.execute(statement)


def complaint(url: str, **source: object) -> str:
    with pytest.raises((DataError, ConfigError)) as told:
        in_postgres(url, **source).check()
    assert "\n" not in str(told.value)
    return str(told.value)


def a_user(url: str, name: str, *, password: str = "") -> None:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
        if found.fetchone() is None:
            connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'")


@pytest.fixture
def server(postgres) -> str:
    """PostgreSQL with the two small tables in the schema ``cs``."""
    as_postgres(postgres)
    return postgres


def test_a_database_gives_the_same_tables_as_files(server, tmp_path):
    source, files = in_postgres(server), opened(as_parquet(tmp_path))
    source.check()
    assert source.facts == files.facts
    for name in TABLES:
        pd.testing.assert_frame_equal(in_order(source, name), in_order(files, name))


def test_ibis_alone_reads_the_same_tables(server, tmp_path):
    project = a_project(tmp_path, kind="sql", url=server, schema="cs")
    source, files = Source(through_ibis(server, project), project), opened(as_parquet(tmp_path))
    source.check()
    for name in TABLES:
        pd.testing.assert_frame_equal(in_order(source, name), in_order(files, name))
    assert source.fingerprint() == in_postgres(server).fingerprint() == source.glance()


@pytest.fixture(scope="session")
def in_the_database(company, postgres) -> Source:
    """The small simulated company's tables, in PostgreSQL."""
    files = {path.stem: pq.read_table(path) for path in company.tables.glob("*.parquet")}
    as_postgres(postgres, "company", **files)
    source = {"kind": "sql", "url": postgres, "schema_": "company"}
    project = company.configuration.project
    project = project.model_copy(update={"source": project.source.model_copy(update=source)})
    return open_source(project, company.config)


def test_the_features_are_the_same_cell_by_cell(company, in_the_database):
    in_the_database.check()
    found = build_features(in_the_database.tables, company.configuration, as_of=company.as_of)
    for part in dataclasses.fields(FeatureSet):
        expected = getattr(company.features, part.name)
        if isinstance(expected, pd.DataFrame):
            pd.testing.assert_frame_equal(getattr(found, part.name), expected)


def test_an_earlier_morning_in_hindsight_is_the_same(company, in_the_database):
    late = company.hindsight(company.source)
    assert len(late) > 10
    pd.testing.assert_frame_equal(company.hindsight(in_the_database), late)


def test_what_is_reduced_is_reduced_in_the_server(in_the_database, monkeypatch):
    """No query brings back more than a third of the rows of activity at once."""
    connection, fetched = in_the_database.connection, []
    fetch = connection._fetched
    monkeypatch.setattr(
        connection, "_fetched", lambda *a, **k: fetched.append(t := fetch(*a, **k)) or t
    )
    mornings = Mornings.on(Grid(28), first_on=date(2024, 9, 1), last_on=date(2026, 6, 1))
    reduce_activity(in_the_database.tables, mornings, capabilities=["login"])
    rows = in_the_database.facts["activity"].rows
    assert max(table.num_rows for table in fetched) < rows / 3


def test_a_user_who_may_only_read_is_enough(server):
    a_user(server, "reader")
    run(
        server,
        "GRANT USAGE ON SCHEMA cs TO reader",
        "GRANT SELECT ON ALL TABLES IN SCHEMA cs TO reader",
        "REVOKE TEMPORARY ON DATABASE postgres FROM PUBLIC",
    )
    source = in_postgres(server.replace("postgres:@", "reader@"))
    source.check()
    assert source.facts["activity"].rows == 4
    small = ibis.memtable(pd.DataFrame({"account_id": ["a2"]}))
    joined = source.tables["activity"].join(small, "account_id").to_pandas()
    assert joined["capability"].tolist() == ["sync", "run"]


def test_a_table_that_may_not_be_read_is_not_there(server):
    a_user(server, "stranger")
    run(server, "GRANT USAGE ON SCHEMA cs TO stranger")
    told = complaint(server.replace("postgres:@", "stranger@"))
    assert "there is no table accounts" in told


def test_a_server_that_does_not_answer_is_said_in_one_line_without_the_password():
    with pytest.raises(UnreachableError) as told:
        in_postgres("postgresql://me:hunter2@127.0.0.1:1/acme")
    said = str(told.value)
    assert said.startswith("database acme at 127.0.0.1: cannot be reached (")
    assert "Connection refused" in said
    assert "hunter2" not in said


def test_a_wrong_password_is_never_shown(server):
    a_user(server, "guarded", password="right")
    with psycopg.connect(server) as connection:
        (path,) = connection.execute("SHOW hba_file").fetchone()
        rules = Path(path).read_text("utf-8")
        Path(path).write_text(f"local all guarded scram-sha-256\n{rules}", "utf-8")
        connection.execute("SELECT pg_reload_conf()")
    run(server, "GRANT USAGE ON SCHEMA cs TO guarded")
    run(server, "GRANT SELECT ON ALL TABLES IN SCHEMA cs TO guarded")
    with pytest.raises(UnreachableError) as told:
        until_it_is_refused(server.replace("postgres:@", "guarded:hunt%20er2@"))
    assert "password authentication failed" in str(told.value)
    assert "er2" not in str(told.value)
    assert "guarded:" not in str(told.value)


def until_it_is_refused(url: str) -> None:
    """The server reads its rules again in its own time."""
    for _ in range(100):
        in_postgres(url).close()
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://me:hunter2%zz@db/acme", "cannot be reached"),
        ("postgressql://me:hunter2@db/acme", "did you mean `postgresql`?"),
        ("hunter2", "is no URL of a database we know"),
        ("snowflake://me:hunter2@acme/cs", "Install 'ibis-framework[snowflake]'"),
    ],
)
def test_a_url_that_leads_nowhere_is_one_line_without_its_secrets(url, told):
    said = complaint(url)
    assert told in said
    assert "hunter2" not in said


def test_a_schema_and_a_table_that_are_not_there_are_named_with_the_nearest(server):
    assert "there is no schema css (did you mean `cs`?)" in complaint(server, schema="css")
    run(server, "ALTER TABLE cs.accounts RENAME TO acounts")
    assert "there is no table accounts (did you mean `acounts`?)" in complaint(server)


def test_a_table_may_live_in_another_schema_under_another_name(server):
    run(server, "CREATE SCHEMA IF NOT EXISTS raw", "DROP TABLE IF EXISTS raw.events_v2")
    run(server, "ALTER TABLE cs.activity SET SCHEMA raw")
    run(server, "ALTER TABLE raw.activity RENAME TO events_v2")
    run(server, "ALTER TABLE raw.events_v2 RENAME capability TO event_name")
    source = in_postgres(
        server,
        tables={"activity": "raw.events_v2"},
        columns={"activity": {"capability": "event_name"}},
    )
    source.check()
    assert source.facts["activity"].rows == 4


def test_rows_that_break_a_promise_are_counted_there_and_five_are_shown(postgres):
    moments = ["2024-02-29 10:00", "2023-02-29", "soon", None]
    as_postgres(postgres, activity=ACTIVITY.assign(occurred_at=moments))
    told = complaint(postgres)
    assert "activity.occurred_at: 2 rows are not a timestamp (the first 2:" in told
    assert "occurred_at=soon" in told
    assert "activity.occurred_at: 1 row is null" in told


def test_the_types_of_the_database_become_those_of_the_contract(server):
    run(
        server,
        "DROP TYPE IF EXISTS public.kind",
        "CREATE TYPE public.kind AS ENUM ('run', 'sync')",
        "ALTER TABLE cs.activity ALTER capability TYPE public.kind "
        "USING capability::public.kind",
        "ALTER TABLE cs.activity ALTER quantity TYPE numeric(12, 3)",
        "ALTER TABLE cs.activity ALTER occurred_at TYPE timestamptz "
        "USING occurred_at AT TIME ZONE 'America/New_York'",
        "ALTER TABLE cs.accounts ADD seen uuid DEFAULT gen_random_uuid(), ADD extra jsonb, "
        "ADD rate numeric(5, 2) DEFAULT 1.25, ADD at time DEFAULT '10:00', "
        "ADD flags bit(3) DEFAULT B'101'",
    )
    source = in_postgres(server)
    source.check()
    activity = in_order(source, "activity")
    assert activity["capability"].tolist() == ["run", "run", "sync", "run"]
    assert activity["quantity"].tolist() == [1.0, 1.0, 2.5, 1.0]
    assert activity["occurred_at"].min() == pd.Timestamp("2024-03-01 17:00")
    accounts = in_order(source, "accounts")
    assert accounts["rate"].tolist() == [1.25] * 3
    assert "extra" not in accounts
    assert accounts["seen"].str.len().tolist() == [36] * 3
    assert accounts["flags"].tolist() == ["101"] * 3


def test_the_fingerprint_sees_content_and_not_the_order_of_rows(server):
    before = in_postgres(server).fingerprint()
    as_postgres(server, activity=ACTIVITY.iloc[::-1])
    assert in_postgres(server).fingerprint() == before
    run(server, "UPDATE cs.activity SET quantity = 7 WHERE user_id = 'u1'")
    changed = in_postgres(server).fingerprint()
    assert changed != before
    as_postgres(server, accounts=ACCOUNTS.assign(plan=["team", None, "team"]))
    assert in_postgres(server).fingerprint() not in (before, changed)


@pytest.mark.parametrize("view", [False, True])
def test_a_glance_changes_with_any_row_and_not_without(server, view):
    if view:
        run(server, "ALTER TABLE cs.activity RENAME TO kept")
        run(server, "CREATE VIEW cs.activity AS SELECT * FROM cs.kept")
    source = in_postgres(server)
    seen = source.glance()
    assert in_postgres(server).glance() == seen
    run(server, f"UPDATE cs.{'kept' if view else 'activity'} SET quantity = 3")
    assert in_postgres(server).glance() != seen


def test_what_is_read_steadily_is_of_one_moment_and_nothing_is_held_afterwards(server):
    source = in_postgres(server)
    with source.steady():
        before = source.fingerprint()
        run(server, "DELETE FROM cs.activity")
        assert source.fingerprint() == before
        assert source.facts["activity"].rows == 4
    assert source.fingerprint() != before
    run(server, "DROP TABLE cs.activity")


def test_a_server_that_goes_away_during_a_job_is_worth_another_try(server):
    source = in_postgres(server)
    source.check()
    run(
        server,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()",
    )
    with pytest.raises(UnreachableError, match="broke off"):
        source.tables["activity"].count().execute()
