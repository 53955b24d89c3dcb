"""Parts of a frame, put together, are what they were cut from."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import joined as module
from features.joined import joined, order_by_account

rows = st.tuples(
    st.sampled_from(["a", "ä", "b", "B", "aa"]),
    st.integers(0, 9),
    st.none() | st.floats(-9, 9),
    st.none() | st.sampled_from(["x", "y"]),
    st.none() | st.integers(0, 9),
)
NAMES = ["account_id", "day", "value", "label", "count"]


def a_frame(told) -> pd.DataFrame:
    frame = pd.DataFrame(told, columns=NAMES).astype({"account_id": "str", "label": "str"})
    moments = pd.to_datetime(frame["count"], unit="D").astype("datetime64[us]")
    frame = frame.astype({"day": "int64", "value": "float64", "count": "float64"})
    return frame.assign(moment=moments)


def parts_of(frame: pd.DataFrame, part: np.ndarray, folder: Path) -> list[Path]:
    paths = [folder / f"{number}.parquet" for number in range(3)]
    for number, path in enumerate(paths):
        own = pa.Table.from_pandas(frame[part == number], preserve_index=False)
        pq.write_table(own, path, row_group_size=2)
    return paths


@given(st.lists(rows, min_size=1, unique_by=lambda row: row[:2]), st.data())
def test_parts_come_together_in_the_order_of_accounts_and_mornings(told, data):
    frame = a_frame(told).sort_values(["account_id", "day"], ignore_index=True)
    part = data.draw(st.lists(st.integers(0, 2), min_size=len(frame), max_size=len(frame)))
    with tempfile.TemporaryDirectory() as folder:
        paths = parts_of(frame, np.array(part), Path(folder))
        order = order_by_account(paths)
        pd.testing.assert_frame_equal(joined([paths], order=order), frame)


@pytest.mark.parametrize("at_once", [1, 1 << 26], ids=["one by one", "all at once"])
def test_columns_in_files_side_by_side_are_those_of_one_frame(at_once, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "READ_AT_ONCE", at_once)
    frame = a_frame([("a", 1, 2.0, None, 3), ("a", 2, None, "x", 4), ("b", 1, 1.5, "y", 5)])
    part, sides = np.array([0, 1, 0]), []
    for number, names in enumerate((NAMES[:3], NAMES[3:])):
        folder = tmp_path / str(number)
        folder.mkdir()
        sides.append(parts_of(frame[names], part, folder))
    told = joined(sides, order=order_by_account(sides[0]))
    pd.testing.assert_frame_equal(told, frame[NAMES])


def test_a_number_that_one_part_lacks_is_absent_there(tmp_path):
    """A whole number cannot be absent: where it is, pandas says what stands for it."""
    told = [[1, None], [3]]
    paths = [tmp_path / "0.parquet", tmp_path / "1.parquet"]
    for path, values in zip(paths, told, strict=True):
        pq.write_table(pa.table({"count": pa.array(values, pa.int64())}), path)
    found = joined([paths], order=np.array([2, 1, 0]))["count"]
    pd.testing.assert_series_equal(found, pd.Series([3.0, np.nan, 1.0], name="count"))
