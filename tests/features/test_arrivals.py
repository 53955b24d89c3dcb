from datetime import date

import ibis
import pandas as pd

from features.arrivals import LOOKED_BACK_DAYS, daily_arrivals

TODAY = date(2026, 3, 2)


def test_rows_are_counted_on_the_day_they_became_known_and_only_those_known_by_now():
    def moment(back: float) -> pd.Timestamp:
        return pd.Timestamp(TODAY) - pd.Timedelta(days=back)

    known = [moment(0), moment(0.1), moment(0.9), moment(1.5), moment(LOOKED_BACK_DAYS + 1)]
    table = ibis.memtable(pd.DataFrame({"known_at": known}))
    found = daily_arrivals({"activity": table}, as_of=TODAY)
    assert found["rows"].tolist() == [1, 2]
    assert found["on"].dt.date.tolist() == [date(2026, 2, 28), date(2026, 3, 1)]
