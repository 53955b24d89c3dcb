"""How far is each of those who could speak believed?

The best of several rules is hardly known from a few past mornings, and which one that is
changes from one fortnight to the next. Their mean is nearer than the one chosen, more often
than not (Bates and Granger 1969, "The combination of forecasts"). Each is weighed by what it
said before it was known what came (Yao, Vehtari, Simpson and Gelman 2018, "Using stacking to
average Bayesian predictive distributions"), with a doubt: until much has come, the rule that
speaks by default is believed by half, and the others share the rest.
"""

from collections.abc import Sequence

import numpy as np

from training.engine.periods import Floats
from training.proof.judged import MODEL, Backtest
from training.rules.baselines import Baseline

DEFAULT_SHARE = 0.5
DOUBT = 10.0
"""Nats by which all of them must be told apart to be weighed by what they said alone."""
NEVER = 1e-6
MOST_ROUNDS, SETTLED = 2000, 1e-6


def weights_of(
    tested: Backtest, question: str, rules: Sequence[Baseline], *, default: str, horizon: int
) -> dict[str, float]:
    """Weigh rules, and the model where it was judged; the weights sum to one."""
    names = [rule.name for rule in rules]
    judged = question in tested.judged
    pooled = tested.pooled(question, horizon) if judged else None
    if pooled is None or not pooled.can_be_judged:
        return dict(zip(names, doubted(names, default).tolist(), strict=True))
    told = {name: chance for name, chance in pooled.told if name in names or name == MODEL}
    came = pooled.happened[:, None]
    chance = np.clip(np.stack(list(told.values()), axis=1), NEVER, 1 - NEVER)
    weights = stacked(np.where(came > 0, chance, 1 - chance), doubted(list(told), default))
    return dict(zip(told, weights.tolist(), strict=True))


def doubted(names: Sequence[str], default: str) -> Floats:
    """What they weigh before anything has come.

    >>> doubted(["by age", "by segment", "Cox"], "by age").tolist()
    [0.5, 0.25, 0.25]
    """
    if default not in names or len(names) == 1:
        return np.full(len(names), 1 / len(names))
    rest = (1 - DEFAULT_SHARE) / (len(names) - 1)
    return np.array([DEFAULT_SHARE if name == default else rest for name in names])


def stacked(likely: Floats, before: Floats) -> Floats:
    """Weights under which what came was likeliest, drawn towards those ``before``.

    ``likely`` holds the chance that each of them (columns) gave to what came to each row.

    >>> stacked(np.array([[0.9, 0.1]] * 1000), np.array([0.5, 0.5])).round(2).tolist()
    [1.0, 0.0]
    """
    weights = before
    for _ in range(MOST_ROUNDS):
        said = weights * likely
        owed = (said / said.sum(axis=1, keepdims=True)).sum(axis=0) + DOUBT * before
        last, weights = weights, owed / owed.sum()
        if np.abs(weights - last).max() < SETTLED:
            break
    return weights
