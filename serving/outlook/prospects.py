"""What lies ahead of every live account, day by day, and what do all of them share?

The account-level curves of whatever speaks this morning, the model or the simple rule, moved to
the days on which things are decided and to the level of the last months.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import pandas as pd

from configs.project import Project
from features.arr import arr_on
from features.asof import Ints, ordinal
from features.assemble import FeatureSet
from serving.morning import Morning
from serving.outlook.amounts import Amounts, amounts_by_rule, amounts_of
from training.book.level import SharedLevel
from training.book.reality import Correction, Reality, by_day
from training.book.renewals import is_open
from training.book.repeats import times_again
from training.book.stakes import Stakes
from training.engine.followed import CHURN, Followed, follow
from training.engine.periods import Floats, Periods
from training.models import Models
from training.questions.amounts import NAMES
from training.questions.changes import DOWN, KindRates, follow_changes
from training.questions.expansion import QUESTIONS, WAYS, ExpansionModel, growth_evidence

MOST_ROWS = 20_000
"""Rows of the past beyond this teach the level nothing more."""
ONE_PERIOD = Periods((0.0, 1.0))
CHURNS, LEAVES = "churns", "leaves"
"""What may happen to an account besides growing and shrinking: churn, and another exit."""


@dataclass(frozen=True, slots=True, eq=False)
class Prospects:
    """One row per live account; rates have a column per coming day."""

    accounts: pd.DataFrame
    """account_id, segment, owner, renews_on, and arr (NaN where the data hold none); for those
    that have signed to pay something else, also signed_arr and in how many days it begins.
    """
    daily: Mapping[str, Floats]
    levels: Mapping[str, SharedLevel]
    """What all accounts share, for each of those that is known to move."""
    stakes: Mapping[str, Stakes]
    """How far off it may be for those that pay much, or little."""
    amounts: Mapping[str, Amounts]
    """By which share of its ARR each account grows or shrinks, if it does."""
    again: Mapping[str, float] = field(default_factory=dict)
    """What the rate of growing, or shrinking, is multiplied by once an account has done so."""

    @property
    def has_arr(self) -> bool:
        return bool(self.accounts["arr"].notna().any())


def prospects(morning: Morning) -> Prospects | None:
    """Look ahead from a morning; None where nothing can be said of leaving."""
    models, project = morning.models, morning.configuration.project
    if models is None or models.rule is None or "churn_risk" not in morning.accounts:
        return None
    is_model = bool((morning.accounts["risk_source"] == "model").any())
    return look_ahead(
        morning.features, models, project, day=ordinal(morning.as_of), is_model=is_model
    )


def look_ahead(
    features: FeatureSet, models: Models, project: Project, *, day: int, is_model: bool
) -> Prospects:
    """Look ahead from a day, by the model or by the rule that speaks in its place."""
    today = np.flatnonzero(features.snapshots["day"] == day)
    values = features.values.iloc[today].reset_index(drop=True)
    past = past_of(features, project, day)
    past_values = features.values.iloc[past.rows]
    days = max(project.outcomes.horizons_days)
    rates, periods = churn_rates(models, values, is_model=is_model)
    before, _ = churn_rates(models, past_values, is_model=is_model)
    seen = _reality(before, past, past_values, periods=periods)
    churn = Correction.learnt(seen, knows_terms=is_model)
    others = models.exits.rates(models.exits.matrix(values))
    gone = [rate for cause, rate in others.items() if cause != CHURN]
    leaving = np.sum(gone, axis=0) if gone else np.zeros((len(values), 1))
    leaving_periods = models.exits.periods if gone else ONE_PERIOD
    daily = {
        CHURNS: churn.daily(rates, values, periods=periods, days=days),
        LEAVES: by_day(leaving, leaving_periods, days=days),
    }
    levels, stakes, again = {CHURNS: churn.level}, {CHURNS: churn.stakes}, {}
    accounts = _accounts(features, today, day)
    found: dict[str, Amounts] = {}
    if accounts["arr"].notna().any():
        changed = replace(past, followup=follow_changes(features, past))
        for name, way in WAYS.items():
            daily[name], own, again[name] = _changing(
                features, models, changed, values, way=way, project=project
            )
            levels[name], stakes[name] = own.level, own.stakes
            found[name] = (
                amounts_by_rule(features, changed, today, project, way=way)
                if models.expansion is None
                else amounts_of(features, models, today, way=way)
            )
    return Prospects(accounts, daily, levels, stakes, found, again)


def churn_rates(
    models: Models, values: pd.DataFrame, *, is_model: bool
) -> tuple[Floats, Periods]:
    """Daily rates of churn by period, of whatever speaks: the model, or the rule."""
    if is_model:
        return models.exits.rates(models.exits.matrix(values))[CHURN], models.exits.periods
    return rates_of_chances(models.rule_chances(values), models.meta["horizons"])


def rates_of_chances(chances: Floats, horizons: Sequence[int]) -> tuple[Floats, Periods]:
    """Daily rates from one horizon to the next, of which the chances by each are made."""
    periods = Periods((0.0, *map(float, horizons)))
    chances = np.clip(chances, 0.0, 0.999)
    staying = -np.log1p(-np.maximum.accumulate(chances, axis=1))
    return np.diff(staying, axis=1, prepend=0.0) / periods.lengths, periods


def past_of(features: FeatureSet, project: Project, day: int) -> Followed:
    """The snapshots behind a day that teach what all accounts share."""
    past = follow(
        features,
        training_day=day,
        every_days=project.snapshots.training_every_days,
        min_events=project.models.min_events,
    )
    step = -(-len(past.rows) // MOST_ROWS) if len(past.rows) else 1
    return past.take(np.flatnonzero(past.account % step == 0))


def _reality(
    rates: Floats,
    past: Followed,
    values: pd.DataFrame,
    *,
    periods: Periods,
    cause: int = 0,
) -> Reality:
    return Reality.seen(
        rates,
        past.followup,
        values,
        cause=cause,
        periods=periods,
        day=past.day,
        end_day=past.end_day,
    )


def _changing(
    features: FeatureSet,
    models: Models,
    changed: Followed,
    values: pd.DataFrame,
    *,
    way: int,
    project: Project,
) -> tuple[Floats, Correction, float]:
    """Rates of growing or shrinking on each coming day, how they may all be off, and what
    they are multiplied by once an account has changed.
    """
    before = features.values.iloc[changed.rows]
    is_model = models.expansion is not None and models.foretells(QUESTIONS[way])
    # Few accounts ever shrink: their kind tells a book's losses better than any single rule.
    if models.expansion is None or (way == DOWN and not is_model):
        evenly = np.ones((len(before), 1))
        watched = _reality(evenly, changed, before, periods=ONE_PERIOD, cause=way)
        events, days = watched.came.sum(axis=1), watched.counted_days()
        kinds, periods = KindRates.learnt(before, events, days), ONE_PERIOD
        past_rates, rates = kinds.rates(before), kinds.rates(values)
    else:
        past_rates, _ = change_rates(models, models.expansion, before, way=way)
        rates, periods = change_rates(models, models.expansion, values, way=way)
    seen = _reality(past_rates, changed, before, periods=periods, cause=way)
    correction = Correction.learnt(seen, knows_terms=is_model)
    told = partial(correction.daily, periods=periods)
    again = times_again(
        features,
        changed,
        lambda rows, days: told(past_rates[rows], before.iloc[rows], days=days),
        way=way,
        within_days=project.outcomes.primary_horizon_days,
    )
    daily = told(rates, values, days=max(project.outcomes.horizons_days))
    return daily * is_open(values, days=daily.shape[1]), correction, again


def change_rates(
    models: Models, expansion: ExpansionModel, values: pd.DataFrame, *, way: int
) -> tuple[Floats, Periods]:
    """Daily rates of growing or shrinking, of whatever speaks: the model, or the rule."""
    if models.foretells(QUESTIONS[way]):
        return expansion.rates(values)[NAMES[way]], expansion.periods
    chances = expansion.rules[NAMES[way]].predict(growth_evidence(values))
    return rates_of_chances(chances, models.meta["horizons"])


def _accounts(features: FeatureSet, today: Ints, day: int) -> pd.DataFrame:
    columns = ["account_id", "segment", "owner", "renews_on"]
    accounts = features.snapshots.iloc[today][columns].reset_index(drop=True)
    known = features.arr.loc[features.arr["known_day"] < day]
    paid = arr_on(known, accounts["account_id"], np.full(len(accounts), day))
    ahead = known.loc[(known["day"] > day) & (known["arr"] > 0)]
    signed = ahead.sort_values(["account_id", "day"]).drop_duplicates("account_id")
    first = signed.set_index("account_id").reindex(accounts["account_id"])
    return accounts.assign(
        arr=paid,
        signed_arr=first["arr"].to_numpy(dtype=np.float64),
        signed_in_days=first["day"].to_numpy(dtype=np.float64) - day,
    )
