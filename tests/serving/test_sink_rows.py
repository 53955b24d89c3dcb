from datetime import date

import pyarrow as pa
import pytest

from configs.errors import DataError
from serving.scorecard import REASON, accounts_schema
from serving.sinks.rows import scorecards

MONDAY = date(2026, 3, 2)


def test_a_scorecard_is_flattened_to_plain_columns_and_its_strongest_reasons():
    schema = accounts_schema([30, 90])
    said = ["Fewer users", "No admin", "Renewal is near", "Tickets"]
    reasons = [{"family": "usage", "text": text, "points": 0.1} for text in said]
    rows = [
        {"account_id": "b", "as_of": MONDAY, "rank": 2, "status": "too_new"},
        {
            "account_id": "a",
            "as_of": MONDAY,
            "rank": 1,
            "churn_risk_30d": float("nan"),
            "reasons": reasons,
        },
    ]
    flat = scorecards(pa.Table.from_pylist(rows, schema=schema), as_of=MONDAY)
    assert flat.columns["renews_on"] is date
    assert flat.columns["rank"] is int
    assert [row["account_id"] for row in flat.rows] == ["a", "b"]
    assert [flat.rows[0][f"reason_{place}"] for place in (1, 2, 3)] == said[:3]
    assert flat.rows[0]["churn_risk_30d"] is None
    assert flat.rows[1]["reason_1"] is None
    assert all(set(row) == set(flat.columns) for row in flat.rows)


def test_a_column_that_fits_no_row_is_refused_by_name():
    table = pa.table({"rank": [1], "path": pa.array([[]], pa.list_(REASON))})
    with pytest.raises(DataError, match="the column 'path' is list"):
        scorecards(table, as_of=MONDAY)
