"""What does each account pay this morning?

A renewal is often entered some days after the old term has ended. Until the renewal grace has
passed, an account whose contract has run out is here and taken to pay what it paid: what may be
lost with it is what is to be saved in these very days.
"""

import numpy as np
import pandas as pd

from features.arr import arr_on
from features.asof import Floats, Ints
from features.assemble import FeatureSet


def paid_on(features: FeatureSet, account_ids: "pd.Series[str]", day: int) -> Floats:
    """What each account pays, as known on a morning; 0 once it stopped, NaN before it paid."""
    known = features.arr.loc[features.arr["known_day"] < day]
    return arr_on(known, account_ids, np.full(len(account_ids), day))


def with_what_is_paid(features: FeatureSet, today: Ints, *, day: int) -> pd.DataFrame:
    """Give this morning's accounts; those without a line in force pay on within their grace."""
    accounts = features.snapshots.iloc[today].reset_index(drop=True)
    paid = paid_on(features, accounts["account_id"], day)
    going_on = pd.Series(np.where(paid > 0, paid, np.nan), index=accounts.index)
    return accounts.assign(arr=accounts["arr"].astype(float).fillna(going_on))
