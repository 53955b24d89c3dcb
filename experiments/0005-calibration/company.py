"""What does a model of one morning say of a simulated company, what came, and what is true?"""

import os
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from configs.load import Configuration, load
from configs.phrases import load_phrases
from features.asof import ordinal
from features.assemble import FeatureSet, build_features
from features.simulated import simulate
from features.simulated.leaving import chance_of_leaving
from features.simulated.mornings import Outlooks, outlooks
from features.simulated.world import Lives, lived
from features.sources import open_source
from serving.risks import model_risks
from training.engine.followed import Followed, follow
from training.models import Models
from training.proof.backtest import at_origin
from training.questions.exits import ExitModel, fit_exits

ROOT = Path(__file__).parents[2]
ACCOUNTS = 4000
MONTHS = 30
LAST = date(2026, 6, 29)
MONTHLY, FIRST, LATER = "monthly terms", "a year's, the first", "a year's, a later one"


@dataclass(frozen=True, eq=False)
class Company:
    """Features up to the end of the data, and how the accounts truly lived."""

    features: FeatureSet
    configuration: Configuration
    seed: int
    shock_on: date | None
    months: int

    @cached_property
    def lives(self) -> Lives:
        return lived(
            accounts=ACCOUNTS,
            seed=self.seed,
            months=self.months,
            price_shock_on=self.shock_on,
        )

    def true_chances(self, on: date, horizon: int) -> "pd.Series[float]":
        """The chance of each account that is alive to leave within a horizon."""
        seen = self._seen(on)
        ids = self.lives.company.account_id[seen.account]
        return pd.Series(chance_of_leaving(seen, horizon_days=horizon), index=ids)

    def _seen(self, on: date) -> Outlooks:
        lives = self.lives
        week = np.array([lives.span.day_number(on) // 7])
        return outlooks(
            lives.company,
            lives.journeys,
            span=lives.span,
            shock_day=lives.shock_day,
            weeks=week,
        )


def simulated(
    folder: Path, seed: int, *, shock_on: date | None, months: int = MONTHS
) -> Company:
    """Simulate a company with so many months of history, and build its features."""
    simulate(folder, accounts=ACCOUNTS, seed=seed, months=months, price_shock_on=shock_on)
    os.environ["MILEPOST_DEMO_DATA"] = str(folder)
    configuration = load(ROOT / "configs" / "demo")
    source = open_source(configuration.project, configuration.folder)
    features = build_features(source.tables, configuration, as_of=LAST)
    return Company(features, configuration, seed, shock_on, months)


def judged(company: Company, on: date) -> pd.DataFrame:
    """What a model of a morning says, what came and what is true: by account and horizon."""
    features = company.features
    followed, exits = _taught(company, on)
    rows, came = at_origin(features, followed)
    values = features.values.iloc[rows]
    curves = exits.curves(values)
    ids = features.snapshots["account_id"].iloc[rows].astype(str).to_numpy()
    about = pd.DataFrame(
        {
            "account": [f"{company.seed} {each}" for each in ids],
            "morning": str(on),
            "term": _terms(values),
        }
    )
    horizons = company.configuration.project.outcomes.horizons_days
    parts = [
        about.assign(
            days=horizon,
            said=curves.incidence_at("churn", horizon),
            came=came.followup.happened_by(horizon, cause=0),
            true=company.true_chances(on, horizon).reindex(ids).to_numpy(),
        )
        for horizon in horizons
    ]
    return pd.concat(parts, ignore_index=True)


def banded(company: Company, on: date) -> pd.DataFrame:
    """Each account's risk, its band and its true chance."""
    features, configuration = company.features, company.configuration
    followed, exits = _taught(company, on, bags=4)
    rows = np.flatnonzero(features.snapshots["day"].to_numpy() == ordinal(on))
    outcomes = configuration.project.outcomes
    risks = model_risks(
        Models(exits, None, None, {"exits": {"churn": followed.exited()}}),
        features.values.iloc[rows].reset_index(drop=True),
        features.catalogue,
        horizons=outcomes.horizons_days,
        primary=outcomes.primary_horizon_days,
        phrases=load_phrases(configuration.folder),
        currency="USD",
    )
    at = outcomes.horizons_days.index(outcomes.primary_horizon_days)
    ids = features.snapshots["account_id"].iloc[rows].astype(str).to_numpy()
    true = company.true_chances(on, outcomes.primary_horizon_days).reindex(ids).to_numpy()
    told = {"risk": risks.by_horizon[:, at], "low": risks.low, "high": risks.high}
    return pd.DataFrame({**told, "chance": true}).dropna(subset="chance")


def _taught(company: Company, on: date, *, bags: int = 0) -> tuple[Followed, ExitModel]:
    followed = follow(company.features, training_day=ordinal(on), every_days=28, min_events=30)
    return followed, fit_exits(
        company.features, followed, company.configuration.project, bags=bags
    )


def _terms(values: pd.DataFrame) -> np.ndarray:
    """Which kind of term each account is in."""
    is_monthly = values["term_days"].to_numpy() < 60
    renewed = values["terms_ended"].to_numpy() > 0
    return np.select([is_monthly, renewed], [MONTHLY, LATER], FIRST)
