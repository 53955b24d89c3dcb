"""Why is this account's risk what it is, in parts that add up?

The model's mean log hazard over the horizon is split exactly among its inputs; then the split
is carried over to the risk itself, in points of probability, so that the risk of a typical
account plus all points is the risk on the page.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from serving.reasons.kernels import contribute, tabulate
from serving.reasons.patterns import MOST_SPLITS, lay_out
from training.engine.curves import IncidenceCurves
from training.engine.matrix import Matrix
from training.engine.periods import Floats
from training.engine.slicing import Sliced

_ROWS_AT_ONCE = 16_384
# Nearer to the base than this, the slope between the two is the slope of the curve.
_AT_THE_BASE = 1e-5


def contributions(sliced: Sliced, matrix: Matrix, *, threads: int = 1) -> Floats:
    """How much each input moves each row's mean log hazard away from ``sliced.base``.

    One row per account and one column per input. ``base`` plus a row's sum is its score; these
    are the SHAP values that ``sliced.booster.predict(..., pred_contrib=True)`` gives, sooner.
    """
    matrix.must_be(sliced.names, sliced.clocks)
    if max((tree.nodes for tree in sliced.trees), default=0) > MOST_SPLITS:
        shares: Floats = sliced.booster.predict(
            matrix.values, pred_contrib=True, num_threads=threads
        )
        return shares[:, :-1]
    shares = np.zeros(matrix.values.shape)
    if not any(tree.nodes for tree in sliced.trees):
        return shares
    patterns = lay_out(sliced.trees)
    table = tabulate(patterns)

    def fill(start: int) -> None:
        rows = slice(start, start + _ROWS_AT_ONCE)
        values = np.ascontiguousarray(matrix.values[rows])
        shares[rows, patterns.inputs] = contribute(patterns, table, values)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(fill, range(0, len(matrix), _ROWS_AT_ONCE)))
    return shares


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Risks in parts: ``base_risk + by_input.sum(axis=1) + timing`` is ``risk``."""

    base_risk: float
    """The risk that everybody's explanation starts from."""
    by_input: Floats
    """Points of probability, one row per account and one column per input."""
    timing: Floats
    """What no input accounts for: other ways out, and when within the horizon it comes."""
    competing: Floats
    """What other ways out take from p0, beside the mean of all accounts: a part of timing."""
    scale: Floats
    """Points for one unit of log hazard, per account."""
    risk: Floats


def points(
    shares: Floats,
    rates: Mapping[str, Floats],
    *,
    edges: Sequence[float],
    cause: str,
    horizon_days: float,
    base_risk: float | None = None,
) -> Points:
    """Carry contributions to the mean log hazard over to the risk of ``cause``.

    ``rates`` are the daily rates of all causes, those of ``cause`` being what ``shares``
    explain. An account whose rates of ``cause`` were brought back to the base level, with its
    own timing and its own other causes, would have the risk p0; its points are its shares times
    the slope from there to its risk. That slope is never negative, so a point has its share's
    sign. ``base_risk`` is the mean of all p0 unless given; the rest of p0 is ``timing``.
    """
    above = shares.sum(axis=1)

    def risk_with(change: Floats) -> Floats:
        changed = {**rates, cause: rates[cause] * np.exp(change)[:, None]}
        return IncidenceCurves.from_rates(changed, edges).incidence_at(cause, horizon_days)

    risk = risk_with(np.zeros_like(above))
    near = np.abs(above) < _AT_THE_BASE
    step = np.where(near, _AT_THE_BASE, -above)
    rise = np.where(near, risk_with(step) - risk_with(-step), risk_with(step) - risk)
    scale = rise / np.where(near, 2 * step, step)
    at_base = risk - scale * above
    alone = {cause: rates[cause] * np.exp(-above)[:, None]}
    unopposed = IncidenceCurves.from_rates(alone, edges).incidence_at(cause, horizon_days)
    base = float(at_base.mean()) if base_risk is None and len(at_base) else base_risk or 0.0
    return Points(
        base_risk=base,
        by_input=shares * scale[:, None],
        timing=at_base - base,
        competing=_from_mean(at_base - unopposed),
        scale=scale,
        risk=risk,
    )


def _from_mean(amounts: Floats) -> Floats:
    return amounts - amounts.mean() if len(amounts) else amounts
