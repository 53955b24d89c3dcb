import duckdb
import pandas as pd
import pytest

from tests.features.given_tables import (
    ACCOUNTS,
    ACTIVITY,
    NOON,
    as_csv,
    as_duckdb,
    as_parquet,
    complaint,
)


def test_accounts_without_rows_are_refused(tmp_path):
    assert "accounts has no rows" in complaint(as_csv(tmp_path, accounts=ACCOUNTS.iloc[:0]))


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


@pytest.mark.parametrize("endless", ["infinity", "-infinity"])
def test_a_moment_that_never_comes_is_refused_as_no_timestamp(tmp_path, endless):
    wrong = ACTIVITY.astype({"occurred_at": "str"})
    wrong.loc[1, "occurred_at"] = endless
    told = complaint(as_csv(tmp_path, activity=wrong))
    assert "activity.occurred_at: 1 row is not a timestamp" in told
    assert f"occurred_at={endless}" in told


def test_a_wrong_stored_type_is_named(tmp_path):
    told = complaint(as_parquet(tmp_path, activity=ACTIVITY.assign(occurred_at=3)))
    assert "activity.occurred_at: 4 rows are not a timestamp but int64" in told
    told = complaint(as_parquet(tmp_path, activity=ACTIVITY.assign(quantity=NOON)))
    assert "activity.quantity: 4 rows are not a number but timestamp" in told


@pytest.mark.parametrize("written", [as_csv, as_parquet])
def test_what_is_infinite_is_no_number_and_what_is_not_told_is_a_gap(tmp_path, written):
    endless = ACTIVITY.assign(quantity=[1.0, float("inf"), None, float("-inf")])
    told = complaint(written(tmp_path, activity=endless))
    assert "activity.quantity: 2 rows are not a number" in told
    assert "quantity=inf" in told


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
    told = complaint(tmp_path)
    assert "holds a file that cannot be read" in told
    assert "touches.parquet" in told
    assert "SELECT" not in told


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


TYPED = {
    "timestamp": "timestamp 'infinity'",
    "before all": "timestamp '-infinity'",
    "with a zone": "timestamptz 'infinity'",
    "date": "date 'infinity'",
    "after all": "timestamp '20000-01-01'",
}


@pytest.mark.parametrize("endless", TYPED)
@pytest.mark.parametrize("kind", ["duckdb", "files"])
def test_a_typed_moment_that_never_comes_is_refused_too(tmp_path, kind, endless):
    path = as_duckdb(tmp_path)
    with duckdb.connect(str(path)) as connection:
        told = f"SELECT * REPLACE ({TYPED[endless]} AS occurred_at) FROM activity LIMIT 1"
        connection.execute(f"CREATE OR REPLACE TABLE activity AS {told}")
        for name in ("accounts", "activity"):
            connection.execute(f"COPY {name} TO '{tmp_path}/{name}.parquet'")
    told = complaint(path, kind="duckdb") if kind == "duckdb" else complaint(tmp_path)
    assert "activity.occurred_at: 1 row is not a timestamp (it is: [" in told


def test_a_moment_without_end_is_shown_as_its_engine_writes_it(tmp_path):
    path = as_duckdb(tmp_path)
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE activity SET occurred_at = 'infinity' WHERE user_id = 'u1'")
    assert "occurred_at=infinity" in complaint(path, kind="duckdb")


def test_two_columns_of_one_name_but_for_its_case_are_told_with_the_file(tmp_path):
    twice = as_csv(tmp_path, accounts=ACCOUNTS.assign(Plan="team"))
    assert "accounts.csv: names the column 'plan' twice. Rename one." in complaint(twice)
