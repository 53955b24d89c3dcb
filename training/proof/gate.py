"""May the newest model be used, and does it know more than a simple rule?

Skill is judged on rows no model was trained on, pooled over the backtest's origins, by how much
smaller the Brier score is than the best rule's; its interval comes from drawing accounts again.
A challenger without skill, or badly calibrated on the newer half of the origins (the older ones
had less to learn from), or clearly worse than the champion on the same mornings, is not
promoted. Between equals the challenger wins: it knows more.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from configs.sections import Gate
from training.engine.periods import Floats
from training.proof.judged import Backtest, Pooled
from training.proof.metrics import account_bootstrap, brier, ece, predicted_over_observed
from training.proof.rival import Rival

MEASURE = "Brier score, relative to the best baseline"


@dataclass(frozen=True, slots=True)
class Skill:
    """How much better than the best baseline one question's model is."""

    has_skill: bool
    best_baseline: str | None
    margin: float
    """By which share its Brier score is below the best baseline's; 0 where nothing is known."""
    low: float
    high: float
    measure: str = MEASURE


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether the challenger takes the champion's place, and every reason."""

    promoted: bool
    reasons: tuple[str, ...]


def skill_of(tested: Backtest, question: str, *, horizon: int) -> Skill:
    """Compare a question's model with its best rule at the primary horizon."""
    pooled = tested.pooled(question, horizon)
    if pooled is None or not pooled.can_be_judged or not pooled.rules:
        return Skill(has_skill=False, best_baseline=None, margin=0.0, low=0.0, high=0.0)
    came = pooled.happened
    best = min(pooled.rules, key=lambda name: brier(pooled.rules[name], came))
    rule = pooled.rules[best]

    def margin(weights: Floats) -> float:
        theirs = brier(rule, came, weights=weights)
        return 1 - brier(pooled.said, came, weights=weights) / theirs if theirs else np.nan

    low, high = account_bootstrap(margin, pooled.families, seed=0)
    return Skill(
        has_skill=low > 0,
        best_baseline=best,
        margin=margin(np.ones(len(came))),
        low=low,
        high=high,
    )


def decide(
    tested: Backtest,
    skill: Skill,
    gate: Gate,
    *,
    horizon: int,
    champion: Rival | None,
    suspects: Sequence[str] = (),
) -> Decision:
    """Hold a challenger against the baselines, the gate's bounds and the champion.

    ``suspects`` are inputs that are too good to be true, in words: one is enough to refuse.
    """
    pooled = tested.newest_half("churn").pooled("churn", horizon)
    against = [_against_baselines(skill), *_against_bounds(pooled, gate)]
    if champion is not None:
        against.append(_against_champion(tested, champion, horizon=horizon))
    against += [(False, suspect) for suspect in suspects]
    passed = all(ok for ok, _ in against)
    return Decision(passed, tuple(reason for _, reason in against))


def _against_baselines(skill: Skill) -> tuple[bool, str]:
    if skill.best_baseline is None:
        return False, "too little could be backtested to know whether it beats the baselines"
    said = (
        f"Brier score {skill.margin:+.1%} against {skill.best_baseline} "
        f"({skill.low:+.1%} to {skill.high:+.1%})"
    )
    verdict = "beats the baselines" if skill.has_skill else "does not beat the baselines"
    return skill.has_skill, f"{verdict}: {said}"


def _against_bounds(pooled: Pooled | None, gate: Gate) -> Sequence[tuple[bool, str]]:
    if pooled is None or not pooled.can_be_judged:
        return []
    error = ece(pooled.said, pooled.happened)
    ratio = predicted_over_observed(pooled.said, pooled.happened)
    low, high = gate.min_predicted_over_observed, gate.max_predicted_over_observed
    return [
        (error <= gate.max_ece, f"calibration error {error:.3f} (at most {gate.max_ece:g})"),
        (low <= ratio <= high, f"predicted over observed {ratio:.2f} ({low:g} to {high:g})"),
    ]


def _against_champion(tested: Backtest, champion: Rival, *, horizon: int) -> tuple[bool, str]:
    """Compare both on the mornings on which the champion spoke, drawing accounts again."""
    name = f"the champion of {champion.trained_on}"
    beside = [
        replace(judged, rules={name: champion.said[judged.origin_day]})
        for judged in tested.judged["churn"]
        if judged.origin_day in champion.said
    ]
    if not beside:
        return True, f"learns as {name} does, and knows more"
    found = skill_of(Backtest({"churn": beside}), "churn", horizon=horizon)
    if found.best_baseline is None:
        return True, f"too little has come since to tell it from {name}"
    is_as_good = found.high >= 0
    verdict = "keeps up with" if is_as_good else "falls behind"
    mornings = f"{len(beside)} morning{'s' if len(beside) > 1 else ''}"
    return (
        is_as_good,
        f"{verdict} {name} on the same {mornings} ({champion.how}): Brier score "
        f"{found.margin:+.1%} ({found.low:+.1%} to {found.high:+.1%})",
    )
