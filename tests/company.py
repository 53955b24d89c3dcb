"""A small simulated company, for tests that need a whole one: learnt from once, and kept."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

import pandas as pd

from configs.load import Configuration, load
from configs.phrases import load_phrases
from features.asof import ordinal
from features.assemble import FeatureSet, build_features
from features.hindsight import hindsight
from features.plan import origins
from features.simulated import simulate
from features.sources import Source, open_source
from serving.prioritise import rank, this_week
from serving.score import Scores, score
from training.fit import fit_models
from training.models import Models
from training.proof.backtest import backtest
from training.proof.gate import Decision
from training.proof.judged import Backtest

DEMO = Path(__file__).parents[1] / "configs" / "demo"
SMALL = """
[models]
trees = 30
min_rows_in_leaf = 50
[backtest]
origins = 2
every_days = 91
"""


@dataclass(frozen=True)
class Company:
    """Its tables and its configuration as files; everything else is made when asked for."""

    tables: Path
    config: Path

    @cached_property
    def configuration(self) -> Configuration:
        return load(self.config)

    @cached_property
    def source(self) -> Source:
        return open_source(self.configuration.project, self.config)

    @cached_property
    def as_of(self) -> date:
        newest = self.source.tables["activity"].occurred_at.max().execute()
        return pd.Timestamp(newest).date() + timedelta(days=1)

    @property
    def day(self) -> int:
        return ordinal(self.as_of)

    def hindsight(self, source: Source) -> pd.DataFrame:
        """Ask a source again about the morning before, with the rows that came late to it."""
        days = self.features.snapshots["day"]
        before = int(days[days < self.day].max())
        rows = (days == before).to_numpy()
        told = {str(name): each.to_numpy() for name, each in self.features.values[rows].items()}
        since = pd.Timestamp(before, unit="D").date()
        return hindsight(source.tables, self.configuration, told, since=since, as_of=self.as_of)

    @cached_property
    def features(self) -> FeatureSet:
        return build_features(self.source.tables, self.configuration, as_of=self.as_of)

    @cached_property
    def tested(self) -> Backtest:
        project = self.configuration.project
        days = [ordinal(day) for day in origins(project, self.features.exits, self.as_of)]
        return backtest(
            self.features,
            project,
            origin_days=days,
            playbook=self.configuration.playbook,
            listing=lambda book: this_week(book.assign(rank=rank(book)), capacity=3),
        )

    @cached_property
    def trained(self) -> tuple[Models, Decision]:
        found = fit_models(
            self.features,
            self.configuration.project,
            self.tested,
            training_day=self.day,
            champion=None,
        )
        assert found is not None
        return found

    @property
    def models(self) -> Models:
        return self.trained[0]

    @property
    def speaking(self) -> Models:
        """Its models, as if they had shown skill."""
        return with_skill(self.models)

    def told(self, **frames: pd.DataFrame) -> FeatureSet:
        """Its features, with some of their frames told otherwise."""
        return replace(self.features, **frames)

    def scores(
        self,
        models: Models | None,
        *,
        features: FeatureSet | None = None,
        is_promoted: bool = True,
        previous: pd.DataFrame | None = None,
    ) -> Scores:
        return score(
            features or self.features,
            models,
            self.configuration,
            as_of=self.as_of,
            version="v1",
            is_promoted=is_promoted,
            phrases=load_phrases(self.config),
            previous=previous,
        )


def a_company(folder: Path, *, accounts: int = 150, seed: int = 11) -> Company:
    """Simulate one; a smaller copy of the demo's configuration reads its tables."""
    simulate(folder / "tables", accounts=accounts, seed=seed)
    return Company(folder / "tables", a_config(folder / "configs" / "acme", folder / "tables"))


def a_config(folder: Path, tables: Path, *, more: str = SMALL) -> Path:
    """Write the demo's configuration so that it reads these tables and learns quickly."""
    shutil.copytree(DEMO, folder)
    written = (folder / "project.toml").read_text("utf-8")
    written = written.partition("[backtest]")[0].replace('"demo"', '"acme"')
    before, _, rest = written.partition('path = "')
    path = f'{before}path = "{tables}"{rest.partition(chr(34))[2]}'
    (folder / "project.toml").write_text(path + more, "utf-8")
    return folder


def with_skill(models: Models, **churn: object) -> Models:
    """The same models, said to have shown skill."""
    skill: Mapping[str, Mapping[str, object]] = models.meta["skill"]
    shown = {**skill, "churn": {**skill["churn"], "has_skill": True, **churn}}
    return replace(models, meta={**models.meta, "skill": shown})
