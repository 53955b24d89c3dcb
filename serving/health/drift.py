"""Do today's accounts look like those that the model learnt from?

The population stability index of each input: how far the shares of today's accounts in the
tenths of the training rows are from a tenth each (absent values, and each label, are a group of
their own). 0 is no difference, above 0.25 the model speaks of accounts unlike those it knows.
The index of few accounts is never 0: what chance alone would give is told beside it.

The season is no input of the accounts: on one morning it is the same for all of them, and would
be far from the many mornings learnt from on every day of the year.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from features.asof import Floats, Ints
from features.assemble import FeatureSet
from training.engine.followed import spaced_back

TENTHS = np.linspace(0, 1, 11)[1:-1]
MOST_LABELS = 20
SEASON = "calendar"
"""The family of inputs that say of every account of a morning the same."""
COLUMNS = ("feature", "family", "index", "by_chance", "is_used", "typical_then", "typical_now")


def drift(
    features: FeatureSet,
    *,
    as_of_day: int,
    training_day: int,
    every_days: int,
    used: frozenset[str],
) -> pd.DataFrame:
    """Compare every input of today's accounts with the training rows; largest index first.

    ``used`` names the inputs that the model reads. ``typical_then`` and ``typical_now`` are
    medians, absent for labels.
    """
    day = features.snapshots["day"].to_numpy(dtype=np.int64)
    learnt = spaced_back(np.unique(day[day < training_day]), training_day, every_days)
    then, now = np.flatnonzero(np.isin(day, learnt)), np.flatnonzero(day == as_of_day)
    if not len(then) or not len(now):
        return pd.DataFrame(columns=list(COLUMNS))
    accounts = features.snapshots["account_id"].iloc[then].nunique()
    rows = []
    for name, feature in features.catalogue.items():
        if feature.family == SEASON:
            continue
        values = features.values[name]
        cells = _labels(values, then) if feature.unit == "label" else _tenths(values, then)
        rows.append(
            {
                "feature": name,
                "family": feature.family,
                "is_used": name in used,
                **_index(cells[then], cells[now], accounts=accounts),
                **({} if feature.unit == "label" else _typical(values, then, now)),
            }
        )
    told = pd.DataFrame(rows, columns=list(COLUMNS))
    return told.sort_values(["index", "feature"], ascending=[False, True], ignore_index=True)


def _tenths(values: "pd.Series[Any]", then: Ints) -> Ints:
    """The tenth of the training rows that each value falls into; -1 where it is absent."""
    numbers = values.to_numpy(dtype=np.float64)
    learnt = numbers[then]
    known = learnt[~np.isnan(learnt)]
    edges = np.unique(np.quantile(known, TENTHS)) if len(known) else np.zeros(0)
    return np.where(np.isnan(numbers), -1, np.searchsorted(edges, numbers, side="left"))


def _labels(values: "pd.Series[Any]", then: Ints) -> Ints:
    """The rank of each label among the training rows; the rare and the new share one."""
    text = values.astype(object).where(values.notna(), None)
    common = text.iloc[then].value_counts().index[:MOST_LABELS]
    codes = pd.Index(common).get_indexer(pd.Index(text)).astype(np.int64)
    return np.where(codes < 0, MOST_LABELS, codes)


def _index(then: Ints, now: Ints, *, accounts: int) -> dict[str, float]:
    size = int(max(then.max(), now.max())) + 2
    counts = [np.bincount(cells + 1, minlength=size) for cells in (then, now)]
    held = (counts[0] + counts[1]) > 0
    groups = int(held.sum())
    # Half a row in each group keeps the logarithm finite where nobody is.
    shares = [(count[held] + 0.5) / (count.sum() + 0.5 * groups) for count in counts]
    apart = float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())
    by_chance = (groups - 1) * (1 / max(accounts, 1) + 1 / len(now))
    return {"index": apart, "by_chance": by_chance}


def _typical(values: "pd.Series[Any]", then: Ints, now: Ints) -> Mapping[str, float]:
    numbers = values.to_numpy(dtype=np.float64)
    return {
        "typical_then": _median(numbers[then]),
        "typical_now": _median(numbers[now]),
    }


def _median(numbers: Floats) -> float:
    known = numbers[~np.isnan(numbers)]
    return float(np.median(known)) if len(known) else float("nan")
