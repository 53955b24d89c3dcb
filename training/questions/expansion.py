"""Which accounts will come to pay more, or less, by when, and by how much?

A hazard of growing and one of shrinking, of the same engine and on the same inputs as leaving,
with which they compete: who leaves in April does not grow in May. The first change is asked
about, and by which share of its ARR an account that changes will (``amounts.py``). Simple rules
are fitted beside each of them, and speak where the model has no skill.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd

from configs.project import Project
from features.assemble import FeatureSet
from features.encode import Encoder
from training.engine.calibrate import LOOKED_AT_DAYS, observed_over_expected_shift
from training.engine.curves import IncidenceCurves
from training.engine.followed import Followed
from training.engine.hazard import Hazard, fit_hazard
from training.engine.matrix import Matrix
from training.engine.periods import Floats, FollowUp, Periods
from training.engine.terms import MOST, NEAR_DAYS, RENEWAL, SHORTEST, TERM
from training.questions.amounts import AmountModel, fit_amounts
from training.questions.changes import DOWN, GROWS, SHRINKS, UP, follow_changes
from training.questions.exits import FEW_TREES, THREADS, settings_of, what_came
from training.questions.inputs import CORE_FEATURES, FEW_EXITS
from training.rules.baselines import Baseline, baseline_from_dict, fit_baselines
from training.rules.tables import Evidence

QUESTION, CONTRACTION = "expansion", "contraction"
QUESTIONS = {UP: QUESTION, DOWN: CONTRACTION}
WAYS = {GROWS: UP, SHRINKS: DOWN}
BY_TENURE = "time as a customer"
RULES = {"days to renewal": "days_to_renewal", BY_TENURE: "tenure_days"}
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
FEW_INPUTS = (*CORE_FEATURES, "arr", "arr_ratio_91d", "seats")
AGE = "tenure_days"


@dataclass(frozen=True, slots=True, eq=False)
class ExpansionModel:
    """Hazards of the first change of ARR, and the rule that speaks where they have no skill."""

    encoder: Encoder
    clocks: tuple[str, ...]
    hazards: Mapping[str, Hazard]
    """Of growing and of shrinking."""
    rules: Mapping[str, Baseline]
    """Tell the chance of growing, and of shrinking, by each horizon."""
    amounts: Mapping[str, AmountModel]
    """By which share of its ARR an account grows, or shrinks."""
    of_growth: tuple[Baseline, ...] = ()
    """All the rules of growing, each of which may be right."""

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
            "expansion-model.json": json.dumps({"clocks": self.clocks}, sort_keys=True),
        }
        for name, hazard in self.hazards.items():
            text, rest = hazard.to_parts()
            parts[f"expansion-{name}.txt"] = text
            parts[f"expansion-{name}.json"] = json.dumps(rest, sort_keys=True)
            rule = self.rules[name].to_dict()
            parts[f"expansion-rule-{name}.json"] = json.dumps(rule, sort_keys=True)
            parts |= self.amounts[name].to_parts()
        told = [rule.to_dict() for rule in self.of_growth]
        parts["expansion-rules.json"] = json.dumps(told, sort_keys=True)
        return parts

    @classmethod
    def from_parts(cls, parts: Mapping[str, str]) -> Self:
        def hazard(name: str) -> Hazard:
            rest: dict[str, Any] = json.loads(parts[f"expansion-{name}.json"])
            return Hazard.from_parts(parts[f"expansion-{name}.txt"], rest)

        return cls(
            encoder=Encoder.from_json(parts["expansion-encoder.json"]),
            clocks=tuple(json.loads(parts["expansion-model.json"])["clocks"]),
            hazards={name: hazard(name) for name in WAYS},
            rules={
                name: baseline_from_dict(json.loads(parts[f"expansion-rule-{name}.json"]))
                for name in WAYS
            },
            amounts={n: AmountModel.from_parts(parts, way=way) for n, way in WAYS.items()},
            of_growth=tuple(
                map(baseline_from_dict, json.loads(parts.get("expansion-rules.json", "[]")))
            ),
        )


def fit_expansion(
    features: FeatureSet,
    followed: Followed,
    project: Project,
    *,
    best: Mapping[str, str | None] | None = None,
) -> ExpansionModel | None:
    """Learn from the changes of the followed snapshots; None where too few accounts grew.

    ``best`` names the rules that are to speak, by question; by default of chances how those
    fare that have been customers as long, and of amounts everybody's mean.
    """
    changed = replace(followed, followup=follow_changes(features, followed))
    grew, best = accounts_that(changed, way=UP), best or {}
    if grew < project.models.min_events:
        return None
    values = features.values.iloc[followed.rows]
    catalogue = features.catalogue
    if grew < FEW_EXITS:
        catalogue = catalogue.only(FEW_INPUTS)
    if falls_on_term_ends(values, changed.followup):
        catalogue = catalogue.only(name for name in catalogue if name != AGE)
    encoder = Encoder.fit(values, catalogue)
    clocks = tuple(name for name in encoder.numbers if catalogue[name].is_clock)
    matrix = Matrix(encoder.matrix(values), encoder.columns, clocks)
    hazards, rules, amounts = {}, {}, {}
    for name, way in WAYS.items():
        hazards[name] = _hazard(matrix, changed, project, way=way)
        rules[name] = rules_for_growth(values, changed.followup, project, way=way)
        amounts[name] = fit_amounts(
            features,
            changed,
            project,
            way=way,
            matrix=matrix,
            rule=best.get(amount_question(QUESTIONS[way])),
        )
    chosen = {n: _best_rule(rules[n], best.get(QUESTIONS[way])) for n, way in WAYS.items()}
    return ExpansionModel(encoder, clocks, hazards, chosen, amounts, tuple(rules[GROWS]))


def falls_on_term_ends(values: pd.DataFrame, followup: FollowUp) -> bool:
    """Whether ARR moves when terms end, which most days are far from.

    Where it does, how long somebody has been a customer tells a model only that no term had
    ended yet: when those of a year do so for the first time, or the second, it would expect
    nothing of them. The end of the term says it all. Of monthly terms every day is near an end.
    """
    if RENEWAL not in values or TERM not in values:
        return False
    renewal, term = (values[name].to_numpy(dtype=np.float64) for name in (RENEWAL, TERM))
    moved = np.isin(followup.cause, (UP, DOWN)) & ~np.isnan(renewal) & ~np.isnan(term)
    if not moved.any():
        return False
    term = np.maximum(term[moved], SHORTEST)
    place = np.mod(followup.days[moved] - renewal[moved], term)
    near = np.minimum(place, term - place) <= NEAR_DAYS
    by_chance = np.minimum(2 * NEAR_DAYS / term, 1.0)
    return bool(near.mean() > MOST > by_chance.mean())


def amount_question(question: str) -> str:
    """Name the question by how much, of the question of which accounts."""
    return f"{question} amount"


def _hazard(matrix: Matrix, changed: Followed, project: Project, *, way: int) -> Hazard:
    settings = replace(settings_of(project), rising=(), falling=())
    is_rare = accounts_that(changed, way=way) < project.models.min_events
    own = replace(settings, trees=FEW_TREES) if is_rare else settings
    periods = Periods.covering(project.outcomes.horizons_days)
    hazard = fit_hazard(matrix, changed.followup, cause=way, periods=periods, settings=own)
    # Changes are often known late, so that the last fortnights seem to hold few: that would
    # pass for a new level.
    rows = changed.watched_since(changed.end_day - LOOKED_AT_DAYS)
    lately = what_came(hazard, matrix.take(rows), changed.take(rows), cause=way)
    return hazard.shifted(observed_over_expected_shift(lately))


def _best_rule(fitted: Sequence[Baseline], best: str | None) -> Baseline:
    rules = {rule.name: rule for rule in fitted}
    return rules.get(best or BY_TENURE, rules[BY_TENURE])


def rules_for_growth(
    values: pd.DataFrame, followup: FollowUp, project: Project, *, way: int = UP
) -> list[Baseline]:
    """Fit the simple rules of who grows, or shrinks."""
    horizons = project.outcomes.horizons_days
    fitted = fit_baselines(
        growth_evidence(values),
        followup,
        cause=way,
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
