"""How often was the forecast right, and would something simpler have been?

Every forecast stays in the lake as it was said. Once its time has passed it stands beside what
came of the very accounts that it spoke of, and beside what a planner without a model would have
said: the rate of the stretch before, and that of a year ago.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa

from configs.load import Configuration
from features.asof import ordinal
from serving.morning import Morning
from serving.outlook.forecast import RATES
from serving.outlook.retention import rates_by, states
from training.engine.followed import lag_known_by, spaced_back

FILE = "forecast.parquet"
EVERY_DAYS = 28
"""Forecasts closer to each other than this say nearly the same."""


def record_schema(_: Configuration) -> pa.Schema:
    """Give the columns of forecast_record.parquet: one row per matured rate."""
    return pa.schema(
        [
            ("made_on", pa.date32()),
            ("days_ahead", pa.int32()),
            ("period", pa.string()),
            ("period_start", pa.date32()),
            ("period_end", pa.date32()),
            ("segment", pa.string()),
            ("measure", pa.string()),
            ("low", pa.float64()),
            ("expected", pa.float64()),
            ("high", pa.float64()),
            ("happened", pa.float64()),
            ("last_period", pa.float64()),
            ("last_year", pa.float64()),
        ]
    )


def record_rows(morning: Morning, _: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Hold every forecast whose time has passed against what came."""
    parts = [rows for made_on in _asked(morning) for rows in _matured(morning, made_on)]
    if not parts:
        return pd.DataFrame(columns=record_schema(morning.configuration).names)
    told: pd.DataFrame = pd.concat(parts, ignore_index=True)
    return told


def _asked(morning: Morning) -> Sequence[date]:
    mornings = morning.past.mornings()
    days = np.array([ordinal(day) for day in mornings], dtype=np.int64)
    kept = set(spaced_back(days, ordinal(morning.as_of), EVERY_DAYS).tolist())
    return [day for day in mornings if ordinal(day) in kept]


def _matured(morning: Morning, made_on: date) -> Iterator[pd.DataFrame]:
    said = morning.past.scores(made_on, file=FILE)
    book = morning.past.scores(made_on, columns=["account_id", "segment"])
    if said is None or book is None or said.empty:
        return
    today = ordinal(morning.as_of)
    end = today - lag_known_by(today, morning.features.exits)
    said = said.loc[said["measure"].isin(RATES)]
    spans = said[["period", "period_start", "period_end"]].drop_duplicates()
    for period, start, until in spans.itertuples(index=False, name=None):
        if ordinal(until) > end:
            continue
        of_span = (said["period_start"] == start) & (said["period_end"] == until)
        rows = said.loc[of_span & (said["period"] == period)]
        came = _came(morning, book, since=ordinal(made_on), days=(start, until))
        told = rows.merge(came.reset_index(), on=["segment", "measure"], how="inner")
        yield told.assign(made_on=made_on, days_ahead=(until - made_on).days)


def _came(
    morning: Morning, book: pd.DataFrame, *, since: int, days: tuple[date, date]
) -> "pd.Series[float]":
    start, end = (ordinal(day) for day in days)
    at = states(morning.features, book["account_id"], since=since, days=(start, end))
    return rates_by(book["segment"], at[start], at[end], part="segment").rename("happened")
