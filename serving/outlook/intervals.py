"""What do the draws say of a figure: what is to be expected, and how sure is that?

Draws have a row each, and a column per part of the book. All parts are summed up at once, and
each comes out as it would alone.
"""

import numpy as np

from training.engine.periods import Floats

LOW, HIGH = 0.1, 0.9


def beside_the_whole(by_part: Floats) -> Floats:
    """Put the sum of all parts before them: a column for the whole, then one per part."""
    return np.column_stack([by_part.sum(axis=1), by_part])


def means_of(drawn: Floats) -> Floats:
    """The mean of each column, summed as if it stood alone."""
    told: Floats = np.ascontiguousarray(drawn.T).mean(axis=1)
    return told


def interval_of(drawn: Floats, expected: Floats) -> dict[str, Floats]:
    """Give the middle of the draws; where they are rarely anything but 0, up to their mean.

    A column per part. Draws in which a part had nothing to keep say nothing of its rates.
    """
    low, high = np.quantile(drawn, [LOW, HIGH], axis=0)
    some = np.isnan(drawn).any(axis=0) & np.isfinite(expected)
    if some.any():
        low[some], high[some] = np.nanquantile(drawn[:, some], [LOW, HIGH], axis=0)
    return {
        "low": np.minimum(low, expected),
        "expected": expected,
        "high": np.maximum(high, expected),
    }
