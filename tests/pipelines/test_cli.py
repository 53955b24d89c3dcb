import os
import subprocess
import sys
import time

import pytest

from pipelines.lake import Lake
from pipelines.verbs import jobs
from tests.pipelines.commands import MILEPOST, run_alone, typed

SLOW = ("prefect", "mlflow", "lightgbm", "sklearn", "statsmodels", "matplotlib", "numba")
VERBS = ("demo", "simulate", "check", "features", "build", "backtest", "train", "score", "run")
VERBS += ("publish", "deploy", "models", "rollback", "monitor", "feedback")
VERBS += ("tune", "study", "compare", "expectations")


@pytest.fixture
def say(capfd, monkeypatch):
    return lambda *words: typed(capfd, monkeypatch, *words)


def imported_by(*words: object) -> set[str]:
    """Libraries that a command has imported by the time it is done."""
    script = (
        "import sys\nfrom pipelines import cli\n"
        f"sys.argv = {['milepost', *map(str, words)]!r}\n"
        "try:\n    cli.main()\n"
        "except SystemExit as ended:\n    assert not ended.code, ended.code\n"
        "print('imported', *{name.partition('.')[0] for name in sys.modules})"
    )
    command = [sys.executable, "-c", script]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(said.stdout.splitlines()[-1].split()[1:])


def test_help_comes_at_once_and_names_every_verb():
    started = time.process_time(), time.perf_counter()
    said = run_alone("--help", environment=os.environ)
    assert said.status == 0
    assert time.perf_counter() - started[1] < 5
    assert all(f" {verb} " in said.out for verb in VERBS)
    assert "--debug" in said.out
    assert not {*SLOW, "pandas", "duckdb", "ibis"} & imported_by("--help")


def test_checking_needs_neither_a_server_nor_a_model(company):
    assert not {"prefect", "mlflow", "lightgbm", "sklearn"} & imported_by(
        "check", "--config", company.config
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["walk"], "milepost: No such command 'walk'. `milepost --help` says"),
        (["scor"], "No such command 'scor' (did you mean 'score'?). `milepost --help`"),
        (["run"], "Missing option '--config'"),
        (["run", "--config"], "Option '--config' requires an argument"),
        (["run", "--config", "here", "--lak", "there"], "No such option: --lak"),
        (["run", "here"], "Missing option '--config'"),
        (["simulate", "there", "--accounts", "many"], "unable to parse string as an integer"),
        (["simulate", "there", "--accounts", "0"], "greater than or equal to 1"),
    ],
)
def test_a_mistyped_command_is_explained_and_ends_with_two(say, words, told):
    said = say(*words)
    assert told in said.the_error()
    assert said.out == ""


def test_without_a_verb_the_help_is_shown(say):
    said = say()
    assert said.status == 2
    assert "Commands" in said.out + said.err


@pytest.mark.parametrize("verb", ["check", "build", "backtest", "train", "score", "run"])
@pytest.mark.parametrize("written", ["yesterday", "2026-02-30", "31.01.2026"])
def test_an_as_of_that_is_no_date_is_told_how_to_write_one(
    say, company, tmp_path, verb, written
):
    lake = tmp_path / "lake"
    said = say(verb, "--config", company.config, "--as-of", written, "--lake", lake)
    assert said.the_error() == f"--as-of: '{written}' is no date. Write it as 2026-01-31."
    assert not (lake / "acme").exists()


def test_what_nobody_foresaw_is_one_line_too_and_ends_with_one(say, monkeypatch, company):
    def break_down(*_: object, **__: object) -> None:
        raise RuntimeError("the first line\nand a second")

    monkeypatch.setattr("pipelines.check.readiness", break_down)
    said = say("check", "--config", company.config)
    assert said.status == 1
    assert said.complaints == [
        "milepost: the first line and a second. Run it again with --debug to see where."
    ]


def test_with_debug_the_place_in_the_code_is_shown(tmp_path):
    said = run_alone("--debug", "check", "--config", tmp_path / "no", environment=os.environ)
    assert said.status == 1
    assert "Traceback" in said.err
    assert "there is no such folder" in said.err


def test_simulate_writes_tables_and_truth_and_says_where(say, tmp_path):
    said = say("simulate", tmp_path / "out", "--accounts", 5, "--seed", 3)
    assert said.status == 0
    assert str(tmp_path / "out" / "truth") in said.out
    assert (tmp_path / "out" / "accounts.parquet").is_file()
    assert (tmp_path / "out" / "truth" / "effects.parquet").is_file()
    wrong = say("simulate", tmp_path / "out", "--price-shock-on", "soon")
    assert wrong.the_error().startswith("--price-shock-on: 'soon' is no date")


def test_the_demo_needs_nothing_and_ends_with_where_to_look(
    say, tmp_path, monkeypatch, prefect_server
):
    monkeypatch.setattr(jobs, "DEMO_ACCOUNTS", 30)
    monkeypatch.setenv("MILEPOST_DEMO_DATA", "elsewhere")
    said = say("demo", "--lake", tmp_path / "lake")
    assert said.complaints == []
    assert said.status == 0
    lake = Lake(tmp_path / "lake", "demo")
    scores = lake.path("scores", lake.found("scores"))
    assert str(scores / "report" / "index.html") in said.out
    assert (scores / "report" / "index.html").is_file()


def test_the_command_is_installed():
    assert MILEPOST.is_file()
