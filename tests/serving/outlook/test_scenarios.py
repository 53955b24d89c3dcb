from datetime import date, timedelta
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from configs.sections import Serving
from serving.outlook.scenarios import NO_EFFECT, NOBODY_LEFT, scenarios
from tests.builders import a_configuration


def told(
    accounts: pd.DataFrame, *, capacity: int = 1, forecast: pd.DataFrame | None = None
) -> pd.DataFrame:
    serving = Serving(capacity_per_owner=capacity).model_dump()
    morning = SimpleNamespace(accounts=accounts, configuration=a_configuration(serving=serving))
    tables = {} if forecast is None else {"forecast": forecast}
    return scenarios(morning, tables).set_index(["scenario", "segment"])


def a_book(evidence: str, *, points: float = -0.04) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "account_id": ["a", "b", "c"],
            "rank": [1, 2, 3],
            "status": "scored",
            "owner": "Ann",
            "segment": ["large", "small", "small"],
            "arr": [1000.0, 100.0, 200.0],
            "churn_risk": 0.1,
            "arr_at_risk": [100.0, 10.0, 20.0],
            "next_milestone": "first_report",
            "next_evidence": evidence,
            "next_effect_points": points,
            "next_effect_low": points - 0.02,
            "next_effect_high": points + 0.02,
        }
    )


def test_twice_the_capacity_is_worth_the_effects_of_those_who_can_be_worked_then():
    row = told(a_book("adjusted")).loc[("capacity doubles", "all")]
    assert row["accounts"] == 1
    assert row[["low", "expected", "high"]].tolist() == pytest.approx([-0.06, -0.04, -0.02])


def test_an_effect_that_is_only_described_is_no_effect():
    rows = told(a_book("descriptive"))
    worked = rows.loc[rows["measure"] == "accounts_churned"]
    assert worked["expected"].isna().all()
    assert (worked["remark"] == NO_EFFECT).all()


def test_an_effect_that_may_not_be_told_is_not_one_of_nothing():
    rows = told(a_book("adjusted", points=np.nan))
    worked = rows.loc[rows["measure"] == "accounts_churned"]
    assert worked["expected"].isna().all()
    assert (worked["remark"] == NO_EFFECT).all()


def test_a_dearer_segment_is_told_with_what_it_may_cost_and_never_as_a_promise():
    row = told(a_book("too_few", points=np.nan)).loc[("the price rises by 5 %", "small")]
    assert row["expected"] == pytest.approx(15.0)
    assert "4.8 %" in row["remark"]
    assert NO_EFFECT in row["remark"]


def a_forecast(*, days: int) -> pd.DataFrame:
    start = date(2025, 3, 1)
    return pd.DataFrame(
        {
            "period": "horizon",
            "period_start": start,
            "period_end": start + timedelta(days=days),
            "segment": ["all", "large", "small"],
            "measure": "arr_at_end",
            "low": [1000.0, 800.0, 150.0],
            "expected": [1200.0, 900.0, 280.0],
            "high": [1400.0, 1000.0, 320.0],
        }
    )


def test_what_a_dearer_segment_brings_is_as_sure_as_what_it_is_forecast_to_pay():
    forecast = a_forecast(days=180)
    row = told(a_book("adjusted"), forecast=forecast).loc[("the price rises by 5 %", "small")]
    assert row[["low", "expected", "high"]].tolist() == pytest.approx([7.5, 14.0, 16.0])
    assert "as forecast" in row["remark"]
    assert NO_EFFECT in row["remark"]


def test_without_a_forecast_to_the_last_horizon_a_dearer_segment_has_no_interval_and_says_so():
    forecast = a_forecast(days=30)
    row = told(a_book("adjusted"), forecast=forecast).loc[("the price rises by 5 %", "small")]
    assert row[["low", "high"]].isna().all()
    assert "no interval without a forecast" in row["remark"]


def test_where_everybody_is_worked_already_more_capacity_changes_nothing():
    row = told(a_book("adjusted"), capacity=9).loc[("capacity doubles", "all")]
    assert row[["low", "expected", "high"]].tolist() == [0.0, 0.0, 0.0]
    assert row["remark"] == NOBODY_LEFT
