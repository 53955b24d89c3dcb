import pandas as pd
import pytest

from serving.outlook.forecast import AMOUNTS, COUNTS, FIRST_STEP, FIRST_VALUE, RATES, REACHED
from serving.outlook.programme import ARR_KEPT, LEFT
from serving.report.units import with_units

MEASURES = (*RATES, *COUNTS, *AMOUNTS, REACHED, FIRST_STEP, FIRST_VALUE, LEFT, ARR_KEPT)


@pytest.mark.parametrize("measure", MEASURES)
def test_no_number_of_a_file_is_without_a_unit(measure):
    told = with_units(pd.DataFrame({"measure": [measure], "low": [1.0]}), currency="EUR")
    assert told.columns.tolist() == ["measure", "unit", "low"]
    assert told["unit"].notna().all()


def test_money_names_its_currency_and_what_is_no_money_does_not():
    names = ["account_id", "arr", "arr_at_risk", "loss_arr_30d", "churn_risk", "usual_growth"]
    told = with_units(pd.DataFrame([[1.0] * len(names)], columns=names), currency="GBP")
    assert told.columns.tolist() == [
        "account_id",
        "arr_gbp",
        "arr_at_risk_gbp",
        "loss_arr_30d_gbp",
        "churn_risk",
        "usual_growth_share",
    ]


def test_the_amounts_of_a_file_are_told_a_year_and_its_rates_as_shares():
    rows = pd.DataFrame({"measure": ["grr", "churned_arr", "accounts_churned"]})
    assert with_units(rows, currency="USD")["unit"].tolist() == [
        "share",
        "USD a year",
        "accounts",
    ]
    assert "unit" not in rows
