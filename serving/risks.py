"""How likely is each account to leave by each horizon, how sure is that, and what makes it so?

Where the model has shown skill, it speaks: its curves, a band from resampled accounts, and its
reasons. Where it has not, the best simple rule speaks, and its one reason says so.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from configs.phrases import Phrases
from features.catalogue import Catalogue
from serving.formats import percent
from serving.reasons.explain import contributions, points
from serving.reasons.timing import timing_of
from serving.reasons.wording import reasons
from serving.scorecard import Reason
from training.engine.curves import IncidenceCurves
from training.engine.followed import CHURN
from training.engine.periods import Floats
from training.engine.slicing import horizon_weights, sliced
from training.engine.weighing import weighed
from training.models import Models
from training.questions.exits import THREADS, ExitModel

BAND = 1.2816
"""Standard normal deviations on either side of an 80 % band."""
MODEL, BASELINE = "model", "baseline"


@dataclass(frozen=True, slots=True, eq=False)
class Risks:
    """One row per account, in the order asked for."""

    by_horizon: Floats
    low: Floats
    high: Floats
    base_risk: float
    reasons: list[list[Reason]]
    source: str | None
    """``model``, ``baseline``, or None where nothing can be said."""


def no_risks(rows: int, horizons: int) -> Risks:
    """What is said where too few accounts ever left: nothing."""
    unknown = np.full(rows, np.nan)
    return Risks(
        by_horizon=np.full((rows, horizons), np.nan),
        low=unknown,
        high=unknown,
        base_risk=np.nan,
        reasons=[[] for _ in range(rows)],
        source=None,
    )


def model_risks(
    models: Models,
    values: pd.DataFrame,
    catalogue: Catalogue,
    *,
    horizons: tuple[int, ...],
    primary: int,
    phrases: Phrases,
    currency: str,
) -> Risks:
    """Let the model speak; the base risk and the points of all reasons give the risk."""
    exits = models.exits
    matrix = exits.matrix(values)
    rates = exits.rates(matrix)
    hazard, edges = exits.hazards[CHURN], exits.periods.edges
    curves = IncidenceCurves.from_rates(rates, edges)
    weights = horizon_weights(rates[CHURN], periods=exits.periods, horizon_days=primary)
    explained = sliced(hazard, weights, reference=matrix, threads=THREADS)
    shares = contributions(explained, matrix, threads=THREADS)
    parts = points(shares, rates, edges=edges, cause=CHURN, horizon_days=primary)
    features = list(dict.fromkeys(exits.encoder.features))
    low, high = _band(exits, models, values, rates, weights=weights, primary=primary)
    return Risks(
        by_horizon=np.stack([curves.incidence_at(CHURN, h) for h in horizons], axis=1),
        low=low,
        high=high,
        base_risk=parts.base_risk,
        reasons=reasons(
            by_feature(shares, exits.encoder.features, features),
            parts.scale,
            timing=timing_of(parts, curves, cause=CHURN, horizon_days=primary),
            names=features,
            values=values,
            typical=typical_of_peers(values, catalogue),
            catalogue=catalogue,
            phrases=phrases,
            currency=currency,
        ),
        source=MODEL,
    )


def chances_told(
    models: Models, values: pd.DataFrame, *, source: str, horizon_days: int
) -> Floats:
    """The bare risk by a horizon, as the model or the rule tells it."""
    if source == MODEL:
        return models.exits.curves(values).incidence_at(CHURN, horizon_days)
    horizons = list(models.meta["horizons"])
    return models.rule_chances(values)[:, horizons.index(horizon_days)]


def rule_risks(
    models: Models, values: pd.DataFrame, *, primary: int, phrases: Phrases
) -> Risks:
    """Let the best simple rule speak, and say plainly that it is one."""
    horizons, rule = list(models.meta["horizons"]), models.rule
    chances = models.rule_chances(values)
    own = chances[:, horizons.index(primary)]
    base = rule.overall[horizons.index(primary)] if rule is not None else np.nan
    name = rule.name if rule is not None else ""
    unknown = np.full(len(values), np.nan)
    said = [[_rule_reason(chance, base, name, phrases)] for chance in own]
    return Risks(chances, unknown, unknown, base, said, BASELINE)


def typical_of_peers(values: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    """Median of each number among the accounts of the same segment; labels have none."""
    numbers = [name for name in catalogue if catalogue[name].unit != "label" and name in values]
    return values.groupby("segment", dropna=False)[numbers].transform("median")


def _band(
    exits: ExitModel,
    models: Models,
    values: pd.DataFrame,
    rates: dict[str, Floats],
    *,
    weights: Floats,
    primary: int,
) -> tuple[Floats, Floats]:
    """Risk at either end of what other accounts, or luck in the level, would have taught.

    The spread of the resampled models' mean log hazards, and the Poisson error of the number
    of exits known, taken as independent.
    """
    matrix = exits.matrix(values)
    scores = np.stack(
        [
            weighed(np.log(bag.daily_rates(matrix, threads=THREADS)), weights)
            for bag in exits.bags
        ]
    )
    level = 1 / np.sqrt(max(models.meta["exits"][CHURN], 1))
    deviation = np.sqrt(scores.var(axis=0, ddof=1) + level**2)
    ends = []
    for side in (-BAND, BAND):
        moved = {**rates, CHURN: rates[CHURN] * np.exp(side * deviation)[:, None]}
        curves = IncidenceCurves.from_rates(moved, exits.periods.edges)
        ends.append(curves.incidence_at(CHURN, primary))
    return ends[0], ends[1]


def by_feature(shares: Floats, of_column: tuple[str, ...], features: list[str]) -> Floats:
    """Sum the columns of a matrix by the feature that they come from."""
    summed = np.zeros((len(shares), len(features)))
    for column, name in enumerate(of_column):
        summed[:, features.index(name)] += shares[:, column]
    return summed


def _rule_reason(chance: float, base: float, rule: str, phrases: Phrases) -> Reason:
    words = phrases.words
    text = words.rule.format(
        rule=rule,
        peers=words.peers,
        accounts=words.account[1],
        own=percent(chance),
        all=percent(base),
    )
    factor = chance / base if base > 0 else 1.0
    return Reason(BASELINE, text, chance, base, factor, chance - base)
