"""Whom does each owner work this week, in which order, and who was set aside?

An account is worth what is at stake, and more where something with evidence can be done about
it or its renewal is near. Its worth of the morning before stands until it has moved by more
than a margin, or something happened: so the list stays as it is unless there is a reason.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from configs.load import Configuration
from serving import formats
from serving.attention.alerts import RAISED
from serving.attention.feedback import set_aside
from serving.morning import Morning
from serving.prioritise import at_stake, held_out, is_worth_working

FILE = "priorities.parquet"
HELD_OUT = "held out, so that what the programme earns can be seen"
EVIDENCED = ("randomised", "adjusted")


def priorities_schema(_: Configuration) -> pa.Schema:
    """Give the columns of priorities.parquet: one row per live account."""
    return pa.schema(
        [
            ("account_id", pa.string()),
            ("as_of", pa.date32()),
            ("owner", pa.string()),
            ("place", pa.int32()),
            ("is_this_week", pa.bool_()),
            ("worth", pa.float64()),
            ("standing_worth", pa.float64()),
            ("why_now", pa.string()),
            ("set_aside", pa.string()),
        ]
    )


def priorities(morning: Morning, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Put every owner's accounts in order, and cut the list where the week ends."""
    accounts = morning.accounts
    ids = accounts["account_id"]
    aside = ids.map(set_aside(morning, tables["alerts"])).astype(object)
    aside = aside.mask(held_out(accounts), HELD_OUT)
    worth = _worth(accounts, morning)
    standing = _standing(accounts, worth, morning, tables["alerts"])
    able = is_worth_working(accounts) & aside.isna()
    owner = accounts["owner"].astype(object).where(accounts["owner"].notna(), "")
    order = pd.DataFrame({"worth": -standing, "rank": accounts["rank"], "owner": owner})
    listed = order.loc[able].sort_values(["owner", "worth", "rank"], kind="stable")
    place = (listed.groupby("owner").cumcount() + 1).reindex(accounts.index)
    capacity = morning.configuration.project.serving.capacity_per_owner
    return pd.DataFrame(
        {
            "account_id": ids,
            "as_of": morning.as_of,
            "owner": accounts["owner"],
            "place": place.astype("Int32"),
            "is_this_week": (place <= capacity).fillna(value=False).astype(bool),
            "worth": worth,
            "standing_worth": standing,
            "why_now": _why_now(accounts, morning, tables["alerts"]),
            "set_aside": aside.where(aside.notna(), None),
        }
    )


def _worth(accounts: pd.DataFrame, morning: Morning) -> "pd.Series[float]":
    """What is at stake, what of it can be moved with evidence, and how near the renewal is."""
    stake = at_stake(accounts)
    by_arr = accounts["arr"].notna().any()
    unit = accounts["arr"].astype(float).fillna(0.0) if by_arr else 1.0
    points = -accounts["next_effect_points"].astype(float).clip(upper=0.0).fillna(0.0)
    is_known = accounts["next_evidence"].isin(EVIDENCED)
    movable = np.minimum((points * unit).where(is_known, 0.0), stake.fillna(0.0))
    settings = morning.configuration.project.priorities
    weight = np.where(_renews_soon(accounts, morning), settings.renewal_weight, 1.0)
    worth: pd.Series[float] = (stake + movable) * weight
    return worth


def _days_to_renewal(accounts: pd.DataFrame, morning: Morning) -> "pd.Series[float]":
    days = pd.to_datetime(accounts["renews_on"]) - pd.Timestamp(morning.as_of)
    return days / pd.Timedelta(days=1)


def _renews_soon(accounts: pd.DataFrame, morning: Morning) -> "pd.Series[bool]":
    """Also where it is late and may still come."""
    project = morning.configuration.project
    late, near = project.outcomes.renewal_grace_days, project.priorities.renewal_days
    return _days_to_renewal(accounts, morning).between(-late, near)


def _standing(
    accounts: pd.DataFrame, worth: "pd.Series[float]", morning: Morning, alerts: pd.DataFrame
) -> "pd.Series[float]":
    """The worth that orders the list: that of the morning before, while it still holds."""
    mornings = morning.past.mornings()
    if not mornings:
        return worth
    told = morning.past.scores(mornings[-1], file=FILE)
    if told is None:
        return worth
    before = accounts["account_id"].map(told.set_index("account_id")["standing_worth"])
    margin = morning.configuration.project.priorities.margin
    is_near = (worth - before).abs() <= margin * before.abs()
    return worth.where(~is_near | _happened(accounts, morning, alerts), before)


def _happened(
    accounts: pd.DataFrame, morning: Morning, alerts: pd.DataFrame
) -> "pd.Series[bool]":
    """Something happened: an alert was raised, or a milestone reached or lost."""
    raised = alerts.loc[alerts["state"] == RAISED, "account_id"]
    columns = ["account_id", "milestones_done"]
    told = morning.past.scores(morning.past.mornings()[-1], columns=columns)
    moved = pd.Series(data=False, index=accounts.index)
    if told is not None:
        before = accounts["account_id"].map(told.set_index("account_id")["milestones_done"])
        moved = before.notna() & (before != accounts["milestones_done"])
    return moved | accounts["account_id"].isin(raised)


def _why_now(
    accounts: pd.DataFrame, morning: Morning, alerts: pd.DataFrame
) -> "pd.Series[str]":
    """What there is besides the stake: an alert of this morning, a renewal that is near."""
    raised = alerts.loc[alerts["state"] == RAISED].drop_duplicates("account_id")
    texts = raised.set_index("account_id")["text"]
    days = _days_to_renewal(accounts, morning)
    soon = _renews_soon(accounts, morning)
    renews = [_renewal(d) if near else None for d, near in zip(days, soon, strict=True)]
    why = accounts["account_id"].map(texts).astype(object)
    return why.where(why.notna(), pd.Series(renews, index=accounts.index, dtype=object))


def _renewal(days: float) -> str:
    if days < 0:
        return f"Was to renew {formats.days(-days)} ago"
    return f"Renews in {formats.days(days)}"
