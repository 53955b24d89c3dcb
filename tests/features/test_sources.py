from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from configs.errors import ConfigError, DataError
from configs.project import Project
from features.sources import Source, open_source

NOON = datetime(2024, 3, 1, 12)
ACCOUNTS = pd.DataFrame(
    {
        "account_id": ["007", "a2", "a3"],
        "signed_up_at": [NOON] * 3,
        "plan": ["team", "team", None],
        "seats": [5, 500, 20],
        "zip": ["01234", "99999", "00001"],
    }
)
ACTIVITY = pd.DataFrame(
    {
        "account_id": ["007", "a2", "a2", "stranger"],
        "capability": ["run", "sync", "run", "run"],
        "occurred_at": [NOON + timedelta(days=day) for day in range(4)],
        "user_id": ["u1", None, "u2", "u3"],
        "quantity": [1.0, 2.5, None, 1.0],
    }
)
TABLES = {"accounts": ACCOUNTS, "activity": ACTIVITY}


def a_project(path: Path, **source: object) -> Project:
    return Project.model_validate({"name": "acme", "source": {"path": str(path), **source}})


def opened(path: Path, **source: object) -> Source:
    return open_source(a_project(path, **source), path.parent)


def as_csv(folder: Path, **tables: pd.DataFrame) -> Path:
    for name, rows in (TABLES | tables).items():
        rows.to_csv(folder / f"{name}.csv", index=False)
    return folder


def as_parquet(folder: Path, **tables: pd.DataFrame) -> Path:
    for name, rows in (TABLES | tables).items():
        rows.to_parquet(folder / f"{name}.parquet")
    return folder


def as_duckdb(folder: Path, **tables: pd.DataFrame) -> Path:
    with duckdb.connect(str(folder / "cs.duckdb")) as connection:
        for name, rows in (TABLES | tables).items():
            connection.register("rows", rows)
            connection.execute(f'CREATE TABLE "{name}" AS SELECT * FROM rows')
    return folder / "cs.duckdb"


def in_order(source: Source, name: str) -> pd.DataFrame:
    rows = source.tables[name].to_pandas()
    return rows.sort_values(list(rows.columns), ignore_index=True)


def complaint(path: Path, **source: object) -> str:
    with pytest.raises((DataError, ConfigError)) as told:
        opened(path, **source).check()
    assert "\n" not in str(told.value)
    return str(told.value)


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
    assert facts.newest_known_at == NOON + timedelta(days=3)


def test_a_header_without_rows_is_a_lawful_table_of_nothing(tmp_path):
    contracts = "account_id,starts_on,ends_on,arr\n"
    as_csv(tmp_path, activity=ACTIVITY.iloc[:0])
    (tmp_path / "contracts.csv").write_text(contracts)
    source = opened(tmp_path)
    source.check()
    assert source.facts["activity"].rows == source.facts["contracts"].rows == 0


def test_accounts_without_rows_are_refused(tmp_path):
    assert "accounts has no rows" in complaint(as_csv(tmp_path, accounts=ACCOUNTS.iloc[:0]))


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


def test_a_missing_column_is_named_with_the_nearest(tmp_path):
    renamed = ACTIVITY.rename(columns={"occurred_at": "occured_at"})
    told = complaint(as_parquet(tmp_path, activity=renamed))
    assert "activity lacks the column `occurred_at` (did you mean `occured_at`?)" in told


def test_a_missing_table_is_named_with_the_nearest(tmp_path):
    as_csv(tmp_path)
    (tmp_path / "accounts.csv").rename(tmp_path / "acounts.csv")
    assert "there is no table accounts (did you mean `acounts`?)" in complaint(tmp_path)


def test_a_mapped_column_that_is_not_there_is_named(tmp_path):
    as_parquet(tmp_path)
    told = complaint(tmp_path, columns={"activity": {"quantity": "amount"}})
    assert "activity lacks the column `amount`, mapped to quantity" in told


def test_a_mapping_to_a_column_that_no_table_has_is_a_mistake_of_the_project(tmp_path):
    told = complaint(as_parquet(tmp_path), columns={"activity": {"capabilty": "event"}})
    assert (
        "`source.columns.activity.capabilty` is no column (did you mean `capability`?)" in told
    )


def test_null_keys_are_counted_and_shown(tmp_path):
    nulls = ACTIVITY.assign(account_id=["007", None, None, "a2"])
    told = complaint(as_parquet(tmp_path, activity=nulls))
    assert "activity.account_id: 2 rows are null (the first 2: [account_id=null" in told
    assert "capability=sync" in told


def test_at_most_five_bad_rows_are_shown(tmp_path):
    many = pd.DataFrame(
        {"account_id": [None] * 9, "capability": list("abcdefghi"), "occurred_at": NOON}
    )
    told = complaint(as_csv(tmp_path, activity=many))
    assert "9 rows are null (the first 5:" in told
    assert told.count("account_id=null") == 5


def test_a_wrong_word_in_a_csv_is_shown_beside_its_row(tmp_path):
    wrong = ACTIVITY.astype({"occurred_at": "str"})
    wrong.loc[1, "occurred_at"] = "yesterday"
    told = complaint(as_csv(tmp_path, activity=wrong))
    assert "activity.occurred_at: 1 row is not a timestamp" in told
    assert "occurred_at=yesterday" in told


def test_a_wrong_stored_type_is_named(tmp_path):
    told = complaint(as_parquet(tmp_path, activity=ACTIVITY.assign(occurred_at=3)))
    assert "activity.occurred_at: 4 rows are not a timestamp but int64" in told
    told = complaint(as_parquet(tmp_path, activity=ACTIVITY.assign(quantity=NOON)))
    assert "activity.quantity: 4 rows are not a number but timestamp" in told


@pytest.mark.parametrize(
    ("name", "rows", "key"),
    [
        ("accounts", ACCOUNTS, "account_id and known_at"),
        ("exits", pd.DataFrame({"account_id": ["a2"], "exited_at": [NOON]}), "account_id"),
        (
            "contracts",
            pd.DataFrame({"account_id": ["a2"], "starts_on": [NOON], "ends_on": [NOON]}),
            "account_id and product and starts_on",
        ),
    ],
)
def test_duplicated_keys_are_counted_and_shown(tmp_path, name, rows, key):
    twice = pd.concat([rows, rows.iloc[:1]])
    told = complaint(as_parquet(tmp_path, **{name: twice}))
    assert f"{name}: 2 rows share their {key} (it is: [account_id=" in told
    assert "times=2" in told


def test_two_versions_of_an_account_known_at_different_times_are_lawful(tmp_path):
    changed = pd.concat([ACCOUNTS, ACCOUNTS]).assign(
        known_at=[NOON] * 3 + [NOON + timedelta(days=1)] * 3
    )
    opened(as_parquet(tmp_path, accounts=changed)).check()


def test_activity_may_repeat_itself(tmp_path):
    opened(as_parquet(tmp_path, activity=pd.concat([ACTIVITY, ACTIVITY]))).check()


def test_everything_wrong_is_told_at_once(tmp_path):
    told = complaint(
        as_parquet(
            tmp_path,
            accounts=ACCOUNTS.drop(columns="signed_up_at"),
            activity=ACTIVITY.assign(capability=None),
            exits=pd.DataFrame({"account_id": ["x", "x"], "exited_at": [NOON, NOON]}),
        )
    )
    assert "accounts lacks the column `signed_up_at`" in told
    assert "activity.capability: 4 rows are null" in told
    assert "exits: 2 rows share" in told


def test_a_csv_that_is_not_utf8_names_its_lines(tmp_path):
    as_csv(tmp_path)
    (tmp_path / "activity.csv").write_bytes(
        b"account_id,capability,occurred_at\na2,caf\xe9,2024-01-01\na2,ok,2024-01-01\n"
    )
    told = complaint(tmp_path)
    assert "activity is not UTF-8 in 1 line (line 2: a2,caf" in told


def test_a_csv_row_with_too_many_fields_names_its_line(tmp_path):
    as_csv(tmp_path)
    (tmp_path / "activity.csv").write_text(
        "account_id,capability,occurred_at\na2,run,2024-01-01\na2,run,2024-01-01,x\n"
    )
    told = complaint(tmp_path)
    assert "activity cannot be read" in told
    assert "Line: 3" in told


def test_a_column_named_twice_is_refused(tmp_path):
    as_csv(tmp_path)
    (tmp_path / "activity.csv").write_text("account_id,capability,capability,occurred_at\n")
    assert "names the column 'capability' twice" in complaint(tmp_path)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_file_of_no_bytes_is_refused(tmp_path, ending):
    as_csv(tmp_path)
    (tmp_path / f"touches.{ending}").write_bytes(b"")
    assert f"touches.{ending} is empty" in complaint(tmp_path)


def test_a_file_that_is_no_parquet_is_refused(tmp_path):
    as_csv(tmp_path)
    (tmp_path / "touches.parquet").write_text("account_id,kind\n")
    assert "holds a file that cannot be read" in complaint(tmp_path)


def test_a_table_that_is_there_twice_is_refused(tmp_path):
    as_csv(tmp_path)
    as_parquet(tmp_path)
    told = complaint(tmp_path)
    assert "holds accounts more than once (accounts.parquet, accounts.csv)" in told


def test_a_folder_that_is_not_there_is_named_with_the_nearest(tmp_path):
    (tmp_path / "acme").mkdir()
    assert "there is no such folder (did you mean `acme`?)" in complaint(tmp_path / "acne")


def test_a_database_file_that_is_not_there_is_named_with_the_nearest(tmp_path):
    as_duckdb(tmp_path)
    told = complaint(tmp_path / "sc.duckdb", kind="duckdb")
    assert "there is no such file (did you mean `cs.duckdb`?)" in told


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "cs.duckdb").write_text("not a database at all, only words " * 500)
    assert "cannot be opened" in complaint(tmp_path / "cs.duckdb", kind="duckdb")


@pytest.mark.parametrize(
    "source", [{"kind": "sql", "url": "postgresql://x"}, {"kind": "spark"}]
)
def test_an_engine_that_is_not_built_yet_is_refused_honestly(tmp_path, source):
    told = complaint(tmp_path, **source)
    assert "which this version cannot read yet. Export the tables" in told


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
