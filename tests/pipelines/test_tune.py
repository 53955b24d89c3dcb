"""``milepost tune``: trials in MLflow, a study that goes on, and settings written down."""

import shutil
import tomllib
from pathlib import Path

import pytest

from tests.company import SMALL, a_config
from tests.pipelines.commands import Said, typed
from training.registry import Registry


@pytest.fixture
def config(company, tmp_path) -> Path:
    return a_config(tmp_path / "configs" / "acme", company.tables, more=SMALL)


@pytest.fixture
def say(config, lake, capfd, monkeypatch, prefect_server):
    def said(*more: object) -> Said:
        return typed(capfd, monkeypatch, "tune", "--config", config, "--lake", lake, *more)

    return said


def test_trials_are_runs_inside_a_run_and_the_study_goes_on_where_it_stopped(say, lake):
    first = say("--trials", 2)
    assert first.status == 0, first
    assert "2 trials at 1 origins" in first.out
    assert "  trial 0: judged, 0." in first.err
    again = say("--trials", 1)
    assert "3 trials at 1 origins" in again.out
    assert "  trial 2: judged, 0." in again.err
    runs = Registry(lake).runs("acme")
    kinds = sorted(run.tags["kind"] for run in runs)
    assert kinds == ["trial", "trial", "trial", "tuning", "tuning"]
    outer = {run.id for run in runs if run.tags["kind"] == "tuning"}
    inner = [run for run in runs if run.tags["kind"] == "trial"]
    assert {run.tags["mlflow.parentRunId"] for run in inner} == outer
    assert all(run.metrics["integrated_brier"] > 0 for run in inner)
    assert {run.params["models.trees"] for run in inner} > {"30"}


def test_a_study_needs_no_server_and_says_what_it_found_before_it_asks_for_one(
    config, lake, company, prefect_server, monkeypatch
):
    from configs.load import load
    from pipelines import tune as module
    from pipelines.build import build

    day = build(str(config), str(lake), company.as_of.isoformat())
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    found, judged = module.searched(load(config), lake, day, trials=1, timeout=None)
    assert found.best.value > 0
    said = list(module.told(found, judged))
    assert said[0].startswith("1 trials at 1 origins")


def test_settings_that_are_not_better_beyond_chance_are_not_written(say, config):
    before = (config / "project.toml").read_bytes()
    said = say("--trials", 1, "--promote")
    assert "stays as it is: what was found is not better beyond chance" in said.out
    assert (config / "project.toml").read_bytes() == before


def test_settings_that_are_better_are_written_and_nothing_else_is(config, company):
    from configs.load import load
    from pipelines.tune import promoted
    from training.tuning import Trial, Tuned

    current = Trial(0, {"trees": 30, "learning_rate": 0.05}, (0.05,), gave_up=False)
    best = Trial(1, {"trees": 44, "learning_rate": 0.05}, (0.04,), gave_up=False)
    found = Tuned((current, best), current, best, 0.02, 0.01, 0.03)
    before = tomllib.loads((config / "project.toml").read_text("utf-8"))
    (line,) = promoted(load(config), found, promote=True)
    assert line.endswith("project.toml now says, under [models]: trees = 44")
    after = (config / "project.toml").read_text("utf-8")
    assert tomllib.loads(after) == {**before, "models": {**before["models"], "trees": 44}}
    (hint,) = promoted(load(config), found, promote=False)
    assert hint.startswith("Add --promote")


def test_a_company_without_enough_past_is_told_so(
    company, lake, tmp_path, capfd, monkeypatch, prefect_server
):
    shutil.rmtree(lake / "acme", ignore_errors=True)
    few = SMALL.replace("[models]", "[models]\nmin_events = 5000")
    config = a_config(tmp_path / "few" / "acme", company.tables, more=few)
    said = typed(capfd, monkeypatch, "tune", "--config", config, "--lake", lake)
    assert "the backtest's origins: 0 of 2 origins can be judged" in said.the_error()
    assert not (lake / "acme" / "tuning").exists()
