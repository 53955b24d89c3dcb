"""How good was what was said: for whom, how far ahead, beside which simple rules?

One long table holds every figure of a backtest: a row per question, origin (or ``all``), group
of accounts, horizon, predictor and measure. The model's figures over all origins carry the
interval that drawing other families of accounts would have given.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from features.asof import as_dates
from training.engine.periods import Floats, Ints
from training.proof.concordance import concordance
from training.proof.foretold import expected_lines
from training.proof.judged import ASKED, MODEL, QUESTIONS, Backtest, Bools, Judged, Pooled
from training.proof.metrics import (
    account_bootstraps,
    auc,
    average_precision,
    brier,
    ece,
    integrated_brier,
    predicted_over_observed,
)
from training.proof.punctuality import date_measures, lead_measures

MEASURES: Mapping[str, Callable[..., float]] = {
    "auc": auc,
    "average_precision": average_precision,
    "brier": brier,
    "ece": ece,
    "predicted_over_observed": predicted_over_observed,
}
TOGETHER = "all"
EVERYBODY = ("all", "all")
MANY_DRAWS, FEW_DRAWS = 200, 100
OF_GROUPS = ("auc", "predicted_over_observed")
"""The measures of a part of the accounts that carry an interval."""
COLUMNS = (
    "question",
    "origin",
    "group_kind",
    "group",
    "horizon_days",
    "predictor",
    "measure",
    "value",
    "low",
    "high",
    "accounts",
    "events",
)

Group = tuple[str, str]
Line = dict[str, Any]


def measures_of(tested: Backtest, horizons: Sequence[int]) -> pd.DataFrame:
    """Give every figure of a backtest; what cannot be judged has no row."""
    lines: list[Line] = []
    for question in QUESTIONS:
        for judged in tested.judged[question]:
            for horizon in horizons:
                if (part := judged.column(horizon)) is not None:
                    lines += _lines(part, question, _date(judged), horizon, EVERYBODY, draws=0)
        for horizon in horizons:
            pooled = tested.pooled(question, horizon)
            for group, rows in _groups(pooled):
                draws = MANY_DRAWS if group == EVERYBODY else FEW_DRAWS
                lines += _lines(rows, question, TOGETHER, horizon, group, draws=draws)
        lines += _over_time(tested, question, horizons)
        lines += [{"question": question, **line} for line in date_measures(tested, question)]
    lines += [{"question": "churn", **line} for line in lead_measures(tested.leavers)]
    of_all = {"question": "churn", "origin": TOGETHER, "group_kind": "all", "group": "all"}
    lines += [{**of_all, **line} for line in expected_lines(tested, horizons)]
    table = pd.DataFrame(lines).reindex(columns=list(COLUMNS))
    return table.astype({"horizon_days": "Int32", "accounts": "Int64", "events": "Int64"})


def records(tested: Backtest, question: str, horizons: Sequence[int]) -> list[Line]:
    """One row per origin and horizon, and one per horizon over all origins (origin ``all``)."""
    rows = []
    for horizon in horizons:
        for judged in tested.judged[question]:
            one = judged.column(horizon)
            if one is not None and one.can_be_judged:
                rows.append({"origin": _date(judged), "horizon_days": horizon, **_record(one)})
        pooled = tested.pooled(question, horizon)
        if pooled is not None and pooled.can_be_judged:
            rows.append({"origin": TOGETHER, "horizon_days": horizon, **_record(pooled)})
    return rows


def unmatured(horizons: Sequence[int], tested: Backtest, question: str) -> Iterator[str]:
    """Say which horizons no origin is old enough to judge."""
    for horizon in horizons:
        if tested.pooled(question, horizon) is None:
            yield f"no origin is old enough to judge {question} within {horizon} days"


def intervals_of(
    measures: Sequence[Callable[..., float]],
    chance: Floats,
    happened: Floats,
    families: Ints,
    *,
    draws: int,
) -> list[tuple[float, float]]:
    """95 % interval of each measure if other families of the same kind had been seen."""
    # Sorted once here, the rows are found in order by every draw, which sorts them again.
    order = np.argsort(chance, kind="stable")
    chance, happened, families = chance[order], happened[order], families[order]

    def weighed(measure: Callable[..., float]) -> Callable[[Floats], float]:
        return lambda weights: measure(chance, happened, weights=weights)

    return account_bootstraps(list(map(weighed, measures)), families, seed=0, draws=draws)


def _record(pooled: Pooled) -> Line:
    said, came = pooled.said, pooled.happened
    ((low, high),) = intervals_of([auc], said, came, pooled.families, draws=MANY_DRAWS)
    by_brier = {name: brier(chance, came) for name, chance in pooled.rules.items()}
    return {
        "accounts": pooled.account_count,
        "events": int(came.sum()),
        "auc": auc(said, came),
        "auc_low": low,
        "auc_high": high,
        "brier": brier(said, came),
        "ece": ece(said, came),
        "predicted_over_observed": predicted_over_observed(said, came),
        "best_baseline": min(by_brier, key=by_brier.__getitem__) if by_brier else None,
        "baseline_auc": {name: auc(chance, came) for name, chance in pooled.rules.items()},
        "baseline_brier": by_brier,
    }


def _groups(pooled: Pooled | None) -> Iterator[tuple[Group, Pooled]]:
    """Everybody, then each segment, seen and new accounts, and each milestone."""
    if pooled is None:
        return
    yield EVERYBODY, pooled
    for kind in ("segment", "milestone"):
        if kind in pooled.about:
            names = pooled.about[kind].astype(str)
            for name in sorted(names.unique()):
                yield (kind, name), pooled.where((names == name).to_numpy())
    is_new: Bools = pooled.about["is_new"].to_numpy(dtype=bool)
    for name, rows in (("seen", ~is_new), ("new", is_new)):
        yield ("history", name), pooled.where(rows)


def _lines(
    rows: Pooled, question: str, origin: str, horizon: int, group: Group, *, draws: int
) -> Iterator[Line]:
    """Every measure of every predictor; intervals for the model where anything is drawn."""
    if not rows.can_be_judged:
        return
    common = {
        "question": question,
        "origin": origin,
        "group_kind": group[0],
        "group": group[1],
        "horizon_days": horizon,
        "accounts": rows.account_count,
        "events": int(rows.happened.sum()),
    }
    drawn = _intervals(rows, MEASURES if group == EVERYBODY else OF_GROUPS, draws=draws)
    for predictor, chance in rows.told:
        for name, measure in MEASURES.items():
            line = common | {"predictor": predictor, "measure": name}
            line["value"] = measure(chance, rows.happened)
            if predictor == MODEL and name in drawn:
                line["low"], line["high"] = drawn[name]
            yield line
        if predictor in rows.listed:
            lift = _lift_of_list(rows.listed[predictor], rows.happened)
            yield common | {
                "predictor": predictor,
                "measure": "lift_at_capacity",
                "value": lift,
            }


def _intervals(
    rows: Pooled, names: Iterable[str], *, draws: int
) -> Mapping[str, tuple[float, float]]:
    """The model's interval by measure; none where nothing is drawn."""
    if not draws:
        return {}
    measures = {name: MEASURES[name] for name in names}
    ends = intervals_of(
        list(measures.values()), rows.said, rows.happened, rows.families, draws=draws
    )
    return dict(zip(measures, ends, strict=True))


def _lift_of_list(listed: Bools, happened: Floats) -> float:
    """How many times more often it came among those in a list than among all."""
    overall = happened.mean()
    return float(happened[listed].mean() / overall) if listed.any() and overall else np.nan


def _over_time(tested: Backtest, question: str, horizons: Sequence[int]) -> Iterator[Line]:
    """What has no single horizon: the integrated Brier score and the C-index, by origin."""
    for judged in tested.judged[question]:
        told = {MODEL: judged.said, **judged.rules}
        common = {
            "question": question,
            "origin": _date(judged),
            "group_kind": EVERYBODY[0],
            "group": EVERYBODY[1],
            "accounts": int(judged.about["account_id"].nunique()),
            "events": int((judged.followup.cause == ASKED).sum()),
        }
        for name, chances in told.items():
            score = integrated_brier(chances, judged.followup, cause=ASKED, horizons=horizons)
            order = concordance(chances[:, -1], judged.followup, cause=ASKED)
            for measure, value in (("integrated_brier", score), ("c_index", order)):
                yield common | {"predictor": name, "measure": measure, "value": value}


def _date(judged: Judged) -> str:
    return as_dates(np.array([judged.origin_day]))[0].date().isoformat()
