"""Are the measures right? Held against scikit-survival's. Runs in the throw-away environment.

It counts who is censored on the day of another's end otherwise, so days of censoring are moved
by a quarter of a day, and chances are compared where no day coincides.
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from folds import CENSORED, People, Task, answer_path, read_task
from judge import judged
from sksurv.metrics import brier_score, concordance_index_censored
from sksurv.util import Surv

LATER = 0.25


def main(folder: Path, tables: list[str]) -> None:
    """Print the largest difference of each measure; Cox's order is the same on every day."""
    briers, orders = [], []
    for table in tables:
        task = _moved(read_task(folder, table, 0))
        for method in ("cox", "engine"):
            with np.load(answer_path(folder, table, 0, method)) as told:
                incidence = told["incidence"]
            ours = judged(incidence, task)
            briers.append(abs(ours.brier[0] - _integrated_brier(incidence[0], task)))
            if method == "cox":
                orders.append(abs(ours.concordance[0] - _concordance(incidence[0], task)))
    print("| measure | most it differs from scikit-survival's |\n|---|---|")
    print(f"| integrated Brier score, {', '.join(tables)}, two methods | {max(briers):.1e} |")
    print(f"| C^td of CoxPH, whose order no day changes | {max(orders):.1e} |")


def _moved(task: Task) -> Task:
    test = task.test
    days = np.round(test.days) + np.where(test.cause == CENSORED, LATER, 0.0)
    return replace(task, test=People(test.inputs, days, test.cause))


def _integrated_brier(chances: np.ndarray, task: Task) -> float:
    outcome = Surv.from_arrays(task.test.cause == 0, task.test.days)
    staying = 1 - chances[:, np.searchsorted(task.grid, task.horizons)]
    _, scores = brier_score(outcome, outcome, staying, task.horizons)
    days = [0.0, *task.horizons]
    return float(np.trapezoid([0.0, *scores], days) / days[-1])


def _concordance(chances: np.ndarray, task: Task) -> float:
    last = task.grid[-1]
    struck = (task.test.cause == 0) & (task.test.days < last)
    days = np.minimum(task.test.days, last)
    return float(concordance_index_censored(struck, days, chances[:, -1], tied_tol=0)[0])


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
