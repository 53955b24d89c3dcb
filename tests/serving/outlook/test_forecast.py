import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from serving.outlook.forecast import AMOUNTS, COUNTS, forecast, forecast_by, stretches
from serving.outlook.prospects import CHURNS, LEAVES, Prospects
from serving.outlook.retention import ALL
from serving.outlook.simulation import simulated
from serving.outlook.voices import Voice
from tests.serving.books import CALM, MOODY, NEVER, a_book, have_signed
from training.questions.changes import GROWS

AS_OF = dt.date(2025, 3, 10)


def told(book: Prospects, *, part: str = "segment") -> pd.DataFrame:
    return forecast(book, as_of=AS_OF, horizons=(30, 90), seed=7, part=part)


def of(rows: pd.DataFrame, measure: str, *, days: int = 90, part: str = ALL) -> pd.Series:
    ends = AS_OF + dt.timedelta(days=days)
    at = (rows["period"] == "horizon") & (rows["period_end"] == ends)
    return rows.loc[at & (rows["measure"] == measure) & (rows["segment"] == part)].iloc[0]


def test_one_future_told_by_segment_and_by_owner_is_the_one_told_of_each_alone():
    book = a_book(mood=MOODY)
    at = {"as_of": AS_OF, "horizons": (30, 90), "seed": 7}
    for part, rows in forecast_by(["segment", "owner"], book, **at).items():
        pd.testing.assert_frame_equal(rows, told(book, part=part), check_exact=True)


@settings(max_examples=15)
@given(st.integers(1, 40), st.integers(0, 99), st.sampled_from(["segment", "owner"]))
def test_the_whole_is_the_sum_of_its_parts(size, seed, part):
    rows = told(a_book(size=size, mood=MOODY, seed=seed), part=part)
    keys = ["period", "period_start", "period_end", "measure"]
    additive = rows.loc[rows["measure"].isin([*COUNTS, *AMOUNTS])]
    whole = additive.loc[additive[part] == ALL].set_index(keys)["expected"]
    parts = additive.loc[additive[part] != ALL].groupby(keys)["expected"].sum()
    assert_allclose(whole, parts.reindex(whole.index))


def test_where_a_month_and_a_quarter_end_together_their_rows_tell_the_same():
    at = dt.date(2025, 3, 20)
    rows = forecast(a_book(size=20, mood=MOODY), as_of=at, horizons=(12, 90), seed=7)
    together = rows.loc[rows["period_end"] == dt.date(2025, 4, 1)]
    assert set(together["period"]) == {"horizon", "month", "quarter"}
    keys = ["period_start", "period_end", "segment", "measure"]
    alike = together.drop(columns="period").drop_duplicates()
    assert len(alike) * 3 == len(together)
    assert not alike.duplicated(keys).any()


@settings(max_examples=15)
@given(st.integers(2, 40), st.integers(0, 99))
def test_what_is_kept_lost_and_won_explains_all_that_is_there_at_the_end(size, seed):
    rows = told(a_book(size=size, mood=MOODY, seed=seed))
    wide = rows.pivot_table(
        index=["period", "period_start", "period_end", "segment"],
        columns="measure",
        values="expected",
    )
    lost = wide["churned_arr"] + wide["left_arr"] + wide["contraction_arr"]
    assert_allclose(wide["arr_at_start"] - lost + wide["expansion_arr"], wide["arr_at_end"])
    assert_allclose(wide["grr"], (wide["arr_at_start"] - lost) / wide["arr_at_start"])
    assert_allclose(wide["nrr"], wide["arr_at_end"] / wide["arr_at_start"])
    assert (wide["grr"] <= 1 + 1e-12).all()


@given(st.integers(2, 30))
@settings(max_examples=10)
def test_every_interval_is_in_order(size):
    rows = told(a_book(size=size, mood=MOODY))
    assert (rows["low"] <= rows["expected"]).all()
    assert (rows["expected"] <= rows["high"]).all()


def test_in_a_calm_market_as_many_leave_as_the_curves_say():
    rows = told(a_book(size=400))
    expected = 400 * 0.002 / 0.0025 * (1 - np.exp(-0.0025 * 90))
    assert of(rows, "accounts_churned")["expected"] == pytest.approx(expected, rel=0.02)


def test_what_is_expected_hangs_on_no_luck_of_drawing():
    book = a_book(size=200)
    rows = told(book)
    # From one stop to the next one thing happens at most: an account leaves, or grows by a
    # half, or shrinks by it, and there is more to grow than to shrink.
    step = np.array([22, 8, 22, 8, 23, 7])
    first = -np.expm1(-0.0055 * step) / 0.0055
    kept = (np.exp(-0.0025 * step) + 0.5 * (0.002 - 0.001) * first).prod()
    assert of(rows, "nrr")["expected"] == pytest.approx(kept, abs=3e-4)
    leaves = 1 - np.exp(-0.0025 * 90)
    assert of(rows, "logo_retention")["expected"] == pytest.approx(1 - 0.8 * leaves, abs=3e-4)


def test_what_all_share_makes_the_interval_far_wider_than_luck_alone():
    calm, moody = (of(told(a_book(size=400, mood=m)), "logo_retention") for m in (CALM, MOODY))
    assert moody["high"] - moody["low"] > 2 * (calm["high"] - calm["low"])


def of_leaving(book: Prospects, *told: tuple[float, float]) -> Prospects:
    """The same book, of whose leaving each of these rates may be right, as far as believed."""
    voices = [
        Voice(np.full((len(book.accounts), 90), daily), CALM, weight=weight)
        for daily, weight in told
    ]
    return replace(book, voices={**book.voices, CHURNS: voices})


@settings(max_examples=10)
@given(st.floats(0.1, 0.9), st.floats(0.0, 0.004), st.floats(0.0, 0.004))
def test_what_is_expected_is_the_mean_of_what_all_say_as_far_as_each_is_believed(share, a, b):
    one, other = (of(told(a_book(daily=d)), "accounts_churned")["expected"] for d in (a, b))
    both = of(told(of_leaving(a_book(), (a, share), (b, 1 - share))), "accounts_churned")
    assert both["expected"] == pytest.approx(share * one + (1 - share) * other, abs=0.1)


def test_the_further_they_disagree_the_wider_is_the_interval():
    book = a_book(size=400)
    agree = of_leaving(book, (0.002, 0.5), (0.002, 0.5))
    differ = of_leaving(book, (0.001, 0.5), (0.003, 0.5))
    near, far = (of(told(each), "logo_retention") for each in (agree, differ))
    assert far["high"] - far["low"] > 1.5 * (near["high"] - near["low"])


def test_the_same_seed_tells_the_same_and_later_mornings_another():
    pd.testing.assert_frame_equal(told(a_book()), told(a_book()))


def test_what_was_signed_before_the_morning_is_paid_from_the_day_on_which_it_begins():
    book = a_book(size=50, daily=0.0)
    paid = book.accounts["arr"].where(book.accounts.index > 0, 0.0)
    quiet = replace(
        book,
        accounts=book.accounts.assign(arr=paid),
        voices=dict.fromkeys(book.voices, NEVER),
        signed=have_signed((0, 40, 5000.0)),
    )
    rows = told(quiet)
    now = float(paid.sum())
    assert of(rows, "arr_at_end", days=30)["expected"] == pytest.approx(now)
    assert of(rows, "arr_at_end")["expected"] == pytest.approx(now + 5000.0)
    assert of(rows, "nrr")["expected"] == pytest.approx(1 + 5000.0 / now)
    assert of(rows, "grr")["expected"] == pytest.approx(1.0)


def test_who_never_changes_again_grows_once_and_who_changes_more_often_grows_more():
    book = a_book(size=200, daily=0.0)
    grown = {}
    for again in (0.0, 1.0, 3.0):
        cuts = (0, 30, 60, 90)
        of_draw = simulated(replace(book, again={GROWS: again}), cuts, seed=1)
        arr = np.vstack([states[90].arr / states[0].arr for states in of_draw])
        grown[again] = arr.mean()
        if again == 0.0:
            assert arr.max() <= 1.5
    assert grown[0.0] < grown[1.0] < grown[3.0]


def test_months_and_quarters_follow_each_other_and_end_within_the_longest_horizon():
    found = stretches(dt.date(2025, 1, 1), (90, 180))
    months = [(each.start, each.end) for each in found if each.kind == "month"]
    assert months == [(0, 31), (31, 59), (59, 90), (90, 120), (120, 151)]
    assert [(e.start, e.end) for e in found if e.kind == "quarter"] == [(0, 90)]


def test_a_book_without_arr_is_told_in_accounts_alone():
    book = a_book()
    bare = Prospects(
        book.accounts.assign(arr=np.nan),
        {name: book.voices[name] for name in (CHURNS, LEAVES)},
        {},
    )
    assert set(told(bare)["measure"]) == {*COUNTS, "logo_retention"}


def test_where_nothing_can_be_said_there_are_no_rows():
    assert forecast(None, as_of=AS_OF, horizons=(30,), seed=1).empty
