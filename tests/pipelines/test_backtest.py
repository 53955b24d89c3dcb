"""``milepost backtest``: kept in the lake once, read by training, told on its page."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from configs.errors import LakeError
from configs.sections import Programme
from features.asof import as_dates, ordinal
from features.plan import origins
from features.store import mornings_of
from pipelines.backtest import (
    figures,
    is_kept,
    judged,
    kept_backtest,
    made_from,
    write_backtest,
)
from pipelines.build import built, left_out, mornings_read
from pipelines.lake import Lake
from pipelines.manifest import read_manifest
from serving.adoption.cohorts import cohorts_of
from serving.next_steps.expectations import expected_and_learnt
from serving.outlook.climbing import days_until
from training import within_memory
from training.proof.judged import QUESTIONS, Backtest


@pytest.fixture(scope="module")
def store(first_run) -> Lake:
    return Lake(first_run[0], "acme")


def test_the_main_job_leaves_its_backtest_in_the_lake_and_learns_it_once(
    company, first_run, store
):
    _, said = first_run
    assert said.err.count("backtest on past mornings") == 1
    folder = store.path("backtests", company.as_of)
    assert {path.name for path in folder.iterdir()} == {
        *(f"{question}.parquet" for question in QUESTIONS),
        "files.json",
        "leavers.parquet",
        "measures.parquet",
        "run.json",
        "today.parquet",
    }
    build = read_manifest(store.path("builds", company.as_of))
    assert is_kept(store, company.as_of, made_from(build))
    other = {**build, "data": {**build["data"], "fingerprint": "another"}}
    assert not is_kept(store, company.as_of, made_from(other))


def test_every_measure_that_was_promised_is_there(company, store):
    measures = store.read("backtests", company.as_of, file="measures.parquet")
    whole = measures.query("origin == 'all' and predictor == 'model'")
    everywhere = {"auc", "average_precision", "brier", "ece", "predicted_over_observed"}
    for question, more in {
        "churn": {"lift_at_capacity", "leavers_listed", "lead_days"},
        "milestones": {"days_off", "by_p50"},
    }.items():
        asked = whole.loc[whole["question"] == question]
        assert everywhere | more <= set(asked["measure"])
    assert {"integrated_brier", "c_index"} <= set(measures["measure"])
    assert {"all", "segment", "history"} <= set(measures["group_kind"])
    rules = set(measures["predictor"]) - {"model"}
    assert {"days since last use", "Kaplan-Meier by segment", "due date"} <= rules


def test_the_figures_are_said_with_the_rules_beside_them(company, store):
    told = list(figures(store, company.as_of, company.configuration))
    assert any(line.startswith("churn, 90 days, model: auc 0.") for line in told)
    assert any("days since last use: auc 0." in line for line in told)
    assert not [line for line in told if "nan" in line]


def test_what_training_reads_is_what_was_judged(company, store):
    kept = kept_backtest(store, company.as_of)
    assert [len(kept.judged[question]) for question in QUESTIONS] == [2] * len(QUESTIONS)
    assert kept.leavers is not None
    assert pd.api.types.is_datetime64_any_dtype(kept.leavers["exited_on"])


def test_a_backtest_without_any_origin_is_kept_and_read_back(company, tmp_path):
    nothing = Backtest({question: [] for question in QUESTIONS}, ("too few exits yet",))
    store = Lake(tmp_path, "acme")
    with store.replace("backtests", company.as_of) as folder:
        write_backtest(folder, nothing, company.configuration, {"as_of": company.as_of})
    kept = kept_backtest(store, company.as_of)
    assert kept.judged == nothing.judged
    assert list(figures(store, company.as_of, company.configuration)) == ["too few exits yet"]


def test_a_backtest_that_is_not_there_is_named_with_the_command_that_makes_it(tmp_path):
    with pytest.raises(LakeError, match="Run `milepost backtest` first"):
        Lake(tmp_path, "acme").found("backtests")


def test_where_a_build_has_no_room_it_is_judged_on_fewer_mornings_and_says_so(
    company, store, monkeypatch
):
    project = company.configuration.project
    assert mornings_read(store, company.as_of, project) is None
    assert left_out(store, company.as_of, project) == ()
    every, _ = mornings_of(store.path("builds", company.as_of))
    with_little_room(company, store, monkeypatch)
    features = built(store, company.as_of, project)
    read = np.unique(features.snapshots["day"])
    asked = {ordinal(day) for day in origins(project, features.exits, company.as_of)}
    assert asked | {company.day} <= set(read)
    assert len(asked) < len(read) < len(every) / 2
    (said,) = left_out(store, company.as_of, project)
    assert said.startswith(f"{len(read)} of {len(every)} mornings are learnt from")
    tested = judged(features, company.configuration, company.as_of)
    assert [each.origin_day for each in tested.judged["churn"]] == sorted(asked, reverse=True)


def with_little_room(company, store, monkeypatch) -> None:
    """Let a third of a build's snapshots fit."""
    _, live = mornings_of(store.path("builds", company.as_of))
    room = within_memory.Room.of(company.configuration.project, inputs=0).bytes
    monkeypatch.setattr(within_memory, "BYTES_PER_SNAPSHOT", room / live.sum() * 3)


def test_whose_beginning_was_seen_does_not_depend_on_the_mornings_there_is_room_for(
    company, store, monkeypatch
):
    configuration, playbook = company.configuration, company.configuration.playbook
    with_little_room(company, store, monkeypatch)
    some, whole = built(store, company.as_of, configuration.project), company.features
    assert len(some.snapshots) < len(whole.snapshots) / 2
    told, by_those_alone, asked = (
        expected_and_learnt(features, configuration, day=company.day)
        for features in (some, replace(some, changes=None), whole)
    )
    pd.testing.assert_frame_equal(told, asked)
    assert by_those_alone["reached"].sum() < asked["reached"].sum()
    told, asked = (cohorts_of(features, company.as_of) for features in (some, whole))
    assert told.account_id.tolist() == asked.account_id.tolist()
    assert told.kickoff_day.tolist() == asked.kickoff_day.tolist()
    for milestone in (None, *playbook.milestones):
        told, asked = (
            days_until(milestone, features, day=company.day, seed=1)
            for features in (some, whole)
        )
        assert told == asked


def test_the_mornings_on_which_a_programme_began_are_kept(company, store, monkeypatch):
    with_little_room(company, store, monkeypatch)
    project = company.configuration.project
    every, _ = mornings_of(store.path("builds", company.as_of))
    read = mornings_read(store, company.as_of, project)
    gone = [int(day) for day in np.setdiff1d(every, read)]
    began = [as_dates(np.array([day + 3]))[0].date() for day in (gone[5], gone[-5])]
    programme = Programme(started_on=began[0], holdout_since=began[1], holdout_share=0.1)
    project = project.model_copy(update={"programme": programme})
    assert {gone[5], gone[-5]} <= set(mornings_read(store, company.as_of, project))
    long_ago = Programme(started_on=date(2001, 1, 1))
    project = project.model_copy(update={"programme": long_ago})
    assert every[0] in mornings_read(store, company.as_of, project)
