"""Which tables are written every morning beside accounts.parquet and milestones.parquet?

To add one, write a function of the morning and name it in ``OUTPUTS``. An output may read
those before it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from configs.load import Configuration
from serving.adoption.table import adoption, adoption_schema
from serving.attention.alerts import alerts, alerts_schema
from serving.attention.alerts_record import alerts_record, alerts_record_schema
from serving.attention.changes import changes, changes_schema
from serving.attention.feedback import feedback, feedback_schema
from serving.attention.priorities import priorities, priorities_schema
from serving.morning import Morning
from serving.next_steps.audit import audit, audit_schema
from serving.next_steps.expectations import expectations, expectations_schema
from serving.next_steps.order import next_steps, next_steps_schema
from serving.next_steps.queue import queue, queue_schema
from serving.outlook.forecast import forecast_schema, owner_rows, owners_schema, segment_rows
from serving.outlook.forecast_record import record_rows, record_schema
from serving.outlook.growth import expansion_rows, expansion_schema
from serving.outlook.programme import programme, programme_schema
from serving.outlook.scenarios import scenarios, scenarios_schema
from serving.scorecard import as_table

Tables = Mapping[str, pd.DataFrame]


@dataclass(frozen=True, slots=True)
class Output:
    """One table: its name (the file's, without its ending), its columns, and its rows."""

    name: str
    schema: Callable[[Configuration], pa.Schema]
    rows: Callable[[Morning, Tables], pd.DataFrame]


OUTPUTS: tuple[Output, ...] = (
    Output("changes", changes_schema, changes),
    Output("next_steps", next_steps_schema, next_steps),
    Output("expectations", expectations_schema, expectations),
    Output("audit", audit_schema, audit),
    Output("alerts", alerts_schema, alerts),
    Output("alerts_record", alerts_record_schema, alerts_record),
    Output("nudges", queue_schema, queue),
    Output("forecast", forecast_schema, segment_rows),
    Output("forecast_owners", owners_schema, owner_rows),
    Output("forecast_record", record_schema, record_rows),
    Output("scenarios", scenarios_schema, scenarios),
    Output("programme", programme_schema, programme),
    Output("expansion", expansion_schema, expansion_rows),
    Output("feedback", feedback_schema, feedback),
    Output("priorities", priorities_schema, priorities),
    Output("adoption", adoption_schema, adoption),
)


def outputs_of(morning: Morning) -> dict[str, pa.Table]:
    """Make every output of a morning, by name."""
    made: dict[str, pa.Table] = {}
    known: dict[str, pd.DataFrame] = {}
    for output in OUTPUTS:
        rows = output.rows(morning, known)
        made[output.name] = as_table(rows, output.schema(morning.configuration))
        known[output.name] = made[output.name].to_pandas()
    return made
