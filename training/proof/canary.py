"""Does any input know what nobody could have known?

Everything that Milepost computes is held to ``known_at``. A column that a customer adds to its
accounts is not: without a history, its value of today passes for one that was always known, and
a reason for leaving, entered afterwards, would win every backtest and be worthless on the
morning. Two signs give it away, neither of which an honest input shows:

* *alone, it ranks almost perfectly* who leaves within the primary horizon;
* of an attribute, *hardly anybody ever leaves* on one side of it, and nearly all on the other,
  however long one waits: behaviour fades with distance, knowing the end does not.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from configs.sections import Gate
from features.asof import Bools
from features.assemble import FeatureSet
from features.catalogue import Feature
from training.engine.followed import CHURN, Followed
from training.engine.periods import Floats
from training.proof.metrics import auc

ATTRIBUTES = ("attribute", "segment")
"""Measures whose values come from the customer's accounts as they are."""
ENOUGH = 10
"""Accounts that should have left on the quiet side, before its quiet tells anything."""
LEAST_SHARE = 0.05
MOST_VALUES = 20
RARE_ROWS = 30


@dataclass(frozen=True, slots=True, eq=False)
class _Watch:
    """What followed each row: whether it ended in churn, and how long it was watched."""

    struck: Bools
    days: Floats
    accounts: float
    """How many different accounts are behind all that were struck."""


def suspects(
    features: FeatureSet,
    followed: Followed,
    gate: Gate,
    *,
    horizon: int,
    used: Collection[str],
) -> tuple[str, ...]:
    """Name every input in use that is too good to be true, and say why; strangest first."""
    churn = followed.causes.index(CHURN)
    struck = followed.followup.cause == churn
    watch = _Watch(struck, followed.followup.days, float(followed.exited()))
    matured = np.flatnonzero(followed.day + horizon <= followed.end_day)
    happened = followed.followup.take(matured).happened_by(horizon, cause=churn)
    found = []
    for name, feature in features.catalogue.only(used).items():
        values = features.values[name].iloc[followed.rows]
        strange = [
            *_ranks_too_well(values.iloc[matured], happened, feature, gate),
            *_tells_the_end(values, watch, feature, gate),
        ]
        found += [(share, f"the input `{name}` {why}") for share, why in strange[:1]]
    return tuple(why for _, why in sorted(found, key=lambda each: (-each[0], each[1])))


def _ranks_too_well(
    values: "pd.Series[Any]", happened: Floats, feature: Feature, gate: Gate
) -> Iterator[tuple[float, str]]:
    if happened.sum() < ENOUGH:
        return
    score = _rate_of_label(values, happened) if feature.unit == "label" else _numbers(values)
    alone = auc(score, happened)
    alone = max(alone, 1 - alone)
    if alone >= gate.max_auc_of_one_input:
        yield (
            alone,
            f"alone tells who leaves with an AUC of {alone:.3f} (below "
            f"{gate.max_auc_of_one_input:g} is believable): does it know what came later?",
        )


def _tells_the_end(
    values: "pd.Series[Any]", watch: _Watch, feature: Feature, gate: Gate
) -> Iterator[tuple[float, str]]:
    if feature.measure not in ATTRIBUTES:
        return
    split = max(
        ((_rate_ratio(side, watch), told) for told, side in _sides(values, feature)),
        default=(0.0, ""),
    )
    if split[0] >= gate.max_rate_ratio:
        yield (
            1.0,
            f"parts those who ever leave from those who never do: exits are "
            f"{split[0]:.0f} times as frequent {split[1]} (below {gate.max_rate_ratio:g} is "
            "believable): give `accounts` a row per change, with its `known_at`, or drop it",
        )


def _sides(values: "pd.Series[Any]", feature: Feature) -> Iterator[tuple[str, Bools]]:
    """Every way to part the rows in two by one value, or by one threshold."""
    is_absent = values.isna().to_numpy()
    yield "where it is told", ~is_absent
    if feature.unit == "label":
        text = values.astype(object)
        for label in text.value_counts().index[:MOST_VALUES]:
            yield f"where it is {label!r}", (text == label).to_numpy()
        return
    numbers = values.to_numpy(dtype=np.float64)
    cuts = np.unique(numbers[~is_absent])
    if len(cuts) > MOST_VALUES:
        cuts = np.unique(np.quantile(cuts, np.linspace(0, 1, MOST_VALUES + 1)))
    for cut in cuts[1:]:
        yield f"from {cut:g} on", numbers >= cut


def _rate_ratio(side: Bools, watch: _Watch) -> float:
    """How many times as often one side leaves as the other; 0 where that could be chance."""
    days = np.array([watch.days[side].sum(), watch.days[~side].sum()])
    rows = np.array([watch.struck[side].sum(), watch.struck[~side].sum()], dtype=np.float64)
    if not rows.sum() or days.min() < LEAST_SHARE * days.sum():
        return 0.0
    # An exit is seen from many mornings; it is one piece of evidence.
    exits = rows * watch.accounts / rows.sum()
    quiet = int(np.argmin(rows / days))
    if watch.accounts * days[quiet] / days.sum() < ENOUGH:
        return 0.0
    rates = (exits + 0.5) / days
    return float(rates[1 - quiet] / rates[quiet])


def _numbers(values: "pd.Series[Any]") -> Floats:
    """The values, absent ones below all: being absent may be what gives it away."""
    numbers = values.to_numpy(dtype=np.float64)
    lowest = np.nanmin(numbers) if not np.isnan(numbers).all() else 0.0
    return np.where(np.isnan(numbers), lowest - 1, numbers)


def _rate_of_label(values: "pd.Series[Any]", happened: Floats) -> Floats:
    """How often each row's label left; labels of few rows share one."""
    text = values.astype(object).where(values.notna(), "absent").astype(str)
    counts = text.map(text.value_counts())
    text = text.where(counts >= RARE_ROWS, "rare")
    came = pd.Series(happened, index=text.index)
    return came.groupby(text).transform("mean").to_numpy(dtype=np.float64)
