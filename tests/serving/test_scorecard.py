"""What other programs read: columns, order and types as promised."""

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from configs.errors import DataError
from serving.scorecard import (
    Reason,
    accounts_schema,
    as_table,
    milestones_schema,
    reasons_array,
)
from tests.serving.report_settings import a_configuration
from tests.serving.report_world import a_world

A_REASON = Reason("usage", "Nobody active", value=0.0, typical=None, factor=1.4, points=0.02)


def test_the_columns_of_accounts_are_the_promised_ones():
    promised = accounts_schema([30, 90]).names
    assert " ".join(promised) == (
        "account_id as_of name segment owner arr renews_on rank status churn_risk_30d "
        "churn_risk_90d churn_risk churn_risk_low churn_risk_high previous_churn_risk "
        "arr_at_risk reasons base_risk risk_source milestones_done milestones_total pace "
        "next_milestone next_action nudge next_effect_points next_effect_low "
        "next_effect_high next_evidence expansion_chance model_version"
    )
    with_holdout = accounts_schema([30, 90], has_holdout=True).names
    assert with_holdout == [*promised, "is_held_out"]


def test_the_columns_of_milestones_are_the_promised_ones():
    assert " ".join(milestones_schema([30, 90]).names) == (
        "account_id as_of milestone state achieved_at progress opened_at days_open due_on "
        "pace chance_30d chance_90d exit_first_30d exit_first_90d eta_p10_on eta_p50_on "
        "eta_p90_on"
    )


def test_reasons_survive_the_trip_to_arrow_in_both_forms():
    as_mapping = {name: getattr(A_REASON, name) for name in Reason.__dataclass_fields__}
    array = reasons_array([[A_REASON], [], None, [as_mapping, A_REASON]])
    assert array.to_pylist() == [[as_mapping], [], [], [as_mapping] * 2]


def test_a_whole_book_becomes_tables_of_the_promised_types(tmp_path):
    configuration = a_configuration(tmp_path)
    world = a_world(configuration, count=8)
    horizons = configuration.project.outcomes.horizons_days
    accounts = as_table(world["accounts"], accounts_schema(horizons))
    milestones = as_table(world["milestones"], milestones_schema(horizons))
    assert accounts.schema == accounts_schema(horizons)
    assert milestones.schema == milestones_schema(horizons)
    assert accounts["churn_risk"].null_count == 3
    assert accounts["as_of"][0].as_py() == dt.date(2025, 3, 9)


def test_nulls_of_every_kind_are_null_in_the_table():
    schema = pa.schema([("name", pa.string()), ("arr", pa.float64()), ("on", pa.date32())])
    rows = pd.DataFrame(
        {"name": ["a", None], "arr": [1.0, np.nan], "on": [pd.Timestamp("2025-01-02"), pd.NaT]}
    )
    assert as_table(rows, schema).to_pylist() == [
        {"name": "a", "arr": 1.0, "on": dt.date(2025, 1, 2)},
        {"name": None, "arr": None, "on": None},
    ]


def test_a_missing_column_is_named():
    with pytest.raises(DataError, match=r"lack the columns \['name'\]"):
        as_table(pd.DataFrame({"x": [1]}), pa.schema([("name", pa.string())]))


def test_a_column_of_another_type_is_named():
    with pytest.raises(DataError, match="'arr' does not fit double"):
        as_table(pd.DataFrame({"arr": ["much"]}), pa.schema([("arr", pa.float64())]))
