"""On which days does the simulated company live?

Everything hidden moves once a week, on Monday morning; what people do happens on days and
minutes. Days are counted from the first Monday, so that day ``d`` lies in week ``d // 7``.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int8]
Moments = npt.NDArray[np.datetime64]

LAST_DAY = date(2026, 6, 28)
"""A Sunday; the tables are what was known on the Monday morning after it."""
NEVER = 10**6
"""A day number long after any data: the day of what has not happened."""
DAYS_A_MONTH = 30.4375
SECONDS_A_DAY = 86_400
MORNINGS = 14
"""The final morning, and every fourth Monday of the year before it."""


@dataclass(frozen=True, slots=True)
class Span:
    """The weeks of data, the last of which ends on LAST_DAY."""

    weeks: int

    @classmethod
    def of_months(cls, months: int) -> "Span":
        return cls(weeks=max(round(months * DAYS_A_MONTH / 7), 1))

    @property
    def days(self) -> int:
        return 7 * self.weeks

    @property
    def first_monday(self) -> np.datetime64:
        return np.datetime64(LAST_DAY, "D") + np.timedelta64(1 - self.days, "D")

    @property
    def morning_weeks(self) -> Ints:
        """The weeks that begin on an as-of morning of the truth, rising."""
        weeks = self.weeks - 4 * np.arange(MORNINGS)[::-1]
        return weeks[weeks > 0].astype(np.int64)

    def day_number(self, day: date) -> int:
        return int((np.datetime64(day, "D") - self.first_monday).astype(int))

    def dates(self, days: Ints) -> Moments:
        """Days as dates; NEVER becomes NaT."""
        dates: Moments = self.first_monday + np.minimum(days, NEVER).astype("timedelta64[D]")
        dates[days >= NEVER] = np.datetime64("NaT")
        return dates

    def moments(self, days: Ints, seconds: Ints) -> Moments:
        """Timestamps to the microsecond from a day and the second of that day."""
        start = self.first_monday.astype("datetime64[us]")
        whole = (days.astype(np.int64) * SECONDS_A_DAY + seconds) * 1_000_000
        stamps: Moments = start + whole.astype("timedelta64[us]")
        return stamps

    def months_later(self, days: Ints, months: Ints) -> Ints:
        """The same day of the month, so many months later (days of the month end at 28)."""
        dates = self.dates(days)
        month = dates.astype("datetime64[M]")
        day_of_month = dates - month.astype("datetime64[D]")
        later = (month + months.astype("timedelta64[M]")).astype("datetime64[D]") + day_of_month
        return np.asarray((later - self.first_monday).astype(np.int64))
