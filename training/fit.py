"""What is learnt from one feature set, and how far can it be trusted?"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from configs.project import Project
from features.assemble import FeatureSet
from training.effects.estimate import estimate_effects
from training.engine.followed import Followed, follow
from training.models import LEAST_EXITS, Models
from training.proof.amounts import amount_records, amount_skill
from training.proof.backtest import rules_for_churn
from training.proof.canary import suspects
from training.proof.gate import Decision, Skill, decide, skill_of
from training.proof.judged import Backtest
from training.proof.measures import records, unmatured
from training.proof.rival import Rival
from training.proof.stacking import weights_of
from training.questions.exits import ExitModel, fit_exits
from training.questions.expansion import (
    BY_TENURE,
    ExpansionModel,
    amount_question,
    fit_expansion,
)
from training.questions.expansion import QUESTION as GROWTH
from training.questions.expansion import QUESTIONS as OF_CHANGES
from training.questions.scarcity import scarce
from training.questions.steps import fit_steps
from training.rules.baselines import Baseline
from training.rules.tables import IncidenceBySegment

BY_SEGMENT = IncidenceBySegment.name


def fit_models(
    features: FeatureSet,
    project: Project,
    tested: Backtest,
    *,
    training_day: int,
    champion: Rival | None,
) -> tuple[Models, Decision] | None:
    """Fit on all that is known on the training day, and decide from the backtest.

    ``champion`` is what the model in use says on the same mornings. None where no morning can
    teach anything yet.
    """
    followed = _followed(features, project, training_day)
    if not len(followed.rows):
        return None
    exits = fit_exits(features, followed, project)
    steps = fit_steps(features, followed, exits, project)
    horizon = project.outcomes.primary_horizon_days
    skill = _skill_by_question(tested, project)
    decision = decide(
        tested,
        skill["churn"],
        project.gate,
        horizon=horizon,
        champion=champion,
        suspects=_too_good(features, followed, project, used=exits.encoder.features),
    )
    rule, rules = None, []
    if followed.exited() >= LEAST_EXITS:
        rules = rules_for_churn(features, followed, project)
        rule = best_rule(rules, skill["churn"])
    meta = _learnt_from(followed, project) | _proven_by(tested, skill, project)
    meta["drifted"] = dict(exits.drifted)
    meta["remarks"] += list(scarce(features, followed, project))
    best = {question: found.best_baseline for question, found in skill.items()}
    expansion = fit_expansion(features, followed, project, best=best)
    effects = estimate_effects(features, project, training_day=training_day)
    meta["weights"] = _weights(tested, rules, exits, expansion, project)
    return Models(exits, steps, rule, meta, effects, expansion, tuple(rules)), decision


def _weights(
    tested: Backtest,
    of_churn: Sequence[Baseline],
    exits: ExitModel,
    expansion: ExpansionModel | None,
    project: Project,
) -> dict[str, dict[str, float]]:
    """How far the model and each rule of a question are believed; none without rules.

    A model that had too few exits to learn from reads nothing and says nothing of its own.
    """
    weigh = partial(weights_of, tested, horizon=project.outcomes.primary_horizon_days)
    weights, reads = {}, bool(exits.encoder.columns)
    if of_churn:
        weights["churn"] = weigh("churn", of_churn, default=BY_SEGMENT, has_model=reads)
    if expansion is not None:
        weights[GROWTH] = weigh(GROWTH, expansion.of_growth, default=BY_TENURE)
    return weights


def _skill_by_question(tested: Backtest, project: Project) -> dict[str, Skill]:
    horizon = project.outcomes.primary_horizon_days
    of_chances = {each: skill_of(tested, each, horizon=horizon) for each in tested.judged}
    of_amounts = {
        amount_question(each): amount_skill(tested, each, project.gate, horizon=horizon)
        for each in OF_CHANGES.values()
    }
    return of_chances | of_amounts


def _followed(features: FeatureSet, project: Project, training_day: int) -> Followed:
    return follow(
        features,
        training_day=training_day,
        every_days=project.snapshots.training_every_days,
        min_events=project.models.min_events,
    )


def _too_good(
    features: FeatureSet, followed: Followed, project: Project, *, used: Sequence[str]
) -> tuple[str, ...]:
    horizon = project.outcomes.primary_horizon_days
    return suspects(features, followed, project.gate, horizon=horizon, used=used)


def best_rule(rules: Sequence[Baseline], skill: Skill) -> Baseline:
    """Give the rule that did best in the backtest, else how the account's segment fares."""
    by_name = {rule.name: rule for rule in rules}
    fallback = by_name[BY_SEGMENT]
    return by_name.get(skill.best_baseline or "", fallback)


def _learnt_from(followed: Followed, project: Project) -> dict[str, Any]:
    return {
        "training_day": followed.training_day,
        "horizons": list(project.outcomes.horizons_days),
        "primary_horizon": project.outcomes.primary_horizon_days,
        "causes": list(followed.causes),
        "exits": {cause: followed.exited(cause) for cause in followed.causes},
        "rows": len(followed.rows),
        "settings": project.models.model_dump(),
    }


def _proven_by(
    tested: Backtest, skill: Mapping[str, Skill], project: Project
) -> dict[str, Any]:
    horizons = project.outcomes.horizons_days
    return {
        "skill": {question: asdict(found) for question, found in skill.items()},
        "backtest": {
            question: records(tested, question, horizons) for question in tested.judged
        },
        "amounts": {
            question: amount_records(tested, question, horizons)
            for question in OF_CHANGES.values()
        },
        "remarks": [*tested.remarks, *unmatured(horizons, tested, "churn")],
    }
