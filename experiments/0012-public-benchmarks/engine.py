"""What does this project's engine say of people of whom one row each is known?

The training code of the project as it is: a hazard per cause, chained into curves. A table's
columns are the inputs, its training people the rows, and the periods are cut where its events
are. Twice: with settings as they come, and with each tree weighed by the chance that it is
needed, as two fifths of the training people tell it (stages.py).
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from folds import CENSORED, People, Task, answer_path, chained, write_answer
from stages import fit_in_stages

from training.engine.curves import IncidenceCurves
from training.engine.hazard import Hazard, HazardSettings, fit_hazard
from training.engine.matrix import Matrix
from training.engine.periods import FollowUp, Periods

PERIODS = 20
SETTINGS = HazardSettings()


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
    return _fitted(task, fit_hazard)


def _trees_weighed(task: Task) -> Mapping[str, Hazard]:
    return _fitted(task, fit_in_stages)


METHODS = {"engine": _as_they_come, "engine-weighed": _trees_weighed}


def _periods(task: Task) -> Periods:
    """As many events in each period as in any other; the last ends with the last horizon."""
    train, last = task.train, float(task.horizons[-1])
    ended = train.days[(train.cause != CENSORED) & (train.days < last)]
    cuts = np.unique(np.quantile(ended, np.linspace(0, 1, PERIODS + 1)[1:-1]).round(3))
    return Periods((0.0, *cuts[(cuts > 0) & (cuts < last)].tolist(), last))


def _fitted(task: Task, fit: Callable[..., Hazard]) -> Mapping[str, Hazard]:
    people, periods = task.train, _periods(task)
    matrix, followup = _matrix(people), FollowUp(people.days, people.cause)
    return {
        str(cause): fit(matrix, followup, cause=cause, periods=periods, settings=SETTINGS)
        for cause in range(task.causes)
    }


def _matrix(people: People) -> Matrix:
    return Matrix(people.inputs.to_numpy(dtype=np.float64), tuple(people.inputs))


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
