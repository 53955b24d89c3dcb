"""How does the account stand among its peers, and how are they faring?

Peers are the accounts of the same segment and age band on the same morning. Fewer than
``FEWEST_PEERS`` of them say nothing.
"""

import numpy as np
import pandas as pd

from features.asof import Floats, Ints, day_number
from features.catalogue import Feature
from features.family import AcrossAccounts, Everyone
from features.history import Columns, History

AGE_BANDS = (30, 60, 91, 182, 365, 730)
"""Days since kickoff at which an account joins older peers."""
FEWEST_PEERS = 5
COMPARED = {
    "active_days_28d": "usage",
    "activity_count_28d": "usage",
    "active_users_28d": "usage",
    "capabilities_used_28d": "breadth",
    "milestones_done": "ladder",
}
"""The key measures, and the families that their percentiles are told with."""


def peer_columns(everyone: Everyone) -> Columns:
    """Percentiles of the key measures among peers, and its cohort's recent churn."""
    columns, history, values = Columns(), everyone.history, everyone.so_far
    keys = _peer_group(history)
    for name, family in COMPARED.items():
        if name not in values:
            continue
        columns.add(
            Feature(
                name=f"peers_percentile_{name}",
                family=family,
                measure="peers_percentile",
                meaning=f"share of peers of the same segment and age with no more {name}",
                unit="share",
                absence=f"fewer than {FEWEST_PEERS} peers",
                subject=name,
            ),
            _percentile(values[name], keys),
        )
    columns.add(
        Feature(
            name="cohort_exit_rate_28d",
            family="cohort",
            measure="cohort_exit_rate",
            meaning="share of the segment's accounts of the same kickoff month that churned "
            "in the last 28 days",
            unit="share",
            absence="never null",
            window_days=28,
        ),
        _exit_rate(history, window_days=28),
    )
    return columns


def _peer_group(history: History) -> Ints:
    age = history.snapshots.day - day_number(history.attributes["kickoff_at"])
    band = np.searchsorted(AGE_BANDS, age, side="right")
    segment = pd.factorize(pd.Series(history.segment))[0]
    width = len(AGE_BANDS) + 1
    group = (history.snapshots.morning * (segment.max(initial=0) + 1) + segment) * width + band
    numbered: Ints = group.astype(np.int64)
    return numbered


def _percentile(values: Floats, group: Ints) -> Floats:
    by_group = pd.Series(values).groupby(group)
    rank = by_group.rank(method="average", pct=True).to_numpy()
    size = by_group.transform("size").to_numpy()
    return np.where(size >= FEWEST_PEERS, rank, np.nan)


def _exit_rate(history: History, *, window_days: int) -> Floats:
    """Churn known and dated in the window, per account of the cohort alive at either end."""
    snapshots, cohort = history.snapshots, _cohort(history)
    here = np.zeros((cohort.max(initial=0) + 1, snapshots.mornings.count + 1))
    np.add.at(here, (cohort, snapshots.morning), 1.0)
    left = _left(history, cohort, window_days=window_days)
    rate: Floats = left / np.maximum(here + left, 1.0)
    return rate[cohort, snapshots.morning]


def _cohort(history: History) -> Ints:
    """Number the cohorts of segment and kickoff month; an index per snapshot."""
    month = history.attributes["kickoff_at"].to_numpy().astype("datetime64[M]")
    segment = pd.factorize(pd.Series(history.segment))[0].astype(np.int64)
    span = 100_000
    return pd.factorize(segment * span + month.astype(np.int64))[0].astype(np.int64)


def _left(history: History, cohort: Ints, *, window_days: int) -> Floats:
    """Churned accounts in the window, by the cohort of their last morning, and by morning."""
    snapshots, mornings = history.snapshots, history.snapshots.mornings
    change = np.zeros((cohort.max(initial=0) + 1, mornings.count + 1))
    exits = history.tables.get("exits")
    if exits is None:
        return change
    churned = exits.where((exits.frame["cause"] == "churn").to_numpy())
    occurred = churned.day("exited_at")
    enter = np.maximum(churned.seen_from, mornings.first_seeing(occurred))
    leave = np.maximum(mornings.first_without(occurred, window_days), enter)
    width = mornings.count + 1
    key = snapshots.account * width + snapshots.morning
    last = np.searchsorted(key, churned.account * width + enter) - 1
    was_here = (last >= 0) & (snapshots.account[last] == churned.account)
    of = cohort[last[was_here]]
    np.add.at(change, (of, enter[was_here]), 1.0)
    np.add.at(change, (of, leave[was_here]), -1.0)
    return np.cumsum(change, axis=1)


FAMILY = AcrossAccounts(peer_columns)
