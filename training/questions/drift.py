"""Which inputs no longer mean what they meant when most of the past was written?

An input whose values lately look nothing like those of before (a sensor that was replaced, a
field that began to be filled in) teaches rules about a world that is gone. The population
stability index compares the newer half of the training rows with the older: the sum, over
tenths of the older half and the absent, of the difference of shares times their log ratio.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from features.asof import Floats, Ints

TENTHS = np.linspace(0, 1, 11)[1:-1]
LEAST_SHARE = 1e-4
"""An empty cell counts as one in ten thousand: nothing is infinitely unlike."""


def drifted(
    values: pd.DataFrame, day: Ints, names: Sequence[str], *, most: float
) -> dict[str, float]:
    """Name the inputs whose index is above ``most``, with their index.

    ``day`` is the morning of each row; nothing is said of less than two mornings.
    """
    older = day < np.median(day) if len(day) else np.zeros(0, dtype=bool)
    if not older.any() or older.all():
        return {}
    found = {}
    for name in names:
        column = values[name].to_numpy(dtype=np.float64)
        index = stability_index(column[older], column[~older])
        if index > most:
            found[name] = round(index, 3)
    return found


def stability_index(before: Floats, after: Floats) -> float:
    """How unlike two samples of one input are: 0 alike, above 0.25 by custom a great deal.

    >>> same = np.arange(100.0)
    >>> stability_index(same, same), stability_index(same, same + 1000) > 1
    (0.0, True)
    """
    known = before[~np.isnan(before)]
    edges = np.unique(np.quantile(known, TENTHS)) if len(known) else np.zeros(0)
    then, now = (_shares(sample, edges) for sample in (before, after))
    return float(((now - then) * np.log(now / then)).sum())


def _shares(sample: Floats, edges: Floats) -> Floats:
    cells = np.where(np.isnan(sample), len(edges) + 1, np.searchsorted(edges, sample))
    counts = np.bincount(cells, minlength=len(edges) + 2)
    shares: Floats = np.maximum(counts / max(len(sample), 1), LEAST_SHARE)
    # A cell that neither sample fills has the same least share in both, and adds nothing.
    return shares
