"""What would have been said on past mornings, against what came true?

At each origin everything is learnt again from what was known that morning, and the live
accounts are scored; then their outcomes are looked up. The simple rules are judged on the same
rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from configs.project import Project
from features.asof import Ints, as_dates
from features.assemble import FeatureSet
from training.baselines import Baseline, fit_baselines
from training.exits import WORKERS, ExitModel, fit_exits
from training.followed import CHURN, OTHER, Followed, follow, lag_known_by
from training.metrics import account_bootstrap, auc, brier, ece, predicted_over_observed
from training.models import (
    RULE_INPUTS,
    STEP_RULE_INPUTS,
    exit_evidence,
    step_evidence,
)
from training.outcomes import exit_events, followed_until
from training.periods import Floats, Periods
from training.steps import MOST_ROWS, REACHED, StepModel, fit_steps, follow_steps

CHURN_RULES = {"days since last use": "days_since_active", "ladder pace": "days_late"}
STEP_RULES = {"days to the due date": "days_to_due"}
MOST_STEPS_JUDGED = 60_000
QUESTIONS = ("churn", "milestones")


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What was said of one question at one origin, and what came: a row per account or step."""

    origin_day: int
    horizons: tuple[int, ...]
    accounts: np.ndarray
    said: Floats
    """Chances, a column per horizon."""
    rules: Mapping[str, Floats]
    happened: Floats
    """1, 0, or NaN where it is not known yet; a column per horizon."""

    def matured(self) -> tuple[int, ...]:
        """The horizons that every row has been followed to."""
        by_horizon = zip(self.horizons, self.happened.T, strict=True)
        return tuple(horizon for horizon, came in by_horizon if not np.isnan(came).any())


@dataclass(frozen=True, slots=True, eq=False)
class Backtest:
    """Everything that was judged, by question, and why the rest could not be."""

    judged: Mapping[str, Sequence[Judged]]
    remarks: Sequence[str] = field(default_factory=tuple)

    def newest_half(self, question: str) -> "Backtest":
        """The newer origins of a question, the middle one included."""
        by_age = sorted(self.judged[question], key=lambda judged: -judged.origin_day)
        return Backtest({question: by_age[: (len(by_age) + 1) // 2]})

    def pooled(self, question: str, horizon: int) -> "Pooled | None":
        """All origins whose outcomes by the horizon are known, as one; None without any."""
        parts = [_column(judged, horizon) for judged in self.judged[question]]
        known = [part for part in parts if part is not None]
        if not known:
            return None
        names = set.intersection(*(set(part.rules) for part in known))
        return Pooled(
            accounts=np.concatenate([part.accounts for part in known]),
            said=np.concatenate([part.said for part in known]),
            rules={n: np.concatenate([p.rules[n] for p in known]) for n in sorted(names)},
            happened=np.concatenate([part.happened for part in known]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Pooled:
    """One horizon's chances and outcomes, all of them known."""

    accounts: np.ndarray
    said: Floats
    rules: Mapping[str, Floats]
    happened: Floats

    @property
    def can_be_judged(self) -> bool:
        return bool(0 < self.happened.sum() < len(self.happened))


def backtest(features: FeatureSet, project: Project, *, origin_days: Sequence[int]) -> Backtest:
    """Learn and judge at every origin that has anything to learn from."""
    with ThreadPoolExecutor(WORKERS) as pool:
        found = list(pool.map(partial(_judge_origin, features, project), origin_days))
    said = [each for each in found if isinstance(each, str)]
    tested = [each for each in found if not isinstance(each, str)]
    judged = {
        question: [origin[question] for origin in tested if question in origin]
        for question in QUESTIONS
    }
    return Backtest(judged, tuple(said))


def _judge_origin(
    features: FeatureSet, project: Project, origin_day: int
) -> dict[str, Judged] | str:
    """Learn and judge at one origin, or say why it cannot be done."""
    followed = follow(
        features,
        training_day=origin_day,
        every_days=project.snapshots.training_every_days,
        min_events=project.models.min_events,
    )
    left = followed.exited() if len(followed.rows) else 0
    if left < project.models.min_events:
        on = as_dates(np.array([origin_day]))[0].date()
        return f"the origin {on} is left out: {left} known exits to learn from"
    exits = fit_exits(features, followed, project, bags=0)
    judged = {"churn": _judge_exits(features, project, followed, exits)}
    steps = fit_steps(features, followed, exits, project)
    if steps is not None:
        judged["milestones"] = _judge_steps(features, project, followed, exits, steps=steps)
    return judged


def rules_for_churn(
    features: FeatureSet, followed: Followed, project: Project
) -> list[Baseline]:
    """Fit the simple rules on the snapshots that the model was fitted on."""
    fitted = fit_baselines(
        exit_evidence(features.values.iloc[followed.rows]),
        followed.followup,
        cause=followed.causes.index(CHURN),
        periods=Periods.covering(project.outcomes.horizons_days),
        horizons=project.outcomes.horizons_days,
        by_value=CHURN_RULES,
        cox_columns=RULE_INPUTS,
        seed=project.models.seed,
    )
    return list(fitted.fitted)


def records(tested: Backtest, question: str, horizons: Sequence[int]) -> list[dict[str, Any]]:
    """One row per origin and horizon, and one per horizon over all origins (origin ``all``)."""
    rows = []
    for horizon in horizons:
        for judged in tested.judged[question]:
            one = _column(judged, horizon)
            if one is not None and one.can_be_judged:
                origin = as_dates(np.array([judged.origin_day]))[0].date().isoformat()
                rows.append({"origin": origin, "horizon_days": horizon, **_figures(one)})
        pooled = tested.pooled(question, horizon)
        if pooled is not None and pooled.can_be_judged:
            rows.append({"origin": "all", "horizon_days": horizon, **_figures(pooled)})
    return rows


def _figures(pooled: Pooled) -> dict[str, Any]:
    said, came = pooled.said, pooled.happened
    low, high = account_bootstrap(
        lambda weights: auc(said, came, weights=weights), _codes(pooled.accounts), seed=0
    )
    by_brier = {name: brier(chance, came) for name, chance in pooled.rules.items()}
    return {
        "accounts": len(np.unique(pooled.accounts)),
        "events": int(came.sum()),
        "auc": auc(said, came),
        "auc_low": low,
        "auc_high": high,
        "brier": brier(said, came),
        "ece": ece(said, came),
        "predicted_over_observed": predicted_over_observed(said, came),
        "best_baseline": min(by_brier, key=by_brier.__getitem__) if by_brier else None,
        "baseline_auc": {name: auc(chance, came) for name, chance in pooled.rules.items()},
        "baseline_brier": by_brier,
    }


def _column(judged: Judged, horizon: int) -> Pooled | None:
    """One horizon of an origin; None where not every row has been followed that far.

    Of a younger origin only those that ended are known: they would pass for everybody.
    """
    column = judged.horizons.index(horizon)
    happened = judged.happened[:, column]
    if not len(happened) or np.isnan(happened).any():
        return None
    return Pooled(
        accounts=judged.accounts,
        said=judged.said[:, column],
        rules={name: chances[:, column] for name, chances in judged.rules.items()},
        happened=happened,
    )


def _judge_exits(
    features: FeatureSet, project: Project, followed: Followed, exits: ExitModel
) -> Judged:
    today, came = _at_origin(features, followed)
    values = features.values.iloc[today]
    curves, horizons = exits.curves(values), project.outcomes.horizons_days
    evidence = exit_evidence(values)
    rules = rules_for_churn(features, followed, project)
    return Judged(
        origin_day=followed.training_day,
        horizons=horizons,
        accounts=features.snapshots["account_id"].iloc[today].to_numpy(dtype=object),
        said=np.stack([curves.incidence_at(CHURN, h) for h in horizons], axis=1),
        rules={rule.name: rule.predict(evidence) for rule in rules},
        happened=np.stack([came.followup.happened_by(h, cause=0) for h in horizons], axis=1),
    )


def _judge_steps(
    features: FeatureSet,
    project: Project,
    followed: Followed,
    exits: ExitModel,
    *,
    steps: StepModel,
) -> Judged:
    today, came = _at_origin(features, followed)
    values, horizons = features.values.iloc[today], project.outcomes.horizons_days
    asked = follow_steps(features, came, most_rows=MOST_STEPS_JUDGED)
    curves = steps.curves(exits.rates(exits.matrix(values)), values, asked.steps)
    learnt = follow_steps(features, followed, most_rows=MOST_ROWS)
    rules = fit_baselines(
        step_evidence(features.values.iloc[followed.rows], learnt.steps),
        learnt.followup,
        cause=0,
        periods=Periods.covering(horizons),
        horizons=horizons,
        by_value=STEP_RULES,
        cox_columns=STEP_RULE_INPUTS,
        seed=project.models.seed,
    )
    evidence = step_evidence(values, asked.steps)
    accounts = features.snapshots["account_id"].iloc[today].to_numpy(dtype=object)
    return Judged(
        origin_day=followed.training_day,
        horizons=horizons,
        accounts=accounts[asked.steps["snapshot"].to_numpy()],
        said=np.stack([curves.incidence_at(REACHED, h) for h in horizons], axis=1),
        rules={rule.name: rule.predict(evidence) for rule in rules.fitted},
        happened=np.stack([asked.followup.happened_by(h, cause=0) for h in horizons], axis=1),
    )


def _at_origin(features: FeatureSet, learnt: Followed) -> tuple[Ints, Followed]:
    """Rows of the snapshots at the origin, and what is known today of what followed them.

    Exits may be reported later by now than they were then.
    """
    day = features.snapshots["day"].to_numpy(dtype=np.int64)
    rows, last = np.flatnonzero(day == learnt.training_day), int(day.max())
    accounts = features.snapshots["account_id"].iloc[rows]
    # A cause first seen after the origin must not pass for one that was known there.
    causes = (CHURN, OTHER)
    events = exit_events(features.exits, accounts, day[rows], causes)
    lag = lag_known_by(last, features.exits)
    followup = followed_until(day[rows], events, training_day=last, lag_days=lag)
    account = np.arange(len(rows))
    return rows, Followed(
        rows=rows,
        day=day[rows],
        account=account,
        causes=causes,
        followup=followup,
        training_day=last,
        lag_days=lag,
    )


def _codes(accounts: np.ndarray) -> Ints:
    return pd.factorize(accounts)[0].astype(np.int64)


def unmatured(horizons: Sequence[int], tested: Backtest, question: str) -> Iterator[str]:
    """Say which horizons no origin is old enough to judge."""
    for horizon in horizons:
        if tested.pooled(question, horizon) is None:
            yield f"no origin is old enough to judge {question} within {horizon} days"
