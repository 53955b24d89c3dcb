"""Which inputs are there, whatever the data: what would a customer with every table be told?

Computes every family on one made-up account of which everything is known. What an input is
named after stands in angle brackets: a capability, a role, a kind of touch, an attribute.
"""

from datetime import date, timedelta
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pandas as pd

from configs.load import Configuration
from configs.playbook import Playbook
from configs.project import Project
from features.assemble import FeatureSet, build_features
from features.sources.duckdb import embedded_engine
from features.tables import TABLES, normalised

AS_OF = date(2025, 3, 10)
CAPABILITY, ROLE, KIND, ATTRIBUTE = "<capability>", "<role>", "<kind>", "<attribute>"


def specimen() -> FeatureSet:
    """All inputs of one account."""
    project = Project.model_validate(
        {
            "name": "specimen",
            "accounts": {"attributes": [ATTRIBUTE]},
            "snapshots": {"first_on": AS_OF - timedelta(days=735), "every_days": 105},
        }
    )
    playbook = Playbook.model_validate(
        {
            "milestones": [
                {
                    "slug": "first_step",
                    "name": "First step",
                    "done_when": {"capability": CAPABILITY},
                    "expected_days": 10,
                }
            ]
        }
    )
    configuration = Configuration(Path("specimen"), project, playbook, "specimen")
    engine = embedded_engine()
    try:
        return build_features(_tables(engine), configuration, as_of=AS_OF)
    finally:
        engine.disconnect()


def _tables(engine: ibis.BaseBackend) -> dict[str, ir.Table]:
    return {
        name: normalised(engine.create_table(name, pd.DataFrame(rows)), TABLES[name])
        for name, rows in _rows().items()
    }


def _rows() -> dict[str, list[dict[str, object]]]:
    """A row or two of every table, all of one account."""
    begun, lately = pd.Timestamp("2024-12-02"), pd.Timestamp("2025-03-03")
    told: dict[str, dict[str, object]] = {
        "accounts": {"signed_up_at": begun, "parent_id": "parent", ATTRIBUTE: "a value"},
        "users": {"user_id": "a user", "role": ROLE, "created_at": begun},
        "activity": {"capability": CAPABILITY, "occurred_at": lately, "user_id": "a user"},
        "achievements": {"milestone": "first_step", "achieved_at": lately},
        "plans": {"milestone": "first_step", "due_on": lately},
        "contracts": {
            "starts_on": begun,
            "ends_on": pd.Timestamp("2025-12-01"),
            "arr": 1.0,
            "seats": 1.0,
        },
        "exits": {"exited_at": pd.Timestamp("2026-01-01"), "cause": "churn"},
        "touches": {"kind": KIND, "occurred_at": lately},
    }
    rows = {name: [{"account_id": "an account"} | row] for name, row in told.items()}
    rows["touches"].append(rows["touches"][0] | {"kind": "nudge", "milestone": "first_step"})
    return rows
