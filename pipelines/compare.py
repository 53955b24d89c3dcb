"""What is different between two runs: what they were made of, and what came out?

A run is named by a folder that holds run.json or results.json, by the number of a study, by a
model (``acme/3``: version 3), or by the beginning of its MLflow id.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from configs.errors import ConfigError, LakeError
from configs.study import find_study
from pipelines.manifest import RUN, read_manifest
from pipelines.study import EXPERIMENTS, RESULTS
from training.models import Models
from training.registry import Registry
from training.tracking import KeptRun

MEASURES = ("auc", "brier", "ece", "predicted_over_observed")
ENDS = ("low", "high")
LEAST_ID = 6
NOTHING = "-"


@dataclass(frozen=True, slots=True)
class Side:
    """One run: what it was made of, and what came out."""

    name: str
    prints: Mapping[str, str]
    settings: Mapping[str, str]
    figures: Mapping[str, float]
    """An interval's ends are named like the figure, with ``low`` and ``high`` behind it."""
    inputs: frozenset[str] | None = field(default=None)
    """What the model reads; None where the run does not tell."""


def compared(one: str, other: str, lake: Path) -> Iterator[str]:
    """Lay two runs side by side, what differs first."""
    registry = Registry(lake)
    left, right = side_of(one, registry), side_of(other, registry)
    yield from _aligned([("", left.name, right.name), *_prints(left, right)])
    yield ""
    yield from _settings(left, right)
    yield from _inputs(left, right)
    yield ""
    yield from _aligned([("", left.name, right.name, "difference"), *_figures(left, right)])


def side_of(word: str, registry: Registry) -> Side:
    """Find a run by whatever names it; LakeError where nothing does."""
    path = Path(word)
    for folder, file in ((path, RUN), (path, RESULTS), (path.parent, path.name)):
        if (folder / file).is_file():
            return _of_manifest(word, read_manifest(folder, file=file))
    name, _, version = word.rpartition("/")
    if name and version.isdigit() and registry.home.is_dir():
        return _of_version(registry, name, int(version))
    if len(word) >= LEAST_ID and (found := _of_id(registry, word)) is not None:
        return found
    return _of_study(word)


def _of_study(word: str) -> Side:
    try:
        folder = find_study(EXPERIMENTS, word)
    except ConfigError as wrong:
        remedy = "Name a folder with run.json, a study, a model (acme/3) or an MLflow run"
        raise LakeError(word, "names no run that is known here", remedy) from wrong
    if not (folder / RESULTS).is_file():
        problem, remedy = f"holds no {RESULTS}", f"Run `milepost study {folder.name}` first"
        raise LakeError(str(folder), problem, remedy)
    return _of_manifest(folder.name, read_manifest(folder, file=RESULTS))


def _of_manifest(word: str, told: Mapping[str, Any]) -> Side:
    models = told.get("models") or {}
    prints = {
        "data": (told.get("data") or {}).get("fingerprint"),
        "configuration": (told.get("configuration") or {}).get("fingerprint"),
        "code": told.get("code_version"),
        "model": models.get("churn"),
    }
    inputs = models.get("inputs")
    return Side(
        name=str(told.get("study") or word),
        prints=_texts(prints),
        settings=_texts(told.get("settings") or _named(models.get("settings") or {})),
        figures=told.get("figures") or _proven(told),
        inputs=None if inputs is None else frozenset(inputs),
    )


def _of_version(registry: Registry, name: str, version: int) -> Side:
    models = Models.from_bundle(registry.bundle(name, version=version))
    known = {each.version: each for each in registry.versions(name)}[version]
    run = next((run for run in registry.runs(name) if run.id == known.run_id), None)
    told = {} if run is None else {key: run.tags.get(key) for key in PRINTS}
    return Side(
        name=f"{name}/{version}",
        prints=_texts({**told, "model": known.fingerprint[:12]}),
        settings=_texts(_named(models.meta.get("settings", {}))),
        figures=_proven(models.meta),
        inputs=frozenset(models.exits.encoder.features),
    )


PRINTS = ("data", "configuration", "code")


def _of_id(registry: Registry, word: str) -> Side | None:
    if not registry.home.is_dir():
        return None
    found: list[KeptRun] = [run for run in registry.every_run() if run.id.startswith(word)]
    if len(found) != 1:
        return None
    run = found[0]
    for each in registry.versions(run.name):
        if each.run_id == run.id:
            return _of_version(registry, run.name, each.version)
    prints = {name: run.tags.get(name) for name in PRINTS}
    return Side(run.id[:12], _texts(prints), run.params, run.metrics)


def _proven(meta: Mapping[str, Any]) -> dict[str, float]:
    """What the backtest found, all origins together, and the margin over the best rule."""
    found: dict[str, float] = {}
    for question, rows in (meta.get("backtest") or {}).items():
        for row in rows:
            if row["origin"] != "all":
                continue
            for measure in MEASURES:
                named = f"{question}, {row['horizon_days']} days: {measure}"
                found |= _with_ends(named, row, measure)
    for question, skill in (meta.get("skill") or {}).items():
        margin = {"margin": skill.get("margin"), "margin_low": skill.get("low")}
        told = {**margin, "margin_high": skill.get("high")}
        found |= _with_ends(f"{question}: margin over the best rule", told, "margin")
    return found


def _with_ends(named: str, row: Mapping[str, Any], measure: str) -> dict[str, float]:
    told = {named: row.get(measure)}
    told |= {f"{named} {end}": row.get(f"{measure}_{end}") for end in ENDS}
    return {name: float(value) for name, value in told.items() if value is not None}


def _named(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {f"models.{name}": value for name, value in settings.items()}


def _texts(told: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in told.items() if value is not None}


def _prints(left: Side, right: Side) -> Iterator[tuple[str, ...]]:
    for name in dict.fromkeys((*left.prints, *right.prints)):
        ours, theirs = left.prints.get(name, NOTHING), right.prints.get(name, NOTHING)
        same = "the same" if ours == theirs else "other"
        yield f"{name} ({same})", ours[:24], theirs[:24]


def _settings(left: Side, right: Side) -> Iterator[str]:
    names = sorted({*left.settings, *right.settings})
    pairs = [(n, left.settings.get(n, NOTHING), right.settings.get(n, NOTHING)) for n in names]
    other = [pair for pair in pairs if pair[1] != pair[2]]
    yield f"settings: {len(pairs) - len(other)} the same, {len(other)} other"
    yield from _aligned(other)


def _inputs(left: Side, right: Side) -> Iterator[str]:
    if left.inputs is None or right.inputs is None:
        yield "inputs: not told by both"
        return
    yield f"inputs: {len(left.inputs & right.inputs)} read by both"
    for side, own in ((left, left.inputs - right.inputs), (right, right.inputs - left.inputs)):
        if own:
            yield f"  only by {side.name}: {', '.join(sorted(own))}"


def _figures(left: Side, right: Side) -> Iterator[tuple[str, ...]]:
    for name in dict.fromkeys((*left.figures, *right.figures)):
        if not name.endswith((" low", " high", "_low", "_high")):
            ours, theirs = left.figures.get(name), right.figures.get(name)
            both = ours is not None and theirs is not None
            apart = f"{theirs - ours:+.4f}" if both else NOTHING  # type: ignore[operator]
            yield name, _figure(left, name), _figure(right, name), apart


def _figure(side: Side, name: str) -> str:
    if (value := side.figures.get(name)) is None:
        return NOTHING
    for gap in (" ", "_"):
        low, high = (side.figures.get(f"{name}{gap}{end}") for end in ENDS)
        if low is not None and high is not None:
            return f"{value:.4g} ({low:.4g} to {high:.4g})"
    return f"{value:.4g}"


def _aligned(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    if rows:
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            yield ("  " + "  ".join(cells)).rstrip()
