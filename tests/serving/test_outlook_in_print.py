"""The leadership page is read on paper: nothing may be cut off at its edge."""

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from serving.outlook.forecast import AMOUNTS, COUNTS, RATES, stretches
from serving.outlook.scenarios import scenarios_schema
from serving.report.render import write_report
from tests.serving.report_settings import a_configuration
from tests.serving.report_world import a_world
from tests.serving.test_report_in_chromium import browser, page

__all__ = ["browser", "page"]
AS_OF = dt.date(2025, 3, 20)
A4_PIXELS = {"width": 700, "height": 1000}
"""What is left of an A4 page between its margins, at 96 to the inch."""
LONG = (
    "all pay it from today and go on for 180 days as forecast; no evidenced effect on leaving"
)


def a_forecast() -> pd.DataFrame:
    rows = [
        (*told, part, measure)
        for each in stretches(AS_OF, (30, 90, 180))
        for told in [(each.kind, AS_OF, AS_OF + dt.timedelta(days=each.end))]
        for part in ("all", "enterprise", "startup")
        for measure in (*RATES, *COUNTS, *AMOUNTS)
    ]
    names = ["period", "period_start", "period_end", "segment", "measure"]
    told = pd.DataFrame(rows, columns=names)
    scale = np.where(told["measure"].isin(RATES), 1.0, 1_234_567.0)
    ends = {"low": 0.921, "expected": 0.9556, "high": 0.9912}
    amounts = {end: scale * share for end, share in ends.items()}
    return told.assign(**amounts, last_period=0.94, last_year=0.93)


def some_scenarios(configuration) -> pd.DataFrame:
    row = ("the price rises by 5 %", "enterprise", 69, "arr_at_end", 1e5, 2e5, 3e5, LONG)
    return pd.DataFrame([row] * 3, columns=scenarios_schema(configuration).names)


@pytest.fixture(scope="module")
def outlook_page(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("print")
    configuration = a_configuration(folder)
    tables = {"forecast": a_forecast(), "scenarios": some_scenarios(configuration)}
    write_report(folder, **a_world(configuration, count=40), tables=tables)
    return folder / "outlook.html"


def test_no_table_of_the_outlook_is_cut_off_at_the_edge_of_the_paper(page, outlook_page):
    page.set_viewport_size(A4_PIXELS)
    page.emulate_media(media="print")
    page.goto(outlook_page.as_uri())
    widths = page.eval_on_selector_all(
        ".figure-of .wide", "all => all.map(one => [one.scrollWidth, one.clientWidth])"
    )
    assert len(widths) >= 4
    assert all(needed <= given + 1 for needed, given in widths), widths
