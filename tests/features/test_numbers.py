"""Numbers stand for texts, whatever the texts hash to."""

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import numbers
from features.numbers import UNKNOWN, Numbers, texts_of

HASHES = st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(-4, 4), unique=True)


@given(HASHES, st.lists(st.integers(-4, 4)))
def test_every_hash_finds_its_number_and_no_other_finds_any(hashes, others):
    """Nought too, which stands where nothing is."""
    laid = Numbers.of(np.array(hashes, dtype=np.int64), np.arange(len(hashes)) - 1)
    asked = np.array(hashes + others, dtype=np.int64)
    expected = [hashes.index(one) - 1 if one in hashes else UNKNOWN for one in asked.tolist()]
    assert (
        laid.of_rows(ibis.memtable({"h": asked.view(np.uint64)}).to_pyarrow()["h"]).tolist()
        == expected
    )


@pytest.fixture
def rows():
    names = ["b", None, "a", "ü", "", "b", "long enough to lie elsewhere", None]
    table = ibis.duckdb.connect().create_table("rows", pd.DataFrame({"name": names}))
    return names, table


def found(rows):
    told = texts_of(rows.select("name").distinct(), "name")
    hashes = rows.select(hash=told.hash_in(rows)).to_pyarrow()["hash"].combine_chunks()
    texts = told.texts.to_pylist()
    return told, [texts[number] for number in told.numbers().of_rows(hashes)]


def test_rows_find_the_place_of_their_text(rows):
    names, table = rows
    told, read = found(table)
    assert read == names
    assert told.texts.to_pylist() == [*sorted({*names} - {None}), None]


def test_texts_that_hash_alike_are_hashed_with_salt(rows, monkeypatch):
    names, table = rows

    def by_length(text):
        return text.length().coalesce(0).cast("uint64")

    salted = numbers.hash_in_duckdb
    monkeypatch.setattr(
        numbers,
        "hash_in_duckdb",
        lambda text: by_length(text) if text.get_name() == "name" else salted(text),
    )
    told, read = found(table)
    assert told.salt
    assert read == names
