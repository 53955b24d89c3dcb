"""Which figures tell how customers adopt the product? All of them, as one table.

Every figure comes with its 95 % interval and the number of accounts it is made from. A cohort
is told of by what everybody in it has had the time to do.
"""

from collections.abc import Iterator, Mapping

import pandas as pd
import pyarrow as pa

from configs.load import Configuration
from features.assemble import FeatureSet
from serving.adoption.climbing import Climb, climbing_rows
from serving.adoption.cohorts import ALL, cohorts_of
from serving.adoption.early import early_rows, tried_rows
from serving.adoption.measures import Figure, difference
from serving.adoption.rows import Row
from serving.morning import Morning

COMPARED = ("reached_within_90d", "first_active_days")
MONTHS_COMPARED = 3
"""Cohorts are compared three months against the three before: one month is mostly luck."""
CHANGE = "change_in_"
FIGURE = ("value", "low", "high", "accounts")


def adoption_schema(configuration: Configuration) -> pa.Schema:
    """Columns of adoption.parquet: a row per segment, cohort, subject and metric."""
    text = [(name, pa.string()) for name in ("segment", "cohort", "subject", "metric")]
    numbers = [(name, pa.float64()) for name in FIGURE[:3]]
    return pa.schema([*text, *numbers, ("accounts", pa.int64())])


def adoption(morning: Morning, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Tell how all accounts, gone or not, have adopted the product by this morning."""
    features, playbook = morning.features, morning.configuration.playbook
    cohorts = cohorts_of(features, morning.as_of)
    climb = Climb(cohorts, features.completed, playbook)
    rows = [
        *climbing_rows(climb),
        *early_rows(cohorts, features.first_use),
        *tried_rows(cohorts, features.tried, capabilities=_capabilities(features)),
    ]
    rows += changes(rows)
    told = [(*row[:4], *row.figure) for row in rows if row.figure.accounts]
    names = ("segment", "cohort", "subject", "metric", *FIGURE)
    return pd.DataFrame(told, columns=list(names))


def _capabilities(features: FeatureSet) -> list[str]:
    """The most used capabilities of the data, whenever they were used."""
    told = features.catalogue.values()
    return [f.subject for f in told if f.measure == "capability_count" and f.subject]


def changes(rows: list[Row]) -> Iterator[Row]:
    """The newest three cohorts that can be told of, against the three before them."""
    by_question: dict[tuple[str, str, str], dict[str, Figure]] = {}
    for row in rows:
        if row.metric in COMPARED and row.cohort != ALL and row.figure.accounts:
            key = (row.segment, row.subject, row.metric)
            by_question.setdefault(key, {})[row.cohort] = row.figure
    for (segment, subject, metric), figures in by_question.items():
        months = sorted(figures)[-2 * MONTHS_COMPARED :]
        if len(months) == 2 * MONTHS_COMPARED:
            before, after = months[:MONTHS_COMPARED], months[MONTHS_COMPARED:]
            told = difference(
                pooled([figures[m] for m in before]), pooled([figures[m] for m in after])
            )
            yield Row(segment, f"{after[0]} to {after[-1]}", subject, CHANGE + metric, told)


def pooled(figures: list[Figure]) -> Figure:
    """Weigh figures of different accounts by how many those are; their errors shrink alike."""
    of = sum(f.accounts for f in figures)
    weights = [f.accounts / of for f in figures]
    value = sum(w * f.value for w, f in zip(weights, figures, strict=True))
    below = sum((w * (f.value - f.low)) ** 2 for w, f in zip(weights, figures, strict=True))
    above = sum((w * (f.high - f.value)) ** 2 for w, f in zip(weights, figures, strict=True))
    return Figure(value, value - below**0.5, value + above**0.5, of)
