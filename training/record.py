"""What does a training run leave behind, and which model is used from now on?"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from configs.project import Project
from training.bundle import Bundle
from training.models import Models
from training.proof.gate import Decision
from training.registry import Registered, Registry


def record_run(
    registry: Registry,
    models: Models,
    decision: Decision,
    project: Project,
    *,
    prints: Mapping[str, str],
) -> str:
    """Track the run, register the bundle as a challenger, and promote it if it passed the gate.

    The same data, configuration and seed give the same bundle: it is not registered twice.
    ``prints`` tell the data, configuration and code it came from. Returns what was decided, in
    a sentence.
    """
    bundle, name = models.to_bundle(), project.name
    version = _version_of(registry, name, bundle)
    if version is None:
        version = _tracked(registry, models, bundle, decision, project, prints=prints)
    else:
        registry.nominate(name, version=version)
    champion = registry.champion(name)
    if champion is not None and champion.bundle.fingerprint == bundle.fingerprint:
        return f"version {version} is in use already: nothing has changed"
    if (why := _why_rolled_back(registry, name, version)) is not None:
        return f"version {version} stays out of use, as somebody decided: {why}"
    reasons = "; ".join(decision.reasons)
    if decision.promoted and champion is not None and _knows_more(champion, models):
        registry.approve(name, version=version, reasons=decision.reasons)
        later = f"version {champion.version}, which knows more, stays in use"
        return f"version {version} speaks of mornings up to its own time; {later}: {reasons}"
    if decision.promoted:
        registry.promote(name, version=version, reasons=decision.reasons)
        return f"version {version} is in use from now on: {reasons}"
    registry.decline(name, version=version, reasons=decision.reasons)
    return f"version {version} is not put to use: {reasons}"


def _knows_more(champion: Registered, models: Models) -> bool:
    """Whether a model that learns of the past anew would take the place of a later one."""
    return int(champion.bundle.meta["training_day"]) > int(models.meta["training_day"])


def _why_rolled_back(registry: Registry, name: str, version: int) -> str | None:
    """Why somebody took this version out of use, if so: the same data do not bring it back."""
    found = next(v for v in registry.versions(name) if v.version == version)
    return "; ".join(found.reasons) if found.was_rolled_back else None


def _version_of(registry: Registry, name: str, bundle: Bundle) -> int | None:
    same = [v for v in registry.versions(name) if v.fingerprint == bundle.fingerprint]
    return same[-1].version if same else None


def _tracked(
    registry: Registry,
    models: Models,
    bundle: Bundle,
    decision: Decision,
    project: Project,
    *,
    prints: Mapping[str, str],
) -> int:
    meta = models.meta
    with registry.track(project.name, tags=prints) as run:
        run.params(_flat(project.models.model_dump()) | {"rows": meta["rows"]})
        run.metrics(_metrics(meta))
        run.tags({"promoted": decision.promoted, "reasons": "; ".join(decision.reasons)})
        for question, rows in meta["backtest"].items():
            run.figure(auc_by_origin(rows, question), f"curves/auc_{question}.png")
        run.figure(expected_rates(models), "curves/churn_rates_by_period.png")
        return registry.register(project.name, bundle=bundle, run=run)


def auc_by_origin(rows: list[dict[str, Any]], question: str) -> Figure:
    """Draw the backtest's AUC by origin, a line per horizon."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    for horizon in sorted({row["horizon_days"] for row in rows}):
        own = [r for r in rows if r["horizon_days"] == horizon and r["origin"] != "all"]
        own.sort(key=lambda row: str(row["origin"]))
        axes.plot(
            [r["origin"] for r in own], [r["auc"] for r in own], "o-", label=f"{horizon} days"
        )
    axes.set(title=f"AUC on mornings not trained on: {question}", ylabel="AUC", ylim=(0.4, 1))
    if rows:
        axes.legend()
    return figure


def expected_rates(models: Models) -> Figure:
    """Draw by how much each cause's calibration moved its hazard."""
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    shifts = {cause: hazard.log_shift for cause, hazard in models.exits.hazards.items()}
    axes.bar(list(shifts), [float(np.exp(shift)) for shift in shifts.values()])
    axes.set(title="Observed over expected in the last 12 weeks", ylabel="times the hazard")
    return figure


def _metrics(meta: Any) -> dict[str, float]:
    metrics = {}
    for question, skill in meta["skill"].items():
        metrics[f"{question}.skill_margin"] = float(skill["margin"])
        for row in meta["backtest"].get(question, ()):
            if row["origin"] == "all":
                for measure in ("auc", "brier", "ece", "predicted_over_observed"):
                    key = f"{question}.{row['horizon_days']}d.{measure}"
                    metrics[key] = float(row[measure])
    return metrics


def _flat(settings: dict[str, Any]) -> dict[str, object]:
    return {f"models.{key}": value for key, value in settings.items()}
