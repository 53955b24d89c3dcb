"""How does the account stand among its peers, and how are they faring?

Peers are the accounts of the same segment and age band on the same morning. Fewer than
``FEWEST_PEERS`` of them say nothing.
"""

import numpy as np
import pandas as pd

from features.asof import Floats, Ints, day_number
from features.catalogue import Feature
from features.history import Columns, History

AGE_BANDS = (30, 60, 91, 182, 365, 730)
"""Days since kickoff at which an account joins older peers."""
FEWEST_PEERS = 5
COMPARED = ("active_days_28d", "activity_count_28d", "active_users_28d", "milestones_done")


def peer_columns(history: History, so_far: Columns) -> Columns:
    """Percentiles of the key measures among peers, and its cohort's recent churn."""
    columns = Columns()
    values = {column.feature.name: column.values for column in so_far}
    keys = _peer_group(history)
    for name in COMPARED:
        if name not in values:
            continue
        columns.add(
            Feature(
                name=f"peers_percentile_{name}",
                family="ladder" if name == "milestones_done" else "usage",
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
            family="calendar",
            measure="cohort_exit_rate",
            meaning="share of the segment's accounts of the same kickoff month that churned "
            "in the last 28 days",
            unit="share",
            absence="never null",
            window_days=28,
        ),
        _exit_rate(history, window_days=28),
    )
    month = pd.DatetimeIndex(history.snapshots.day.astype("datetime64[D]")).month
    columns.add(
        Feature(
            name="month_of_year",
            family="calendar",
            measure="month_of_year",
            meaning="calendar month of the morning",
            unit="count",
            absence="never null",
        ),
        month.to_numpy(dtype=np.float64),
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
    snapshots = history.snapshots
    kickoff = history.attributes["kickoff_at"].dt.strftime("%Y-%m").to_numpy(dtype=object)
    names, cohort = np.unique(history.segment.astype(str) + kickoff, return_inverse=True)
    cell = cohort * snapshots.mornings.count + snapshots.morning
    size = len(names) * snapshots.mornings.count
    alive = np.bincount(cell, minlength=size)
    left = np.zeros(size)
    exits = history.tables.get("exits")
    if exits is not None and len(exits):
        churned = exits.where((exits.frame["cause"] == "churn").to_numpy())
        of_account = np.full(len(snapshots.account_ids), -1)
        of_account[snapshots.account] = cohort
        counted = of_account[churned.account] >= 0
        churned = churned.where(counted)
        occurred = churned.day("exited_at")
        width = snapshots.mornings.count + 1
        enter = np.maximum(churned.seen_from, snapshots.mornings.first_seeing(occurred))
        leave = np.maximum(snapshots.mornings.first_without(occurred, window_days), enter)
        row = of_account[churned.account] * width
        change = np.bincount(row + enter, minlength=len(names) * width) - np.bincount(
            row + leave, minlength=len(names) * width
        )
        left = np.cumsum(change.reshape(len(names), width), axis=1)[:, :-1].ravel()
    rate: Floats = (left / np.maximum(alive + left, 1.0))[cell]
    return rate
