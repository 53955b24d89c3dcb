"""Files that are damaged are named, in one line, whatever first stumbles over them."""

import gzip
from pathlib import Path

import pandas as pd
import pytest

from configs.errors import DataError
from tests.features.damaged import damaged
from tests.features.given_tables import (
    ACCOUNTS,
    ACTIVITY,
    as_csv,
    as_duckdb,
    as_parquet,
    complaint,
    opened,
)


def as_gzip(folder: Path) -> Path:
    """Rename a table to what says that it is compressed, and compress it."""
    path = as_csv(folder) / "activity.csv"
    content = path.read_bytes()
    path.unlink()
    path.with_name("activity.csv.gz").write_bytes(gzip.compress(content * 50))
    return path.with_name("activity.csv.gz")


@pytest.mark.parametrize(
    ("table", "column"),
    [
        *(("accounts", column) for column in ACCOUNTS.columns),
        *(("activity", column) for column in ACTIVITY.columns),
    ],
)
def test_a_damaged_column_is_told_with_its_table_and_its_file(tmp_path, table, column):
    damaged(as_parquet(tmp_path) / f"{table}.parquet", column)
    source = opened(tmp_path)
    with pytest.raises(DataError) as told:
        source.check_every_byte()
    assert f"{table} cannot be read ({table}.parquet: " in str(told.value)
    assert "\n" not in str(told.value)


def test_of_many_parts_the_damaged_one_is_named(tmp_path):
    as_parquet(tmp_path)
    (tmp_path / "activity.parquet").unlink()
    (tmp_path / "activity").mkdir()
    for part in ("a", "b", "c"):
        ACTIVITY.to_parquet(tmp_path / "activity" / f"{part}.parquet")
    damaged(tmp_path / "activity" / "b.parquet", "capability")
    source = opened(tmp_path)
    with pytest.raises(DataError, match=r"activity cannot be read \(b\.parquet: [^;]*\)\."):
        source.check_every_byte()


def test_whoever_stumbles_over_damage_while_reading_is_told_where_it_is(tmp_path):
    damaged(as_parquet(tmp_path) / "accounts.parquet", "plan")
    source = opened(tmp_path)
    source.check()
    with (
        pytest.raises(DataError, match=r"accounts cannot be read \(accounts\.parquet: "),
        source.steady(),
    ):
        source.tables["accounts"].to_pandas()


def test_a_mistake_of_ours_is_not_blamed_on_sound_files(tmp_path):
    source = opened(as_parquet(tmp_path))
    failure = source._stored.failures[0]
    with pytest.raises(failure, match="nothing_by_this_name"), source.steady():
        source.connection.con.execute("SELECT * FROM nothing_by_this_name")


@pytest.mark.parametrize("harm", ["cut", "checksum", "begins otherwise", "not compressed"])
def test_a_damaged_compressed_csv_is_named(tmp_path, harm):
    path = as_gzip(tmp_path)
    content = bytearray(path.read_bytes())
    if harm == "cut":
        content = content[: len(content) // 2]
    elif harm == "not compressed":
        content = bytearray(gzip.decompress(content))
    else:
        content[-6 if harm == "checksum" else 12] ^= 0xFF
    path.write_bytes(content)
    assert f"{path}: cannot be read (" in complaint(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\n\n"])
def test_a_csv_of_nothing_but_lines_is_told_to_have_no_columns(tmp_path, content):
    as_gzip(tmp_path).write_bytes(gzip.compress(content))
    assert "activity.csv.gz: has no first line" in complaint(tmp_path)


def test_a_compression_that_nobody_knows_is_named(tmp_path):
    path = as_parquet(tmp_path) / "activity.parquet"
    content = path.read_bytes()
    # LZO, in the footer, where Snappy stands.
    path.write_bytes(content.replace(b"capability\x15\x02", b"capability\x15\x06"))
    with pytest.raises(DataError, match=r"activity\.parquet: .*LZO"):
        opened(tmp_path).check_every_byte()


@pytest.mark.parametrize("kind", ["folder", "link"])
def test_what_is_called_a_table_and_holds_none_is_refused(tmp_path, kind):
    path = as_parquet(tmp_path) / "users.parquet"
    path.mkdir() if kind == "folder" else path.symlink_to(tmp_path / "nowhere")
    told = complaint(tmp_path)
    assert "holds users as users.parquet, where there is no file. Write it anew" in told


def test_an_empty_folder_is_not_offered_as_the_table_that_is_missing(tmp_path):
    (as_parquet(tmp_path) / "activity.parquet").unlink()
    (tmp_path / "activity").mkdir()
    assert "there is no table activity (known here: `accounts`)" in complaint(tmp_path)


def test_a_folder_as_spark_writes_it_is_the_table(tmp_path):
    (as_parquet(tmp_path) / "activity.parquet").unlink()
    parts = tmp_path / "activity.parquet"
    parts.mkdir()
    (parts / "_SUCCESS").touch()
    for number in range(2):
        ACTIVITY.iloc[number::2].to_parquet(parts / f"part-{number}.c000.snappy.parquet")
    assert opened(tmp_path).facts["activity"].rows == len(ACTIVITY)


def test_parts_may_have_dots_in_their_names(tmp_path):
    (as_csv(tmp_path) / "activity.csv").unlink()
    (tmp_path / "activity").mkdir()
    for month in ("2024.01", "2024.02"):
        ACTIVITY.to_csv(tmp_path / "activity" / f"{month}.csv", index=False)
    assert opened(tmp_path).facts["activity"].rows == 2 * len(ACTIVITY)


def test_formats_of_one_table_are_not_mixed(tmp_path):
    (tmp_path / "activity").mkdir()
    (as_csv(tmp_path) / "activity.csv").rename(tmp_path / "activity" / "a.csv")
    ACTIVITY.to_parquet(tmp_path / "activity" / "b.parquet")
    assert "more than once (activity/*.csv, activity/*.parquet)" in complaint(tmp_path)


def test_damage_in_a_database_in_a_file_is_told_with_the_table(tmp_path):
    many = pd.concat([ACTIVITY] * 20_000, ignore_index=True)
    path = as_duckdb(tmp_path, activity=many)
    content = bytearray(path.read_bytes())
    for at in range(len(content) // 2, len(content) // 2 + 4096):
        content[at] ^= 0x5A
    path.write_bytes(content)
    source = opened(path, kind="duckdb")
    with pytest.raises(DataError, match="activity cannot be read"):
        source.check_every_byte()
