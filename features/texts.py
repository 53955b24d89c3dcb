"""Which text is at each place? Taken by Arrow, not made anew from an object for every row."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from features.asof import Ints


def texts_at(places: Ints, texts: Iterable[str] | np.ndarray) -> "pd.Series[str]":
    """The text at each of some places.

    >>> texts_at(np.array([1, 0, 1]), ["open", "done"]).tolist()
    ['done', 'open', 'done']
    """
    taken = pd.Series(list(texts), dtype="str").array.take(places)
    return pd.Series(taken)
