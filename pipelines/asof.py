"""From which morning does a run speak: the one that is named, and if none is?"""

from datetime import date, timedelta

import pandas as pd

from configs.errors import ConfigError, DataError
from features.sources import Source

FAR_DAYS = 366
"""Where no row of any table came for so long, nothing can be said of a morning."""


def as_of_day(source: Source, named: date | None, *, today: date) -> date:
    """The morning that is named, else the day after the newest activity.

    Raises ConfigError where the newest row known by then is more than ``FAR_DAYS`` older: each
    morning up to it would have to be built, and on the last every account would be silent.
    """
    if named is None:
        return default_as_of(source, today=today)
    moments = (moment for moment in source.newest_known(named).values() if moment is not None)
    newest = max(moments, default=None)
    if newest is not None and named > (last := newest.date() + timedelta(days=FAR_DAYS)):
        problem = f"{named} is more than a year after the newest row, known on {newest.date()}"
        raise ConfigError("--as-of", problem, f"Name a morning up to {last}")
    return named


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
