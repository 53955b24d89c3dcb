"""How does a model come about, prove itself, and take its place?"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from configs.load import Configuration, load
from features.asof import ordinal
from features.assemble import FeatureSet
from pipelines.backtest import backtest, kept_backtest
from pipelines.build import built
from pipelines.lake import Lake
from pipelines.manifest import read_manifest
from pipelines.progress import Progress
from training.fit import fit_models
from training.models import Models, answers
from training.proof.gate import Decision
from training.proof.judged import Backtest
from training.proof.rival import rival_of
from training.record import record_run
from training.registry import Registry


def fitted(
    features: FeatureSet,
    configuration: Configuration,
    tested: Backtest,
    *,
    as_of: date,
    champion: Models | None,
) -> tuple[Models, Decision] | None:
    """Fit on everything known by the as-of date; None where there is nothing to learn from."""
    project = configuration.project
    rival = None if champion is None else rival_of(champion, features, project, tested)
    return fit_models(features, project, tested, training_day=ordinal(as_of), champion=rival)


def to_beat(registry: Registry, configuration: Configuration, as_of: date) -> Models | None:
    """The champion; None where it was asked other questions.

    A champion that learnt after the as-of date knows what nobody knew then.
    """
    project = configuration.project
    champion = registry.champion(project.name)
    if champion is None or not answers(champion.bundle.meta, project, day=ordinal(as_of)):
        return None
    return Models.from_bundle(champion.bundle)


def prints_of(manifest: Mapping[str, Any]) -> dict[str, str]:
    """What a run came from, as its build tells it."""
    return {
        "data": manifest["data"]["fingerprint"],
        "configuration": manifest["configuration"]["fingerprint"],
        "code": manifest["code_version"],
    }


fit = task(name="fit models", cache_policy=NO_CACHE)(fitted)
keep = task(name="record and decide", cache_policy=NO_CACHE)(record_run)


@flow(name="train")
def train(config: str, lake: str, as_of: str | None = None) -> str:
    """Fit, backtest, register a challenger, and promote it if it earns it."""
    configuration, progress = load(Path(config)), Progress()
    project, name = configuration.project, configuration.project.name
    store, registry = Lake(Path(lake), name), Registry(Path(lake))
    day = backtest(config, lake, as_of)
    features = built(store, day, project)
    manifest = read_manifest(store.path("builds", day))
    champion = to_beat(registry, configuration, day)
    with progress.step("fit models"):
        found = fit(
            features,
            configuration,
            kept_backtest(store, day),
            as_of=day,
            champion=champion,
        )
    if found is None:
        said = "nothing to learn from yet: no morning lies far enough back"
    else:
        with progress.step("record the run"):
            said = keep(registry, *found, project, prints=prints_of(manifest))
    create_markdown_artifact(f"## Training {name}, {day}\n\n{said}", key="train")
    return said
