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
from serving.outlook.forecast import forecast_schema, forecasts, owners_schema
from serving.outlook.forecast_record import record_rows, record_schema
from serving.outlook.growth import expansion_rows, expansion_schema
from serving.outlook.programme import programme, programme_schema
from serving.outlook.scenarios import scenarios, scenarios_schema
from serving.scorecard import as_table

Tables = Mapping[str, pd.DataFrame]
Schema = Callable[[Configuration], pa.Schema]


@dataclass(frozen=True, slots=True)
class Output:
    """Tables made together: the columns of each by its name (the file's, without its ending),
    and the rows of each.
    """

    schemas: Mapping[str, Schema]
    rows: Callable[[Morning, Tables], Tables]


def alone(name: str, schema: Schema, rows: Callable[[Morning, Tables], pd.DataFrame]) -> Output:
    """One table that is made by itself."""
    return Output({name: schema}, lambda morning, tables: {name: rows(morning, tables)})


OUTPUTS: tuple[Output, ...] = (
    alone("changes", changes_schema, changes),
    alone("next_steps", next_steps_schema, next_steps),
    alone("expectations", expectations_schema, expectations),
    alone("audit", audit_schema, audit),
    alone("alerts", alerts_schema, alerts),
    alone("alerts_record", alerts_record_schema, alerts_record),
    alone("nudges", queue_schema, queue),
    Output({"forecast": forecast_schema, "forecast_owners": owners_schema}, forecasts),
    alone("forecast_record", record_schema, record_rows),
    alone("scenarios", scenarios_schema, scenarios),
    alone("programme", programme_schema, programme),
    alone("expansion", expansion_schema, expansion_rows),
    alone("feedback", feedback_schema, feedback),
    alone("priorities", priorities_schema, priorities),
    alone("adoption", adoption_schema, adoption),
)


def outputs_of(morning: Morning) -> dict[str, pa.Table]:
    """Make every output of a morning, by name."""
    made: dict[str, pa.Table] = {}
    known: dict[str, pd.DataFrame] = {}
    for output in OUTPUTS:
        rows = output.rows(morning, known)
        for name, schema in output.schemas.items():
            made[name] = as_table(rows[name], schema(morning.configuration))
            known[name] = made[name].to_pandas()
    return made
