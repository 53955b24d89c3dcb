"""Which risks are high, raised, usual or low, beside the mean of all accounts?"""

from typing import Literal

Band = Literal["high", "raised", "usual", "low"]

HIGH, RAISED, LOW = 2.0, 1.25, 0.5
"""Times the mean risk of all accounts from which on, or up to which, the words apply."""
EVEN = 0.5
"""An even chance is high, whatever the others' is."""


def band(risk: float, *, average: float | None) -> Band:
    """Say a risk in a word; without a mean to compare with, only an even chance is high."""
    if average is None or average <= 0:
        return "high" if risk >= EVEN else "usual"
    if risk >= starts("high", average=average):
        return "high"
    if risk >= starts("raised", average=average):
        return "raised"
    return "low" if risk <= LOW * average else "usual"


def starts(name: Literal["high", "raised"], *, average: float) -> float:
    """The risk from which on a band begins.

    >>> starts("high", average=0.1), starts("high", average=0.4), starts("raised", average=0.2)
    (0.2, 0.5, 0.25)
    """
    return min(HIGH * average, EVEN) if name == "high" else RAISED * average
