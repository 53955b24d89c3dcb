"""Of what was raised on past mornings, how much came true, and how long before?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa

from configs.load import Configuration
from features.asof import ordinal
from features.history import reporting_lag_days
from serving.attention.alerts import FILE, RAISED
from serving.morning import Morning
from training.engine.followed import CHURN, OTHER
from training.engine.outcomes import exit_events

ALL = "all"


def alerts_record_schema(_: Configuration) -> pa.Schema:
    """Give the columns of alerts_record.parquet: one row per kind of alert, and ``all``."""
    return pa.schema(
        [
            ("kind", pa.string()),
            ("as_of", pa.date32()),
            ("raised", pa.int64()),
            ("matured", pa.int64()),
            ("left", pa.int64()),
            ("precision", pa.float64()),
            ("base_rate", pa.float64()),
            ("median_lead_days", pa.float64()),
        ]
    )


def alerts_record(morning: Morning, _: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Hold every past alert against who left within the primary horizon of it.

    ``precision`` is the share of the matured alerts whose account left by churn in time,
    ``base_rate`` that of all accounts live on the same mornings; the lead is from the alert to
    the exit. An alert has matured when its horizon has passed and exits had time to be told.
    ``all`` counts an account once a morning.
    """
    columns = alerts_record_schema(morning.configuration).names
    told = pd.concat(
        [pd.DataFrame(columns=["kind", "account_id", "day", "base"]), *_raised(morning)],
        ignore_index=True,
    )
    if told.empty:
        return pd.DataFrame(columns=columns)
    together = told.drop_duplicates(["account_id", "day"]).assign(kind=ALL)
    judged = _judged(pd.concat([together, told], ignore_index=True), morning)
    rows = [_line(str(kind), own) for kind, own in judged.groupby("kind", sort=False)]
    record: pd.DataFrame = pd.DataFrame(rows).assign(as_of=morning.as_of)[columns]
    return record


def _raised(morning: Morning) -> Iterator[pd.DataFrame]:
    """Every past alert with the morning it was raised on, and how many left of all then."""
    outcome = Outcomes.known(morning)
    for day in morning.past.mornings():
        told = morning.past.scores(day, file=FILE, columns=["account_id", "kind", "state"])
        live = morning.past.scores(day, columns=["account_id"])
        if told is None or live is None:
            continue
        raised = told.loc[told["state"] == RAISED, ["account_id", "kind"]]
        left = outcome.days_to_exit(live["account_id"], day)
        yield raised.assign(day=day, base=float((left < outcome.horizon_days).mean()))


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """Who is known to have left, and how far ahead an alert looks."""

    exits: pd.DataFrame
    horizon_days: int
    last_matured_on: date

    @classmethod
    def known(cls, morning: Morning) -> "Outcomes":
        """Read what is known on a morning."""
        exits = morning.features.exits
        horizon = morning.configuration.project.outcomes.primary_horizon_days
        wait = timedelta(days=horizon + reporting_lag_days(exits))
        return cls(exits, horizon, morning.as_of - wait)

    def days_to_exit(self, account_ids: "pd.Series[str]", day: date) -> np.ndarray:
        """Days from a morning to each account's churn; infinite where it did not leave so.

        It is at once where the account had left by then, as nobody knew yet.
        """
        today = np.full(len(account_ids), ordinal(day))
        left = exit_events(self.exits, account_ids, today, (CHURN, OTHER))
        return np.where(left.cause == 0, np.maximum(left.day - today, 0), np.inf)


def _judged(told: pd.DataFrame, morning: Morning) -> pd.DataFrame:
    outcome = Outcomes.known(morning)
    days: list[date] = sorted(set(told["day"]))
    parts = []
    for day in days:
        own = told.loc[told["day"] == day]
        parts.append(own.assign(lead=outcome.days_to_exit(own["account_id"], day)))
    judged = pd.concat(parts).sort_index()
    return judged.assign(
        matured=judged["day"] <= outcome.last_matured_on,
        left=judged["lead"] < outcome.horizon_days,
    )


def _line(kind: str, own: pd.DataFrame) -> dict[str, object]:
    ripe = own.loc[own["matured"]]
    hits = ripe.loc[ripe["left"]]
    return {
        "kind": kind,
        "raised": len(own),
        "matured": len(ripe),
        "left": len(hits),
        "precision": len(hits) / len(ripe) if len(ripe) else np.nan,
        "base_rate": ripe["base"].mean() if len(ripe) else np.nan,
        "median_lead_days": hits["lead"].median() if len(hits) else np.nan,
    }
