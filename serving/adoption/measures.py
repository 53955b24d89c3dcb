"""How sure is a share, a mean, or the difference of two?

Intervals are 95 %. Whoever is too young to tell is left out before anything gets here.
"""

from typing import NamedTuple

import numpy as np

from features.asof import Floats

Z = 1.959964


class Figure(NamedTuple):
    """A value with its interval, and how many accounts it is made from."""

    value: float
    low: float
    high: float
    accounts: int


NOTHING = Figure(float("nan"), float("nan"), float("nan"), 0)


def share(hits: int, of: int) -> Figure:
    """A share, with Wilson's interval (1927), which is never empty at 0 or 1.

    >>> [round(float(told), 3) for told in share(8, 10)]
    [0.8, 0.49, 0.943, 10.0]
    """
    if of == 0:
        return NOTHING
    p, scale = hits / of, 1 + Z**2 / of
    middle = (p + Z**2 / (2 * of)) / scale
    reach = Z / scale * np.sqrt(p * (1 - p) / of + Z**2 / (4 * of**2))
    return Figure(p, max(middle - reach, 0.0), min(middle + reach, 1.0), of)


def mean(values: Floats) -> Figure:
    """A mean, with the interval of its standard error; a lone value has none."""
    if not len(values):
        return NOTHING
    middle = float(values.mean())
    if len(values) == 1:
        return Figure(middle, float("nan"), float("nan"), 1)
    reach = Z * float(values.std(ddof=1)) / np.sqrt(len(values))
    return Figure(middle, middle - reach, middle + reach, len(values))


def median(values: Floats) -> Figure:
    """A median of waiting times, infinite where it never came; its interval by ranks.

    Which ranks hold the median is a matter of coin tosses, whatever the waits look like. NaN is
    a median, or an end of its interval, that was not reached.
    """
    if not len(values):
        return NOTHING
    ordered = np.sort(values)
    spread = Z * np.sqrt(len(ordered)) / 2
    low, high = (len(ordered) - 1) / 2 - spread, (len(ordered) - 1) / 2 + spread
    ranks = [int(np.floor(low)), (len(ordered) - 1) // 2, int(np.ceil(high))]
    at = [float(ordered[min(max(r, 0), len(ordered) - 1)]) for r in ranks]
    lowest, middle, highest = (x if np.isfinite(x) else float("nan") for x in at)
    return Figure(middle, lowest, highest, len(ordered))


def difference(one: Figure, other: Figure) -> Figure:
    """By how much the second is above the first, the errors of both squared and added.

    Each end of the interval takes the errors that point its way (Newcombe 1998, method 10).
    """
    if not (one.accounts and other.accounts):
        return NOTHING
    gap = other.value - one.value
    below = np.hypot(other.value - other.low, one.high - one.value)
    above = np.hypot(other.high - other.value, one.value - one.low)
    return Figure(gap, gap - float(below), gap + float(above), one.accounts + other.accounts)
