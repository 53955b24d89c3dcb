"""How many milestones will be reached, and how soon will the next customers reach theirs?

Counted are the milestones that are open this morning; those that open later come on top. The
level that all accounts share is learnt from what was reached in the months behind us, as it is
for leaving.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from configs.playbook import Milestone
from features.asof import Ints, day_number
from features.assemble import FeatureSet
from serving.outlook.retention import sums_by
from training.book.level import MONTH_DAYS, SharedLevel
from training.book.reality import Correction, Reality
from training.engine.curves import IncidenceCurves
from training.engine.followed import Followed
from training.engine.periods import Floats
from training.models import Models
from training.questions.steps import REACHED, StepModel, follow_steps

MOST_STEPS = 20_000
DRAWS = 1000
YEAR_DAYS = 365
CLOSE = 1e-12
"""A product of shares that comes to one half is told from one half by luck alone."""
FEWEST = 20
"""With fewer new accounts in a year than this, nothing is said of the next ones."""


def reached_between(
    features: FeatureSet,
    models: Models,
    past: Followed,
    *,
    day: int,
    spans: Sequence[tuple[int, int]],
    seed: int,
) -> tuple[pd.DataFrame, dict[tuple[int, int], Floats]]:
    """Draw how many of the open milestones are reached in each span of days, by cell.

    A cell is what has one segment and one owner: its row says which, and of it there is a
    column of each span's counts. No span is told of where no milestone is open.
    """
    today = np.flatnonzero(features.snapshots["day"] == day)
    position = pd.Series(np.arange(len(today)), index=today)
    steps = features.steps.loc[features.steps["snapshot"].isin(today)]
    if models.steps is None or steps.empty:
        return pd.DataFrame(columns=["segment", "owner"]), {}
    steps = steps.assign(snapshot=steps["snapshot"].map(position)).reset_index(drop=True)
    values = features.values.iloc[today]
    exits = models.exits.rates(models.exits.matrix(values))
    curves = models.steps.curves(exits, values, steps)
    cell, cells = _cells(features.snapshots.iloc[today])
    groups = cell[steps["snapshot"].to_numpy()]
    rng = np.random.default_rng(seed)
    months = -(-max(end for _, end in spans) // MONTH_DAYS)
    mood = _level(features, models.steps, past).paths(months, draws=DRAWS, rng=rng)
    drawn = {}
    for start, end in spans:
        expected = np.zeros((DRAWS, len(cells)))
        for month in range(start // MONTH_DAYS, -(-end // MONTH_DAYS)):
            first, last = max(start, month * MONTH_DAYS), min(end, (month + 1) * MONTH_DAYS)
            chance = _chance(curves, last) - _chance(curves, first)
            expected += mood[:, [month]] * sums_by(groups, len(cells), chance[None, :])
        drawn[start, end] = rng.poisson(expected).astype(np.float64)
    return cells, drawn


def _cells(accounts: pd.DataFrame) -> tuple[Ints, pd.DataFrame]:
    """Cut the book finely, so that its whole is drawn alike whichever parts are told of.

    Gives the cell of each account, and the segment and owner of each cell.
    """
    keys = accounts[["segment", "owner"]].astype(object)
    by_cell = keys.groupby(["segment", "owner"], dropna=False, sort=True)
    cell: Ints = np.asarray(by_cell.ngroup(), dtype=np.int64)
    _, first = np.unique(cell, return_index=True)
    return cell, accounts.iloc[first][["segment", "owner"]]


def _chance(curves: IncidenceCurves, day: int) -> Floats:
    return curves.incidence_at(REACHED, float(day))


def _level(features: FeatureSet, steps: StepModel, past: Followed) -> SharedLevel:
    cases = follow_steps(features, past, most_rows=MOST_STEPS)
    values = features.values.iloc[past.rows]
    seen = Reality.seen(
        steps.rates(values, cases.steps),
        cases.followup,
        cases.steps,
        cause=0,
        periods=steps.reached.periods,
        day=cases.day,
        end_day=past.end_day,
    )
    return Correction.learnt(seen).level


def days_until(
    milestone: Milestone | None, features: FeatureSet, *, day: int, seed: int
) -> tuple[float, float, float] | None:
    """Days in which half of the next cohort will have reached a milestone: 80 %, median.

    Without one, any milestone counts. What the next cohort will do is drawn from the cohorts of
    the last four quarters, and from the accounts in them. None where too few began, or half of
    them never got there.
    """
    first, reached = features.known_as.drop_duplicates("account_id"), features.reached
    if milestone is not None:
        first = first.loc[first["segment"].map(milestone.applies_to).astype(bool)]
        reached = reached.loc[reached["milestone"] == milestone.slug]
    begun = day_number(first["kickoff_at"])
    recent = (begun >= day - YEAR_DAYS) & (begun < day)
    first, begun = first.loc[recent], begun[recent]
    if len(first) < FEWEST:
        return None
    reached_on = reached.groupby("account_id")["day"].min().reindex(first["account_id"])
    wait: Floats = reached_on.to_numpy(dtype=np.float64) - begun
    watched: Floats = (day - begun).astype(np.float64)
    quarter = (day - 1 - begun) * 4 // YEAR_DAYS
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(DRAWS // 5):
        own = np.flatnonzero(quarter == rng.choice(np.unique(quarter)))
        chosen = own[rng.integers(len(own), size=len(own))]
        drawn.append(_median_wait(wait[chosen], watched[chosen]))
    whole = _median_wait(wait, watched)
    low, high = np.quantile(drawn, [0.1, 0.9], method="nearest")
    if not np.isfinite([low, whole, high]).all():
        return None
    return min(float(low), whole), whole, max(float(high), whole)


def _median_wait(wait: Floats, watched: Floats) -> float:
    """The Kaplan–Meier median; infinite where half never got there."""
    happened = np.isfinite(wait)
    days = np.where(happened, np.maximum(wait, 0.0), watched)
    staying = 1.0
    for moment in np.unique(days[happened]):
        at_risk = (days >= moment).sum()
        staying *= 1 - (happened & (days == moment)).sum() / at_risk
        if staying <= 0.5 + CLOSE:
            return float(moment)
    return float("inf")
