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
from scipy.stats import t as student

from configs.project import Project
from features.assemble import FeatureSet
from training.engine.followed import CHURN, follow
from training.engine.periods import Floats
from training.proof.comparable import counting, judgeable, seen_by
from training.proof.judged import MODEL, Backtest, Pooled
from training.proof.metrics import account_bootstrap, auc
from training.questions.exits import fit_exits

MEASURE, COUNTED = "auc_expected_today", "mornings_counted"


def said_today(
    features: FeatureSet, project: Project, *, origin_days: Sequence[int]
) -> pd.DataFrame:
    """What a model taught up to the newest morning says of its accounts, by horizon.

    Beside it stand their terms, and which past mornings had seen such terms left.
    """
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
    said = pd.DataFrame({"account_id": accounts, **told})
    return said.join(seen_by(features, rows, project, origin_days=origin_days))


def implied_auc(
    chance: Floats, *, weights: Floats | None = None, true: Floats | None = None
) -> float:
    """The AUC to expect of chances that are right, or, of their order, where others are true.

    Of an account told 10 % and one told 30 %, the higher is the one of the two that leaves, if
    one alone does, in .9 x .3 of .9 x .3 + .1 x .7 cases; pairs of like chances count a half.

    >>> round(implied_auc(np.array([0.1, 0.3])), 4)
    0.6562
    """
    own = np.ones_like(chance) if weights is None else weights
    right = chance if true is None else true
    happened = np.repeat([1.0, 0.0], len(chance))
    doubled = np.concatenate([own * right, own * (1 - right)])
    return auc(np.concatenate([chance, chance]), happened, weights=doubled)


def expected_auc(mornings: Sequence[Pooled], today: Floats) -> tuple[float, float, float]:
    """The AUC to expect of today's accounts, and an interval for the one that will come.

    Each past morning is held against what its own risks implied, so that nobody is compared
    across mornings whose levels differ. That risks are right, and so nothing comes beyond what
    they imply, counts as one more morning. The interval reaches as far, on either side, as the
    farther of two: that of drawing other families and other outcomes, and that in which the
    scatter of the mornings lets one more fall (Student's prediction interval), wide where they
    are few. Without any morning nothing says how far risks may be off: NaN.
    """
    ahead, count = implied_auc(today), len(mornings)
    if not count:
        return ahead, float("nan"), float("nan")
    beyond = [0.0, *(beyond_implied(past.said, past.happened) for past in mornings)]
    value = float(np.clip(ahead + np.mean(beyond), 0.0, 1.0))
    scatter = float(np.std(beyond, ddof=1)) * np.sqrt(1 + 1 / len(beyond))
    wide = float(student.ppf(0.975, count)) * scatter
    low, high = _drawn_again(mornings, today)
    return value, max(min(low, value - wide), 0.0), min(max(high, value + wide), 1.0)


def beyond_implied(said: Floats, happened: Floats, *, weights: Floats | None = None) -> float:
    """By how much a morning's model told accounts apart better than its own risks implied."""
    return auc(said, happened, weights=weights) - implied_auc(said, weights=weights)


def _drawn_again(mornings: Sequence[Pooled], today: Floats) -> tuple[float, float]:
    """What would come if other families had been seen, and the risks of today were right."""
    # Sorted once here, the rows are found in order by every draw, which sorts them again.
    today, chance = np.sort(today), np.random.default_rng(1)
    orders = [np.argsort(past.said, kind="stable") for past in mornings]
    rows = [(past.said[o], past.happened[o]) for past, o in zip(mornings, orders, strict=True)]
    ends = np.cumsum([0, *map(len, orders)])
    families = Pooled.together(mornings).families
    families = np.concatenate([families[a + o] for a, o in zip(ends, orders, strict=False)])

    def moved(weights: Floats) -> float:
        parts = zip(rows, ends[:-1], ends[1:], strict=True)
        beyond = [beyond_implied(*own, weights=weights[a:b]) for own, a, b in parts]
        came = (chance.random(len(today)) < today).astype(np.float64)
        return auc(today, came) + float(np.mean([0.0, *beyond]))

    return account_bootstrap(moved, families, seed=0)


def expected_lines(tested: Backtest, horizons: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Per horizon, how many past mornings count, and what is expected of today."""
    for horizon in horizons:
        mornings, known = counting_mornings(tested, horizon), mornings_judged(tested, horizon)
        if tested.today is None or not known:
            continue
        today = tested.today[f"{MODEL}.{horizon}d"].to_numpy(dtype=np.float64)
        common = {
            "horizon_days": horizon,
            "predictor": MODEL,
            "accounts": len(today),
            "events": int(sum(past.happened.sum() for past in mornings)),
        }
        yield common | {"measure": COUNTED, "value": float(len(mornings))}
        value, low, high = expected_auc(mornings, today)
        yield common | {"measure": MEASURE, "value": value, "low": low, "high": high}


def mornings_judged(tested: Backtest, horizon: int) -> list[Pooled]:
    """The past mornings from which some are known to have left within a horizon."""
    past = [judgeable(judged, horizon) for judged in tested.judged[CHURN]]
    return [one for one in past if one is not None]


def counting_mornings(tested: Backtest, horizon: int) -> list[Pooled]:
    """Those of them that had seen what today's accounts face: ``training.proof.comparable``."""
    if tested.today is None:
        return []
    return counting(tested.judged[CHURN], tested.today, horizon)
