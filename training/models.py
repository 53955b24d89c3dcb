"""What does a scorer need from training, in one thing that can be written down and read back?

The hazards of both questions, the simple rules that speak where the hazards show no skill, what
the backtest said of both, and what reaching each milestone does to leaving.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import pandas as pd

from configs.errors import LakeError
from configs.project import Project
from features.asof import Ints
from features.assemble import FeatureSet
from training.bundle import META, Bundle
from training.effects.effect import Effects
from training.engine.matrix import Matrix
from training.engine.periods import Floats
from training.questions.exits import ExitModel
from training.questions.expansion import ExpansionModel
from training.questions.steps import StepModel
from training.rules.baselines import Baseline, Evidence, baseline_from_dict

LEAST_EXITS = 5
"""With fewer exits than this, not even an average is worth showing."""
RULE_INPUTS = (
    "days_since_active",
    "days_late",
    "active_days_28d",
    "activity_ratio_91d",
    "active_users_28d",
    "milestones_done_share",
    "days_to_renewal",
    "tenure_days",
)
STEP_RULE_INPUTS = ("days_to_due", "days_open", "progress", "milestone_reach_rate")


@dataclass(frozen=True, slots=True, eq=False)
class Models:
    """Both questions' models and the rule that speaks where churn's has no skill."""

    exits: ExitModel
    steps: StepModel | None
    rule: Baseline | None
    """Predicts churn by horizon; None where fewer than LEAST_EXITS accounts ever left."""
    meta: Mapping[str, Any]
    """training_day, horizons, primary_horizon, exits, causes, skill, weights (by question, of
    the model and the rules), backtest, remarks."""
    effects: Effects = field(default_factory=Effects)
    """What reaching each milestone does to leaving, by segment."""
    expansion: ExpansionModel | None = None
    """Who will pay more; None where too few accounts ever did."""
    rules: tuple[Baseline, ...] = ()
    """All the rules of churn: ``meta["weights"]`` says how far each is believed."""

    def foretells(self, question: str) -> bool:
        """Whether a question's model beats its rules; where not, a rule is what is shown."""
        return bool(self.meta["skill"].get(question, {}).get("has_skill"))

    @property
    def has_skill(self) -> bool:
        """Whether the churn model beats the rules; where not, the rule is what is shown."""
        return self.foretells("churn")

    def rule_chances(self, values: pd.DataFrame) -> Floats:
        """What the rule says: a row per account and a column per horizon."""
        if self.rule is None:
            return np.full((len(values), len(self.meta["horizons"])), np.nan)
        return self.rule.predict(exit_evidence(values))

    def to_bundle(self) -> Bundle:
        """Write everything down as texts."""
        parts = {META: json.dumps(self.meta, sort_keys=True), **self.exits.to_parts()}
        parts["effects.json"] = self.effects.to_json()
        if self.steps is not None:
            parts |= self.steps.to_parts()
        if self.expansion is not None:
            parts |= self.expansion.to_parts()
        if self.rule is not None:
            parts["rule.json"] = json.dumps(self.rule.to_dict(), sort_keys=True)
        rules = [rule.to_dict() for rule in self.rules]
        parts["rules.json"] = json.dumps(rules, sort_keys=True)
        return Bundle(parts)

    @classmethod
    def from_bundle(cls, bundle: Bundle) -> Self:
        """Read back what ``to_bundle`` wrote; it scores the same to the last bit.

        Raises LakeError where code of another make wrote it and left out what is needed now.
        """
        try:
            return cls._of_parts(bundle.parts, bundle.meta)
        except (KeyError, TypeError) as wrong:
            problem = f"was written by another version of Milepost (it lacks {wrong})"
            remedy = "Name a new lake with `--lake`, and run there"
            raise LakeError("the model in the lake", problem, remedy) from wrong

    @classmethod
    def _of_parts(cls, parts: Mapping[str, str], meta: dict[str, Any]) -> Self:
        rule = (
            baseline_from_dict(json.loads(parts["rule.json"])) if "rule.json" in parts else None
        )
        steps = StepModel.from_parts(parts) if "steps-model.json" in parts else None
        told = parts.get("effects.json")
        effects = Effects() if told is None else Effects.from_json(told)
        # A bundle that tells who will grow and not by how much is of an older make.
        grows = "amount-grows.json" in parts
        expansion = ExpansionModel.from_parts(parts) if grows else None
        rules = tuple(map(baseline_from_dict, json.loads(parts.get("rules.json", "[]"))))
        return cls(ExitModel.from_parts(parts), steps, rule, meta, effects, expansion, rules)


def answers(meta: Mapping[str, Any], project: Project, *, day: int) -> bool:
    """Whether a model was asked what a project asks, and knew nothing that came after a day."""
    asked = project.outcomes
    return bool(
        tuple(meta["horizons"]) == asked.horizons_days
        and meta["primary_horizon"] == asked.primary_horizon_days
        and meta["training_day"] <= day
    )


def exit_evidence(values: pd.DataFrame) -> Evidence:
    """What the rules for churn may look at."""
    return Evidence(_matrix(values, RULE_INPUTS), values["segment"].astype(str).tolist())


def of_rules(features: FeatureSet, rows: Ints) -> pd.DataFrame:
    """What the rules for churn and milestones look at of some snapshots, and nothing else."""
    asked = ("segment", *RULE_INPUTS)
    return features.values[[name for name in asked if name in features.values]].iloc[rows]


def step_evidence(values: pd.DataFrame, steps: pd.DataFrame) -> Evidence:
    """What the rules for milestones may look at; each segment's milestone is a group."""
    rows = steps["snapshot"].to_numpy(dtype=np.int64)
    segment = values["segment"].astype(str).to_numpy()[rows]
    pairs = zip(segment, steps["milestone"], strict=True)
    groups = [f"{own}: {step}" for own, step in pairs]
    return Evidence(_matrix(steps, STEP_RULE_INPUTS), groups)


def _matrix(frame: pd.DataFrame, names: tuple[str, ...]) -> Matrix:
    present = tuple(name for name in names if name in frame)
    return Matrix(frame[list(present)].to_numpy(dtype=np.float64), present)
