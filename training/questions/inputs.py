"""Which of all inputs may a model of leaving read?

As many as the known exits can teach about, none that has drifted too far, and what the
configuration says of an input must be said of one that there is.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from configs.errors import ConfigError
from configs.nearest import did_you_mean
from configs.project import Project
from features.assemble import FeatureSet
from features.catalogue import Catalogue
from training.engine.followed import Followed
from training.engine.terms import RENEWAL, TERM
from training.questions.drift import drifted

FEW_EXITS = 100
"""With fewer exits than this, some well-chosen inputs predict better than all of them."""
COUNTED_BY = (RENEWAL, TERM)
"""By these the engine counts days (``training.engine.terms``), whatever else is read."""
CORE_FEATURES = (
    "active_days_28d",
    "active_users_28d",
    "activity_ratio_91d",
    "active_users_ratio_91d",
    "days_since_active",
    "milestones_done_share",
    "days_late",
    RENEWAL,
    TERM,
    "tenure_days",
    "segment",
)


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """What may be read, and what was left out for having drifted, with its index."""

    catalogue: Catalogue
    drifted: Mapping[str, float]


def inputs_of(features: FeatureSet, followed: Followed, project: Project) -> Inputs:
    """Choose the inputs from the training rows alone.

    Clocks are never left out: that a date has come nearer is what they are for; nor is what
    days are counted by. Raises ConfigError where the configuration speaks of an input that
    there is not.
    """
    must_be_inputs(features, project)
    models = project.models
    exits = followed.exited()
    catalogue = features.catalogue
    if exits < FEW_EXITS:
        catalogue = catalogue.only(CORE_FEATURES if exits >= models.min_events else ())
    if models.max_drift is None:
        return Inputs(catalogue, {})
    asked = [n for n in catalogue if _may_drift(catalogue, n)]
    values = features.values.iloc[followed.rows]
    out = drifted(values, followed.day, asked, most=models.max_drift)
    return Inputs(catalogue.only(set(catalogue) - set(out)), out)


def must_be_inputs(features: FeatureSet, project: Project) -> None:
    """Refuse a way that is asked of what is no input, or of a label, which cannot rise."""
    known = {**features.catalogue, **features.step_catalogue}
    for name in project.models.monotone:
        where, key = f"project.toml of {project.name}", f"`models.monotone.{name}`"
        if name not in known:
            problem = f"{key} is no model input{did_you_mean(name, known)}"
            remedy = "`milepost features` lists them all"
            raise ConfigError(where, problem, remedy)
        if known[name].unit == "label":
            problem = f"{key} is a label, which can neither rise nor fall"
            raise ConfigError(where, problem, "Name a number")


def _may_drift(catalogue: Catalogue, name: str) -> bool:
    """Whether an input is left out once its values are no longer what they were."""
    is_number = catalogue[name].unit != "label"
    return is_number and not catalogue[name].is_clock and name not in COUNTED_BY
