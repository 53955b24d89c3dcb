"""How early would a CSM have known: when did each account that left first stand in a list?

The past is lived through again: from each origin to the next, the models learnt at it score
morning after morning, and each owner's list is drawn up as it would have been. An account that
was in a list before the replay began is counted from its first morning, so the lead is a lower
bound.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from configs.project import Project
from features.asof import NEVER, Ints, as_dates
from features.assemble import FeatureSet
from training.engine.followed import CHURN
from training.engine.periods import Floats
from training.models import exit_evidence
from training.proof.judged import MODEL, Bools
from training.questions.exits import ExitModel
from training.rules.baselines import Baseline

Listing = Callable[[pd.DataFrame], "pd.Series[bool]"]
"""Which accounts their owners work this week, from account_id, owner, arr and churn_risk."""

MOST_ROWS = 100_000
"""Of one origin's mornings, so many are drawn up that no more accounts than this are scored."""
SEEN_ON = "seen_on"


def replayed_mornings(
    features: FeatureSet, origin_day: int, origin_days: Sequence[int]
) -> Ints:
    """Mornings from an origin up to the next, the origin the first, evenly thinned if many."""
    day = features.snapshots["day"].to_numpy(dtype=np.int64)
    later = [other for other in origin_days if other > origin_day]
    until = min(later) if later else int(day.max()) + 1
    live, counts = np.unique(day[(day >= origin_day) & (day < until)], return_counts=True)
    return live[:: max(-(-int(counts.sum()) // MOST_ROWS), 1)]


def lists_at(
    features: FeatureSet,
    mornings: Ints,
    exits: ExitModel,
    rules: Sequence[Baseline],
    project: Project,
    listing: Listing,
) -> pd.DataFrame:
    """Draw up the lists of each morning: account_id, day, and a flag per predictor."""
    day = features.snapshots["day"].to_numpy(dtype=np.int64)
    rows = np.flatnonzero(np.isin(day, mornings))
    accounts = features.snapshots.iloc[rows].reset_index(drop=True)
    told = _chances(features.values.iloc[rows], exits, rules, project)
    flags: dict[str, Bools] = {name: np.zeros(len(rows), dtype=bool) for name in told}
    for morning in mornings:
        today = np.flatnonzero(day[rows] == morning)
        book = accounts.loc[today, ["account_id", "owner", "arr"]].reset_index(drop=True)
        for name, chance in told.items():
            listed = listing(book.assign(churn_risk=chance[today]))
            flags[name][today] = listed.to_numpy(dtype=bool)
    return accounts[["account_id", "segment", "day"]].assign(**flags)


def leavers_of(lists: Sequence[pd.DataFrame], exits: pd.DataFrame) -> pd.DataFrame:
    """Every account that was seen in the replay and churned later, and when it was listed."""
    if not lists:
        return pd.DataFrame()
    seen = pd.concat(lists, ignore_index=True).sort_values(["account_id", "day"])
    left = _left(seen, exits)
    seen = seen.merge(left, on="account_id")
    seen = seen.loc[seen["day"] < seen["exit_day"]]
    by_account = seen.groupby("account_id")
    found = by_account.agg(
        segment=("segment", "last"), exit_day=("exit_day", "first"), first_day=("day", "min")
    )
    for name in [c for c in lists[0] if all(c in each for each in lists)]:
        if name not in ("account_id", "segment", "day"):
            found[name] = seen.loc[seen[name]].groupby("account_id")["day"].min()
    return _dated(found.reset_index())


def _left(seen: pd.DataFrame, exits: pd.DataFrame) -> pd.DataFrame:
    """Day on which each account of the replay first churned after it was first seen."""
    first = seen.groupby("account_id")["day"].min()
    churned = exits.loc[exits["cause"] == CHURN, ["account_id", "exited_at"]]
    exit_day = (churned["exited_at"] - pd.Timestamp(0)).dt.days
    churned = churned.assign(exit_day=exit_day, first=churned["account_id"].map(first))
    churned = churned.loc[churned["exit_day"] > churned["first"]]
    return churned.groupby("account_id")["exit_day"].min().reset_index()


def _dated(found: pd.DataFrame) -> pd.DataFrame:
    dates = {
        str(name): as_dates(found[name].fillna(NEVER).to_numpy(dtype=np.int64)).to_numpy()
        for name in found
        if name not in ("account_id", "segment")
    }
    return found.assign(**dates).rename(columns={"exit_day": "exited_on", "first_day": SEEN_ON})


def _chances(
    values: pd.DataFrame, exits: ExitModel, rules: Sequence[Baseline], project: Project
) -> Mapping[str, Floats]:
    """What the model and each rule say of leaving by the primary horizon."""
    primary = project.outcomes.primary_horizon_days
    at = project.outcomes.horizons_days.index(primary)
    evidence = exit_evidence(values)
    said = {MODEL: exits.curves(values).incidence_at(CHURN, primary)}
    return said | {rule.name: rule.predict(evidence)[:, at] for rule in rules}
