"""Every owner has a line on the leadership page, however many there are."""

import datetime as dt
import time

import pandas as pd

from serving.outlook.forecast import RATES
from serving.report.outlook import at_horizon, by_part

AS_OF = dt.date(2025, 3, 20)


def a_forecast(owners: int) -> pd.DataFrame:
    rows = [
        (period, AS_OF, AS_OF + dt.timedelta(days=days), part, measure, float(number))
        for period, days in (("horizon", 30), ("horizon", 90), ("month", 90))
        for number, part in enumerate(("all", "", *(f"owner {n}" for n in range(owners))))
        for measure in RATES
    ]
    names = ["period", "period_start", "period_end", "segment", "measure", "expected"]
    return pd.DataFrame(rows, columns=names)


def test_each_part_has_its_own_rows_of_the_horizon_in_the_order_told():
    told = by_part(a_forecast(3), 90)
    assert list(told) == ["all", "", "owner 0", "owner 1", "owner 2"]
    for number, rows in enumerate(told.values()):
        assert list(rows) == list(RATES)
        for row in rows.values():
            assert (row["period"], row["expected"]) == ("horizon", number)
            assert row["period_end"] == AS_OF + dt.timedelta(days=90)


def test_the_whole_book_is_the_part_of_everybody():
    told = a_forecast(3)
    assert at_horizon(told, 30) == by_part(told, 30)["all"]
    assert at_horizon(told, 60) == {}


def test_ten_times_as_many_owners_take_about_ten_times_as_long():
    spent = []
    for owners in (200, 2_000):
        told, started = a_forecast(owners), time.process_time()
        by_part(told, 90)
        spent.append(time.process_time() - started)
    assert spent[1] < 30 * spent[0] + 0.1
