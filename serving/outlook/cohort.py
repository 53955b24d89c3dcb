"""Who came into the programme when, what was to be expected of each then, and what came?

An account comes in on the day the programme began, or on its first morning after that. What was
expected of it is said by a model that knew only what was known before the programme began, of
the account as it was when it came in: nothing the programme did can be in it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from configs.project import Project
from features.arr import arr_on
from features.asof import NEVER, Ints, day_number
from features.assemble import FeatureSet
from features.holdout import families
from training.engine.followed import CHURN, OTHER, follow
from training.engine.outcomes import exit_events
from training.engine.periods import Floats
from training.questions.exits import ExitModel, fit_exits


@dataclass(frozen=True, slots=True, eq=False)
class Cohort:
    """One entry per account that came in, in the order of their ids."""

    accounts: pd.DataFrame
    """account_id and parent_id, as they were when it came in."""
    row: Ints
    """Its row of the feature set's snapshots, the last before it came in."""
    day: Ints
    """When it came in."""

    @property
    def family(self) -> Ints:
        return pd.factorize(families(self.accounts))[0].astype(np.int64)


def came_in(features: FeatureSet, *, since: int, until: int) -> Cohort:
    """Find every account that was here when a programme began, or came before a day.

    Whoever had left by then, as nobody knew yet, was not here, and comes in if it is back.
    """
    snapshots = features.snapshots
    day = snapshots["day"].to_numpy(dtype=np.int64)
    start = _start(day, since)
    rows = np.flatnonzero((day >= start) & (day < until))
    rows = rows[np.lexsort((day[rows], snapshots["account_id"].iloc[rows].to_numpy(str)))]
    ids = snapshots["account_id"].iloc[rows]
    left = exit_events(features.exits, ids, day[rows], (CHURN, OTHER)).day
    rows = rows[(left == NEVER) | (left >= np.maximum(day[rows], since))]
    rows = rows[~snapshots["account_id"].iloc[rows].duplicated().to_numpy()]
    accounts = snapshots[["account_id", "parent_id"]].iloc[rows].reset_index(drop=True)
    return Cohort(accounts, rows, np.maximum(day[rows], since))


def learnt_before(features: FeatureSet, project: Project, *, day: int) -> ExitModel | None:
    """Learn who leaves from what was known before a day; None where too few had left."""
    followed = follow(
        features,
        training_day=day,
        every_days=project.snapshots.training_every_days,
        min_events=project.models.min_events,
    )
    if not len(followed.rows) or followed.exited() < project.models.min_events:
        return None
    return fit_exits(features, followed, project, bags=0)


def chances(model: ExitModel, features: FeatureSet, cohort: Cohort, *, until: int) -> Floats:
    """How likely each account was to leave from when it came in to a day, as said then."""
    values = features.values.iloc[cohort.row]
    curves = model.curves(values)
    by_end = np.column_stack([np.zeros(len(values)), curves.by_cause[CHURN]])
    ends = np.concatenate([[0.0], model.periods.ends])
    return _at(by_end, ends, (until - cohort.day).astype(np.float64))


def has_left(features: FeatureSet, cohort: Cohort, *, until: int) -> Floats:
    """1 for each account that churned after it came in and before a day."""
    exits = features.exits.loc[features.exits["cause"] == CHURN]
    left = _exit_days(features, cohort.accounts["account_id"], exits=exits, since=cohort.day)
    return (left < until).astype(np.float64)


def milestones(features: FeatureSet, cohort: Cohort, *, until: int) -> tuple[Floats, Floats]:
    """How many milestones each account had reached when it came in, and reached since."""
    reached = features.reached
    ids = pd.Index(cohort.accounts["account_id"])
    code = ids.get_indexer(pd.Index(reached["account_id"]))
    day = reached["day"].to_numpy(dtype=np.int64)
    is_since = day >= np.append(cohort.day, 0)[code]
    counted = [
        np.bincount(code[rows], minlength=len(ids)).astype(np.float64)
        for rows in ((code >= 0) & ~is_since, (code >= 0) & is_since & (day < until))
    ]
    return counted[0], counted[1]


def arr_kept(features: FeatureSet, cohort: Cohort, *, until: int) -> tuple[Floats, Floats]:
    """What each account paid when it came in, and the share of it that it paid on a day."""
    ids = cohort.accounts["account_id"]
    before = np.nan_to_num(arr_on(features.arr, ids, cohort.day))
    now = np.nan_to_num(arr_on(features.arr, ids, np.full(len(ids), until)))
    is_gone = _exit_days(features, ids, since=cohort.day) < until
    kept = np.where(is_gone, 0.0, np.minimum(now, before))
    share = np.divide(kept, before, out=np.zeros(len(ids)), where=before > 0)
    return before, share


def _start(day: Ints, since: int) -> int:
    """The last morning up to the day the programme began, else the first of all."""
    earlier = day[day <= since]
    return int(earlier.max() if len(earlier) else day.min())


def _exit_days(
    features: FeatureSet,
    account_ids: "pd.Series[str]",
    *,
    since: int | Ints,
    exits: pd.DataFrame | None = None,
) -> Ints:
    """The day of each account's first exit from a day on; far ahead where there is none."""
    exits = features.exits if exits is None else exits
    ids = pd.Index(account_ids)
    code = ids.get_indexer(pd.Index(exits["account_id"]))
    day = day_number(exits["exited_at"])
    begun = np.broadcast_to(since, len(ids)).astype(np.int64)
    counts = (code >= 0) & (day >= np.append(begun, 0)[code])
    first = np.full(len(ids), np.iinfo(np.int64).max)
    np.minimum.at(first, code[counts], day[counts])
    return first


def _at(by_end: Floats, ends: Floats, days: Floats) -> Floats:
    """Read each row's curve on a day of its own; past its end it goes on as in the end."""
    last = len(ends) - 2
    at = np.clip(np.searchsorted(ends, days, side="right") - 1, 0, last)
    row = np.arange(len(days))
    low, high = 1 - by_end[row, at], 1 - by_end[row, at + 1]
    span = (days - ends[at]) / (ends[at + 1] - ends[at])
    staying = low * (np.maximum(high, 1e-12) / np.maximum(low, 1e-12)) ** span
    told: Floats = np.clip(1 - staying, 0.0, 1.0)
    return told
