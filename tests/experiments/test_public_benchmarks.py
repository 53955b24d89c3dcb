"""Do the pieces of the comparison on public tables learn, answer and judge as they claim?"""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

HERE = Path(__file__).parents[2] / "experiments" / "0012-public-benchmarks"
PIECES = ("folds", "judge", "engine")
TABLE, LAST = "tiny", 60.0


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


def answered(pieces: dict[str, Any], task: Any, folder: Path, method: str) -> Any:
    pieces["engine"].answer(folder, method, TABLE, 0, task)
    with np.load(pieces["folds"].answer_path(folder, TABLE, 0, method)) as said:
        return said["incidence"]


def test_half_of_the_people_teach_and_the_others_are_judged(task: Any):
    assert len(task.train.days) == len(task.test.days) == 300
    assert task.causes == 2


@pytest.mark.parametrize("method", ["engine", "engine-chosen"])
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
