"""Which accounts are worth a conversation about more, how much more, and why they?

A list for account-based marketing: every paying account with its chance of paying more by each
horizon, the share by which it would, what is to be won, and the reasons of both, told as those
of a risk are told. What it may come to pay less stands beside it.
"""

from collections.abc import Mapping
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa

from configs.load import Configuration
from features.asof import Ints, ordinal
from serving.formats import percent
from serving.morning import Morning
from serving.outlook.amounts import Amounts, amounts_of, speaks_of_amounts
from serving.prioritise import held_out
from serving.reasons.explain import contributions, points
from serving.reasons.timing import timing_of
from serving.reasons.wording import reasons
from serving.risks import BASELINE, MODEL, by_feature, typical_of_peers
from serving.scorecard import REASON, Reason
from training.engine.curves import IncidenceCurves
from training.engine.periods import Floats
from training.engine.slicing import horizon_weights, sliced
from training.models import Models
from training.questions.amounts import NAMES
from training.questions.changes import DOWN, GROWS, UP
from training.questions.exits import THREADS
from training.questions.expansion import QUESTIONS, ExpansionModel, growth_evidence

COLUMNS = ("account_id", "as_of", "name", "segment", "owner", "arr", "renews_on")
SOURCES = {True: MODEL, False: BASELINE}
AT_THE_BASE = 1e-5
"""Nearer to the base than this, the slope between the two is the slope of the curve."""


def expansion_schema(configuration: Configuration) -> pa.Schema:
    """Give the columns of expansion.parquet: one row per paying account, best first.

    ``usual_growth`` and ``usual_loss`` are shares of ARR: by how much, if at all. The columns
    of money are chance times share times ARR.
    """
    horizons = configuration.project.outcomes.horizons_days
    by_horizon = [
        (f"{name}_{days}d", pa.float64())
        for name in ("expansion_chance", "contraction_chance", "expansion_arr", "loss_arr")
        for days in horizons
    ]
    return pa.schema(
        [
            ("account_id", pa.string()),
            ("as_of", pa.date32()),
            ("rank", pa.int32()),
            ("name", pa.string()),
            ("segment", pa.string()),
            ("owner", pa.string()),
            ("arr", pa.float64()),
            ("renews_on", pa.date32()),
            ("expansion_chance", pa.float64()),
            ("usual_growth", pa.float64()),
            ("expected_arr", pa.float64()),
            ("chance_source", pa.string()),
            ("reasons", pa.list_(REASON)),
            ("growth_source", pa.string()),
            ("growth_reasons", pa.list_(REASON)),
            ("contraction_chance", pa.float64()),
            ("usual_loss", pa.float64()),
            ("expected_loss_arr", pa.float64()),
            ("contraction_source", pa.string()),
            ("loss_source", pa.string()),
            *by_horizon,
        ]
    )


def change_chances(
    models: Models, expansion: ExpansionModel, values: pd.DataFrame, *, way: int
) -> Floats:
    """The chance of paying more, or less, by each horizon: the model's or a rule's."""
    horizons = list(models.meta["horizons"])
    if models.foretells(QUESTIONS[way]):
        exits = models.exits.rates(models.exits.matrix(values))
        curves = expansion.curves(values, exits)
        return np.stack([curves.incidence_at(NAMES[way], h) for h in horizons], axis=1)
    return expansion.rules[NAMES[way]].predict(growth_evidence(values))


def expansion_chances(
    models: Models, expansion: ExpansionModel, values: pd.DataFrame, *, horizon_days: int
) -> Floats:
    """The chance of paying more by a horizon: the model's where it has skill, else a rule's."""
    chances = change_chances(models, expansion, values, way=UP)
    return chances[:, list(models.meta["horizons"]).index(horizon_days)]


def expansion_rows(morning: Morning, _: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Give the rows of expansion.parquet; none where too few accounts ever grew."""
    models = morning.models
    known = morning.accounts["expansion_chance"].notna() & (morning.accounts["arr"] > 0)
    known &= ~held_out(morning.accounts)
    if models is None or models.expansion is None or not known.any():
        return pd.DataFrame(columns=expansion_schema(morning.configuration).names)
    accounts = morning.accounts.loc[known, [*COLUMNS, "expansion_chance"]]
    accounts = accounts.reset_index(drop=True)
    rows = _rows(morning, accounts["account_id"])
    values = morning.features.values.iloc[rows].reset_index(drop=True)
    grows, shrinks = (amounts_of(morning.features, models, rows, way=way) for way in (UP, DOWN))
    told = accounts.assign(
        usual_growth=grows.expected,
        chance_source=SOURCES[models.foretells(QUESTIONS[UP])],
        reasons=pd.Series(_reasons(morning, models.expansion, values), dtype=object),
        growth_source=SOURCES[speaks_of_amounts(models, way=UP)],
        growth_reasons=pd.Series(_growth_reasons(morning, grows, values), dtype=object),
        usual_loss=shrinks.expected,
        contraction_source=SOURCES[models.foretells(QUESTIONS[DOWN])],
        loss_source=SOURCES[speaks_of_amounts(models, way=DOWN)],
    )
    told = _with_money(told, models, values, (grows, shrinks), morning.configuration)
    order = ["expected_arr", "account_id"]
    best: pd.DataFrame = told.sort_values(order, ascending=[False, True], ignore_index=True)
    return best.assign(rank=np.arange(1, len(best) + 1))


def _with_money(
    told: pd.DataFrame,
    models: Models,
    values: pd.DataFrame,
    amounts: tuple[Amounts, Amounts],
    configuration: Configuration,
) -> pd.DataFrame:
    """Add chances, and what is to be won and lost, by each horizon."""
    assert models.expansion is not None
    arr, found = told["arr"].to_numpy(dtype=np.float64), {}
    outcomes = configuration.project.outcomes
    for own, chance, money in zip(
        amounts, ("expansion", "contraction"), ("expansion_arr", "loss_arr"), strict=True
    ):
        chances = change_chances(models, models.expansion, values, way=own.way)
        for column, days in enumerate(outcomes.horizons_days):
            found[f"{chance}_chance_{days}d"] = chances[:, column]
            found[f"{money}_{days}d"] = chances[:, column] * own.expected * arr
    primary = outcomes.primary_horizon_days
    return told.assign(
        **found,
        expected_arr=found[f"expansion_arr_{primary}d"],
        contraction_chance=found[f"contraction_chance_{primary}d"],
        expected_loss_arr=found[f"loss_arr_{primary}d"],
    )


def _rows(morning: Morning, account_ids: "pd.Series[str]") -> Ints:
    snapshots = morning.features.snapshots
    today = np.flatnonzero(snapshots["day"] == ordinal(morning.as_of))
    held = pd.Index(snapshots["account_id"].iloc[today])
    rows: Ints = today[held.get_indexer(pd.Index(account_ids))]
    return rows


def _reasons(
    morning: Morning, expansion: ExpansionModel, values: pd.DataFrame
) -> list[list[Reason]]:
    models, project = morning.models, morning.configuration.project
    assert models is not None
    horizon = project.outcomes.primary_horizon_days
    if not models.foretells(QUESTIONS[UP]):
        chances = expansion_chances(models, expansion, values, horizon_days=horizon)
        rule = expansion.rules[GROWS]
        base = rule.overall[list(models.meta["horizons"]).index(horizon)]
        return [[_rule_of_chance(chance, base, rule.name)] for chance in chances]
    matrix = expansion.matrix(values)
    rates = expansion.rates(values) | models.exits.rates(models.exits.matrix(values))
    edges = expansion.periods.edges
    weights = horizon_weights(rates[GROWS], periods=expansion.periods, horizon_days=horizon)
    explained = sliced(expansion.hazards[GROWS], weights, reference=matrix, threads=THREADS)
    shares = contributions(explained, matrix, threads=THREADS)
    parts = points(shares, rates, edges=edges, cause=GROWS, horizon_days=horizon)
    curves = IncidenceCurves.from_rates(rates, edges)
    names = list(dict.fromkeys(expansion.encoder.features))
    return _worded(morning, values, names)(
        by_feature(shares, expansion.encoder.features, names),
        parts.scale,
        timing=timing_of(parts, curves, cause=GROWS, horizon_days=horizon),
    )


def _growth_reasons(
    morning: Morning, grows: Amounts, values: pd.DataFrame
) -> list[list[Reason]]:
    """Why that much, in points of ARR: the share of a typical account and all points are it."""
    models = morning.models
    assert models is not None
    assert models.expansion is not None
    own = models.expansion.amounts[GROWS]
    if not speaks_of_amounts(models, way=UP) or own.model is None:
        base = own.rules.overall
        return [[_rule_of_share(share, base, own.rule)] for share in grows.expected]
    matrix, explained = models.expansion.matrix(values), own.explained()
    shares = contributions(explained, matrix, threads=THREADS)
    above = shares.sum(axis=1)
    near = np.abs(above) < AT_THE_BASE
    step = np.where(near, AT_THE_BASE, above)
    scale = np.exp(explained.base + own.log_shift) * np.expm1(step) / step
    names = list(dict.fromkeys(models.expansion.encoder.features))
    told = by_feature(shares, models.expansion.encoder.features, names)
    return _worded(morning, values, names)(told, scale, timing=None)


def _worded(
    morning: Morning, values: pd.DataFrame, names: list[str]
) -> "partial[list[list[Reason]]]":
    catalogue = morning.features.catalogue
    return partial(
        reasons,
        names=names,
        values=values,
        typical=typical_of_peers(values, catalogue),
        catalogue=catalogue,
        phrases=morning.phrases,
        currency=morning.configuration.project.serving.currency,
    )


def _rule_of_chance(chance: float, base: float, rule: str) -> Reason:
    fact = f"accounts like this pay more in {percent(chance)} of cases"
    return _by_rule(f"{fact}; all accounts in {percent(base)}", chance, base, rule)


def _rule_of_share(share: float, base: float, rule: str) -> Reason:
    fact = f"accounts like this that come to pay more pay {percent(share)} more"
    return _by_rule(f"{fact}; all of them {percent(base)}", share, base, rule)


def _by_rule(fact: str, value: float, base: float, rule: str) -> Reason:
    text = f"By a simple rule ({rule}), not by the model, {fact}"
    factor = value / base if base > 0 else 1.0
    return Reason(BASELINE, text, value, base, factor, value - base)
