"""By how much would each live account come to pay more or less, if it did?

The share that the model expects, or a rule where the model has no skill beyond it, and how far
what came has lain from what was expected.
"""

from dataclasses import dataclass

import numpy as np

from configs.project import Project
from features.asof import Ints
from features.assemble import FeatureSet
from training.engine.followed import Followed
from training.engine.periods import Floats
from training.models import Models
from training.questions.amounts import MOST_LOST, NAMES, amount_evidence, fit_amounts
from training.questions.changes import UP
from training.questions.expansion import QUESTIONS, amount_question


@dataclass(frozen=True, slots=True, eq=False)
class Amounts:
    """One expected share per account, and what came for each share that was expected."""

    way: int
    expected: Floats
    spread: Floats
    """From the least to the most; an account may fare like each of them alike."""

    def factors(self, accounts: Ints, rng: np.random.Generator) -> Floats:
        """What the ARR of accounts (positions) is multiplied by, as they change."""
        luck = rng.integers(len(self.spread), size=len(accounts))
        share = self.expected[accounts] * self.spread[luck]
        return 1 + share if self.way == UP else 1 - np.minimum(share, MOST_LOST)


def amounts_of(features: FeatureSet, models: Models, rows: Ints, *, way: int) -> Amounts:
    """Let the model or its best rule speak of some snapshots."""
    assert models.expansion is not None
    own, is_model = models.expansion.amounts[NAMES[way]], speaks_of_amounts(models, way=way)
    matrix = models.expansion.matrix(features.values.iloc[rows])
    evidence = amount_evidence(features, rows, way=way)
    expected = own.expected(matrix, evidence, is_model=is_model)
    return Amounts(way, expected, own.spread_of(is_model=is_model))


def amounts_by_rule(
    features: FeatureSet, changed: Followed, rows: Ints, project: Project, *, way: int
) -> Amounts:
    """What a rule says that is learnt there and then, where too few grew for any model."""
    rules = fit_amounts(features, changed, project, way=way, matrix=None)
    evidence = amount_evidence(features, rows, way=way)
    expected = rules.expected(None, evidence, is_model=False)
    return Amounts(way, expected, rules.spread_of(is_model=False))


def speaks_of_amounts(models: Models, *, way: int) -> bool:
    """Whether the model tells by how much accounts change, and not a rule."""
    return models.foretells(amount_question(QUESTIONS[way]))
