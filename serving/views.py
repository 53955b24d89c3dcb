"""What did the features say of the accounts on one morning among those that were built?"""

from datetime import date, timedelta

import numpy as np
import pandas as pd

from features.asof import ordinal
from features.assemble import FeatureSet

NEAR_DAYS = 3


def values_on(features: FeatureSet, morning: date) -> pd.DataFrame:
    """Give the values of one morning, by account id; none of a morning that is not there."""
    rows = np.flatnonzero(features.snapshots["day"] == ordinal(morning))
    ids = features.snapshots["account_id"].iloc[rows]
    return features.values.iloc[rows].set_index(pd.Index(ids, name="account_id"))


def nearest_morning(features: FeatureSet, wanted: date) -> date | None:
    """Find the built morning next to a day; None where none is within three days of it."""
    days = np.unique(features.snapshots["day"].to_numpy(dtype=np.int64))
    away = np.abs(days - ordinal(wanted))
    if not len(days) or away.min() > NEAR_DAYS:
        return None
    return date(1970, 1, 1) + timedelta(days=int(days[away.argmin()]))
