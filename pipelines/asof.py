"""From which morning does a run speak when nobody names one?"""

from datetime import date, timedelta

import pandas as pd

from configs.errors import DataError
from features.sources import Source


def default_as_of(source: Source, *, today: date) -> date:
    """The day after the newest activity; rows dated after today have not happened yet.

    Without any activity, the day after the newest sign-up.
    """
    for table, column in (("activity", "occurred_at"), ("accounts", "signed_up_at")):
        moment = source.tables[table][column]
        newest = moment.max(where=moment < pd.Timestamp(today + timedelta(days=1))).execute()
        if newest is not None and not pd.isna(newest):
            return pd.Timestamp(newest).date() + timedelta(days=1)
    raise DataError("table 'accounts'", "no account has signed up yet", "Load some accounts")
