"""A column that knows the future is named and refused; dealt outcomes teach nothing."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from configs.load import load
from configs.sections import Gate
from features.asof import ordinal
from features.assemble import FeatureSet, build_features
from features.plan import origins
from features.sources import open_source
from tests.company import SMALL, Company, a_config
from training.engine.followed import follow
from training.fit import fit_models
from training.models import Models
from training.proof.backtest import backtest
from training.proof.canary import suspects
from training.proof.gate import Decision

PLANTED = "closed_by_support"


def planted(company: Company, folder: Path, accounts: pd.DataFrame) -> FeatureSet:
    """The features of the company, had its accounts another column, known as they say."""
    shutil.copytree(company.tables, folder / "tables")
    accounts.to_parquet(folder / "tables" / "accounts.parquet", index=False)
    config = a_config(folder / "acme", folder / "tables", more=SMALL)
    told = (config / "project.toml").read_text("utf-8")
    told = told.replace('attributes = ["plan"', f'attributes = ["{PLANTED}", "plan"')
    (config / "project.toml").write_text(told, "utf-8")
    configuration = load(config)
    source = open_source(configuration.project, config)
    return build_features(source.tables, configuration, as_of=company.as_of)


def left_in_the_end(company: Company) -> tuple[pd.DataFrame, "pd.Series[bool]", pd.DataFrame]:
    accounts = pd.read_parquet(company.tables / "accounts.parquet")
    exits = pd.read_parquet(company.tables / "exits.parquet")
    churned = exits.loc[exits["cause"] == "churn"]
    return accounts, accounts["account_id"].isin(churned["account_id"]), churned


@pytest.fixture(scope="module")
def leaking(company, tmp_path_factory) -> FeatureSet:
    """Every account says from its first day on whether it will leave in the end."""
    accounts, left, _ = left_in_the_end(company)
    told = accounts.assign(**{PLANTED: np.where(left, "yes", "no")})
    return planted(company, tmp_path_factory.mktemp("leaking"), told)


@pytest.fixture(scope="module")
def dated(company, tmp_path_factory) -> FeatureSet:
    """The same column as a change: it says so from the day on which that became known."""
    accounts, _, churned = left_in_the_end(company)
    before = accounts.assign(**{PLANTED: "no", "known_at": accounts["signed_up_at"]})
    after = accounts.merge(churned[["account_id", "exited_at"]], on="account_id")
    after = after.assign(**{PLANTED: "yes", "known_at": after.pop("exited_at")})
    rows = pd.concat([before, after], ignore_index=True)
    return planted(company, tmp_path_factory.mktemp("dated"), rows)


def found(company: Company, features: FeatureSet) -> tuple[str, ...]:
    followed = follow(features, training_day=company.day, every_days=28, min_events=30)
    used = list(features.catalogue)
    return suspects(features, followed, Gate(), horizon=90, used=used)


def gated(company: Company, features: FeatureSet) -> tuple[Models, Decision]:
    project = company.configuration.project
    days = [ordinal(origins(project, features.exits, company.as_of)[0])]
    tested = backtest(features, project, origin_days=days)
    fitted = fit_models(features, project, tested, training_day=company.day, champion=None)
    assert fitted is not None
    return fitted


def test_a_planted_future_column_is_refused_by_the_gate_and_named(
    company, leaking, monkeypatch
):
    monkeypatch.setattr("training.questions.inputs.FEW_EXITS", 30)
    models, decision = gated(company, leaking)
    assert models.meta["skill"]["churn"]["has_skill"]
    assert not decision.promoted
    assert decision.reasons[-1].startswith(f"the input `attribute_{PLANTED}` ")
    assert "`known_at`" in decision.reasons[-1]


def test_the_same_column_with_the_days_on_which_it_became_known_is_harmless(company, dated):
    column = dated.values[f"attribute_{PLANTED}"]
    followed = follow(dated, training_day=company.day, every_days=28, min_events=30)
    assert set(column.iloc[followed.rows]) == {"no"}
    assert found(company, dated) == ()


def test_an_honest_company_has_no_suspect(company):
    assert found(company, company.features) == ()


@pytest.mark.parametrize("wrong", [0.0, 0.02])
def test_a_number_entered_afterwards_is_caught_too_also_if_it_is_not_always_right(
    company, wrong
):
    features = company.features
    _, _, churned = left_in_the_end(company)
    ids = features.snapshots["account_id"]
    will = ids.isin(churned["account_id"]).to_numpy()
    flipped = np.random.default_rng(1).random(ids.nunique()) < wrong
    told = will ^ flipped[pd.factorize(ids)[0]]
    reason = np.where(told, 3.0, np.nan)
    name = "attribute_region"
    entry = replace(features.catalogue[name], unit="count")
    catalogue = type(features.catalogue)(
        [entry if f.name == name else f for f in features.catalogue.values()]
    )
    values = features.values.assign(**{name: reason})
    (sentence,) = found(company, replace(features, values=values, catalogue=catalogue))
    assert sentence.startswith(f"the input `{name}` parts those who ever leave")
    assert "where it is told" in sentence


def test_an_input_that_ranks_almost_perfectly_is_caught_whatever_it_measures(company):
    features = company.features
    left = features.exits.set_index("account_id")["exited_at"]
    day = (left.reindex(features.snapshots["account_id"]) - pd.Timestamp(0)).dt.days.to_numpy()
    ahead = np.where(np.isnan(day), 9999.0, day - features.snapshots["day"].to_numpy())
    told = replace(features, values=features.values.assign(days_since_active=ahead))
    (sentence,) = found(company, told)
    assert sentence.startswith(
        "the input `days_since_active` alone tells who leaves with an AUC of "
    )


def test_outcomes_dealt_among_the_accounts_are_refused_and_show_no_skill(company):
    features, chance = company.features, np.random.default_rng(3)
    ids = features.snapshots["account_id"].unique()
    dealt = chance.choice(ids, size=len(features.exits), replace=False)
    shuffled = replace(features, exits=features.exits.assign(account_id=dealt))
    models, decision = gated(company, shuffled)
    assert not models.meta["skill"]["churn"]["has_skill"]
    assert not decision.promoted
    assert decision.reasons[0].startswith("does not beat the baselines")
