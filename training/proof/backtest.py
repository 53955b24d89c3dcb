"""What would have been said on past mornings, against what came true?

At each origin everything is learnt again from what was known that morning, and the live
accounts are scored; then their outcomes are looked up. The simple rules are judged on the same
rows.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import pandas as pd

from configs.playbook import Playbook
from configs.project import Project
from features.asof import Ints, as_dates
from features.assemble import FeatureSet
from training.engine.followed import CHURN, OTHER, Followed, follow, lag_known_by
from training.engine.outcomes import exit_events, followed_until
from training.engine.periods import Periods
from training.models import (
    RULE_INPUTS,
    STEP_RULE_INPUTS,
    exit_evidence,
    of_rules,
    step_evidence,
)
from training.proof.amounts import amounts_at
from training.proof.comparable import remarks_on
from training.proof.foretold import said_today
from training.proof.judged import DATES, QUESTIONS, Backtest, Judged
from training.proof.punctuality import column_of, playbook_days
from training.proof.replay import Listing, leavers_of, lists_at, replayed_mornings
from training.questions.changes import asked_about, follow_changes
from training.questions.exits import WORKERS, ExitModel, fit_exits
from training.questions.expansion import QUESTIONS as OF_CHANGES
from training.questions.expansion import (
    WAYS,
    ExpansionModel,
    fit_expansion,
    growth_evidence,
    rules_for_growth,
)
from training.questions.steps import MOST_ROWS, REACHED, StepModel, fit_steps, follow_steps
from training.rules.baselines import Baseline, fit_baselines
from training.within_memory import origins_at_once

CHURN_RULES = {"days since last use": "days_since_active", "ladder pace": "days_late"}
STEP_RULES = {"days to the due date": "days_to_due"}
MOST_STEPS_JUDGED = 20_000
QUANTILES = (0.1, 0.5, 0.9)


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """What is the same at every origin."""

    features: FeatureSet
    project: Project
    origin_days: Sequence[int]
    playbook: Playbook | None
    listing: Listing | None


@dataclass(frozen=True, slots=True, eq=False)
class _Origin:
    """What was judged at one origin, and the lists that followed from it."""

    judged: dict[str, Judged]
    lists: pd.DataFrame | None = None
    remarks: tuple[str, ...] = field(default_factory=tuple)


def backtest(
    features: FeatureSet,
    project: Project,
    *,
    origin_days: Sequence[int],
    playbook: Playbook | None = None,
    listing: Listing | None = None,
) -> Backtest:
    """Learn and judge at every origin that has anything to learn from.

    With a playbook, the dates of milestones are held against its days; with ``listing``, which
    draws up the owners' lists of a morning, what was listed is held against who left.
    """
    task = _Task(features, project, origin_days, playbook, listing)
    with ThreadPoolExecutor(origins_at_once(features, project, most=WORKERS)) as pool:
        found = list(pool.map(partial(_judge_origin, task), origin_days))
    judged = {
        question: [origin.judged[question] for origin in found if question in origin.judged]
        for question in QUESTIONS
    }
    lists = [origin.lists for origin in found if origin.lists is not None]
    leavers = leavers_of(lists, features.exits) if listing is not None else None
    remarks, today = [r for origin in found for r in origin.remarks], None
    if past := judged[CHURN]:
        today = said_today(features, project, origin_days=[each.origin_day for each in past])
        remarks += remarks_on(past, today, project)
    return Backtest(judged, tuple(remarks), leavers, today)


def _judge_origin(task: _Task, origin_day: int) -> _Origin:
    """Learn and judge at one origin, or say why it cannot be done."""
    features, project = task.features, task.project
    followed = follow(
        features,
        training_day=origin_day,
        every_days=project.snapshots.training_every_days,
        min_events=project.models.min_events,
    )
    left = followed.exited() if len(followed.rows) else 0
    if left < project.models.min_events:
        on = as_dates(np.array([origin_day]))[0].date()
        remark = f"the origin {on} is left out: {left} known exits to learn from"
        return _Origin({}, remarks=(remark,))
    exits = fit_exits(features, followed, project, bags=0)
    rules = rules_for_churn(features, followed, project)
    lists = _lists(task, origin_day, exits, rules)
    judged = {"churn": _judge_exits(task, followed, exits, rules, lists=lists)}
    steps = fit_steps(features, followed, exits, project)
    if steps is not None:
        judged["milestones"] = _judge_steps(task, followed, exits, steps=steps)
    grows = fit_expansion(features, followed, project)
    if grows is not None:
        judged |= _judge_changes(task, followed, exits, grows)
    return _Origin(judged, lists)


def _lists(
    task: _Task, origin_day: int, exits: ExitModel, rules: Sequence[Baseline]
) -> pd.DataFrame | None:
    if task.listing is None:
        return None
    mornings = replayed_mornings(task.features, origin_day, task.origin_days)
    return lists_at(task.features, mornings, exits, rules, task.project, task.listing)


def rules_for_churn(
    features: FeatureSet, followed: Followed, project: Project
) -> list[Baseline]:
    """Fit the simple rules on the snapshots that the model was fitted on."""
    fitted = fit_baselines(
        exit_evidence(of_rules(features, followed.rows)),
        followed.followup,
        cause=followed.causes.index(CHURN),
        periods=Periods.covering(project.outcomes.horizons_days),
        horizons=project.outcomes.horizons_days,
        by_value=CHURN_RULES,
        cox_columns=RULE_INPUTS,
        seed=project.models.seed,
    )
    return list(fitted.fitted)


def _judge_exits(
    task: _Task,
    followed: Followed,
    exits: ExitModel,
    rules: Sequence[Baseline],
    *,
    lists: pd.DataFrame | None,
) -> Judged:
    features, horizons = task.features, task.project.outcomes.horizons_days
    today, came = at_origin(features, followed)
    values = features.values.iloc[today]
    curves, evidence = exits.curves(values), exit_evidence(values)
    listed = {}
    if lists is not None:
        own = lists.loc[lists["day"] == followed.training_day]
        listed = {str(n): own[n].to_numpy(bool) for n in own if own[n].dtype == bool}
    return Judged(
        origin_day=followed.training_day,
        horizons=horizons,
        about=_about(features, today, followed),
        followup=came.followup,
        said=np.stack([curves.incidence_at(CHURN, h) for h in horizons], axis=1),
        rules={rule.name: rule.predict(evidence) for rule in rules},
        listed=listed,
    )


def _judge_steps(
    task: _Task, followed: Followed, exits: ExitModel, *, steps: StepModel
) -> Judged:
    features, horizons = task.features, task.project.outcomes.horizons_days
    today, came = at_origin(features, followed)
    values = features.values.iloc[today]
    asked = follow_steps(features, came, most_rows=MOST_STEPS_JUDGED)
    curves = steps.curves(exits.rates(exits.matrix(values)), values, asked.steps)
    learnt = follow_steps(features, followed, most_rows=MOST_ROWS)
    rules = fit_baselines(
        step_evidence(of_rules(features, followed.rows), learnt.steps),
        learnt.followup,
        cause=0,
        periods=Periods.covering(horizons),
        horizons=horizons,
        by_value=STEP_RULES,
        cox_columns=STEP_RULE_INPUTS,
        seed=task.project.models.seed,
    )
    evidence = step_evidence(values, asked.steps)
    at = asked.steps["snapshot"].to_numpy()
    about = _about(features, today, followed).iloc[at].reset_index(drop=True)
    dates = steps.waits(curves, values, asked.steps, QUANTILES)
    return Judged(
        origin_day=followed.training_day,
        horizons=horizons,
        about=about.assign(
            milestone=asked.steps["milestone"].to_numpy(dtype=object),
            due_days=column_of(asked.steps, "days_to_due"),
            playbook_days=playbook_days(asked.steps, about["segment"], task.playbook),
            **dict(zip(DATES, dates, strict=True)),
        ),
        followup=asked.followup,
        said=np.stack([curves.incidence_at(REACHED, h) for h in horizons], axis=1),
        rules={rule.name: rule.predict(evidence) for rule in rules.fitted},
    )


def _judge_changes(
    task: _Task, followed: Followed, exits: ExitModel, model: ExpansionModel
) -> dict[str, Judged]:
    """Judge who grows and who shrinks, each as the question of its own that it is."""
    features, project = task.features, task.project
    today, came = at_origin(features, followed)
    values, horizons = features.values.iloc[today], project.outcomes.horizons_days
    curves = model.curves(values, exits.rates(exits.matrix(values)))
    before = features.values.iloc[followed.rows]
    learnt, changed = follow_changes(features, followed), follow_changes(features, came)
    evidence, about = growth_evidence(values), _about(features, today, followed)
    judged = {}
    for name, way in WAYS.items():
        rules = rules_for_growth(before, learnt, project, way=way)
        judged[OF_CHANGES[way]] = Judged(
            origin_day=followed.training_day,
            horizons=horizons,
            about=about,
            followup=asked_about(changed, way),
            said=np.stack([curves.incidence_at(name, h) for h in horizons], axis=1),
            rules={rule.name: rule.predict(evidence) for rule in rules},
            amounts=amounts_at(features, replace(came, followup=changed), model, way=way),
        )
    return judged


def _about(features: FeatureSet, today: Ints, followed: Followed) -> pd.DataFrame:
    """Who is judged, and whether anything was learnt from an account of the same parent."""
    snapshots = features.snapshots
    parent, own = snapshots["parent_id"], snapshots["account_id"].astype(object)
    family = parent.astype(object).where(parent.notna(), own)
    learnt_from = set(family.iloc[followed.rows])
    return pd.DataFrame(
        {
            "account_id": own.iloc[today].to_numpy(dtype=object),
            "family": family.iloc[today].to_numpy(dtype=object),
            "segment": snapshots["segment"].iloc[today].to_numpy(dtype=object),
            "is_new": ~family.iloc[today].isin(learnt_from).to_numpy(dtype=bool),
        }
    )


def at_origin(features: FeatureSet, learnt: Followed) -> tuple[Ints, Followed]:
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
