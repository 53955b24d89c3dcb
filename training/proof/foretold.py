"""How well will today's accounts be told apart, who are others than those of past mornings?

Where most are far from the end of their term and some are near it, anybody can say who leaves
first: the AUC of a morning hangs on who is there as much as on the model. So what today's risks
imply, were they right, is taken, and what past mornings' models did beyond what theirs implied,
or short of it, is added (the model-based concordance of van Klaveren, Gönen, Steyerberg and
Vergouwe 2016, "A new concordance measure for risk prediction models in external validation
settings").
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from configs.project import Project
from features.assemble import FeatureSet
from training.engine.followed import CHURN, follow
from training.engine.periods import Floats
from training.proof.judged import MODEL, Backtest, Pooled
from training.proof.metrics import account_bootstrap, auc
from training.questions.exits import fit_exits

MEASURE = "auc_expected_today"


def said_today(features: FeatureSet, project: Project) -> pd.DataFrame:
    """What a model taught up to the newest morning says of its accounts, by horizon."""
    day = features.snapshots["day"].to_numpy(dtype=np.int64)
    followed = follow(
        features,
        training_day=int(day.max()),
        every_days=project.snapshots.training_every_days,
        min_events=project.models.min_events,
    )
    rows = np.flatnonzero(day == day.max())
    curves = fit_exits(features, followed, project, bags=0).curves(features.values.iloc[rows])
    horizons = project.outcomes.horizons_days
    told = {f"{MODEL}.{days}d": curves.incidence_at(CHURN, days) for days in horizons}
    accounts = features.snapshots["account_id"].iloc[rows].reset_index(drop=True)
    return pd.DataFrame({"account_id": accounts, **told})


def implied_auc(chance: Floats, *, weights: Floats | None = None) -> float:
    """The AUC to expect of chances that are right.

    Of an account told 10 % and one told 30 %, the higher is the one of the two that leaves, if
    one alone does, in .9 x .3 of .9 x .3 + .1 x .7 cases; pairs of like chances count a half.

    >>> round(implied_auc(np.array([0.1, 0.3])), 4)
    0.6562
    """
    own = np.ones_like(chance) if weights is None else weights
    happened = np.repeat([1.0, 0.0], len(chance))
    doubled = np.concatenate([own * chance, own * (1 - chance)])
    return auc(np.concatenate([chance, chance]), happened, weights=doubled)


def expected_auc(mornings: Sequence[Pooled], today: Floats) -> tuple[float, float, float]:
    """The AUC to expect of today's accounts, and its interval over families of past ones.

    Each past morning is held against what its own risks implied, so that nobody is compared
    across mornings whose levels differ; a morning counts by its accounts.
    """
    ends = np.cumsum([0, *(len(past.said) for past in mornings)])
    ahead = implied_auc(today)

    def moved(weights: Floats) -> float:
        beyond = 0.0
        for past, first, last in zip(mornings, ends[:-1], ends[1:], strict=True):
            own = weights[first:last]
            gain = auc(past.said, past.happened, weights=own)
            beyond += (gain - implied_auc(past.said, weights=own)) * (last - first) / ends[-1]
        return min(ahead + beyond, 1.0)

    low, high = account_bootstrap(moved, Pooled.together(mornings).families, seed=0)
    return moved(np.ones(ends[-1])), low, high


def expected_lines(tested: Backtest, horizons: Sequence[int]) -> Iterator[dict[str, Any]]:
    """One figure per horizon that past mornings can be judged by."""
    for horizon in horizons:
        mornings = mornings_judged(tested, horizon)
        if tested.today is None or not mornings:
            continue
        today = tested.today[f"{MODEL}.{horizon}d"].to_numpy(dtype=np.float64)
        value, low, high = expected_auc(mornings, today)
        yield {
            "horizon_days": horizon,
            "predictor": MODEL,
            "measure": MEASURE,
            "value": value,
            "low": low,
            "high": high,
            "accounts": len(today),
            "events": int(sum(past.happened.sum() for past in mornings)),
        }


def mornings_judged(tested: Backtest, horizon: int) -> list[Pooled]:
    """The past mornings from which some are known to have left within a horizon."""
    past = [judged.column(horizon) for judged in tested.judged[CHURN]]
    return [one for one in past if one is not None and one.can_be_judged]
