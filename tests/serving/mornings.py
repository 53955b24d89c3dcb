"""Mornings of a small company, one after the other, kept in memory as in a lake."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from configs.load import Configuration
from configs.phrases import load_phrases
from features.assemble import FeatureSet
from features.hindsight import nothing
from features.nudged import COLUMNS as NUDGED
from serving.attention.feedback import COLUMNS
from serving.morning import Morning
from serving.outputs import outputs_of
from serving.score import score
from serving.scorecard import accounts_table, as_table, milestones_schema
from serving.views import values_on
from training.models import Models


@dataclass
class Memory:
    """What earlier mornings left; whatever was put in is from before."""

    tables: dict[date, dict[str, pd.DataFrame]] = field(default_factory=dict)
    built: dict[date, FeatureSet] = field(default_factory=dict)
    known_models: dict[str, Models] = field(default_factory=dict)
    is_alike: bool = True
    said: list[dict[str, object]] = field(default_factory=list)
    nudges: list[tuple[str, str, date]] = field(default_factory=list)
    today: date | None = None
    late: pd.DataFrame = field(default_factory=nothing)

    def mornings(self) -> list[date]:
        return sorted(day for day, told in self.tables.items() if "accounts" in told)

    def scores(
        self, morning: date, *, file: str = "accounts.parquet", columns: Sequence[str] = ()
    ) -> pd.DataFrame | None:
        told = self.tables.get(morning, {}).get(file.removesuffix(".parquet"))
        return told if told is None or not columns else told[list(columns)]

    def values(self, morning: date) -> pd.DataFrame | None:
        return values_on(self.built[morning], morning) if morning in self.built else None

    def hindsight(self) -> pd.DataFrame:
        return self.late

    def built_alike(self, morning: date) -> bool:
        return self.is_alike

    def track_record(self) -> pd.DataFrame | None:
        return None

    def feedback(self) -> pd.DataFrame:
        told = pd.DataFrame(self.said, columns=list(COLUMNS))
        return told.loc[[self.today is None or day <= self.today for day in told["about"]]]

    def nudged(self) -> pd.DataFrame:
        told = pd.DataFrame(self.nudges, columns=list(NUDGED))
        return told.assign(nudged_at=pd.to_datetime(told["nudged_at"]))

    def models(self, version: str) -> Models | None:
        return self.known_models.get(version)


def a_morning(
    as_of: date,
    features: FeatureSet,
    models: Models | None,
    configuration: Configuration,
    *,
    past: Memory | None = None,
    version: str = "v1",
) -> Morning:
    """Score a morning as the pipeline does."""
    past = past or Memory()
    phrases = load_phrases(configuration.folder)
    before = past.mornings()
    scores = score(
        features,
        models,
        configuration,
        as_of=as_of,
        version=version,
        is_promoted=True,
        phrases=phrases,
        previous=past.scores(before[-1]) if before else None,
    )
    horizons = configuration.project.outcomes.horizons_days
    return Morning(
        as_of=as_of,
        features=features,
        models=models,
        configuration=configuration,
        phrases=phrases,
        accounts=accounts_table(scores.accounts, horizons).to_pandas(),
        milestones=as_table(scores.milestones, milestones_schema(horizons)).to_pandas(),
        past=past,
    )


def remember(past: Memory, morning: Morning) -> Mapping[str, pd.DataFrame]:
    """Write a morning's tables, as its folder in the lake would hold them."""
    made = {name: table.to_pandas() for name, table in outputs_of(morning).items()}
    own = {"accounts": morning.accounts, "milestones": morning.milestones}
    past.tables[morning.as_of] = own | made
    past.built[morning.as_of] = morning.features
    return made
