"""How do this morning's scores come about, and where do they go?"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from configs.load import Configuration, load
from configs.phrases import load_phrases
from features.assemble import FeatureSet
from pipelines.build import build, built
from pipelines.lake import Lake, write_parquet
from pipelines.ledger import Ledger
from pipelines.manifest import read_manifest, write_manifest
from pipelines.past import LakePast
from pipelines.progress import Progress
from pipelines.speaker import InUse, models_in_use
from serving.morning import Morning
from serving.outputs import outputs_of
from serving.people import people_by_role
from serving.report.render import write_report
from serving.score import Scores, score
from serving.scorecard import accounts_table, as_table, milestones_schema
from serving.statements import statements
from training.registry import Registry

UNKNOWN = {"has_skill": False, "best_baseline": None, "margin": None, "low": None, "high": None}


def scored(
    features: FeatureSet, in_use: InUse, configuration: Configuration, past: LakePast
) -> Scores:
    """Score every live account, beside what was said the time before."""
    return score(
        features,
        in_use.models,
        configuration,
        as_of=past.before,
        version=in_use.version,
        is_promoted=bool(in_use.gate["promoted"]),
        phrases=load_phrases(configuration.folder),
        previous=_previous(past),
    )


def _previous(past: LakePast) -> pd.DataFrame | None:
    mornings = past.mornings()
    columns = ["account_id", "churn_risk"]
    return past.scores(mornings[-1], columns=columns) if mornings else None


def morning_of(
    scores: Scores,
    features: FeatureSet,
    in_use: InUse,
    configuration: Configuration,
    past: LakePast,
) -> Morning:
    """Put together what everything else of the morning is made from."""
    horizons = configuration.project.outcomes.horizons_days
    return Morning(
        as_of=past.before,
        features=features,
        models=in_use.models,
        configuration=configuration,
        phrases=load_phrases(configuration.folder),
        accounts=accounts_table(scores.accounts, horizons).to_pandas(),
        milestones=as_table(scores.milestones, milestones_schema(horizons)).to_pandas(),
        past=past,
    )


def written(folder: Path, scores: Scores, morning: Morning, facts: Mapping[str, Any]) -> None:
    """Write the tables, the manifest and the report into a folder."""
    horizons = morning.configuration.project.outcomes.horizons_days
    outputs, record = outputs_of(morning), morning.past.track_record()
    for name, table in {
        "accounts": accounts_table(scores.accounts, horizons),
        "milestones": as_table(scores.milestones, milestones_schema(horizons)),
        **outputs,
    }.items():
        write_parquet(table, folder / f"{name}.parquet")
    write_manifest(folder, facts)
    write_report(
        folder / "report",
        accounts=morning.accounts,
        milestones=morning.milestones,
        usage=morning.features.usage,
        run=read_manifest(folder),
        configuration=morning.configuration,
        roles=people_by_role(morning.features),
        tables={name: table.to_pandas() for name, table in outputs.items()}
        | ({} if record is None else {"backtest": record}),
    )


def health_of(lake: Lake, as_of: date) -> dict[str, Any] | None:
    """What the newest look at data and model found, on this morning or before it."""
    looks = [day for day in lake.dates("monitor") if day <= as_of]
    return lake.read_json("monitor", looks[-1]) if looks else None


def kept(ledger: Ledger, morning: Morning, in_use: InUse) -> None:
    """Write into the ledger what is said this morning, before anybody reads it."""
    horizons = morning.configuration.project.outcomes.horizons_days
    said = statements(morning.accounts, morning.milestones, horizons)
    ledger.keep(morning.as_of, said, version=in_use.version)


def facts_of(
    build_facts: Mapping[str, Any], in_use: InUse, scores: Scores, timings: Mapping[str, float]
) -> dict[str, Any]:
    """What run.json says: what was read, what scored it, and how far it can be trusted."""
    meta = {} if in_use.models is None else in_use.models.meta
    trained = None if not meta else str(pd.Timestamp(meta["training_day"], unit="D").date())
    version = {"churn": in_use.version, "milestones": in_use.version}
    return {
        **build_facts,
        "models": {
            **version,
            "trained_on": trained,
            "gate": in_use.gate,
            "settings": meta.get("settings", {}),
            "inputs": [] if in_use.models is None else in_use.models.exits.encoder.features,
        },
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
    features = built(store, day, configuration.project)
    in_use = find_models(Registry(Path(lake)), configuration.project, day)
    with progress.step("score accounts"):
        past = LakePast(store, Registry(Path(lake)), before=day)
        scores = score_all(features, in_use, configuration, past)
    made = read_manifest(store.path("builds", day))
    facts = facts_of(made, in_use, scores, progress.timings.seconds)
    facts["seeds"] = {"models": configuration.project.models.seed}
    facts["health"] = health_of(store, day)
    with progress.step("write scores and report"), store.replace("scores", day) as folder:
        morning = morning_of(scores, features, in_use, configuration, past)
        write_all(folder, scores, morning, facts)
        kept(Ledger(store), morning, in_use)
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
