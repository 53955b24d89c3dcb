"""Is the model still right, are its inputs what they were, and do the data still come?

What was found is a list of sentences for an operator. Only one kind calls for learning anew: a
model that *has decayed*, because what it said did not come true. Inputs that have drifted warn
of that; tables that have dried up are mended at their source, not by another model.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from configs.project import Project
from features.asof import ordinal
from features.assemble import FeatureSet
from serving.health.drift import drift
from serving.health.grading import RECENT, graded
from serving.health.inflow import inflow
from training.models import Models

Kind = Literal["decayed", "drifted", "stale", "volume"]
FEW_ROWS_A_WEEK = 20
"""Of a table with fewer rows, a thin week says nothing."""
NAMED = 5
TYPES: Mapping[str, pa.DataType] = {
    **dict.fromkeys(
        ("question", "said_by", "month", "feature", "family", "table"), pa.string()
    ),
    **dict.fromkeys(("horizon_days", "mornings", "statements", "events"), pa.int64()),
    **dict.fromkeys(("age_days", "longest_silence_days", "rows_last_day"), pa.int64()),
    "rows_last_week": pa.int64(),
    "is_used": pa.bool_(),
    "newest_on": pa.date32(),
}
"""Of the columns that are no fractions."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something an operator should know."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What the ledger holds of earlier mornings, ``day`` being the morning's number."""

    accounts: pd.DataFrame
    milestones: pd.DataFrame


@dataclass(frozen=True, slots=True, eq=False)
class Health:
    """How data and model do on one morning."""

    matured: pd.DataFrame
    drift: pd.DataFrame
    inflow: pd.DataFrame
    findings: tuple[Finding, ...]

    @property
    def has_decayed(self) -> bool:
        return any(finding.kind == "decayed" for finding in self.findings)


def examine(
    *,
    said: Said,
    features: FeatureSet,
    arrivals: pd.DataFrame,
    models: Models | None,
    project: Project,
    as_of: date,
) -> Health:
    """Grade what was said, compare the inputs, and look at what the tables brought."""
    morning = ordinal(as_of)
    matured = graded(
        accounts=said.accounts,
        milestones=said.milestones,
        features=features,
        as_of_day=morning,
        horizons=project.outcomes.horizons_days,
        recent_days=project.monitor.recent_days,
    )
    drifted = drift(
        features,
        as_of_day=morning,
        training_day=morning if models is None else int(models.meta["training_day"]),
        every_days=project.snapshots.training_every_days,
        used=frozenset() if models is None else frozenset(models.exits.encoder.features),
    )
    came = inflow(arrivals, as_of=as_of)
    findings = (
        *_decayed(matured, models, project),
        *_drifted(drifted, project),
        *_dried_up(came, project),
    )
    return Health(matured, drifted, came, findings)


def _decayed(
    matured: pd.DataFrame, models: Models | None, project: Project
) -> Iterator[Finding]:
    """Say where what the model lately said did not come true, beyond chance."""
    if models is None:
        return
    tested = {
        row["horizon_days"]: row["auc"]
        for row in models.meta.get("backtest", {}).get("churn", ())
        if row["origin"] == "all"
    }
    recent = matured.loc[
        (matured["question"] == "churn")
        & (matured["said_by"] == "model")
        & (matured["month"] == RECENT)
        & (matured["accounts_struck"] >= project.models.min_events)
    ]
    for row in recent.to_dict("records"):
        told = {str(name): value for name, value in row.items()}
        yield from _off_level(told, project)
        yield from _off_order(told, tested.get(told["horizon_days"]), project)


def _off_level(row: Mapping[str, Any], project: Project) -> Iterator[Finding]:
    bounds = project.gate
    lowest, highest = bounds.min_predicted_over_observed, bounds.max_predicted_over_observed
    low, high = (row[f"predicted_over_observed_{end}"] for end in ("low", "high"))
    if high < lowest or low > highest:
        yield Finding(
            "decayed",
            f"within {row['horizon_days']} days, {row['expected']:.0f} were expected to leave "
            f"and {row['events']} did: {row['predicted_over_observed']:.2f} "
            f"({low:.2f} to {high:.2f}), which should lie within {lowest:g} to {highest:g}",
        )


def _off_order(
    row: Mapping[str, Any], tested: float | None, project: Project
) -> Iterator[Finding]:
    if tested is not None and row["auc_high"] < tested - project.monitor.max_auc_drop:
        yield Finding(
            "decayed",
            f"within {row['horizon_days']} days, those who left are told apart worse than in "
            f"the backtest: AUC {row['auc']:.2f} ({row['auc_low']:.2f} to "
            f"{row['auc_high']:.2f}) against {tested:.2f}",
        )


def _drifted(drifted: pd.DataFrame, project: Project) -> Iterator[Finding]:
    read = drifted.loc[drifted["is_used"].astype(bool)]
    far = read.loc[read["index"] > project.monitor.max_drift + read["by_chance"]]
    if len(far):
        first = far.head(NAMED)
        named = ", ".join(
            f"{name} {index:.2f}"
            for name, index in zip(first["feature"], first["index"], strict=True)
        )
        more = f" and {len(far) - NAMED} more" if len(far) > NAMED else ""
        yield Finding(
            "drifted", f"{len(far)} of {len(read)} inputs of the model: {named}{more}"
        )


def _dried_up(came: pd.DataFrame, project: Project) -> Iterator[Finding]:
    wanted = project.monitor
    if "activity" not in set(came["table"]):
        yield Finding("stale", "activity: not a row in the last quarter")
    for row in came.to_dict("records"):
        usual, lately = row["usual_rows_a_week"], row["rows_last_week"]
        if usual < FEW_ROWS_A_WEEK:
            continue
        if row["age_days"] > max(wanted.stale_days, row["longest_silence_days"]):
            yield Finding(
                "stale",
                f"{row['table']}: the newest row is {row['age_days']} days old; it was never "
                f"silent for more than {row['longest_silence_days']} in the last quarter",
            )
        elif not wanted.min_volume <= lately / usual <= wanted.max_volume:
            rows = f"{lately:,.0f} row{'' if lately == 1 else 's'}"
            yield Finding(
                "volume", f"{row['table']}: {rows} in the last week, usually {usual:,.0f}"
            )


def as_tables(health: Health) -> dict[str, pa.Table]:
    """Give what lies behind the findings: always the same columns, in the same types."""
    return {
        name: pa.Table.from_pandas(frame, schema=_schema(frame), preserve_index=False)
        for name, frame in _frames(health).items()
    }


def as_facts(health: Health) -> dict[str, Any]:
    """Tell a morning's health as a manifest does: plain rows, null where there is nothing."""
    return {
        "findings": [{"kind": each.kind, "text": each.text} for each in health.findings],
        **{name: _rows(frame) for name, frame in _frames(health).items()},
    }


def _frames(health: Health) -> dict[str, pd.DataFrame]:
    return {"matured": health.matured, "drift": health.drift, "inflow": health.inflow}


def _schema(frame: pd.DataFrame) -> pa.Schema:
    return pa.schema([(str(name), TYPES.get(str(name), pa.float64())) for name in frame])


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    plain = frame.astype(object).where(frame.notna(), None)
    return [
        {str(name): _plain(value) for name, value in row.items()}
        for row in plain.to_dict("records")
    ]


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
