"""What is there to do where no milestone is open, but the renewal is near and at risk?"""

from datetime import date

import pandas as pd

from configs.load import Configuration
from configs.phrases import Phrases
from serving import formats
from serving.bands import starts
from serving.records import Record, records


def with_renewal_actions(
    accounts: pd.DataFrame, configuration: Configuration, phrases: Phrases, *, as_of: date
) -> pd.DataFrame:
    """Where no milestone is to be reached next, let the action be the renewal's."""
    near_days = configuration.project.alerts.renewal_days
    renewal = renewal_actions(accounts, phrases, as_of=as_of, near_days=near_days)
    is_climbing = accounts["next_milestone"].notna()
    return accounts.assign(next_action=accounts["next_action"].where(is_climbing, renewal))


def renewal_actions(
    accounts: pd.DataFrame, phrases: Phrases, *, as_of: date, near_days: int
) -> "pd.Series[str]":
    """Say what to do about each account's renewal; null where there is no need, or no renewal.

    ``accounts`` has renews_on and churn_risk of all accounts: a risk is high beside their mean.
    """
    average = accounts["churn_risk"].mean()
    asked = records(accounts[["renews_on", "churn_risk"]])
    texts = [_action(one, average, phrases, as_of=as_of, near_days=near_days) for one in asked]
    return pd.Series(texts, index=accounts.index, dtype=object)


def _action(
    account: Record, average: float, phrases: Phrases, *, as_of: date, near_days: int
) -> str | None:
    renews, risk = account["renews_on"], account["churn_risk"]
    if renews is None or risk is None or not average > 0:
        return None
    left = (pd.Timestamp(renews).date() - as_of).days
    if not 0 <= left <= near_days or risk < starts("high", average=average):
        return None
    return phrases.advice.renewal.format(
        renews=formats.day(renews),
        left="today" if left == 0 else f"in {formats.days(left)}",
        times=formats.about(risk / average),
    )
