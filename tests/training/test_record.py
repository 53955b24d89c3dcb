import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from training.models import Models
from training.proof.gate import Decision
from training.record import auc_by_origin, record_run
from training.registry import Registry

PRINTS = {"data": "d1", "configuration": "c1", "code": "1.0"}
PASSED = Decision(promoted=True, reasons=("beats the baselines", "calibration error 0.010"))
FAILED = Decision(promoted=False, reasons=("does not beat the baselines",))


def recorded(company, registry: Registry, decision: Decision, models: Models | None = None):
    return record_run(
        registry,
        models or company.models,
        decision,
        company.configuration.project,
        prints=PRINTS,
    )


@pytest.fixture(scope="module")
def declined(company, tmp_path_factory) -> Path:
    """A lake with one challenger that was not put to use; MLflow takes seconds to make it."""
    lake = tmp_path_factory.mktemp("record") / "lake"
    said = recorded(company, Registry(lake), FAILED)
    assert said == "version 1 is not put to use: does not beat the baselines"
    return lake


@pytest.fixture
def registry(declined, tmp_path) -> Registry:
    shutil.copytree(declined, tmp_path / "lake")
    return Registry(tmp_path / "lake")


def another(company) -> Models:
    return replace(company.models, meta={**company.models.meta, "rows": 1})


def test_a_model_that_failed_the_gate_is_kept_with_the_reason_and_not_used(company, registry):
    assert registry.champion("acme") is None
    (version,) = registry.versions("acme")
    assert (version.promoted, version.reasons) == (False, FAILED.reasons)
    assert version.aliases == ("challenger",)
    kept = Models.from_bundle(registry.bundle("acme", version=1))
    assert kept.meta == company.models.meta


def test_a_model_that_passed_is_in_use_from_then_on_and_told_of_once(company, registry):
    said = recorded(company, registry, PASSED, another(company))
    assert said == f"version 2 is in use from now on: {'; '.join(PASSED.reasons)}"
    champion = registry.champion("acme")
    assert champion is not None
    assert champion.bundle.fingerprint == another(company).to_bundle().fingerprint
    again = recorded(company, registry, PASSED, another(company))
    assert again == "version 2 is in use already: nothing has changed"
    assert len(registry.versions("acme")) == 2


def test_a_worse_challenger_leaves_the_champion_where_it_is(company, registry):
    recorded(company, registry, PASSED)
    recorded(company, registry, FAILED, another(company))
    champion = registry.champion("acme")
    assert champion is not None
    assert champion.version == 1
    assert [v.promoted for v in registry.versions("acme")] == [True, False]


def test_a_model_refused_under_a_strict_gate_may_pass_a_wider_one(company, registry):
    assert "version 1 is in use from now on" in recorded(company, registry, PASSED)
    assert len(registry.versions("acme")) == 1


def test_what_was_learnt_last_is_the_challenger_also_if_it_was_learnt_before(company, registry):
    recorded(company, registry, FAILED, another(company))
    assert [v.aliases for v in registry.versions("acme")] == [(), ("challenger",)]
    recorded(company, registry, FAILED)
    assert [v.aliases for v in registry.versions("acme")] == [("challenger",), ()]


def test_what_somebody_rolled_back_does_not_come_back_by_itself(company, registry):
    recorded(company, registry, PASSED)
    recorded(company, registry, PASSED, another(company))
    registry.rollback("acme", reasons=["alerts went quiet"])
    said = recorded(company, registry, PASSED, another(company))
    assert said == "version 2 stays out of use, as somebody decided: alerts went quiet"
    champion = registry.champion("acme")
    assert champion is not None
    assert champion.version == 1
    registry.promote("acme", version=2, reasons=["it was the alerts"])
    recorded(company, registry, PASSED)
    said = recorded(company, registry, PASSED, another(company))
    assert said.startswith("version 2 is in use from now on")


def test_a_model_of_long_ago_does_not_take_the_place_of_one_that_knows_more(company, registry):
    recorded(company, registry, PASSED)
    ago = company.models.meta["training_day"] - 91
    earlier = replace(company.models, meta={**company.models.meta, "training_day": ago})
    said = recorded(company, registry, PASSED, earlier)
    assert said.startswith("version 2 speaks of mornings up to its own time; version 1, which")
    champion = registry.champion("acme")
    assert champion is not None
    assert champion.version == 1
    assert [v.promoted for v in registry.versions("acme")] == [True, True]


def test_the_run_behind_a_version_has_what_went_in_and_what_came_out(company, registry):
    import mlflow

    (version,) = registry.versions("acme")
    run = mlflow.MlflowClient(registry.store).get_run(version.run_id)
    assert run.data.tags.items() >= PRINTS.items()
    assert run.data.params["models.trees"] == "30"
    assert 0 < run.data.metrics["churn.90d.auc"] < 1
    assert run.data.metrics["churn.skill_margin"] == pytest.approx(
        company.models.meta["skill"]["churn"]["margin"]
    )


def test_a_run_without_a_backtest_draws_an_empty_figure():
    (axes,) = auc_by_origin([], "churn").axes
    assert axes.get_title().endswith(": churn")
    assert not axes.lines
