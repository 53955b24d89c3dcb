"""What would the model in use have said on the mornings that judge its challenger?

Two models can be compared fairly only where neither knew what came. On mornings from its
training day on, the champion is heard as it stands, and the challenger learnt again at each of
them. A champion younger than a horizon has no such morning yet: then its way of learning is
compared, by learning again with its settings at the newest origins. Where the settings are the
challenger's own, both would say the same, and the challenger only knows more.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from configs.project import Project
from features.asof import as_dates
from features.assemble import FeatureSet
from training.engine.followed import CHURN, follow
from training.engine.periods import Floats
from training.models import Models
from training.proof.judged import Backtest
from training.questions.exits import ExitModel, fit_exits

AS_IT_STOOD = "which had not learnt of them"
LEARNT_AGAIN = "its settings, learning again at each"
SPEED_ONLY = frozenset({"seed", "min_events"})
"""Settings that tell nothing about how well a model learns."""


@dataclass(frozen=True, slots=True, eq=False)
class Rival:
    """What the champion says of churn on the mornings that judge the challenger."""

    trained_on: date
    how: str
    said: Mapping[int, Floats]
    """Chances by origin: a row per live account, a column per horizon. Empty where there is
    nothing to tell apart.
    """


def rival_of(
    champion: Models, features: FeatureSet, project: Project, tested: Backtest
) -> Rival:
    """Let the champion speak on the backtest's origins, as it stood or learning again."""
    trained_on = as_dates(np.array([champion.meta["training_day"]]))[0].date()
    unseen = [
        judged.origin_day
        for judged in tested.judged["churn"]
        if judged.origin_day >= champion.meta["training_day"]
        and champion.meta["primary_horizon"] in judged.matured()
    ]
    if unseen:
        said = {day: _said(champion.exits, features, project, day) for day in unseen}
        return Rival(trained_on, AS_IT_STOOD, said)
    theirs = {**project.models.model_dump(), **dict(_settings(champion.meta, project))}
    if theirs == project.models.model_dump():
        return Rival(trained_on, LEARNT_AGAIN, {})
    other = project.model_copy(update={"models": project.models.model_copy(update=theirs)})
    newest = [judged.origin_day for judged in tested.newest_half("churn").judged["churn"]]
    return Rival(
        trained_on, LEARNT_AGAIN, {day: _learnt_again(features, other, day) for day in newest}
    )


def _settings(meta: Mapping[str, Any], project: Project) -> Iterator[tuple[str, Any]]:
    """The champion's settings that are settings still and matter."""
    known = set(type(project.models).model_fields) - SPEED_ONLY
    for name, value in meta.get("settings", {}).items():
        if name in known:
            yield name, value


def _learnt_again(features: FeatureSet, project: Project, origin_day: int) -> Floats:
    followed = follow(
        features,
        training_day=origin_day,
        every_days=project.snapshots.training_every_days,
        min_events=project.models.min_events,
    )
    learnt = fit_exits(features, followed, project, bags=0)
    return _said(learnt, features, project, origin_day)


def _said(exits: ExitModel, features: FeatureSet, project: Project, origin_day: int) -> Floats:
    rows = np.flatnonzero(features.snapshots["day"].to_numpy(dtype=np.int64) == origin_day)
    curves = exits.curves(features.values.iloc[rows])
    horizons = project.outcomes.horizons_days
    return np.stack([curves.incidence_at(CHURN, days) for days in horizons], axis=1)
