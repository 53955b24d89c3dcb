from datetime import date, timedelta

import pandas as pd
import pytest

from serving.health.inflow import inflow

TODAY = date(2026, 3, 2)


def arrived(rows: dict[int, int], table: str = "activity") -> pd.DataFrame:
    """Rows by how many days ago they came."""
    on = [pd.Timestamp(TODAY - timedelta(days=back)) for back in rows]
    told = pd.DataFrame({"table": table, "on": on, "rows": list(rows.values())})
    return told.sort_values("on", ignore_index=True)


def habit(rows: dict[int, int]) -> dict:
    return inflow(arrived(rows), as_of=TODAY).iloc[0].to_dict()


def test_a_week_is_held_against_the_usual_one_and_a_day_against_its_weekday():
    every_day = {back: 10 if (back - 1) % 7 else 3 for back in range(1, 92)}
    found = habit({**every_day, 1: 2})
    assert (found["rows_last_day"], found["usual_rows_that_weekday"]) == (2, 3)
    assert (found["rows_last_week"], found["usual_rows_a_week"]) == (62, 63)
    assert (found["age_days"], found["newest_on"]) == (1, date(2026, 3, 1))
    assert found["longest_silence_days"] == 1


def test_silence_is_measured_against_the_longest_there_was():
    found = habit({20: 5, 30: 5, 31: 5, 60: 5})
    assert (found["age_days"], found["longest_silence_days"]) == (20, 29)
    assert found["rows_last_week"] == 0


@pytest.mark.parametrize("tables", [("activity", "touches"), ("activity",)])
def test_every_table_has_its_own_line(tables):
    rows = pd.concat([arrived({1: 4}, table) for table in tables])
    assert inflow(rows, as_of=TODAY)["table"].tolist() == list(tables)
