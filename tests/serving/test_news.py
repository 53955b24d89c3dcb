"""The pages say what is new about an account, with figures that sum as they are written."""

import re

import pandas as pd

from serving.changes import PARTS
from serving.formats import MINUS
from serving.report.render import write_report
from tests.serving.pages import Page
from tests.serving.report_settings import a_configuration
from tests.serving.report_world import AS_OF, a_world


def a_move(*parts: float, before: float = 0.2) -> pd.DataFrame:
    """The first account's risk moved by these parts, in the order of PARTS."""
    points = {f"{part}_points": [p] for part, p in zip(PARTS, parts, strict=True)}
    told = {
        "account_id": ["acc-0000"],
        "as_of": [AS_OF],
        "since": [AS_OF.replace(day=2)],
        "previous_churn_risk": [before],
        "churn_risk": [before + sum(parts)],
        "main_part": ["own"],
        "text": ["Up since 2 Mar 2025, mainly its own doing"],
    }
    return pd.DataFrame(told | points)


def pages_with(tmp_path, **tables: pd.DataFrame) -> tuple[str, str]:
    """The words of the front page and of the first account's."""
    world = a_world(a_configuration(tmp_path), count=12)
    accounts = world["accounts"].copy()
    if "changes" in tables:
        own = accounts["account_id"] == "acc-0000"
        for name in ("churn_risk", "previous_churn_risk"):
            accounts.loc[own, name] = tables["changes"][name].iloc[0]
    write_report(tmp_path, **(world | {"accounts": accounts}), tables=tables)
    front = Page(tmp_path / "index.html").text
    return front, Page(tmp_path / "accounts" / "acc-0000.html").text


def test_the_parts_of_a_move_are_written_so_that_they_sum(tmp_path):
    front, own = pages_with(tmp_path, changes=a_move(0.0404, -0.0006, 0.0112, 0.0, 0.0))
    assert "What changed since 2 Mar 2025" in own
    section = own.partition("What changed since")[2].partition("All together")
    figures = [
        float(f.replace(MINUS, "-")) for f in re.findall(rf"[+{MINUS}]\d+\.\d", section[0])
    ]
    whole = float(re.search(r"\+\d+\.\d", section[2])[0])
    assert round(sum(figures), 1) == whole == 5.1
    assert "Its own doing" in section[0]
    assert "Time passing" in section[0]
    assert "Late or corrected data" not in section[0]
    assert "Up since 2 Mar 2025, mainly its own doing" in front


def test_a_move_of_less_than_a_point_is_told_only_on_the_accounts_page(tmp_path):
    front, own = pages_with(tmp_path, changes=a_move(0.004, 0.0, 0.0, 0.0, 0.0))
    assert "mainly its own doing" not in front
    assert "mainly its own doing" in own


def test_without_an_earlier_morning_nothing_is_said_of_a_change(tmp_path):
    front, own = pages_with(tmp_path)
    assert "What changed since" not in own
    assert "mainly" not in front
