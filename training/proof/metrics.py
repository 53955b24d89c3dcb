"""How well did what we said match what came?

Chances are held against outcomes that are 1, 0 or NaN. NaN, censored before the horizon, is
left out by every measure here, which is fair only where all rows were followed to the horizon,
as those of an old enough origin are: of a younger one, only those that ended are known. Where
rows are followed for different times, weigh the known ones by ``inverse_censoring_weights``.
"""

from collections.abc import Callable, Sequence

import numpy as np

from training.engine.periods import CENSORED, Floats, FollowUp, Ints

_BINS = 10


def auc(chance: Floats, happened: Floats, *, weights: Floats | None = None) -> float:
    """Chance that an account that did is ranked above one that did not; NaN without both."""
    chance, happened, weights = _known(chance, happened, weights)
    order = np.argsort(chance, kind="stable")
    did, rest = (happened * weights)[order], ((1 - happened) * weights)[order]
    pairs = did.sum() * rest.sum()
    if pairs <= 0:
        return float("nan")
    starts = _starts_of_ties(chance[order])
    did, rest = np.add.reduceat(did, starts), np.add.reduceat(rest, starts)
    return float((did * (np.cumsum(rest) - rest / 2)).sum() / pairs)


def average_precision(
    chance: Floats, happened: Floats, *, weights: Floats | None = None
) -> float:
    """Mean share of hits among those ranked as high as each hit; NaN without hits."""
    chance, happened, weights = _known(chance, happened, weights)
    order = np.argsort(-chance, kind="stable")
    starts = _starts_of_ties(chance[order])
    if not len(starts) or (happened * weights).sum() <= 0:
        return float("nan")
    hits = np.add.reduceat((happened * weights)[order], starts)
    everyone = np.cumsum(np.add.reduceat(weights[order], starts))
    precision = np.divide(
        np.cumsum(hits), everyone, out=np.zeros_like(hits), where=everyone > 0
    )
    return float((hits * precision).sum() / hits.sum())


def brier(chance: Floats, happened: Floats, *, weights: Floats | None = None) -> float:
    """Mean squared distance between what was said and what came; smaller is better."""
    chance, happened, weights = _known(chance, happened, weights)
    return _ratio((weights * (chance - happened) ** 2).sum(), weights.sum())


def ece(chance: Floats, happened: Floats, *, weights: Floats | None = None) -> float:
    """Expected calibration error: mean gap of said and seen, over tenths of the ranking."""
    chance, happened, weights = _known(chance, happened, weights)
    if not len(chance):
        return float("nan")
    order = np.argsort(chance, kind="stable")
    starts = _starts_of_ties(chance[order])
    # Accounts that were told the same are never judged apart.
    size = np.add.reduceat(weights[order], starts)
    gap = np.add.reduceat((weights * (chance - happened))[order], starts)
    middle = (np.cumsum(size) - size / 2) / max(size.sum(), 1e-300)
    tenth = np.minimum((middle * _BINS).astype(np.int64), _BINS - 1)
    gaps = np.bincount(tenth, weights=gap, minlength=_BINS)
    return _ratio(np.abs(gaps).sum(), size.sum())


def predicted_over_observed(
    chance: Floats, happened: Floats, *, weights: Floats | None = None
) -> float:
    """Events expected for each that came; NaN where none came."""
    chance, happened, weights = _known(chance, happened, weights)
    return _ratio((weights * chance).sum(), (weights * happened).sum())


def lift_at(
    chance: Floats, happened: Floats, *, share: float = 0.1, weights: Floats | None = None
) -> float:
    """How many times more often it came among the ``share`` ranked highest than overall."""
    chance, happened, weights = _known(chance, happened, weights)
    order = np.argsort(-chance, kind="stable")
    starts = _starts_of_ties(chance[order])
    if not weights.sum() > 0:
        return float("nan")
    hits = np.add.reduceat((happened * weights)[order], starts)
    size = np.add.reduceat(weights[order], starts)
    room = np.clip(share * size.sum() - (np.cumsum(size) - size), 0.0, size)
    # Of accounts told the same, as many of each kind are taken as chance would take.
    taken = (hits * np.divide(room, size, out=np.zeros_like(size), where=size > 0)).sum()
    return _ratio(taken / room.sum(), hits.sum() / size.sum())


def inverse_censoring_weights(followup: FollowUp, horizon_days: float) -> Floats:
    """Weights under which the known outcomes stand for all rows; 0 for unknown ones.

    A row is weighted by one over the chance of still being followed when its outcome became
    known (Graf 1999), from the Kaplan–Meier estimate of staying in sight.
    """
    known_at = np.minimum(followup.days, horizon_days)
    unknown = (followup.days < horizon_days) & (followup.cause == CENSORED)
    lost = np.sort(followup.days[followup.cause == CENSORED])
    times, count = np.unique(lost, return_counts=True)
    ended = np.sort(followup.days[followup.cause != CENSORED])
    # Those that ended on the same day ended first.
    at_risk = (len(lost) - np.searchsorted(lost, times, side="left")) + (
        len(ended) - np.searchsorted(ended, times, side="right")
    )
    in_sight = np.concatenate([[1.0], np.cumprod(1 - count / at_risk)])
    weights = 1 / np.maximum(in_sight[np.searchsorted(times, known_at, side="left")], 1e-3)
    return np.where(unknown, 0.0, weights)


def integrated_brier(
    chances: Floats, followup: FollowUp, *, cause: int, horizons: Sequence[float]
) -> float:
    """Brier score averaged over the time up to the last horizon, censored rows weighed in.

    ``chances`` has one column per horizon; at day 0 nothing has happened and all are right.
    """
    scores = [0.0]
    for column, horizon in enumerate(horizons):
        weights = inverse_censoring_weights(followup, horizon)
        happened = followup.happened_by(horizon, cause=cause)
        squares = np.where(weights > 0, (chances[:, column] - happened) ** 2, 0.0)
        scores.append(float((weights * squares).sum() / len(followup)))
    return float(np.trapezoid(scores, [0.0, *horizons]) / horizons[-1])


def account_bootstrap(
    statistic: Callable[[Floats], float],
    accounts: Ints,
    *,
    seed: int,
    draws: int = 200,
    level: float = 0.95,
) -> tuple[float, float]:
    """Interval of a statistic if other accounts of the same kind had been seen.

    Whole accounts are drawn, since one account's rows share its fate. ``statistic`` is given a
    weight per row: ``lambda w: auc(model, y, weights=w) - auc(rule, y, weights=w)`` gives the
    interval of a margin. Draws in which it is NaN are left out.
    """
    (ends,) = account_bootstraps([statistic], accounts, seed=seed, draws=draws, level=level)
    return ends


def account_bootstraps(
    statistics: Sequence[Callable[[Floats], float]],
    accounts: Ints,
    *,
    seed: int,
    draws: int = 200,
    level: float = 0.95,
) -> list[tuple[float, float]]:
    """The interval of each statistic, as of ``account_bootstrap``, from the same draws."""
    _, account = np.unique(accounts, return_inverse=True)
    how_many = int(account.max(initial=-1)) + 1
    chance = np.random.default_rng(seed)
    evenly = np.full(how_many, 1 / max(how_many, 1))
    drawn = (chance.multinomial(how_many, evenly).astype(np.float64) for _ in range(draws))
    weighed = (times[account] for times in drawn)
    values = np.array([[statistic(own) for statistic in statistics] for own in weighed])
    return [_middle(column, level) for column in values.T]


def _middle(values: Floats, level: float) -> tuple[float, float]:
    values = values[~np.isnan(values)]
    if not len(values):
        return float("nan"), float("nan")
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _known(
    chance: Floats, happened: Floats, weights: Floats | None
) -> tuple[Floats, Floats, Floats]:
    """Leave out what is not known."""
    weights = np.ones_like(chance) if weights is None else weights
    known = ~np.isnan(happened)
    if known.all():
        return chance, happened, weights
    return chance[known], happened[known], weights[known]


def _starts_of_ties(ordered: Floats) -> Ints:
    return np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])[: len(ordered)])


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else float("nan")
