"""Who speaks of leaving and of growing, and how far is each of them believed?

Where a model has proven its skill it speaks alone. Where none has, nobody knows which rule is
right: each is brought to the days and the level of the months behind, and is believed as far as
what it said on past mornings allows. Which of them is right is drawn, so that intervals hold
how far they disagree.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.asof import Ints
from training.book.level import SharedLevel
from training.book.stakes import Stakes
from training.engine.followed import CHURN
from training.engine.periods import Floats, Periods
from training.models import Models, exit_evidence
from training.proof.judged import MODEL
from training.questions.changes import GROWS
from training.questions.expansion import QUESTION, ExpansionModel, growth_evidence
from training.rules.baselines import Baseline

LEAST_WEIGHT = 0.05
"""Who is believed less is not asked: over a large book every voice costs memory."""
Rates = Callable[[pd.DataFrame], tuple[Floats, Periods]]


@dataclass(frozen=True, slots=True, eq=False)
class Voice:
    """What one of them says; rates have a row per account and a column per coming day."""

    daily: Floats
    level: SharedLevel | None = None
    """What all accounts share, where it is known to move."""
    stakes: Stakes | None = None
    """How far off it may be for those that pay much, or little."""
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Speaker:
    """Tells daily rates by period of any rows."""

    rates: Rates
    weight: float = 1.0
    is_model: bool = False
    """A model says in which period an account decides, and speaks at the level of today."""


def of_leaving(models: Models, *, is_model: bool) -> list[Speaker]:
    """The model of leaving alone, where it is to speak; else all who may be right."""

    def by_model(values: pd.DataFrame) -> tuple[Floats, Periods]:
        rates = models.exits.rates(models.exits.matrix(values))
        return rates[CHURN], models.exits.periods

    if is_model or models.rule is None:
        return [Speaker(by_model, is_model=True)]
    horizons = models.meta["horizons"]

    def by(rule: Baseline) -> Rates:
        return lambda values: rates_of_chances(rule.predict(exit_evidence(values)), horizons)

    rules = {rule.name: by(rule) for rule in (models.rule, *models.rules)}
    return _believed(models, CHURN, rules, by_model)


def of_growing(models: Models, expansion: ExpansionModel) -> list[Speaker]:
    """The model of growing alone, where its skill is proven; else all who may be right."""

    def by_model(values: pd.DataFrame) -> tuple[Floats, Periods]:
        return expansion.rates(values)[GROWS], expansion.periods

    if models.foretells(QUESTION):
        return [Speaker(by_model, is_model=True)]
    horizons = models.meta["horizons"]

    def by(rule: Baseline) -> Rates:
        return lambda values: rates_of_chances(rule.predict(growth_evidence(values)), horizons)

    own = expansion.rules[GROWS]
    rules = {rule.name: by(rule) for rule in (own, *expansion.of_growth)}
    return _believed(models, QUESTION, rules, by_model)


def _believed(
    models: Models, question: str, rules: Mapping[str, Rates], by_model: Rates
) -> list[Speaker]:
    """All who are weighed; where nobody is, the first of the rules."""
    weights = models.meta.get("weights", {}).get(question, {})
    known = {MODEL: by_model, **rules}
    kept = {n: w for n, w in weights.items() if n in known and w >= LEAST_WEIGHT}
    kept = kept or {next(iter(rules)): 1.0}
    whole = sum(kept.values())
    return [
        Speaker(known[name], weight / whole, is_model=name == MODEL)
        for name, weight in kept.items()
    ]


def rates_of_chances(chances: Floats, horizons: Sequence[int]) -> tuple[Floats, Periods]:
    """Daily rates from one horizon to the next, of which the chances by each are made."""
    periods = Periods((0.0, *map(float, horizons)))
    chances = np.clip(chances, 0.0, 0.999)
    staying = -np.log1p(-np.maximum.accumulate(chances, axis=1))
    return np.diff(staying, axis=1, prepend=0.0) / periods.lengths, periods


def who_speaks(weights: Sequence[float], draws: int, rng: np.random.Generator) -> Ints:
    """Let each speak in as many of the draws as it is believed, in no order.

    >>> np.bincount(who_speaks([0.75, 0.25], 8, np.random.default_rng(1))).tolist()
    [6, 2]
    """
    if len(weights) == 1:
        return np.zeros(draws, dtype=np.int64)
    places = (rng.permutation(draws) + 0.5) / draws
    edges = np.cumsum(weights)[:-1] / sum(weights)
    told: Ints = np.searchsorted(edges, places).astype(np.int64)
    return told
