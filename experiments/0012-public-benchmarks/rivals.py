"""What do the field's own methods say? Runs in the throw-away environment; study.py calls it.

``rivals.py FOLDER METHOD FOLDS TABLES...`` learns from each fold in turn and writes what it
says of the others. Methods that know one cause are fitted once per cause, with the other causes
as censoring, and their hazards are chained, as the engine's are.
"""

import sys
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import xgboost
from folds import People, Task, answer_path, chained, read_task, write_answer
from hazardous import SurvivalBoost
from scipy.special import log_ndtr
from sksurv.ensemble import GradientBoostingSurvivalAnalysis, RandomSurvivalForest
from sksurv.linear_model import CoxPHSurvivalAnalysis
from sksurv.linear_model.coxph import BreslowEstimator
from sksurv.util import Surv

SEED = 11
SOONEST = 0.5
TREES, RATE, DEPTH, SHARE = 200, 0.05, 3, 0.5
MOST_TREES, PATIENCE = 1000, 50
SPREADS = (0.5, 1.0, 1.5, 2.0)
BOOSTING = {
    "max_depth": DEPTH,
    "learning_rate": RATE,
    "subsample": SHARE,
    "nthread": 1,
    "seed": SEED,
}
Say = Callable[[], np.ndarray]


def main(folder: Path, method: str, tables: list[str], folds: int) -> None:
    """Answer every task that the method has not yet answered, and tell of each."""
    for table, fold in product(tables, range(folds)):
        path = answer_path(folder, table, fold, method)
        if path.exists():
            continue
        task = read_task(folder, table, fold)
        start = time.process_time()
        say = METHODS[method](task)
        spent = time.process_time() - start
        write_answer(path, say(), fit_seconds=spent)
        print(f"{method} on {table}, fold {fold}: {spent:.1f} s", file=sys.stderr, flush=True)


def cox(task: Task) -> Say:
    train, test = _filled(task)
    middle, spread = train.inputs.mean(), train.inputs.std().replace(0.0, 1.0)
    models = []
    for cause in range(task.causes):
        model = CoxPHSurvivalAnalysis(alpha=1e-3)
        models.append(model.fit((train.inputs - middle) / spread, _target(train, cause)))
    return lambda: chained(_hazards(models, (test.inputs - middle) / spread, task.grid))


def boosted_cox(task: Task) -> Say:
    train, test = _filled(task)
    models = []
    for cause in range(task.causes):
        model = GradientBoostingSurvivalAnalysis(
            n_estimators=TREES,
            learning_rate=RATE,
            max_depth=DEPTH,
            subsample=SHARE,
            random_state=SEED,
        )
        models.append(model.fit(train.inputs, _target(train, cause)))
    return lambda: chained(_hazards(models, test.inputs, task.grid))


def forest(task: Task) -> Say:
    models = []
    for cause in range(task.causes):
        model = RandomSurvivalForest(
            n_estimators=100, min_samples_leaf=15, max_features="sqrt", random_state=SEED
        )
        models.append(model.fit(task.train.inputs, _target(task.train, cause)))
    return lambda: chained(_hazards(models, task.test.inputs, task.grid))


def xgboost_cox(task: Task) -> Say:
    settings = {**BOOSTING, "objective": "survival:cox"}
    models = []
    for cause in range(task.causes):
        struck = task.train.cause == cause
        days = np.maximum(task.train.days, SOONEST)
        cases = xgboost.DMatrix(
            task.train.inputs.to_numpy(), label=np.where(struck, days, -days)
        )
        trees, _ = _trees(settings, cases, struck)
        booster = xgboost.train(settings, cases, trees)
        told = booster.predict(cases, output_margin=True)
        models.append((booster, BreslowEstimator().fit(told, struck, task.train.days)))

    def say() -> np.ndarray:
        cases = xgboost.DMatrix(task.test.inputs.to_numpy())
        hazards = []
        for booster, level in models:
            told = booster.predict(cases, output_margin=True)
            hazards.append(_on_grid(level.get_cumulative_hazard_function(told), task.grid))
        return chained(np.stack(hazards))

    return say


def xgboost_aft(task: Task) -> Say:
    models = []
    for cause in range(task.causes):
        struck = task.train.cause == cause
        days = np.maximum(task.train.days, SOONEST)
        bounds = {
            "label_lower_bound": days,
            "label_upper_bound": np.where(struck, days, np.inf),
        }
        cases = xgboost.DMatrix(task.train.inputs.to_numpy(), **bounds)
        settings = {**BOOSTING, "objective": "survival:aft"}
        tried = []
        for spread in SPREADS:
            asked = {**settings, "aft_loss_distribution_scale": spread}
            trees, loss = _trees(asked, cases, struck)
            tried.append((loss, spread, trees))
        _, spread, trees = min(tried)
        asked = {**settings, "aft_loss_distribution_scale": spread}
        models.append((xgboost.train(asked, cases, trees), spread))

    def say() -> np.ndarray:
        cases = xgboost.DMatrix(task.test.inputs.to_numpy())
        days = np.log(np.maximum(task.grid, 1e-9))
        hazards = []
        for booster, spread in models:
            told = np.log(booster.predict(cases))[:, None]
            hazards.append(-log_ndtr((told - days) / spread))
        return chained(np.stack(hazards))

    return say


def survival_boost(task: Task) -> Say:
    outcome = pd.DataFrame({"event": task.train.cause + 1, "duration": task.train.days})
    model = SurvivalBoost(show_progressbar=False, random_state=SEED)
    model.fit(task.train.inputs, outcome)

    def say() -> np.ndarray:
        said = model.predict_cumulative_incidence(task.test.inputs, times=task.grid)
        return np.transpose(said[:, 1:, :], (1, 0, 2))

    return say


METHODS = {
    "cox": cox,
    "forest": forest,
    "boosted-cox": boosted_cox,
    "xgboost-cox": xgboost_cox,
    "xgboost-aft": xgboost_aft,
    "survival-boost": survival_boost,
}


def _trees(
    settings: dict[str, object], cases: xgboost.DMatrix, struck: np.ndarray
) -> tuple[int, float]:
    """How many trees do best on a fifth that did not teach them, and how well they do there."""
    rng = np.random.default_rng(SEED)
    asked = np.zeros(len(struck), dtype=bool)
    for kind in (struck, ~struck):
        own = rng.permutation(np.flatnonzero(kind))
        asked[own[: len(own) // 5]] = True
    held = cases.slice(np.flatnonzero(asked))
    booster = xgboost.train(
        settings,
        cases.slice(np.flatnonzero(~asked)),
        MOST_TREES,
        evals=[(held, "held")],
        early_stopping_rounds=PATIENCE,
        verbose_eval=False,
    )
    return booster.best_iteration + 1, float(booster.best_score)


def _target(people: People, cause: int) -> np.ndarray:
    return Surv.from_arrays(people.cause == cause, people.days)


def _filled(task: Task) -> tuple[People, People]:
    """For methods that cannot read what is unknown: its median, and that it was unknown."""
    usual = task.train.inputs.median()
    holes = [name for name in task.train.inputs if task.train.inputs[name].isna().any()]

    def filled(people: People) -> People:
        unknown = people.inputs[holes].isna().astype(float).add_suffix("_unknown")
        return People(people.inputs.fillna(usual).join(unknown), people.days, people.cause)

    return filled(task.train), filled(task.test)


def _hazards(models: list, inputs: pd.DataFrame, grid: np.ndarray) -> np.ndarray:
    return np.stack(
        [_on_grid(model.predict_cumulative_hazard_function(inputs), grid) for model in models]
    )


def _on_grid(functions, grid: np.ndarray) -> np.ndarray:
    """Step functions on the days of the grid: 0 before their first day, flat after the last."""
    days = functions[0].x
    at = np.searchsorted(days, grid, side="right") - 1
    return np.stack([np.where(at >= 0, f(days)[np.maximum(at, 0)], 0.0) for f in functions])


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[4:], int(sys.argv[3]))
