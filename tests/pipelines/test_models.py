"""``milepost models`` and ``milepost rollback``: which model speaks, and why."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.pipelines.commands import typed
from training.proof.gate import Decision
from training.record import record_run
from training.registry import Registry

PASSED = Decision(promoted=True, reasons=("beats the baselines", "calibration error 0.010"))
FAILED = Decision(promoted=False, reasons=("falls behind the champion",))


@pytest.fixture(scope="module")
def three(company, laid_out, tmp_path_factory) -> Path:
    """A lake with two champions, one after the other, and a model that was refused."""
    lake = Path(shutil.copytree(laid_out, tmp_path_factory.mktemp("models") / "lake"))
    for rows, decision in enumerate((PASSED, PASSED, FAILED)):
        models = replace(company.models, meta={**company.models.meta, "rows": rows})
        project = company.configuration.project
        record_run(Registry(lake), models, decision, project, prints={"data": "d1"})
    return lake


@pytest.fixture
def say(three, tmp_path, company, capfd, monkeypatch):
    lake = shutil.copytree(three, tmp_path / "lake")

    def said(verb: str, *more: object):
        words = [verb, "--config", company.config, "--lake", lake, *more]
        return typed(capfd, monkeypatch, *words)

    return said


def test_every_model_is_listed_newest_first_with_what_became_of_it_and_why(say, company):
    lines = say("models").out.splitlines()
    assert lines[0] == "acme: 3 versions, version 2 is in use"
    learnt = f"learnt {company.as_of}"
    assert lines[1].startswith(f"  3  {learnt}  not put to use  ")
    assert lines[2] == "       falls behind the champion"
    assert lines[3].startswith(f"  2  {learnt}  in use  ")
    assert lines[4:6] == ["       beats the baselines", "       calibration error 0.010"]
    assert lines[6].startswith(f"  1  {learnt}  was put to use  ")


def test_rolling_back_is_one_command_and_the_list_says_so(say):
    said = say("rollback", "--reason", "alerts went quiet")
    assert said.out == "version 1 is in use again; version 2 is not: alerts went quiet\n"
    lines = say("models").out.splitlines()
    assert lines[0] == "acme: 3 versions, version 1 is in use"
    assert "  rolled back  " in lines[3]
    assert lines[4] == "       alerts went quiet"
    assert "has no earlier champion" in say("rollback").the_error()


def test_a_lake_without_models_is_said_to_hold_none_and_stays_empty(
    company, tmp_path, capfd, monkeypatch
):
    for verb in ("models", "rollback"):
        words = (verb, "--config", company.config, "--lake", tmp_path / "lake")
        said = typed(capfd, monkeypatch, *words)
        assert "holds no model of acme. Run `milepost train` first" in said.the_error()
    assert not (tmp_path / "lake").exists()
