"""Which model speaks this morning, and what was decided about it?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from configs.project import Project
from features.asof import ordinal
from training.models import Models, answers
from training.registry import Registered, Registry


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
