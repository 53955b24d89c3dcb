"""What lies ahead of every live account, day by day, and what do all of them share?

The account-level curves of whatever speaks this morning, the model or the simple rule, moved to
the days on which things are decided and to the level of the last months.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from configs.project import Project
from features.asof import Ints, ordinal
from features.assemble import FeatureSet
from serving.morning import Morning
from serving.outlook.amounts import Amounts, amounts_by_rule, amounts_of
from serving.outlook.voices import Speaker, Voice, of_growing, of_leaving
from serving.paying import paid_on
from training.book.reality import Correction, Reality, by_day
from training.book.renewals import is_open
from training.book.repeats import times_again
from training.engine.followed import CHURN, Followed, follow
from training.engine.periods import Floats, Periods
from training.models import Models
from training.questions.amounts import NAMES
from training.questions.changes import UP, KindRates, follow_changes
from training.questions.expansion import QUESTIONS, WAYS

MOST_ROWS = 20_000
"""Rows of the past beyond this teach the level nothing more."""
ONE_PERIOD = Periods((0.0, 1.0))
Daily = Callable[[Ints, int], Floats]
SIGNED = ("account", "in_days", "arr")
CHURNS, LEAVES = "churns", "leaves"
"""What may happen to an account besides growing and shrinking: churn, and another exit."""


@dataclass(frozen=True, slots=True, eq=False)
class Prospects:
    """One row per live account, and what may happen to it."""

    accounts: pd.DataFrame
    """account_id, segment, owner, renews_on, and arr (NaN where the data hold none)."""
    voices: Mapping[str, Sequence[Voice]]
    """Who may be right about each thing that may happen."""
    amounts: Mapping[str, Amounts]
    """By which share of its ARR each account grows or shrinks, if it does."""
    again: Mapping[str, float] = field(default_factory=dict)
    """What the rate of growing, or shrinking, is multiplied by once an account has done so."""
    signed: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=SIGNED))
    """What accounts (positions) have signed to pay, in order of the days until it begins."""

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
    others = models.exits.rates(models.exits.matrix(values))
    gone = [rate for cause, rate in others.items() if cause != CHURN]
    leaving = np.sum(gone, axis=0) if gone else np.zeros((len(values), 1))
    leaving_periods = models.exits.periods if gone else ONE_PERIOD
    churns = [
        _voice(each, past, past_values, values, days=days, cause=0)[0]
        for each in of_leaving(models, is_model=is_model)
    ]
    voices = {
        CHURNS: churns,
        LEAVES: [Voice(by_day(leaving, leaving_periods, days=days))],
    }
    again: dict[str, float] = {}
    accounts = _accounts(features, today, day)
    found: dict[str, Amounts] = {}
    if accounts["arr"].notna().any():
        changed = replace(past, followup=follow_changes(features, past))
        for name, way in WAYS.items():
            voices[name], again[name] = _changing(
                features, models, changed, values, way=way, project=project
            )
            found[name] = (
                amounts_by_rule(features, changed, today, project, way=way)
                if models.expansion is None
                else amounts_of(features, models, today, way=way)
            )
    signed = _signed(features, accounts, day)
    return Prospects(accounts, voices, found, again, signed)


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


def _voice(
    speaker: Speaker,
    past: Followed,
    before: pd.DataFrame,
    values: pd.DataFrame,
    *,
    days: int,
    cause: int,
) -> tuple[Voice, Daily]:
    """What a speaker says of the coming days, corrected by what came of what it said of the
    past; and what it says of rows of the past.
    """
    past_rates, periods = speaker.rates(before)
    seen = _reality(past_rates, past, before, periods=periods, cause=cause)
    own = Correction.learnt(seen, is_model=speaker.is_model)

    def told(rows: Ints, ahead: int) -> Floats:
        return own.daily(past_rates[rows], before.iloc[rows], periods=periods, days=ahead)

    rates, _ = speaker.rates(values)
    daily = own.daily(rates, values, periods=periods, days=days)
    return Voice(daily, own.level, own.stakes, speaker.weight), told


def _changing(
    features: FeatureSet,
    models: Models,
    changed: Followed,
    values: pd.DataFrame,
    *,
    way: int,
    project: Project,
) -> tuple[list[Voice], float]:
    """Who may be right about growing, or shrinking, and what their rates are multiplied by
    once an account has changed.
    """
    before = features.values.iloc[changed.rows]
    days = max(project.outcomes.horizons_days)
    is_open_on = is_open(values, days=days)
    voices, told = [], []
    for speaker in _of_changing(models, changed, before, way=way):
        voice, own = _voice(speaker, changed, before, values, days=days, cause=way)
        voices.append(replace(voice, daily=voice.daily * is_open_on))
        told.append((speaker.weight, own))
    again = times_again(
        features,
        changed,
        lambda rows, ahead: np.sum([w * own(rows, ahead) for w, own in told], axis=0),
        way=way,
        within_days=project.outcomes.primary_horizon_days,
    )
    return voices, again


def _of_changing(
    models: Models, changed: Followed, before: pd.DataFrame, *, way: int
) -> list[Speaker]:
    expansion = models.expansion
    if expansion is not None and way == UP:
        return of_growing(models, expansion)
    if expansion is not None and models.foretells(QUESTIONS[way]):
        periods = expansion.periods
        return [
            Speaker(lambda rows: (expansion.rates(rows)[NAMES[way]], periods), is_model=True)
        ]
    # Few accounts ever shrink: their kind tells a book's losses better than any single rule.
    evenly = np.ones((len(before), 1))
    watched = _reality(evenly, changed, before, periods=ONE_PERIOD, cause=way)
    events, days = watched.came.sum(axis=1), watched.counted_days()
    kinds = KindRates.learnt(before, events, days)
    return [Speaker(lambda rows: (kinds.rates(rows), ONE_PERIOD))]


def _accounts(features: FeatureSet, today: Ints, day: int) -> pd.DataFrame:
    columns = ["account_id", "segment", "owner", "renews_on"]
    accounts = features.snapshots.iloc[today][columns].reset_index(drop=True)
    return accounts.assign(arr=paid_on(features, accounts["account_id"], day))


def _signed(features: FeatureSet, accounts: pd.DataFrame, day: int) -> pd.DataFrame:
    """What is paid from days to come on, as signed before the morning.

    Each step adds what it changes: lines that end before it and are not renewed yet may go on,
    and those that were signed after the morning are not known.
    """
    steps = features.arr
    ahead = steps.loc[(steps["known_day"] < day) & (steps["day"] > day)]
    account = pd.Index(accounts["account_id"]).get_indexer(pd.Index(ahead["account_id"]))
    changes = (ahead["arr"] - ahead["before"].fillna(0.0)).to_numpy()
    told = pd.DataFrame(
        {"account": account, "in_days": ahead["day"].to_numpy() - day, "arr": changes}
    )
    told = told.loc[account >= 0].sort_values(["in_days", "account"], ignore_index=True)
    paid = accounts["arr"].fillna(0.0).to_numpy()[told["account"]]
    signed: pd.DataFrame = told.assign(
        arr=np.maximum(paid + told.groupby("account")["arr"].cumsum(), 0.0)
    )
    return signed
