"""Which models are there, which is in use, and why was each of them put to use or not?"""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from configs.errors import LakeError
from configs.project import Project
from pipelines.lake import Lake
from training.registry import CHAMPION, Registry, Version


def told_models(project: Project, lake: Path) -> Iterator[str]:
    """Say of every version, newest first, what became of it and why."""
    registry = _registry(project, lake)
    versions = registry.versions(project.name)
    in_use = [each.version for each in versions if CHAMPION in each.aliases]
    use = f"version {in_use[0]} is in use" if in_use else "none is in use"
    many = "versions" if len(versions) != 1 else "version"
    yield f"{project.name}: {len(versions)} {many}, {use}"
    for each in reversed(versions):
        meta = registry.bundle(project.name, version=each.version).meta
        learnt = pd.Timestamp(meta["training_day"], unit="D").date()
        yield f"  {each.version}  learnt {learnt}  {_became(each)}  {each.fingerprint[:12]}"
        yield from (f"       {reason}" for reason in each.reasons)


def rolled_back(project: Project, lake: Path, *, reason: str) -> str:
    """Put the champion before this one back to use; LakeError where there is none."""
    registry = _registry(project, lake)
    with Lake(lake, project.name).lock():
        champion = registry.champion(project.name)
        back = registry.rollback(project.name, reasons=[reason])
    out = "the last" if champion is None else f"version {champion.version}"
    return f"version {back} is in use again; {out} is not: {reason}"


def _registry(project: Project, lake: Path) -> Registry:
    registry = Registry(lake)
    if not registry.home.is_dir():
        remedy = "Run `milepost train` first, or name the lake with --lake"
        raise LakeError(str(registry.home), f"holds no model of {project.name}", remedy)
    return registry


def _became(version: Version) -> str:
    if CHAMPION in version.aliases:
        return "in use"
    if version.was_rolled_back:
        return "rolled back"
    if version.promoted is None:
        return "not decided"
    return "was put to use" if version.promoted else "not put to use"
