"""Was it known by how much accounts would come to pay more, or less?

On past mornings, for every account: the share of its ARR by which the model and each rule said
that it would move, if it did, and the share by which it did. Shares are judged by the Gamma
deviance, the smallest of which only the true mean has (Gneiting 2011, "Making and evaluating
point forecasts"); amounts of money by how many were expected for each that came.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from configs.sections import Gate
from features.assemble import FeatureSet
from training.engine.followed import Followed
from training.engine.periods import Floats
from training.proof.gate import Skill
from training.proof.judged import MODEL, Backtest, Bools, Judged
from training.proof.metrics import account_bootstrap
from training.questions.amounts import LEAST_SHARE, amount_evidence, moved_ahead
from training.questions.changes import GROWS, SHRINKS, UP
from training.questions.expansion import ExpansionModel

ARR, CAME = "arr", "came"
MEASURE = "Gamma deviance, relative to the best baseline"
FAR_DAYS = 3650


def amounts_at(
    features: FeatureSet, changed: Followed, model: ExpansionModel, *, way: int
) -> pd.DataFrame:
    """What was said of every row, and what came: arr, came, and a column per predictor.

    ``changed`` is what is known today of the changes that followed an origin's rows.
    """
    own = model.amounts[GROWS if way == UP else SHRINKS]
    evidence = amount_evidence(features, changed.rows, way=way)
    moved = moved_ahead(features, changed, way=way, horizon=FAR_DAYS)
    came = np.full(len(changed.rows), np.nan)
    came[moved.positions] = moved.share
    told = own.rules.told(evidence)
    if own.model is not None:
        matrix = model.matrix(features.values.iloc[changed.rows])
        told = {MODEL: own.expected(matrix, evidence, is_model=True), **told}
    return pd.DataFrame({ARR: evidence["arr"], CAME: came, **told})


def amount_skill(tested: Backtest, question: str, gate: Gate, *, horizon: int) -> Skill:
    """Compare the model's shares with the best rule's, over changes within the horizon.

    There is skill where the interval of the margin leaves out zero and the money expected of
    those that changed is to the money that came as the gate's bounds want it.
    """
    rows = changes_judged(tested, question, horizon=horizon)
    rules = [name for name in predictors(rows) if name != MODEL]
    if not len(rows) or MODEL not in rows or not rules:
        return Skill(has_skill=False, best_baseline=None, margin=0.0, low=0.0, high=0.0)
    came = rows[CAME].to_numpy(np.float64)
    lost = {name: deviance(came, rows[name].to_numpy(np.float64)) for name in [MODEL, *rules]}
    best = min(rules, key=lambda name: float(lost[name].mean()))

    def margin(weights: Floats) -> float:
        theirs = float((weights * lost[best]).sum())
        return 1 - float((weights * lost[MODEL]).sum()) / theirs if theirs else np.nan

    families = pd.factorize(rows["family"])[0].astype(np.int64)
    low, high = account_bootstrap(margin, families, seed=0)
    ratio = over_observed(rows, MODEL)
    in_bounds = gate.min_predicted_over_observed <= ratio <= gate.max_predicted_over_observed
    return Skill(
        has_skill=bool(low > 0 and in_bounds),
        best_baseline=best,
        margin=margin(np.ones(len(came))),
        low=low,
        high=high,
        measure=MEASURE,
    )


def amount_records(
    tested: Backtest, question: str, horizons: Sequence[int]
) -> list[dict[str, Any]]:
    """One row per horizon: errors of every predictor, and money expected over money that came.

    ``money_over_observed`` counts every account, at its chance of changing; the other figures
    only those that changed. None where no money came.
    """
    found = []
    for horizon in horizons:
        rows = changes_judged(tested, question, horizon=horizon)
        if not len(rows):
            continue
        said = predictors(rows)
        came = rows[CAME].to_numpy(np.float64)
        found.append(
            {
                "horizon_days": horizon,
                "changes": len(rows),
                "deviance": {n: float(deviance(came, rows[n].to_numpy()).mean()) for n in said},
                "absolute_error": {n: float((rows[n] - came).abs().mean()) for n in said},
                "predicted_over_observed": {n: _or_none(over_observed(rows, n)) for n in said},
                "money_over_observed": _or_none(money_over_observed(tested, question, horizon)),
            }
        )
    return found


def changes_judged(tested: Backtest, question: str, *, horizon: int) -> pd.DataFrame:
    """The changes of all origins within a horizon: family, arr, came, and who said what."""
    parts = [_changed(judged, horizon) for judged in tested.judged.get(question, ())]
    known = [part for part in parts if part is not None and len(part)]
    if not known:
        return pd.DataFrame(columns=["family", ARR, CAME])
    return pd.concat(known, join="inner", ignore_index=True)


def predictors(rows: pd.DataFrame) -> list[str]:
    """Whoever said something of the changes, the model first where there is one."""
    return [str(name) for name in rows.columns if name not in ("family", ARR, CAME)]


def money_over_observed(tested: Backtest, question: str, horizon: int) -> float:
    """Money expected of all accounts by a horizon for each that came; NaN where none did."""
    said = came = 0.0
    for judged in tested.judged.get(question, ()):
        pooled, amounts = judged.column(horizon), judged.amounts
        if pooled is None or amounts is None or MODEL not in amounts:
            continue
        said += float((pooled.said * amounts[MODEL] * amounts[ARR]).sum())
        moved = _is_changed(judged, horizon)
        came += float((amounts[CAME] * amounts[ARR])[moved].sum())
    return said / came if came > 0 else float("nan")


def deviance(came: Floats, said: Floats) -> Floats:
    """Twice the Gamma log-likelihood that is lost by saying ``said``; zero where it came."""
    ratio = came / np.maximum(said, LEAST_SHARE)
    lost: Floats = 2 * (ratio - 1 - np.log(ratio))
    return lost


def over_observed(rows: pd.DataFrame, predictor: str) -> float:
    """Money expected of those that changed for each that came."""
    came = float((rows[ARR] * rows[CAME]).sum())
    return float((rows[ARR] * rows[predictor]).sum()) / came if came > 0 else float("nan")


def _or_none(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _changed(judged: Judged, horizon: int) -> pd.DataFrame | None:
    if judged.amounts is None or CAME not in judged.amounts:
        return None
    rows = _is_changed(judged, horizon)
    told = judged.amounts.loc[rows].reset_index(drop=True)
    return told.assign(family=judged.about["family"].to_numpy(dtype=object)[rows])


def _is_changed(judged: Judged, horizon: int) -> Bools:
    amounts = judged.amounts
    assert amounts is not None
    happened = judged.followup.happened_by(horizon, cause=0) == 1
    is_known: Bools = happened & amounts[CAME].notna().to_numpy()
    return is_known
