"""Which accounts are worth a conversation about more, how much more, and why they?

A list for account-based marketing: every paying account with its chance of paying more within
the primary horizon, what is to be won, and the reasons, told as those of a risk are told.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from configs.load import Configuration
from features.asof import ordinal
from serving.formats import percent
from serving.morning import Morning
from serving.reasons.explain import contributions, points
from serving.reasons.timing import timing_of
from serving.reasons.wording import reasons
from serving.risks import BASELINE, MODEL, by_feature, typical_of_peers
from serving.scorecard import REASON, Reason
from training.engine.curves import IncidenceCurves
from training.engine.periods import Floats
from training.engine.slicing import horizon_weights, sliced
from training.models import Models
from training.questions.changes import GROWS, UP, Sizes
from training.questions.exits import THREADS
from training.questions.expansion import ExpansionModel, growth_evidence

COLUMNS = ("account_id", "as_of", "name", "segment", "owner", "arr", "renews_on")


def expansion_schema(_: Configuration) -> pa.Schema:
    """Give the columns of expansion.parquet: one row per paying account, best first."""
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
        ]
    )


def expansion_chances(
    models: Models, expansion: ExpansionModel, values: pd.DataFrame, *, horizon_days: int
) -> Floats:
    """The chance of paying more by a horizon: the model's where it has skill, else a rule's."""
    if models.foretells_expansion:
        exits = models.exits.rates(models.exits.matrix(values))
        return expansion.curves(values, exits).incidence_at(GROWS, horizon_days)
    horizons = list(models.meta["horizons"])
    chances: Floats = expansion.rule.predict(growth_evidence(values))
    return chances[:, horizons.index(horizon_days)]


def expansion_rows(morning: Morning, _: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Give the rows of expansion.parquet; none where too few accounts ever grew."""
    models = morning.models
    known = morning.accounts["expansion_chance"].notna() & (morning.accounts["arr"] > 0)
    if models is None or models.expansion is None or not known.any():
        return pd.DataFrame(columns=expansion_schema(morning.configuration).names)
    accounts = morning.accounts.loc[known, [*COLUMNS, "expansion_chance"]]
    accounts = accounts.reset_index(drop=True)
    values = _values(morning, accounts["account_id"])
    sizes = Sizes.known(morning.features.arr, way=UP, known_before=ordinal(morning.as_of))
    usual = sizes.typical(accounts["arr"].to_numpy(dtype=np.float64)) - 1
    told = accounts.assign(
        usual_growth=usual,
        expected_arr=accounts["expansion_chance"] * accounts["arr"] * usual,
        chance_source=MODEL if models.foretells_expansion else BASELINE,
        reasons=pd.Series(_reasons(morning, models.expansion, values), dtype=object),
    )
    order = ["expected_arr", "account_id"]
    best: pd.DataFrame = told.sort_values(order, ascending=[False, True], ignore_index=True)
    return best.assign(rank=np.arange(1, len(best) + 1))


def _values(morning: Morning, account_ids: "pd.Series[str]") -> pd.DataFrame:
    snapshots = morning.features.snapshots
    today = np.flatnonzero(snapshots["day"] == ordinal(morning.as_of))
    held = pd.Index(snapshots["account_id"].iloc[today])
    rows = today[held.get_indexer(pd.Index(account_ids))]
    values: pd.DataFrame = morning.features.values.iloc[rows].reset_index(drop=True)
    return values


def _reasons(
    morning: Morning, expansion: ExpansionModel, values: pd.DataFrame
) -> list[list[Reason]]:
    models, project = morning.models, morning.configuration.project
    assert models is not None
    horizon = project.outcomes.primary_horizon_days
    if not models.foretells_expansion:
        chances = expansion_chances(models, expansion, values, horizon_days=horizon)
        base = expansion.rule.overall[list(models.meta["horizons"]).index(horizon)]
        return [[_rule_reason(chance, base, expansion.rule.name)] for chance in chances]
    matrix = expansion.matrix(values)
    rates = expansion.rates(values) | models.exits.rates(models.exits.matrix(values))
    edges = expansion.periods.edges
    weights = horizon_weights(rates[GROWS], periods=expansion.periods, horizon_days=horizon)
    explained = sliced(expansion.hazards[GROWS], weights, reference=matrix, threads=THREADS)
    shares = contributions(explained, matrix, threads=THREADS)
    parts = points(shares, rates, edges=edges, cause=GROWS, horizon_days=horizon)
    curves = IncidenceCurves.from_rates(rates, edges)
    names = list(dict.fromkeys(expansion.encoder.features))
    return reasons(
        by_feature(shares, expansion.encoder.features, names),
        parts.scale,
        timing=timing_of(parts, curves, cause=GROWS, horizon_days=horizon),
        names=names,
        values=values,
        typical=typical_of_peers(values, morning.features.catalogue),
        catalogue=morning.features.catalogue,
        phrases=morning.phrases,
        currency=project.serving.currency,
    )


def _rule_reason(chance: float, base: float, rule: str) -> Reason:
    text = (
        f"By a simple rule ({rule}), not by the model, accounts like this pay more in "
        f"{percent(chance)} of cases; all accounts in {percent(base)}"
    )
    factor = chance / base if base > 0 else 1.0
    return Reason(BASELINE, text, chance, base, factor, chance - base)
