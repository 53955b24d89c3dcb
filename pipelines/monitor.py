"""How are data and model doing, and must the model learn anew?

Looks at every morning's scores whose time has come, at the inputs, and at what the tables
brought; keeps what it found under ``<lake>/<name>/monitor/as_of=…``, where the report reads it;
and has a model that has decayed learn anew, not more often than ``[monitor]`` allows.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from configs.load import Configuration, load
from configs.project import Project
from features.arrivals import daily_arrivals
from features.asof import ordinal
from features.assemble import FeatureSet
from features.sources import open_source
from pipelines.build import build, built
from pipelines.lake import Lake, write_parquet
from pipelines.ledger import Ledger
from pipelines.manifest import read_manifest, write_manifest
from pipelines.progress import Progress
from pipelines.speaker import models_in_use
from pipelines.train import train
from serving.health.grading import ALL
from serving.health.monitor import Health, Said, as_facts, as_tables, examine
from training.registry import Registry

ACCOUNTS_EVERY_DAYS, MILESTONES_EVERY_DAYS = 7, 28
"""Of daily scores, so many days apart are graded: those between say nearly the same."""


def examined(
    configuration: Configuration, lake: Lake, features: FeatureSet, as_of: date
) -> Health:
    """Read all that is to be looked at, and look at it."""
    ledger = Ledger(lake)
    said = Said(
        ledger.first_said("accounts", before=as_of, every_days=ACCOUNTS_EVERY_DAYS),
        ledger.first_said("milestones", before=as_of, every_days=MILESTONES_EVERY_DAYS),
    )
    source = open_source(configuration.project, configuration.folder)
    with closing(source), source.steady():
        arrivals = daily_arrivals(source.tables, as_of=as_of)
    return examine(
        said=said,
        features=features,
        arrivals=arrivals,
        models=models_in_use(Registry(lake.root), configuration.project, as_of).models,
        project=configuration.project,
        as_of=as_of,
    )


def written(folder: Path, health: Health, facts: Mapping[str, Any]) -> None:
    """Write a morning's findings, and the tables behind them."""
    for name, table in as_tables(health).items():
        write_parquet(table, folder / f"{name}.parquet")
    write_manifest(folder, {**facts, **as_facts(health)})


def may_learn_again(registry: Registry, project: Project, as_of: date) -> bool:
    """Whether the newest model, put to use or not, was learnt long enough ago."""
    versions = registry.versions(project.name)
    if not versions:
        return True
    newest = registry.bundle(project.name, version=versions[-1].version)
    age = ordinal(as_of) - int(newest.meta["training_day"])
    return age >= project.monitor.retrain_every_days


look = task(name="grade, compare and count", cache_policy=NO_CACHE)(examined)


@flow(name="monitor")
def monitor(config: str, lake: str, as_of: str | None = None) -> date:
    """Tell how data and model do, and learn anew where the model has decayed."""
    configuration, progress = load(Path(config)), Progress()
    store = Lake(Path(lake), configuration.project.name)
    day = build(config, lake, as_of)
    with progress.step("look after data and model"):
        features = built(store, day, configuration.project)
        health = look(configuration, store, features, day)
        facts = {"as_of": day, "configuration": configuration.fingerprint}
        with store.replace("monitor", day) as folder:
            written(folder, health, facts)
    said = list(findings(read_manifest(store.path("monitor", day))))
    registry = Registry(Path(lake))
    if health.has_decayed and may_learn_again(registry, configuration.project, day):
        said.append(f"learnt anew: {train(config, lake, day.isoformat())}")
    create_markdown_artifact("\n".join(f"- {line}" for line in said), key="monitor")
    return day


def findings(found: Mapping[str, Any]) -> Iterator[str]:
    """Say what an operator should know, the worst first."""
    if not found["findings"]:
        yield "nothing to worry about"
    for each in found["findings"]:
        yield f"{each['kind']}: {each['text']}"


def told(found: Mapping[str, Any]) -> Iterator[str]:
    """Say what was found, and how what was said has come true so far."""
    yield f"as of {found['as_of']}:"
    yield from (f"  {line}" for line in findings(found))
    graded = [row for row in found["matured"] if row["month"] == ALL]
    if not graded:
        yield "  no statement has had its time yet"
    for row in graded:
        yield "  " + _in_words(row)


def _in_words(row: Mapping[str, Any]) -> str:
    level, order, error = (
        _measured(row, name, digits)
        for name, digits in (("predicted_over_observed", 2), ("auc", 3), ("brier", 4))
    )
    return (
        f"{row['question']} by the {row['said_by']}, {row['horizon_days']} days: "
        f"{row['statements']:,} statements of {row['mornings']} mornings, "
        f"predicted/observed {level}, AUC {order}, Brier {error}"
    )


def _measured(row: Mapping[str, Any], name: str, digits: int) -> str:
    best, low, high = (row[name], row[f"{name}_low"], row[f"{name}_high"])
    if best is None:
        return "unknown"
    between = "" if low is None else f" ({low:.{digits}f} to {high:.{digits}f})"
    return f"{best:.{digits}f}{between}"
