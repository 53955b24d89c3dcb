"""The page about data and model: what to worry about first, every figure with its interval."""

from pathlib import Path

import pytest

from serving.report.render import write_report
from tests.serving.pages import Page
from tests.serving.report_settings import a_configuration
from tests.serving.report_world import a_world


def a_grade(month: str, **told: object) -> dict[str, object]:
    return {
        "question": "churn",
        "said_by": "model",
        "horizon_days": 90,
        "month": month,
        "mornings": 4,
        "statements": 2210,
        "events": 130,
        "accounts_struck": 61,
        "expected": 121.4,
        "predicted_over_observed": 0.934,
        "predicted_over_observed_low": 0.80,
        "predicted_over_observed_high": 1.11,
        "auc": 0.81,
        "auc_low": 0.77,
        "auc_high": 0.85,
        "brier": 0.0513,
        "brier_low": 0.044,
        "brier_high": 0.058,
        **told,
    }


def a_health(**told: object) -> dict[str, object]:
    moved = {"feature": "days_late", "family": "ladder", "index": 0.31, "by_chance": 0.02}
    came = {
        "table": "activity",
        "newest_on": "2025-03-08",
        "age_days": 1,
        "longest_silence_days": 2,
        "rows_last_day": 410,
        "usual_rows_that_weekday": 402.0,
        "rows_last_week": 3020,
        "usual_rows_a_week": 2980.5,
    }
    return {
        "as_of": "2025-03-09",
        "findings": [],
        "matured": [a_grade("all"), a_grade("recent"), a_grade("2024-11", auc=None)],
        "drift": [{**moved, "is_used": True, "typical_then": 3.0, "typical_now": 11.0}],
        "inflow": [came],
        **told,
    }


def page_of(folder: Path, health: dict[str, object] | None) -> Page | None:
    world = a_world(a_configuration(folder), count=5)
    world["run"] = {**world["run"], "health": health}
    write_report(folder, **world)
    path = folder / "health.html"
    return Page(path) if path.exists() else None


def test_the_page_tells_what_was_said_against_what_came_with_intervals(tmp_path):
    page = page_of(tmp_path, a_health())
    assert page is not None
    assert "as of 9 Mar 2025" in page.text
    assert "Nothing to worry about" in page.text
    assert "Who leaves, said by the model" in page.text
    assert "130 (121 expected) 0.93 (0.80 to 1.11) 0.81 (0.77 to 0.85)" in page.text
    assert "Nov 2024, within 90 days" in page.text
    assert "Days late 0.31 0.02 3 → 11" in page.text
    assert "Activity 8 Mar 2025 2 days 410 402 3,020 2,980.5" in page.text
    assert "recent" not in page.text


def test_what_there_is_to_worry_about_comes_first(tmp_path):
    finding = {
        "kind": "decayed",
        "text": "within 90 days, 40 were expected to leave and 90 did",
    }
    page = page_of(tmp_path, a_health(findings=[finding], matured=[]))
    assert page is not None
    assert "The model has decayed: within 90 days, 40 were expected" in page.text
    assert "Nothing to worry about" not in page.text
    assert "No statement has had its time yet." in page.text


@pytest.mark.parametrize("health", [None, {}])
def test_where_nobody_has_looked_there_is_no_page(tmp_path, health):
    assert page_of(tmp_path, health) is None
