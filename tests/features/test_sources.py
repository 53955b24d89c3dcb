from datetime import datetime, timedelta

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from configs.project import Project
from features.sources import open_source
from tests.features.given_tables import (
    ACCOUNTS,
    ACTIVITY,
    NOON,
    TABLES,
    as_csv,
    as_duckdb,
    as_parquet,
    complaint,
    in_order,
    opened,
)


def test_csv_parquet_and_duckdb_give_the_same_tables(tmp_path):
    folders = [tmp_path / kind for kind in ("csv", "parquet", "duckdb")]
    for folder in folders:
        folder.mkdir()
    sources = [
        opened(as_csv(folders[0])),
        opened(as_parquet(folders[1])),
        opened(as_duckdb(folders[2]), kind="duckdb"),
    ]
    for name in TABLES:
        first, *others = [in_order(source, name) for source in sources]
        for other in others:
            pd.testing.assert_frame_equal(first, other, check_dtype=name != "accounts")
    for source in sources:
        source.check()


times = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(
    lambda t: t.replace(microsecond=0)
)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), min_size=1).filter(
    lambda text: text.strip() == text
)


@settings(deadline=None, max_examples=20)
@given(st.lists(st.tuples(texts, texts, times, st.floats(-1e9, 1e9)), max_size=5))
def test_whatever_activity_says_survives_the_way_through_a_csv(tmp_path_factory, rows):
    folder = tmp_path_factory.mktemp("data")
    columns = ["account_id", "capability", "occurred_at", "quantity"]
    activity = pd.DataFrame(rows, columns=columns)
    source = opened(as_csv(folder, activity=activity))
    source.check()
    read = source.tables["activity"].to_pandas()
    assert sorted(map(tuple, read[columns].to_numpy().tolist())) == sorted(
        (a, c, pd.Timestamp(t), q) for a, c, t, q in rows
    )


def test_in_csv_a_code_stays_text_and_a_number_becomes_one(tmp_path):
    accounts = in_order(opened(as_csv(tmp_path)), "accounts")
    assert accounts["account_id"].tolist() == ["007", "a2", "a3"]
    assert accounts["zip"].tolist() == ["01234", "99999", "00001"]
    assert accounts["seats"].tolist() == [5.0, 500.0, 20.0]


def test_a_folder_of_parts_is_one_table(tmp_path):
    as_parquet(tmp_path)
    whole = in_order(opened(tmp_path), "activity")
    (tmp_path / "activity.parquet").unlink()
    for day in range(4):
        part = tmp_path / "activity" / f"day={day}"
        part.mkdir(parents=True)
        ACTIVITY.iloc[[day]].to_parquet(part / "part-0.parquet")
    pd.testing.assert_frame_equal(in_order(opened(tmp_path), "activity"), whole)


def test_csv_parts_must_have_one_header(tmp_path):
    as_csv(tmp_path)
    (tmp_path / "activity.csv").unlink()
    (tmp_path / "activity").mkdir()
    ACTIVITY.to_csv(tmp_path / "activity/1.csv", index=False)
    ACTIVITY.drop(columns="quantity").to_csv(tmp_path / "activity/2.csv", index=False)
    assert "2.csv: has other columns than 1.csv" in complaint(tmp_path)


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_delimiters_are_understood(tmp_path, delimiter):
    as_csv(tmp_path)
    ACCOUNTS.to_csv(tmp_path / "accounts.csv", index=False, sep=delimiter)
    assert opened(tmp_path).tables["accounts"].count().to_pyarrow().as_py() == 3


def test_a_zipped_csv_is_read_as_it_is(tmp_path):
    as_csv(tmp_path)
    (tmp_path / "activity.csv").unlink()
    ACTIVITY.to_csv(tmp_path / "activity.csv.gz", index=False)
    source = opened(tmp_path)
    source.check()
    assert source.facts["activity"].rows == 4


def test_tables_and_columns_may_have_other_names(tmp_path):
    events = ACTIVITY.rename(columns={"capability": "event_name"})
    as_parquet(tmp_path)
    (tmp_path / "activity.parquet").unlink()
    events.to_parquet(tmp_path / "events_v2.parquet")
    source = opened(
        tmp_path,
        tables={"activity": "events_v2"},
        columns={"activity": {"capability": "event_name"}},
    )
    source.check()
    assert set(in_order(source, "activity")["capability"]) == {"run", "sync"}


def test_a_duckdb_table_may_live_in_another_schema(tmp_path):
    path = as_duckdb(tmp_path)
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE SCHEMA analytics")
        connection.execute("CREATE TABLE analytics.events AS FROM activity")
        connection.execute("DROP TABLE activity")
    source = opened(path, kind="duckdb", tables={"activity": "analytics.events"})
    source.check()
    assert source.facts["activity"].rows == 4


def test_an_attribute_of_a_type_that_only_its_engine_knows_is_read_as_text(tmp_path):
    path = as_duckdb(tmp_path)
    with duckdb.connect(str(path)) as connection:
        connection.execute("ALTER TABLE accounts ADD flags BIT DEFAULT '101'::BIT")
    accounts = in_order(opened(path, kind="duckdb"), "accounts")
    assert set(accounts["flags"]) == {"101"}


def test_two_programs_may_read_one_duckdb_file(tmp_path):
    path = as_duckdb(tmp_path)
    first, second = opened(path, kind="duckdb"), opened(path, kind="duckdb")
    assert first.facts["accounts"].rows == second.facts["accounts"].rows == 3


def test_optional_tables_may_be_absent(tmp_path):
    source = opened(as_parquet(tmp_path))
    assert source.has("activity")
    assert not source.has("touches")
    assert not source.has("exits")


def test_exits_are_derived_where_there_are_only_contracts(tmp_path):
    contracts = pd.DataFrame(
        {"account_id": ["a2"], "starts_on": [NOON], "ends_on": [NOON + timedelta(days=90)]}
    )
    source = opened(as_parquet(tmp_path, contracts=contracts))
    assert in_order(source, "exits")["exited_at"].tolist() == [pd.Timestamp("2024-05-30")]


def test_facts_count_rows_of_accounts_that_nobody_signed_up(tmp_path):
    facts = opened(as_parquet(tmp_path)).facts["activity"]
    assert (facts.rows, facts.rows_of_unknown_accounts) == (4, 1)


def test_what_a_morning_may_not_use_is_no_news_to_it(tmp_path):
    source = opened(as_parquet(tmp_path))
    last = (NOON + timedelta(days=3)).date()
    assert source.newest_known(last)["activity"] < NOON + timedelta(days=3)
    assert source.newest_known(last + timedelta(days=1))["activity"] == NOON + timedelta(days=3)
    assert source.newest_known(NOON.date() - timedelta(days=900))["activity"] is None


def test_a_header_without_rows_is_a_lawful_table_of_nothing(tmp_path):
    contracts = "account_id,starts_on,ends_on,arr\n"
    as_csv(tmp_path, activity=ACTIVITY.iloc[:0])
    (tmp_path / "contracts.csv").write_text(contracts)
    source = opened(tmp_path)
    source.check()
    assert source.facts["activity"].rows == source.facts["contracts"].rows == 0


def test_rows_in_the_future_are_lawful(tmp_path):
    later = ACTIVITY.assign(occurred_at=datetime(2199, 1, 1))
    opened(as_parquet(tmp_path, activity=later)).check()


def test_the_fingerprint_sees_content_and_not_place(tmp_path):
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    here, there = as_csv(tmp_path / "here"), as_csv(tmp_path / "there")
    before = opened(here).fingerprint()
    assert opened(there).fingerprint() == before
    as_csv(there, activity=ACTIVITY.assign(quantity=3.0))
    assert opened(there).fingerprint() != before


def test_two_versions_of_an_account_known_at_different_times_are_lawful(tmp_path):
    changed = pd.concat([ACCOUNTS, ACCOUNTS]).assign(
        known_at=[NOON] * 3 + [NOON + timedelta(days=1)] * 3
    )
    opened(as_parquet(tmp_path, accounts=changed)).check()


def test_activity_may_repeat_itself(tmp_path):
    opened(as_parquet(tmp_path, activity=pd.concat([ACTIVITY, ACTIVITY]))).check()


def test_a_path_is_relative_to_the_folder_of_the_configuration(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "config").mkdir()
    as_csv(tmp_path / "data")
    project = Project.model_validate({"name": "acme", "source": {"path": "../data"}})
    assert open_source(project, tmp_path / "config").facts["accounts"].rows == 3


def test_a_parquet_column_of_nothing_but_nulls_is_a_gap_not_a_mistake(tmp_path):
    as_parquet(tmp_path)
    table = pa.table({"account_id": ["a2"], "exited_at": [NOON], "reason": pa.nulls(1)})
    pq.write_table(table, tmp_path / "exits.parquet")
    source = opened(tmp_path)
    source.check()
    assert in_order(source, "exits")["cause"].tolist() == ["churn"]


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "America/New_York"])
def test_moments_of_every_grain_and_zone_in_parquet_are_read_in_utc(tmp_path, unit, zone):
    stored = ACTIVITY["occurred_at"].dt.tz_localize(zone).dt.as_unit(unit)
    source = opened(as_parquet(tmp_path, activity=ACTIVITY.assign(occurred_at=stored)))
    source.check()
    hours = 5 if zone == "America/New_York" else 0
    expected = ACTIVITY["occurred_at"].astype("M8[us]") + timedelta(hours=hours)
    found = source.tables["activity"].to_pandas()["occurred_at"]
    assert sorted(found) == sorted(expected)


def test_a_column_without_a_name_is_one_that_nobody_asked_for(tmp_path):
    path = as_csv(tmp_path) / "activity.csv"
    path.write_text("".join(f"{line},\n" for line in path.read_text("utf-8").splitlines()))
    source = opened(tmp_path)
    source.check()
    assert source.facts["activity"].rows == len(ACTIVITY)
