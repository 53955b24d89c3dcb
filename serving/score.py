"""What does another program, or a CSM, get to know of every live account this morning?"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from configs.errors import DataError
from configs.load import Configuration
from configs.phrases import Phrases
from configs.project import Project
from features.asof import ordinal
from features.assemble import FeatureSet
from features.holdout import held_out_on
from serving.next_steps.nudges import nudge_texts
from serving.next_steps.recommend import next_milestones
from serving.next_steps.renewals import with_renewal_actions
from serving.outlook.growth import expansion_chances
from serving.paying import with_what_is_paid
from serving.prioritise import rank
from serving.risks import Risks, model_risks, no_risks, rule_risks
from training.engine.curves import IncidenceCurves
from training.engine.periods import Floats
from training.models import Models
from training.questions.steps import REACHED

TOO_NEW_DAYS = 7
"""An account that signed up less than a week ago has shown nothing to go by."""
RECOMMENDED = ("next_milestone", "next_action", "nudge", "next_evidence")
EFFECT = ("next_effect_points", "next_effect_low", "next_effect_high")
QUANTILES = {"eta_p10_on": 0.1, "eta_p50_on": 0.5, "eta_p90_on": 0.9}


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """The rows of accounts.parquet and milestones.parquet, before they take their schema."""

    accounts: pd.DataFrame
    milestones: pd.DataFrame


def score(
    features: FeatureSet,
    models: Models | None,
    configuration: Configuration,
    *,
    as_of: date,
    version: str,
    is_promoted: bool,
    phrases: Phrases,
    previous: pd.DataFrame | None = None,
) -> Scores:
    """Score every live account; without models, say of each that there is not enough data.

    A model that was not promoted is silent: the best rule speaks in its place. ``previous`` has
    account_id and churn_risk of the scores before these. Raises DataError where every account
    has left.
    """
    today = np.flatnonzero(features.snapshots["day"] == ordinal(as_of))
    if not len(today):
        raise DataError(
            "table 'accounts'", f"no account is live on {as_of}", "Move the as-of date"
        )
    accounts = with_what_is_paid(features, today, day=ordinal(as_of))
    values = features.values.iloc[today].reset_index(drop=True)
    risks = _risks(models, values, features, configuration, phrases, is_promoted=is_promoted)
    accounts = _with_risks(accounts, values, risks, configuration)
    milestones = _milestones(features, models, values, today, configuration, as_of=as_of)
    accounts = _with_next_step(accounts, milestones, configuration, models)
    accounts = with_renewal_actions(accounts, configuration, phrases, as_of=as_of)
    before = previous.set_index("account_id")["churn_risk"] if previous is not None else None
    accounts = accounts.assign(
        as_of=as_of,
        previous_churn_risk=np.nan if before is None else accounts["account_id"].map(before),
        expansion_chance=_expansion(models, values, project=configuration.project),
        model_version=version if models is not None else None,
    )
    accounts["arr_at_risk"] = (accounts["churn_risk"] * accounts["arr"]).astype(float)
    accounts = _without_held_out(accounts, configuration, as_of)
    accounts["rank"] = rank(accounts)
    return Scores(accounts.sort_values("rank", ignore_index=True), milestones)


def _without_held_out(
    accounts: pd.DataFrame, configuration: Configuration, as_of: date
) -> pd.DataFrame:
    """Mark who is held out, and recommend nothing to them: no list has them."""
    if configuration.project.programme.held_out_since is None:
        return accounts
    is_held_out = held_out_on(accounts, configuration.project.programme, as_of)
    texts = {name: accounts[name].mask(is_held_out, None) for name in RECOMMENDED}
    points = {name: accounts[name].mask(is_held_out) for name in EFFECT}
    return accounts.assign(is_held_out=is_held_out, **texts, **points)


def _risks(
    models: Models | None,
    values: pd.DataFrame,
    features: FeatureSet,
    configuration: Configuration,
    phrases: Phrases,
    *,
    is_promoted: bool,
) -> Risks | None:
    """What speaks: the model, the rule, or nothing."""
    project = configuration.project
    primary = project.outcomes.primary_horizon_days
    if models is None or models.rule is None:
        return None
    if not (is_promoted and models.has_skill):
        return rule_risks(models, values, primary=primary, phrases=phrases)
    return model_risks(
        models,
        values,
        features.catalogue,
        horizons=project.outcomes.horizons_days,
        primary=primary,
        phrases=phrases,
        currency=project.serving.currency,
    )


def _expansion(models: Models | None, values: pd.DataFrame, *, project: Project) -> Floats:
    """The chance of paying more within the primary horizon; absent where nothing is known."""
    if models is None or models.expansion is None:
        return np.full(len(values), np.nan)
    horizon = project.outcomes.primary_horizon_days
    chance = expansion_chances(models, models.expansion, values, horizon_days=horizon)
    return np.where(values["tenure_days"] < TOO_NEW_DAYS, np.nan, chance)


def _with_risks(
    accounts: pd.DataFrame,
    values: pd.DataFrame,
    risks: Risks | None,
    configuration: Configuration,
) -> pd.DataFrame:
    outcomes = configuration.project.outcomes
    horizons = outcomes.horizons_days
    if risks is None:
        risks = no_risks(len(accounts), len(horizons))
    is_new = (values["tenure_days"] < TOO_NEW_DAYS).to_numpy()
    chances = np.where(is_new[:, None], np.nan, risks.by_horizon)
    status = "scored" if risks.source else "not_enough_data"
    why = [[] if new else own for new, own in zip(is_new, risks.reasons, strict=True)]
    source = pd.Series(risks.source, index=accounts.index, dtype=object)
    return accounts.assign(
        status=np.where(is_new, "too_new", status),
        **{f"churn_risk_{days}d": chances[:, i] for i, days in enumerate(horizons)},
        churn_risk=chances[:, horizons.index(outcomes.primary_horizon_days)],
        churn_risk_low=np.where(is_new, np.nan, risks.low),
        churn_risk_high=np.where(is_new, np.nan, risks.high),
        base_risk=np.where(is_new, np.nan, risks.base_risk),
        reasons=pd.Series(why, index=accounts.index, dtype=object),
        risk_source=source.mask(is_new | source.isna(), None),
    )


def _with_next_step(
    accounts: pd.DataFrame,
    standing: pd.DataFrame,
    configuration: Configuration,
    models: Models | None,
) -> pd.DataFrame:
    by_id = accounts.set_index("account_id")
    chosen = next_milestones(
        standing,
        configuration.playbook,
        effects=models.effects if models else None,
        segments=by_id["segment"],
        chance=f"chance_{configuration.project.outcomes.primary_horizon_days}d",
    )
    texts = nudge_texts(
        chosen,
        standing,
        by_id,
        configuration.playbook,
        fewest_peers=configuration.project.nudges.fewest_peers,
    )
    chosen = chosen.assign(nudge=texts)
    chosen = chosen.reindex(accounts["account_id"])
    return accounts.assign(
        next_milestone=chosen["milestone"].to_numpy(dtype=object),
        next_action=chosen["action"].to_numpy(dtype=object),
        nudge=chosen["nudge"].to_numpy(dtype=object),
        next_effect_points=chosen["points"].to_numpy(dtype=np.float64),
        next_effect_low=chosen["low"].to_numpy(dtype=np.float64),
        next_effect_high=chosen["high"].to_numpy(dtype=np.float64),
        next_evidence=chosen["evidence"].to_numpy(dtype=object),
    )


def _milestones(
    features: FeatureSet,
    models: Models | None,
    values: pd.DataFrame,
    today: np.ndarray,
    configuration: Configuration,
    *,
    as_of: date,
) -> pd.DataFrame:
    """The ladder of every account, with what the curves say of the open milestones."""
    standing = features.standing.assign(as_of=as_of)
    horizons = configuration.project.outcomes.horizons_days
    for days in horizons:
        standing[f"chance_{days}d"] = standing[f"exit_first_{days}d"] = np.nan
    for name in QUANTILES:
        standing[name] = pd.NaT
    if models is None or models.steps is None:
        return standing
    position = pd.Series(np.arange(len(today)), index=today)
    steps = features.steps.loc[features.steps["snapshot"].isin(today)]
    steps = steps.assign(snapshot=steps["snapshot"].map(position)).reset_index(drop=True)
    if not len(steps):
        return standing
    exits = models.exits.rates(models.exits.matrix(values))
    curves = models.steps.curves(exits, values, steps)
    account_ids = features.snapshots["account_id"].iloc[today].to_numpy(dtype=object)
    keys = pd.DataFrame(
        {"account_id": account_ids[steps["snapshot"]], "milestone": steps["milestone"]}
    )
    waits = models.steps.waits(curves, values, steps, tuple(QUANTILES.values()))
    said = keys.assign(**_said(curves, horizons, as_of, waits=waits))
    bare = standing.drop(columns=[name for name in said if name not in keys])
    return bare.merge(said, on=["account_id", "milestone"], how="left")


def _said(
    curves: IncidenceCurves, horizons: tuple[int, ...], as_of: date, *, waits: list[Floats]
) -> dict[str, "Floats | pd.Series[pd.Timestamp]"]:
    causes = [cause for cause in curves.by_cause if cause != REACHED]
    columns: dict[str, Floats | pd.Series[pd.Timestamp]] = {}
    for days in horizons:
        columns[f"chance_{days}d"] = curves.incidence_at(REACHED, days)
        leaving = [curves.incidence_at(cause, days) for cause in causes]
        columns[f"exit_first_{days}d"] = np.sum(leaving, axis=0)
    for name, wait in zip(QUANTILES, waits, strict=True):
        columns[name] = pd.Timestamp(as_of) + pd.to_timedelta(pd.Series(wait), unit="D")
    return columns
