"""How do this morning's scores come about, and where do they go?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from configs.load import Configuration, load
from configs.phrases import load_phrases
from configs.project import Project
from features.asof import ordinal
from features.assemble import FeatureSet
from pipelines.build import build, built
from pipelines.lake import Lake, write_parquet
from pipelines.manifest import read_manifest, write_manifest
from pipelines.progress import Progress
from serving.people import people_by_role
from serving.report.render import write_report
from serving.score import Scores, score
from serving.scorecard import accounts_schema, as_table, milestones_schema
from training.models import Models, answers
from training.registry import Registered, Registry

UNKNOWN = {"has_skill": False, "best_baseline": None, "margin": None, "low": None, "high": None}


@dataclass(frozen=True, slots=True, eq=False)
class InUse:
    """The models to score with, and what was decided about them."""

    models: Models | None
    version: str
    gate: Mapping[str, Any]


def models_in_use(registry: Registry, project: Project, as_of: date) -> InUse:
    """The champion, or whoever was it then; before there is one, the newest challenger.

    The challenger speaks as a rule. A model that learnt after the as-of date, or for other
    horizons, has nothing to say.
    """
    found = _speaker(registry, project, ordinal(as_of))
    if found is None:
        why = f"no model was trained for these horizons by {as_of}"
        return InUse(None, "none", {"promoted": False, "reasons": [why]})
    decided = next(v for v in registry.versions(project.name) if v.version == found.version)
    return InUse(
        Models.from_bundle(found.bundle),
        found.bundle.fingerprint[:12],
        {"promoted": bool(decided.promoted), "reasons": list(decided.reasons)},
    )


def _speaker(registry: Registry, project: Project, day: int) -> Registered | None:
    champion = registry.champion(project.name)
    if champion is not None and answers(champion.bundle.meta, project, day=day):
        return champion
    able = []
    for each in registry.versions(project.name):
        bundle = registry.bundle(project.name, version=each.version)
        if answers(bundle.meta, project, day=day):
            order = (bool(each.promoted), bundle.meta["training_day"], len(each.aliases))
            able.append(((*order, each.version), Registered(bundle, each.version)))
    return max(able, key=lambda found: found[0])[1] if able else None


def scored(
    features: FeatureSet, in_use: InUse, configuration: Configuration, lake: Lake, as_of: date
) -> Scores:
    """Score every live account, beside what was said the time before."""
    return score(
        features,
        in_use.models,
        configuration,
        as_of=as_of,
        version=in_use.version,
        is_promoted=bool(in_use.gate["promoted"]),
        phrases=load_phrases(configuration.folder),
        previous=_previous(lake, as_of),
    )


def _previous(lake: Lake, as_of: date) -> pd.DataFrame | None:
    before = lake.newest("scores", before=as_of)
    if before is None:
        return None
    columns = ["account_id", "churn_risk"]
    return lake.read("scores", before, file="accounts.parquet", columns=columns)


def written(
    folder: Path,
    scores: Scores,
    features: FeatureSet,
    facts: Mapping[str, Any],
    configuration: Configuration,
) -> None:
    """Write the tables, the manifest and the report into a folder."""
    horizons = configuration.project.outcomes.horizons_days
    accounts = as_table(scores.accounts, accounts_schema(horizons))
    milestones = as_table(scores.milestones, milestones_schema(horizons))
    write_parquet(accounts, folder / "accounts.parquet")
    write_parquet(milestones, folder / "milestones.parquet")
    write_manifest(folder, facts)
    write_report(
        folder / "report",
        accounts=accounts.to_pandas(),
        milestones=milestones.to_pandas(),
        usage=features.usage,
        run=read_manifest(folder),
        configuration=configuration,
        roles=people_by_role(features),
    )


def facts_of(
    build_facts: Mapping[str, Any], in_use: InUse, scores: Scores, timings: Mapping[str, float]
) -> dict[str, Any]:
    """What run.json says: what was read, what scored it, and how far it can be trusted."""
    meta = {} if in_use.models is None else in_use.models.meta
    trained = None if not meta else str(pd.Timestamp(meta["training_day"], unit="D").date())
    version = {"churn": in_use.version, "milestones": in_use.version}
    return {
        **build_facts,
        "models": {**version, "trained_on": trained, "gate": in_use.gate},
        "seeds": {"models": None},
        "rows": {"accounts": len(scores.accounts), "milestones": len(scores.milestones)},
        "timings": timings,
        "skill": meta.get("skill", {"churn": UNKNOWN, "milestones": UNKNOWN}),
        "backtest": meta.get("backtest", {"churn": [], "milestones": []}),
        "too_small": meta.get("remarks", ["nothing could be learnt yet"]),
    }


find_models = task(name="find the models in use", cache_policy=NO_CACHE)(models_in_use)
score_all = task(name="score accounts", cache_policy=NO_CACHE)(scored)
write_all = task(name="write scores and report", cache_policy=NO_CACHE)(written)


@flow(name="score")
def score_accounts(config: str, lake: str, as_of: str | None = None) -> date:
    """Score every live account as of one morning; doing it again gives the same scores."""
    configuration, progress = load(Path(config)), Progress()
    store = Lake(Path(lake), configuration.project.name)
    day = build(config, lake, as_of)
    features = built(store, day)
    in_use = find_models(Registry(Path(lake)), configuration.project, day)
    with progress.step("score accounts"):
        scores = score_all(features, in_use, configuration, store, day)
    made = read_manifest(store.path("builds", day))
    facts = facts_of(made, in_use, scores, progress.timings.seconds)
    facts["seeds"] = {"models": configuration.project.models.seed}
    with progress.step("write scores and report"), store.replace("scores", day) as folder:
        write_all(folder, scores, features, facts, configuration)
    create_markdown_artifact(summary(configuration, scores, day), key="score")
    return day


def summary(configuration: Configuration, scores: Scores, as_of: date) -> str:
    """What an operator reads on a phone."""
    accounts = scores.accounts
    status = ", ".join(f"{n} {name}" for name, n in accounts["status"].value_counts().items())
    rows = [
        f"| {row['rank']} | {row['account_id']} | {row['churn_risk']:.0%} "
        f"| {row['next_milestone'] or ''} |"
        for row in accounts.head(5).to_dict("records")
        if row["status"] == "scored"
    ]
    head = f"## {configuration.project.name}, {as_of}\n\n{len(accounts)} accounts: {status}\n\n"
    return head + "\n".join(["| rank | account | risk | next |", "|---|---|---|---|", *rows])
