"""What does this project's engine say of people of whom one row each is known?

The training code of the project as it is: a hazard per cause, chained into curves. A table's
columns are the inputs, its training people the rows, and the periods are cut where its events
are. Twice: with settings as they come, and with the number of trees of each cause chosen on a
fifth of the training people.
"""

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from folds import CENSORED, People, Task, answer_path, chained, write_answer

from training.engine.curves import IncidenceCurves
from training.engine.hazard import Hazard, HazardSettings, fit_hazard
from training.engine.matrix import Matrix
from training.engine.periods import FollowUp, Periods
from training.engine.trees import model_text, parse_trees

PERIODS, SEED = 20, 11
SETTINGS = HazardSettings()
TREES = (10, 25, 50, 100, 150, 200, 300, 400)


def answer(folder: Path, method: str, table: str, fold: int, task: Task) -> None:
    """Answer a task by one of METHODS, unless it was answered before."""
    path = answer_path(folder, table, fold, method)
    if path.exists():
        return
    if method == "floor":
        write_answer(path, _floor(task), fit_seconds=0.0)
        return
    start = time.process_time()
    hazards = METHODS[method](task)
    spent = time.process_time() - start
    write_answer(path, _incidence(hazards, task), fit_seconds=spent)


def _as_they_come(task: Task) -> Mapping[str, Hazard]:
    return {str(c): _fitted(task.train, c, _periods(task)) for c in range(task.causes)}


def _chosen(task: Task) -> Mapping[str, Hazard]:
    periods = _periods(task)
    found = {}
    for cause in range(task.causes):
        settings = replace(SETTINGS, trees=_best_trees(task.train, cause, periods))
        found[str(cause)] = _fitted(task.train, cause, periods, settings)
    return found


METHODS = {"engine": _as_they_come, "engine-chosen": _chosen}


def _periods(task: Task) -> Periods:
    """As many events in each period as in any other; the last ends with the last horizon."""
    train, last = task.train, float(task.horizons[-1])
    ended = train.days[(train.cause != CENSORED) & (train.days < last)]
    cuts = np.unique(np.quantile(ended, np.linspace(0, 1, PERIODS + 1)[1:-1]).round(3))
    return Periods((0.0, *cuts[(cuts > 0) & (cuts < last)].tolist(), last))


def _fitted(
    people: People, cause: int, periods: Periods, settings: HazardSettings = SETTINGS
) -> Hazard:
    followup = FollowUp(people.days, people.cause)
    return fit_hazard(
        _matrix(people), followup, cause=cause, periods=periods, settings=settings
    )


def _matrix(people: People) -> Matrix:
    return Matrix(people.inputs.to_numpy(dtype=np.float64), tuple(people.inputs))


def _best_trees(train: People, cause: int, periods: Periods) -> int:
    """The number of trees under which a fifth that taught nothing is likeliest."""
    held = np.zeros(len(train.days), dtype=bool)
    chance = np.random.default_rng(SEED)
    for kind in (train.cause == cause, train.cause != cause):
        own = chance.permutation(np.flatnonzero(kind))
        held[own[: len(own) // 5]] = True
    taught, asked = train.take(np.flatnonzero(~held)), train.take(np.flatnonzero(held))
    whole = _fitted(taught, cause, periods, replace(SETTINGS, trees=max(TREES)))
    trees = parse_trees(whole.model)
    inputs = len(whole.names) + 1
    return max(
        (n for n in TREES if n <= max(len(trees), min(TREES))),
        key=lambda n: _likelihood(
            replace(whole, model=model_text(trees[:n], inputs=inputs)), asked, cause
        ),
    )


def _likelihood(hazard: Hazard, people: People, cause: int) -> float:
    """Log of how likely what came is under the rates of one cause."""
    rates, periods = hazard.daily_rates(_matrix(people)), hazard.periods
    ended_in = periods.period_of(people.days)
    struck = np.flatnonzero((people.cause == cause) & (ended_in < periods.count))
    expected = (rates * periods.exposure(people.days)).sum()
    return float(np.log(rates[struck, ended_in[struck]]).sum() - expected)


def _incidence(hazards: Mapping[str, Hazard], task: Task) -> np.ndarray:
    matrix = _matrix(task.test)
    rates = {cause: hazard.daily_rates(matrix) for cause, hazard in hazards.items()}
    curves = IncidenceCurves.from_rates(rates, _periods(task).edges)
    days = task.grid.tolist()
    return np.stack(
        [np.stack([curves.incidence_at(cause, day) for day in days], axis=1) for cause in rates]
    )


def _floor(task: Task) -> np.ndarray:
    """What is said without looking at anybody: Aalen and Johansen's estimate."""
    train = task.train
    in_order = np.sort(train.days)
    hazards = []
    for cause in range(task.causes):
        days, ends = np.unique(train.days[train.cause == cause], return_counts=True)
        at_risk = len(in_order) - np.searchsorted(in_order, days, side="left")
        level = np.concatenate([[0.0], np.cumsum(ends / at_risk)])
        told = level[np.searchsorted(days, task.grid, side="right")]
        hazards.append(np.tile(told, (len(task.test.days), 1)))
    return chained(np.stack(hazards))
