"""Which accounts will come to pay more, or less, and by when?

A hazard of growing and one of shrinking, of the same engine and on the same inputs as leaving,
with which they compete: who leaves in April does not grow in May. The first change is asked
about. Simple rules are fitted beside them, and speak where the model has no skill.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd

from configs.project import Project
from features.assemble import FeatureSet
from features.encode import Encoder
from training.engine.curves import IncidenceCurves
from training.engine.followed import Followed
from training.engine.hazard import Hazard, fit_hazard
from training.engine.matrix import Matrix
from training.engine.periods import Floats, FollowUp, Periods
from training.questions.changes import DOWN, GROWS, SHRINKS, UP, follow_changes
from training.questions.exits import FEW_TREES, THREADS, levelled, settings_of
from training.questions.inputs import CORE_FEATURES, FEW_EXITS
from training.rules.baselines import Baseline, baseline_from_dict, fit_baselines
from training.rules.tables import Evidence

QUESTION = "expansion"
RULES = {"days to renewal": "days_to_renewal", "time as a customer": "tenure_days"}
RULE_INPUTS = (
    "days_to_renewal",
    "tenure_days",
    "arr",
    "term_days",
    "arr_ratio_91d",
    "active_days_28d",
    "activity_ratio_91d",
    "milestones_done_share",
)
FEW_INPUTS = (*CORE_FEATURES, "arr", "arr_ratio_91d", "term_days", "seats")


@dataclass(frozen=True, slots=True, eq=False)
class ExpansionModel:
    """Hazards of the first change of ARR, and the rule that speaks where they have no skill."""

    encoder: Encoder
    clocks: tuple[str, ...]
    hazards: Mapping[str, Hazard]
    """Of growing and of shrinking."""
    rule: Baseline
    """Tells the chance of growing by each horizon."""

    @property
    def periods(self) -> Periods:
        return self.hazards[GROWS].periods

    def matrix(self, values: pd.DataFrame) -> Matrix:
        return Matrix(self.encoder.matrix(values), self.encoder.columns, self.clocks)

    def rates(self, values: pd.DataFrame) -> dict[str, Floats]:
        """Daily rates of growing and shrinking: rows by periods."""
        matrix = self.matrix(values)
        return {n: h.daily_rates(matrix, threads=THREADS) for n, h in self.hazards.items()}

    def curves(self, values: pd.DataFrame, exits: Mapping[str, Floats]) -> IncidenceCurves:
        """What comes first; ``exits`` holds the daily rates of leaving of each row."""
        return IncidenceCurves.from_rates({**self.rates(values), **exits}, self.periods.edges)

    def to_parts(self) -> dict[str, str]:
        """Give the model as named texts: LightGBM's own, and JSON."""
        parts = {
            "expansion-encoder.json": self.encoder.to_json(),
            "expansion-rule.json": json.dumps(self.rule.to_dict(), sort_keys=True),
            "expansion-model.json": json.dumps({"clocks": self.clocks}, sort_keys=True),
        }
        for name, hazard in self.hazards.items():
            text, rest = hazard.to_parts()
            parts[f"expansion-{name}.txt"] = text
            parts[f"expansion-{name}.json"] = json.dumps(rest, sort_keys=True)
        return parts

    @classmethod
    def from_parts(cls, parts: Mapping[str, str]) -> Self:
        def hazard(name: str) -> Hazard:
            rest: dict[str, Any] = json.loads(parts[f"expansion-{name}.json"])
            return Hazard.from_parts(parts[f"expansion-{name}.txt"], rest)

        return cls(
            encoder=Encoder.from_json(parts["expansion-encoder.json"]),
            clocks=tuple(json.loads(parts["expansion-model.json"])["clocks"]),
            hazards={name: hazard(name) for name in (GROWS, SHRINKS)},
            rule=baseline_from_dict(json.loads(parts["expansion-rule.json"])),
        )


def fit_expansion(
    features: FeatureSet, followed: Followed, project: Project, *, best: str | None = None
) -> ExpansionModel | None:
    """Learn from the changes of the followed snapshots; None where too few accounts grew.

    ``best`` names the rule that is to speak; by default how the account's segment fares.
    """
    changed = replace(followed, followup=follow_changes(features, followed))
    grew = accounts_that(changed, way=UP)
    if grew < project.models.min_events:
        return None
    values = features.values.iloc[followed.rows]
    catalogue = features.catalogue
    if grew < FEW_EXITS:
        catalogue = catalogue.only(FEW_INPUTS)
    encoder = Encoder.fit(values, catalogue)
    clocks = tuple(name for name in encoder.numbers if catalogue[name].is_clock)
    matrix = Matrix(encoder.matrix(values), encoder.columns, clocks)
    settings = replace(settings_of(project), rising=(), falling=())
    hazards = {}
    for name, way in ((GROWS, UP), (SHRINKS, DOWN)):
        is_rare = accounts_that(changed, way=way) < project.models.min_events
        own = replace(settings, trees=FEW_TREES) if is_rare else settings
        periods = Periods.covering(project.outcomes.horizons_days)
        hazard = fit_hazard(matrix, changed.followup, cause=way, periods=periods, settings=own)
        hazards[name] = levelled(hazard, matrix, changed, cause=way)
    rules = rules_for_growth(values, changed.followup, project)
    fallback = next(rule for rule in rules if "segment" in rule.name)
    rule = next((rule for rule in rules if rule.name == best), fallback)
    return ExpansionModel(encoder, clocks, hazards, rule)


def rules_for_growth(
    values: pd.DataFrame, followup: FollowUp, project: Project
) -> list[Baseline]:
    """Fit the simple rules of who grows."""
    horizons = project.outcomes.horizons_days
    fitted = fit_baselines(
        growth_evidence(values),
        followup,
        cause=UP,
        periods=Periods.covering(horizons),
        horizons=horizons,
        by_value=RULES,
        cox_columns=RULE_INPUTS,
        seed=project.models.seed,
    )
    return list(fitted.fitted)


def growth_evidence(values: pd.DataFrame) -> Evidence:
    """What the rules of who grows may look at."""
    names = tuple(name for name in RULE_INPUTS if name in values)
    table = Matrix(values[list(names)].to_numpy(dtype=np.float64), names)
    return Evidence(table, values["segment"].astype(str).tolist())


def accounts_that(changed: Followed, *, way: int) -> int:
    """How many accounts are known to have grown, or shrunk."""
    return len(np.unique(changed.account[changed.followup.cause == way]))
