"""How does the account stand among its peers, and how are they faring?

Peers are the accounts of the same segment and age band on the same morning. Fewer than
``FEWEST_PEERS`` of them say nothing.
"""

import numba
import numpy as np
import pandas as pd

from features.asof import Floats, Ints, day_number
from features.catalogue import Feature
from features.family import AcrossAccounts, Everyone
from features.history import Columns, History, away_between, row_by

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
                meaning=f"place among peers of the same segment and age by {name}, from the "
                "least to 1 for the most; who is level shares a place",
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
            meaning="share of the segment's accounts of the same kickoff month that we heard "
            "in the last 28 days to have churned, and that are not back",
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


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _percentile(values: Floats, group: Ints) -> Floats:
    """The place of each value in its group, as a share; NaN where the group is too small."""
    first = np.zeros(group.max() + 2, dtype=np.int64)
    for one in group:
        first[one + 1] += 1
    first = np.cumsum(first)
    rows, ahead = np.empty(len(group), dtype=np.int64), first.copy()
    for row in range(len(group)):
        rows[ahead[group[row]]] = row
        ahead[group[row]] += 1
    told = np.full(len(group), np.nan)
    for one in range(len(first) - 1):
        peers = rows[first[one] : first[one + 1]]
        if len(peers) >= FEWEST_PEERS:
            told[peers] = _places(values[peers])
    return told


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _places(values: Floats) -> Floats:
    """The place of each value among all, as a share; values that are level share theirs."""
    told, order, start = np.empty(len(values)), np.argsort(values), 0
    for end in range(1, len(values) + 1):
        if end == len(values) or values[order[end]] != values[order[start]]:
            told[order[start:end]] = (start + 1 + end) / 2 / len(values)
            start = end
    return told


def _exit_rate(history: History, *, window_days: int) -> Floats:
    """Churn heard of in the window, per account of the cohort alive at either end."""
    snapshots = history.snapshots
    cohort, of_row = _cohorts(history)
    size = max(cohort.max(initial=0), of_row.max(initial=0)) + 1
    here = np.zeros((size, snapshots.mornings.count + 1))
    np.add.at(here, (cohort, snapshots.morning), 1.0)
    left = _left(history, of_row, size, window_days=window_days)
    rate: Floats = left / np.maximum(here + left, 1.0)
    return rate[cohort, snapshots.morning]


def _cohorts(history: History) -> tuple[Ints, Ints]:
    """Number the cohorts of segment and kickoff month: of each snapshot, and of each row of
    the accounts.
    """
    rows = history.tables["accounts"].frame
    kickoff = pd.concat([history.attributes["kickoff_at"], rows["kickoff_at"]])
    month = kickoff.to_numpy().astype("datetime64[M]").astype(np.int64)
    segment = np.concatenate([history.segment, history.segment_of_row])
    span = 100_000
    number = pd.factorize(pd.factorize(segment)[0].astype(np.int64) * span + month)[0]
    of_snapshot, of_row = np.split(number.astype(np.int64), [len(history.segment)])
    return of_snapshot, of_row


def _left(history: History, of_row: Ints, cohorts: int, *, window_days: int) -> Floats:
    """Accounts heard to have churned in the window and not back, by cohort and by morning.

    The cohort is that of what was known of the account when its exit was. An exit derived from
    contracts is heard of when its grace is over, as late as other exits leave the window.
    """
    mornings = history.snapshots.mornings
    change = np.zeros((cohorts, mornings.count + 1))
    exits = history.tables.get("exits")
    if exits is None:
        return change
    churned = exits.where((exits.frame["cause"] == "churn").to_numpy())
    heard = np.maximum(churned.day("exited_at"), churned.day("known_at"))
    row = row_by(history.tables["accounts"], churned.account, heard)
    enter, back = away_between(churned, mornings)
    leave = np.minimum(mornings.first_without(heard, window_days), back)
    was_here = row >= 0
    np.add.at(change, (of_row[row[was_here]], enter[was_here]), 1.0)
    np.add.at(change, (of_row[row[was_here]], leave[was_here]), -1.0)
    return np.cumsum(change, axis=1)


FAMILY = AcrossAccounts(peer_columns)
