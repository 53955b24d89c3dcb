"""Whom to work first, and where does this week's list end?

First whoever we stand to lose most of: the ARR we expect to lose where there is ARR, the chance
of leaving where there is none. Accounts without a score come last: nothing is known of them.
So do those held out: nobody works them, so that what the programme earns can be seen.
"""

import numpy as np
import pandas as pd


def at_stake(accounts: pd.DataFrame) -> "pd.Series[float]":
    """Give what we expect to lose of each account by the primary horizon.

    In ARR if any account has some (an account without ARR then has none to lose), else in
    accounts. Reads ``churn_risk`` and, where there is one, ``arr``; null without a risk.
    """
    risk = accounts["churn_risk"].astype(float)
    if "arr" not in accounts or not accounts["arr"].notna().any():
        return risk
    return risk * accounts["arr"].astype(float).fillna(0.0)


def rank(accounts: pd.DataFrame) -> "pd.Series[int]":
    """Number the accounts 1, 2, … in the order in which to work them.

    Most at stake first; then the likelier to leave; then by account id, so that the same scores
    always give the same order.
    """
    is_listed = ~held_out(accounts)
    keys = pd.DataFrame(
        {
            "stake": -at_stake(accounts).where(is_listed).fillna(-np.inf),
            "risk": -accounts["churn_risk"].astype(float).where(is_listed).fillna(-np.inf),
            "account_id": accounts["account_id"].astype(str),
        }
    )
    order = keys.sort_values(["stake", "risk", "account_id"], kind="stable").index
    places = np.empty(len(order), dtype=np.int32)
    places[accounts.index.get_indexer(order)] = np.arange(1, len(order) + 1)
    return pd.Series(places, index=accounts.index, name="rank")


LITTLE = 0.5
"""Up to this share of the mean of all accounts, a risk or a stake is little."""


def this_week(accounts: pd.DataFrame, *, capacity: int) -> "pd.Series[bool]":
    """Tell which accounts their owners work this week: the first ``capacity`` of each owner.

    Those of little risk with little at stake can wait, whatever time is left. Accounts nobody
    owns share one list. Reads ``rank``, ``owner``, ``churn_risk`` and ``arr``.
    """
    worth = is_worth_working(accounts)
    owner = accounts["owner"].astype(object).where(accounts["owner"].notna(), "")
    place = accounts["rank"].where(worth).groupby(owner).rank(method="first")
    return place <= capacity


def is_worth_working(accounts: pd.DataFrame) -> "pd.Series[bool]":
    """Tell which accounts have more than a little risk, or more than a little at stake."""
    is_much = _is_much(accounts["churn_risk"].astype(float)) | _is_much(at_stake(accounts))
    return is_much & ~held_out(accounts)


def held_out(accounts: pd.DataFrame) -> "pd.Series[bool]":
    """Tell who is held out of the programme; nobody where it is not said."""
    if "is_held_out" not in accounts:
        return pd.Series(data=False, index=accounts.index)
    return accounts["is_held_out"].astype(bool)


def held_out_ids(accounts: pd.DataFrame) -> frozenset[str]:
    """The ids of those held out."""
    return frozenset(accounts.loc[held_out(accounts), "account_id"])


def _is_much(amount: "pd.Series[float]") -> "pd.Series[bool]":
    return amount > LITTLE * amount.mean()
