"""Numbers read alike everywhere, and nothing reads as nan."""

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving import formats

nulls = st.sampled_from([None, float("nan"), float("inf"), float("-inf")])
anything = st.one_of(nulls, st.floats(-1e12, 1e12))
WRITERS = (formats.count, formats.percent, formats.money, formats.days)


@pytest.mark.parametrize("write", WRITERS)
@given(value=anything)
def test_nothing_reads_as_nan_or_infinite(write, value):
    text = write(value)
    assert text
    assert "nan" not in text.lower()
    assert "inf" not in text.lower()


@pytest.mark.parametrize("null", [None, float("nan"), pd.NaT, pd.NA])
def test_every_null_reads_as_a_dash(null):
    assert formats.percent(null) == formats.money(null) == formats.day(null) == "\u2013"


@given(st.floats(0, 1))
def test_a_share_that_is_neither_nothing_nor_all_is_never_written_as_such(share):
    text = formats.percent(share)
    assert (text == "0 %") == (share == 0)
    assert (text == "100 %") == (share > 1 - formats.DUST)


def test_what_the_sums_of_fractions_leave_is_no_difference_to_all():
    assert formats.percent(0.1 * 3 + 0.7 - 1e-16) == "100 %"
    assert formats.percent(1 - 1e-6) == "over 99.9 %"


@given(st.floats(-1, 1), st.sampled_from([1, 2]))
def test_points_carry_the_sign_of_what_they_show(share, decimals):
    text = formats.points(share, decimals=decimals)
    shown = float(text.replace("\u2212", "-"))
    assert shown == pytest.approx(share * 100, abs=0.51 * 10**-decimals)
    assert text[0] in "+\u2212" or shown == 0


def test_a_date_has_its_month_as_a_word():
    assert formats.day(dt.date(2025, 9, 3)) == "3 Sep 2025"


def test_a_per_cent_sign_stays_with_its_number():
    assert formats.unbroken("31 % to 40 %") == "31\u00a0% to 40\u00a0%"
