"""What did become of a book, as far as it is known today?

The accounts of a past morning are followed as the forecast follows them, so that what was said
and what came are the same figures.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.arr import arr_on
from features.asof import NEVER, Ints
from features.assemble import FeatureSet
from serving.paying import paid_on
from training.engine.followed import CHURN, OTHER, lag_known_by
from training.engine.outcomes import Events, exit_events
from training.engine.periods import Floats

ALL = "all"
"""The name of the whole book among its parts."""


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """Where every account (column) stands in every draw (row) at the start of a day."""

    churned: np.ndarray
    gone: np.ndarray
    """Left for any reason, churn included."""
    arr: Floats
    """What it pays; nothing once it is gone."""


def states(
    features: FeatureSet, account_ids: "pd.Series[str]", *, since: int, days: Sequence[int]
) -> dict[int, State]:
    """Where accounts that were here on one day stood on others, as one draw.

    Whoever had left by then, as nobody knew yet, was taken to be here and to pay: it leaves in
    the first moments, as it does for the models that learn from it.
    """
    morning = np.full(len(account_ids), since)
    left = exit_events(features.exits, account_ids, morning, (CHURN, OTHER))
    had_left = (left.day > NEVER) & (left.day < since)
    thought = np.where(had_left, paid_on(features, account_ids, since), np.nan)
    return {day: _state(features, account_ids, left, thought, since, day) for day in days}


def _state(
    features: FeatureSet,
    account_ids: "pd.Series[str]",
    left: Events,
    thought: Floats,
    since: int,
    day: int,
) -> State:
    gone = (left.day > NEVER) & (np.maximum(left.day, since) < day)
    paid, before = (
        np.nan_to_num(arr_on(features.arr, account_ids, np.full(len(account_ids), each)))
        for each in (day, day - 1)
    )
    # Who leaves on the day on which the term ends is here at its start, and so is the money:
    # it is lost with the account, not a day before.
    arr = np.where(np.isnan(thought), np.where(paid > 0, paid, before), thought)
    is_churn = left.cause == 0
    return State((gone & is_churn)[None, :], gone[None, :], np.where(gone, 0.0, arr)[None, :])


def live_on(features: FeatureSet, day: int) -> tuple[pd.DataFrame, int] | None:
    """The accounts of the last morning up to a day, and that morning; None before the first."""
    mornings = features.snapshots["day"].to_numpy(dtype=np.int64)
    earlier = mornings[mornings <= day]
    if not len(earlier):
        return None
    last = int(earlier.max())
    columns = ["account_id", "segment", "owner"]
    return features.snapshots.loc[mornings == last, columns].reset_index(drop=True), last


def totals(start: State, end: State) -> dict[str, Floats]:
    """What happens to each account between two days: a row per draw, a column per account."""
    here = ~start.gone
    churned, left = here & end.churned, here & end.gone & ~end.churned
    kept = np.where(end.gone, start.arr, end.arr)
    return {
        "accounts_at_start": here.astype(float),
        "accounts_churned": churned.astype(float),
        "accounts_left_otherwise": left.astype(float),
        "arr_at_start": start.arr,
        "churned_arr": np.where(churned, start.arr, 0.0),
        "left_arr": np.where(left, start.arr, 0.0),
        "contraction_arr": np.maximum(start.arr - kept, 0.0),
        "expansion_arr": np.maximum(kept - start.arr, 0.0),
        "arr_at_end": end.arr,
    }


def rates_of(sums: Mapping[str, Floats]) -> dict[str, Floats]:
    """Retention from what it is a share of; where there was nothing to keep, NaN."""
    accounts, arr = sums["accounts_at_start"], sums["arr_at_start"]
    kept = arr - sums["churned_arr"] - sums["left_arr"] - sums["contraction_arr"]
    return {
        "logo_retention": _share(accounts - sums["accounts_churned"], accounts),
        "grr": _share(kept, arr),
        "nrr": _share(sums["arr_at_end"], arr),
    }


def _share(part: Floats, whole: Floats) -> Floats:
    nothing = np.full(np.shape(whole), np.nan)
    share: Floats = np.divide(part, whole, out=nothing, where=np.asarray(whole) > 0)
    return share


def rates_between(
    features: FeatureSet, start: int, end: int, *, part: str
) -> "pd.Series[float]":
    """Give the rates that came about between two past days, by part and measure.

    None where nobody was here yet, or where not all that came is known.
    """
    found = live_on(features, start) if start < end <= _known_until(features) else None
    if found is None:
        return _told({}, part)
    accounts, day = found
    cuts = (day, day + end - start)
    at = states(features, accounts["account_id"], since=day, days=cuts)
    return rates_by(accounts[part], at[cuts[0]], at[cuts[1]], part=part)


def rates_by(
    labels: "pd.Series[str]", start: State, end: State, *, part: str
) -> "pd.Series[float]":
    """Give the rates from one state to another, by measure and by part, as each account's
    label says, and of the whole.
    """
    names, groups = parts_of(labels)
    cells = totals(start, end)
    sums = {name: sums_by(groups, len(names), told) for name, told in cells.items()}
    rates = {
        (name, measure): float(rate[0])
        for name, own in with_the_whole(names, [sums])
        for measure, rate in rates_of(own).items()
    }
    return _told(rates, part)


def _told(rates: Mapping[tuple[str, str], float], part: str) -> "pd.Series[float]":
    parts, measures = [key[0] for key in rates], [key[1] for key in rates]
    index = pd.MultiIndex.from_arrays([parts, measures], names=[part, "measure"])
    told: pd.Series[float] = pd.Series(list(rates.values()), index=index, dtype="float64")
    return told


def parts_of(labels: "pd.Series[str]") -> tuple[list[str], Ints]:
    """Names of the parts in order, and the part of each account; no label is a part too."""
    named = labels.astype(object).where(labels.notna(), "")
    names = sorted(set(map(str, named)))
    return names, pd.Index(names).get_indexer(pd.Index(named.astype(str))).astype(np.int64)


def with_the_whole(
    names: Sequence[str], drawn: Sequence[Mapping[str, Floats]]
) -> Iterator[tuple[str, dict[str, Floats]]]:
    """Give the sums of the whole book, then those of each part."""
    sums = {name: np.vstack([each[name] for each in drawn]) for name in drawn[0]}
    yield ALL, {name: by_part.sum(axis=1) for name, by_part in sums.items()}
    for number, part in enumerate(names):
        yield part, {name: by_part[:, number] for name, by_part in sums.items()}


def sums_by(groups: Ints, count: int, amounts: Floats) -> Floats:
    """Sum columns by their group: one row per draw, one column per group."""
    order = np.argsort(groups, kind="stable")
    starts = np.searchsorted(groups[order], np.arange(count))
    padded = np.zeros((len(amounts), len(groups) + 1))
    # Indexing would lay the columns out one behind the other, and take thrice the time.
    padded[:, :-1] = np.take(amounts, order, axis=1)
    sums = np.add.reduceat(padded, np.minimum(starts, len(groups)), axis=1)
    empty = np.bincount(groups, minlength=count) == 0
    sums[:, empty] = 0.0
    return np.asarray(sums, dtype=np.float64)


def _known_until(features: FeatureSet) -> int:
    """Of later days exits are still to be told, and nearly all would seem to have stayed."""
    newest = int(features.snapshots["day"].max())
    return newest - lag_known_by(newest, features.exits)
