import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.tables import read_as
from tests.features.given_tables import as_postgres, in_postgres


@pytest.fixture(scope="module")
def server_of_nothing(postgres) -> ibis.BaseBackend:
    as_postgres(postgres, "nothing")
    return in_postgres(postgres, schema="nothing").connection


days = st.dates().map(lambda day: day.isoformat())
moments = st.datetimes().map(lambda moment: moment.isoformat(sep=" "))
almost = st.from_regex(r"\A[12][0-9]{3}-[01][0-9]-[0-3][0-9]\Z")
numbers = st.floats(1e-90, 1e90).map(str) | st.floats(-1e9, -1e-9).map(str)
anything = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)


@settings(max_examples=40)
@given(st.lists(days | moments | almost | numbers, min_size=1, max_size=20))
def test_texts_are_read_as_the_embedded_engine_reads_them(server_of_nothing, texts):
    rows = ibis.memtable(pd.DataFrame({"text": texts}))
    for kind in ("moment", "number"):
        read = rows.select(read=read_as(rows.text, kind))
        here = ibis.duckdb.connect().to_pyarrow(read)["read"].to_pylist()
        assert server_of_nothing.to_pyarrow(read)["read"].to_pylist() == here


@settings(max_examples=40)
@given(st.lists(anything, min_size=1, max_size=20))
def test_no_text_whatever_stops_a_query(server_of_nothing, texts):
    rows = ibis.memtable(pd.DataFrame({"text": texts}))
    assert server_of_nothing.to_pyarrow(rows)["text"].to_pylist() == texts
    for kind in ("moment", "day", "number"):
        server_of_nothing.to_pyarrow(rows.select(read=read_as(rows.text, kind)))


halves = st.integers(-(2**53), 2**53).map(lambda number: number / 2)


@settings(max_examples=40)
@given(st.lists(halves | st.floats(-(2.0**62), 2.0**62), min_size=1, max_size=20))
def test_numbers_are_rounded_as_the_embedded_engine_rounds_them(server_of_nothing, numbers):
    rows = ibis.memtable(pd.DataFrame({"number": np.array(numbers)}))
    rounded = rows.select(whole=rows.number.round())
    here = ibis.duckdb.connect().to_pyarrow(rounded)["whole"].to_pylist()
    assert server_of_nothing.to_pyarrow(rounded)["whole"].to_pylist() == here
