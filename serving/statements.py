"""What of a morning's scores is kept for good, so that it can be held against what came?

The chances, and what one must know to judge them fairly: who was asked about, which model or
rule spoke, and what was at stake. Sentences are left out; they can be made again.
"""

from collections.abc import Sequence

import pandas as pd
import pyarrow as pa

from serving.scorecard import accounts_schema, as_table, milestones_schema

OF_ACCOUNTS = (
    "account_id",
    "as_of",
    "segment",
    "owner",
    "arr",
    "rank",
    "status",
    "churn_risk_low",
    "churn_risk_high",
    "arr_at_risk",
    "base_risk",
    "risk_source",
    "next_milestone",
    "next_effect_points",
    "expansion_chance",
    "model_version",
    "is_held_out",
)
OF_MILESTONES = (
    "account_id",
    "as_of",
    "milestone",
    "due_on",
    "eta_p10_on",
    "eta_p50_on",
    "eta_p90_on",
)


def churn_column(days: int) -> str:
    """The column that says the chance of leaving within so many days."""
    return f"churn_risk_{days}d"


def step_column(days: int) -> str:
    """The column that says the chance of reaching a milestone within so many days."""
    return f"chance_{days}d"


def statements(
    accounts: pd.DataFrame, milestones: pd.DataFrame, horizons: Sequence[int]
) -> dict[str, pa.Table]:
    """Give what is kept of a morning: a table of accounts and one of open milestones.

    Rows are sorted, so that the same scores are the same table.
    """
    said = milestones.loc[milestones[step_column(horizons[-1])].notna()]
    chances = [column(days) for column in (churn_column, step_column) for days in horizons]
    exits = [f"exit_first_{days}d" for days in horizons]
    kept = {
        "accounts": _only(
            accounts.sort_values("account_id"),
            accounts_schema(horizons, has_holdout="is_held_out" in accounts),
            {*OF_ACCOUNTS, *chances},
        ),
        "milestones": _only(
            said.sort_values(["account_id", "milestone"]),
            milestones_schema(horizons),
            {*OF_MILESTONES, *chances, *exits},
        ),
    }
    return {name: table for name, table in kept.items() if len(table)}


def _only(rows: pd.DataFrame, schema: pa.Schema, names: set[str]) -> pa.Table:
    return as_table(rows, pa.schema([field for field in schema if field.name in names]))
