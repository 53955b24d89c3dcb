"""Do the pieces of the comparison on public tables learn, answer and judge as they claim?"""

import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from training.engine.hazard import HazardSettings, fit_hazard
from training.engine.matrix import Matrix
from training.engine.periods import FollowUp, Periods

HERE = Path(__file__).parents[2] / "experiments" / "0012-public-benchmarks"
PIECES = ("folds", "judge", "stages", "engine")
TABLE, LAST = "tiny", 60.0
PERIODS = Periods((0.0, 10.0, 20.0, 40.0, LAST))
SMALL = HazardSettings(trees=20, learning_rate=0.2, min_rows_in_leaf=20, lambda_l2=1.0)


@pytest.fixture
def pieces(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.syspath_prepend(str(HERE))
    for name in PIECES:
        monkeypatch.delitem(sys.modules, name, raising=False)
    return {name: import_module(name) for name in PIECES}


@pytest.fixture
def task(pieces: dict[str, Any], tmp_path: Path) -> Any:
    """Six hundred people: those of sign 1 die early, of sign 0 are rather lost sight of."""
    chance = np.random.default_rng(3)
    sign = chance.integers(2, size=600).astype(float)
    days = np.ceil(chance.exponential(np.where(sign > 0, 20.0, 80.0)) * 2) / 2
    cause = np.where(chance.random(600) < 0.8, 0, 1)
    lost = chance.uniform(5, 90, 600).round()
    told = {"sign": sign, "noise": chance.normal(size=600)}
    told |= {"days": np.minimum(days, lost), "cause": np.where(days <= lost, cause, -1)}
    table = pd.DataFrame({**told, "fold": np.arange(600) % 2, "last": LAST})
    table.to_parquet(tmp_path / f"{TABLE}.parquet", index=False)
    return pieces["folds"].read_task(tmp_path, TABLE, 0)


def learnt_from(task: Any) -> tuple[Matrix, FollowUp]:
    people = task.train
    inputs = Matrix(people.inputs.to_numpy(dtype=np.float64), tuple(people.inputs))
    return inputs, FollowUp(people.days, people.cause)


def answered(pieces: dict[str, Any], task: Any, folder: Path, method: str) -> Any:
    pieces["engine"].answer(folder, method, TABLE, 0, task)
    with np.load(pieces["folds"].answer_path(folder, TABLE, 0, method)) as said:
        return said["incidence"]


def test_half_of_the_people_teach_and_the_others_are_judged(task: Any):
    assert len(task.train.days) == len(task.test.days) == 300
    assert task.causes == 2


@pytest.mark.parametrize("method", ["engine", "engine-weighed"])
def test_what_the_engine_says_beats_what_is_said_of_everybody(
    pieces: dict[str, Any], task: Any, tmp_path: Path, method: str
):
    ours = answered(pieces, task, tmp_path, method)
    floor = answered(pieces, task, tmp_path, "floor")
    verdicts = [pieces["judge"].judged(said, task) for said in (ours, floor)]
    assert verdicts[0].violations == 0
    assert verdicts[0].brier[0] < verdicts[1].brier[0]
    assert verdicts[0].concordance[0] > 0.6
    assert_allclose(verdicts[1].concordance, 0.5)


def test_a_chance_that_falls_is_counted_against_whoever_says_it(
    pieces: dict[str, Any], task: Any, tmp_path: Path
):
    floor = answered(pieces, task, tmp_path, "floor").copy()
    floor[0, 7, -1] = 0.0
    assert pieces["judge"].judged(floor, task).violations == 1


def test_a_task_that_was_answered_is_not_answered_again(
    pieces: dict[str, Any], task: Any, tmp_path: Path
):
    path = pieces["folds"].answer_path(tmp_path, TABLE, 0, "floor")
    kept = np.full((2, len(task.test.days), len(task.grid)), 0.25)
    pieces["folds"].write_answer(path, kept, fit_seconds=1.0)
    assert_allclose(answered(pieces, task, tmp_path, "floor"), kept)


def test_each_stage_is_as_likely_as_a_model_that_was_grown_no_further(
    pieces: dict[str, Any], task: Any
):
    matrix, came = learnt_from(task)
    ends = (1, 5, 20)

    def grown(trees: int) -> Any:
        settings = replace(SMALL, trees=trees)
        return fit_hazard(matrix, came, cause=0, periods=PERIODS, settings=settings)

    told = pieces["stages"].stage_likelihoods(grown(20), matrix, came, cause=0, ends=ends)
    ended_in = PERIODS.period_of(came.days)
    struck = np.flatnonzero((came.cause == 0) & (ended_in < PERIODS.count))
    for trees, likely in zip(ends, told, strict=True):
        rates = grown(trees).daily_rates(matrix)
        expected = (rates * PERIODS.exposure(came.days)).sum()
        alone = np.log(rates[struck, ended_in[struck]]).sum() - expected
        assert likely == pytest.approx(alone)


def test_trees_that_count_by_the_chance_of_being_needed_average_the_stages(
    pieces: dict[str, Any], task: Any
):
    matrix, came = learnt_from(task)
    few, many = (
        fit_hazard(matrix, came, cause=0, periods=PERIODS, settings=replace(SMALL, trees=trees))
        for trees in (5, 20)
    )
    averaged = pieces["stages"].faded(many, np.repeat([1.0, 0.25], [5, 15]))
    told = [np.log(hazard.daily_rates(matrix)) for hazard in (few, many, averaged)]
    assert_allclose(0.75 * told[0] + 0.25 * told[1], told[2])


def test_stages_of_which_nothing_is_known_are_all_as_likely(pieces: dict[str, Any]):
    assert_allclose(pieces["stages"].chances_needed(np.zeros(4)), [1.0, 0.75, 0.5, 0.25])


def test_where_inputs_tell_nothing_less_is_made_of_them_than_by_all_trees(
    pieces: dict[str, Any], task: Any
):
    _, came = learnt_from(task)
    noise = Matrix(np.random.default_rng(5).normal(size=(len(came), 3)), ("a", "b", "c"))
    settings = replace(SMALL, trees=300)
    asked: dict[str, Any] = {"cause": 0, "periods": PERIODS, "settings": settings}
    weighed = pieces["stages"].fit_in_stages(noise, came, **asked).daily_rates(noise)
    whole = fit_hazard(noise, came, **asked).daily_rates(noise)
    assert np.log(weighed).std(axis=0).max() < np.log(whole).std(axis=0).max() / 2


def test_a_cause_that_never_came_has_one_small_rate_however_many_stages(
    pieces: dict[str, Any], task: Any
):
    matrix, came = learnt_from(task)
    asked: dict[str, Any] = {"cause": 7, "periods": PERIODS, "settings": SMALL}
    weighed = pieces["stages"].fit_in_stages(matrix, came, **asked).daily_rates(matrix)
    assert_allclose(weighed, fit_hazard(matrix, came, **asked).daily_rates(matrix))
