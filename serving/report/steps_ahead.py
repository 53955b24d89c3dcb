"""How many milestones will be reached in each period, and how soon a first one?

Only those that are open already are counted.
"""

from collections.abc import Iterator

import pandas as pd

from serving import formats
from serving.outlook.forecast import FIRST_STEP, FIRST_VALUE, REACHED
from serving.outlook.retention import ALL
from serving.records import Record, records
from serving.report.figures import Cell, Figure, Line
from serving.report.labels import month_name, segment_name


def steps_ahead(told: pd.DataFrame) -> Iterator[Figure]:
    """Tell the milestones of each month by segment, and the next cohorts' days to one."""
    rows = told.loc[told["measure"].isin([REACHED, FIRST_STEP, FIRST_VALUE])]
    months = rows.loc[(rows["measure"] == REACHED) & (rows["period"] == "month")]
    if months.empty:
        return
    parts = [ALL, *sorted(set(months["segment"]) - {ALL})]
    by_month: dict[str, dict[str, Record]] = {}
    for row in records(months):
        by_month.setdefault(month_name(row["period_start"]), {})[row["segment"]] = row
    lines = [
        Line(month, tuple(_cell(own.get(part)) for part in parts))
        for month, own in by_month.items()
    ]
    note = "Of the milestones that are open this morning; those that open later come on top."
    for measure, what in ((FIRST_STEP, "a first milestone"), (FIRST_VALUE, "the first value")):
        for row in records(rows.loc[rows["measure"] == measure]):
            note += (
                f" Of the accounts that begin next, half should have reached {what} after "
                f"{formats.days(row['expected'])} ({formats.days(row['low'])} to "
                f"{formats.days(row['high'])})."
            )
    heads = ("Month", *("All" if part == ALL else segment_name(part) for part in parts))
    yield Figure("milestones_ahead", "Milestones to come", note, heads, tuple(lines), rows)


def _cell(row: Record | None) -> Cell:
    if row is None:
        return Cell(formats.NOTHING)
    interval = f"{formats.about(row['low'])} to {formats.about(row['high'])}"
    return Cell(formats.about(row["expected"]), note=interval)
