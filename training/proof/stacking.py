"""How far is each of those who could speak believed?

The best of several rules is hardly known from a few past mornings, and which one that is
changes from one fortnight to the next. Their mean is nearer than the one chosen, more often
than not (Bates and Granger 1969, "The combination of forecasts"). Each is weighed by what it
said before it was known what came (Yao, Vehtari, Simpson and Gelman 2018, "Using stacking to
average Bayesian predictive distributions"), with a doubt: until much has come, the model is
believed by half, of the rules the one that speaks by default by half, and the others share the
rest. A model waits for months until the first of its mornings can be judged, and may be the
nearest long before.
"""

from collections.abc import Sequence

import numpy as np

from training.engine.periods import Floats
from training.proof.judged import MODEL, Backtest
from training.rules.baselines import Baseline

MODEL_SHARE, DEFAULT_SHARE = 0.5, 0.5
DOUBT = 10.0
"""Nats by which all of them must be told apart to be weighed by what they said alone."""
NEVER = 1e-6
MOST_ROUNDS, SETTLED = 2000, 1e-6


def weights_of(
    tested: Backtest,
    question: str,
    rules: Sequence[Baseline],
    *,
    default: str,
    horizon: int,
    has_model: bool = True,
) -> dict[str, float]:
    """Weigh rules, and the model where there is one; the weights sum to one."""
    names = [rule.name for rule in rules]
    judged = question in tested.judged
    pooled = tested.pooled(question, horizon) if judged else None
    if pooled is None or not pooled.can_be_judged:
        names = [MODEL, *names] if has_model else names
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
    >>> doubted([MODEL, "by age", "by segment", "Cox"], "by age").tolist()
    [0.5, 0.25, 0.125, 0.125]
    """
    share = {name: 1.0 for name in names if name != MODEL}
    if default in share and len(share) > 1:
        share[default] = (len(share) - 1) * DEFAULT_SHARE / (1 - DEFAULT_SHARE)
    share[MODEL] = sum(share.values()) * MODEL_SHARE / (1 - MODEL_SHARE)
    told = np.array([share[name] for name in names])
    return told / told.sum() if told.any() else np.ones(len(names))


def stacked(likely: Floats, before: Floats) -> Floats:
    """Weights under which what came was likeliest, drawn towards those ``before``.

    ``likely`` holds the chance that each of them (columns) gave to what came to each row.

    >>> stacked(np.array([[0.9, 0.1]] * 1000), np.array([0.5, 0.5])).round(2).tolist()
    [0.99, 0.01]
    """
    weights = before
    for _ in range(MOST_ROUNDS):
        said = weights * likely
        owed = (said / said.sum(axis=1, keepdims=True)).sum(axis=0) + DOUBT * before
        last, weights = weights, owed / owed.sum()
        if np.abs(weights - last).max() < SETTLED:
            break
    return weights
