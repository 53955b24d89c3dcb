"""How is a number written for a person to read?

Every sentence, page and table goes through these few functions, so that the same risk never
reads ``31 %`` in one place and ``0.31`` in the next. A null reads as a dash, never as ``nan``.
"""

import datetime as dt
import math
from collections.abc import Sequence

NOTHING = "\u2013"
MINUS = "\u2212"
DUST = 1e-12
"""What the sums of fractions leave: nearer to one than this is one."""
MOST_COUNT, MOST_SHARE, MOST_MONEY = 1e12, 100.0, 1e13
"""From here on nobody asks how much exactly; it is only said to be more."""
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}


def known(value: object) -> bool:
    """Tell whether there is a value at all: not None, NaN, NaT, pandas' NA or an infinity."""
    if isinstance(value, float):
        return math.isfinite(value)
    return value is not None and type(value).__name__ not in {"NAType", "NaTType"}


def count(value: float | None) -> str:
    """Write a number of things: thousands apart, a decimal only where there is a fraction.

    >>> count(1234.0), count(2.5), count(-3), count(None)
    ('1,234', '2.5', '−3', '–')
    """
    if value is None or not known(value):
        return NOTHING
    if abs(value) >= MOST_COUNT:
        return f"{'over' if value > 0 else 'under'} {MINUS if value < 0 else ''}999 billion"
    text = f"{abs(value):,.1f}".removesuffix(".0")
    return f"{MINUS}{text}" if value < 0 and text != "0" else text


def about(value: float) -> str:
    """Write an average: whole from ten on, where a fraction would only distract.

    >>> about(155.9), about(2.33)
    ('156', '2.3')
    """
    return count(round(value) if 10 <= abs(value) < MOST_COUNT else value)


def percent(share: float | None) -> str:
    """Write a share of one; finer below ten per cent, and never rounded to nothing or to all.

    >>> [percent(p) for p in (0.312, 0.0731, 0.0001, -0.0, 0.9999, 1.0)]
    ['31 %', '7.3 %', 'under 0.1 %', '0 %', 'over 99.9 %', '100 %']
    """
    if share is None or not known(share):
        return NOTHING
    if share < 0:
        return f"{MINUS}{percent(-share)}"
    hundredths = 100.0 if abs(share - 1) < DUST else abs(share) * 100
    if share >= MOST_SHARE:
        return "over 9,999 %"
    if 0 < hundredths < 0.05:
        return "under 0.1 %"
    if 99.95 <= hundredths < 100:
        return "over 99.9 %"
    if hundredths < 9.95 or 99 < hundredths < 100:
        return f"{hundredths:.1f}".removesuffix(".0") + " %"
    return f"{hundredths:,.0f} %"


def money(amount: float | None, currency: str = "USD") -> str:
    """Write an amount in whole units, in millions from ten million on, then in billions.

    >>> money(12300), money(12_340_000, "EUR"), money(5, "CHF"), money(-40)
    ('$12,300', '€12.3M', 'CHF 5', '−$40')
    """
    if amount is None or not known(amount):
        return NOTHING
    symbol = _SYMBOLS.get(currency, f"{currency} ")
    size = abs(amount)
    sign = MINUS if amount < 0 else ""
    if size >= MOST_MONEY:
        return f"{'under' if amount < 0 else 'over'} {sign}{symbol}9,999B"
    written = f"{size / 1e9:,.1f}B" if size >= 1e10 else f"{size:,.0f}"
    if 1e7 <= size < 1e10:
        written = f"{size / 1e6:,.1f}M"
    return f"{sign if written != '0' else ''}{symbol}{written}"


def day(value: dt.date | None) -> str:
    """Write a date with the month as a word, which no country misreads.

    >>> day(dt.date(2025, 3, 9)), day(None)
    ('9 Mar 2025', '–')
    """
    if value is None or not known(value):
        return NOTHING
    return f"{value.day} {value:%b %Y}"


def days(value: float | None) -> str:
    """Write a length of time in whole days.

    >>> days(1.2), days(0), days(1400)
    ('1 day', '0 days', '1,400 days')
    """
    if value is None or not known(value):
        return NOTHING
    whole = round(value) if abs(value) < MOST_COUNT else value
    return f"{count(whole)} day{'' if abs(whole) == 1 else 's'}"


def listed(things: Sequence[str]) -> str:
    """Write a list as it is said.

    >>> listed(["reports"]), listed(["reports", "seats", "an executive review"])
    ('reports', 'reports, seats and an executive review')
    """
    *others, last = things or ("",)
    return f"{', '.join(others)} and {last}" if others else last


def unbroken(text: str) -> str:
    """Keep every number and its per-cent sign on one line."""
    return text.replace(" %", "\u00a0%")


def points(share: float, *, decimals: int = 1) -> str:
    """Write a difference between two shares in percentage points, always with its sign.

    >>> points(0.0412), points(-0.02), points(0.0)
    ('+4.1', '−2.0', '0.0')
    """
    text = f"{abs(share) * 100:.{decimals}f}"
    if not float(text):
        return text
    return f"{'+' if share > 0 else MINUS}{text}"


def weeks_or_days(length_days: int) -> str:
    """Write the length of a window as people say it.

    >>> weeks_or_days(7), weeks_or_days(28), weeks_or_days(91), weeks_or_days(30)
    ('7 days', '4 weeks', '13 weeks', '30 days')
    """
    if length_days > 7 and length_days % 7 == 0:
        return f"{length_days // 7} weeks"
    return days(length_days)
