"""What did people say of an account's scores, and which accounts are set aside by it?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

import pandas as pd
import pyarrow as pa

from configs.load import Configuration
from serving import formats
from serving.attention.alerts import FILE, RAISED
from serving.morning import Morning
from serving.records import Record, records

Kind = Literal["right", "wrong", "handled", "snoozed"]
COLUMNS = ("account_id", "kind", "because", "until", "by", "about", "known_at")


@dataclass(frozen=True, slots=True)
class Said:
    """One thing said of an account's scores."""

    account_id: str
    kind: Kind
    about: date
    """The morning whose scores it is about."""
    because: str | None = None
    until: date | None = None
    """Until when it is snoozed."""
    by: str | None = None


def feedback_schema(_: Configuration) -> pa.Schema:
    """Give the columns of feedback.parquet: one row per thing said of a live account."""
    return pa.schema(
        [
            ("account_id", pa.string()),
            ("kind", pa.string()),
            ("because", pa.string()),
            ("until", pa.date32()),
            ("by", pa.string()),
            ("about", pa.date32()),
            ("known_at", pa.timestamp("us")),
        ]
    )


def feedback(morning: Morning, _: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Give everything said so far of the accounts that are live."""
    said = morning.past.feedback()
    own: pd.DataFrame = said.loc[said["account_id"].isin(morning.accounts["account_id"])]
    return own


def set_aside(morning: Morning, alerts: pd.DataFrame) -> dict[str, str]:
    """Tell which accounts were snoozed or handled, and in words until when.

    Something that happened since puts an account back: an alert raised on a later morning. Of
    several things said of an account, the last one counts.
    """
    last = {str(row["account_id"]): row for row in records(_decisive(morning))}
    rung = _last_alert(morning, alerts, min((r["about"] for r in last.values()), default=None))
    told = {}
    for account_id, row in last.items():
        alerted = rung.get(account_id)
        if alerted is None or alerted <= row["about"]:
            told[account_id] = _in_words(row, morning)
    return {account_id: words for account_id, words in told.items() if words}


def _decisive(morning: Morning) -> pd.DataFrame:
    said = morning.past.feedback()
    return said.loc[said["kind"].isin(["handled", "snoozed"])]


def _in_words(row: Record, morning: Morning) -> str:
    """Say until when an account is set aside; nothing where that is over."""
    by = f" by {row['by']}" if row["by"] else ""
    if row["kind"] == "snoozed":
        told = f"snoozed{by} until {formats.day(row['until'])}"
        return told if row["until"] > morning.as_of else ""
    days = morning.configuration.project.priorities.handled_days
    told = f"handled{by} on {formats.day(row['about'])}"
    return told if (morning.as_of - row["about"]).days < days else ""


def _last_alert(morning: Morning, alerts: pd.DataFrame, since: date | None) -> dict[str, date]:
    """The newest morning on which each account was alerted of, after a morning."""
    rung: dict[str, date] = {}
    if since is None:
        return rung
    for day in morning.past.mornings():
        if day > since:
            told = morning.past.scores(day, file=FILE, columns=["account_id", "state"])
            rung |= _raised(told, day)
    return rung | _raised(alerts, morning.as_of)


def _raised(told: pd.DataFrame | None, day: date) -> dict[str, date]:
    if told is None:
        return {}
    return dict.fromkeys(told.loc[told["state"] == RAISED, "account_id"], day)
