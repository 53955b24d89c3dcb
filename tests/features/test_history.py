"""Small tables come in one order, however an engine hands them over."""

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from features.history import in_order

rows = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "é", "B"]),
        st.sampled_from(["call", "", None]),
        st.sampled_from([pd.Timestamp("2025-01-01"), pd.Timestamp("2024-01-01"), pd.NaT]),
        st.sampled_from([1.5, -2.0, None]),
    ),
    max_size=30,
)


@given(rows)
@settings(deadline=None, max_examples=60)
def test_rows_are_put_in_order_as_by_all_their_columns(rows):
    columns = ["account_id", "kind", "occurred_at", "seats"]
    table = pd.DataFrame(rows, columns=columns).astype(
        {
            "account_id": "str",
            "kind": "str",
            "occurred_at": "datetime64[us]",
            "seats": "float64",
        }
    )
    asked = table.sort_values(columns, ignore_index=True)
    pd.testing.assert_frame_equal(in_order(table, columns), asked)
