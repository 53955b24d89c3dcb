"""What would be expected of each landmark, by models that never saw its account?

Three things are expected of every row: how likely the milestone was to be reached within the
window, and how likely the account was to leave if it was and if it was not; and of its use of
the product, before and after, whichever it was. Each fold is told
by models learnt from the other folds, and all landmarks of one account (or one parent) are in
one fold, so that no row is judged by its own outcome (Chernozhukov et al. 2018).

No chance is kept away from 0 or 1: the weights of the comparison divide by none, and a floor
would count mornings on which the milestone could not be reached.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import lightgbm
import numpy as np

from features.asof import Ints
from training.effects.landmarks import Landmarks
from training.engine.periods import Floats
from training.questions.exits import WORKERS

FOLDS = 3
TREES = 120
_FEW_ROWS = 60
_SETTINGS: dict[str, object] = {
    "learning_rate": 0.08,
    "num_leaves": 6,
    "lambda_l2": 10.0,
    "feature_fraction": 0.5,
    "min_data_in_leaf": 20,
    "max_bin": 63,
    "num_threads": 1,
    "deterministic": True,
    "force_col_wise": True,
    "verbosity": -1,
}


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """What was expected of each landmark, out of fold."""

    reaching: Floats
    leaving_with: Floats
    leaving_without: Floats
    probe: Floats
    later: Floats


def cross_fit(landmarks: Landmarks, *, seed: int) -> Expected:
    """Learn on all folds but one, tell that one, in turn; models are learnt side by side."""
    fold = folds(landmarks.cluster, seed=seed)
    reached, is_known = landmarks.is_reached, np.isfinite(landmarks.later)
    asked = {
        "reaching": (fold >= 0, reached.astype(np.float64), "binary"),
        "with": (reached, landmarks.left, "binary"),
        "without": (~reached, landmarks.left, "binary"),
        "probe": (fold >= 0, landmarks.probe, "regression"),
        "later": (is_known, landmarks.later, "regression"),
    }

    def say(task: tuple[str, int]) -> Floats:
        rows, outcome, objective = asked[task[0]]
        rows = rows & (fold != task[1])
        seen = _Seen(landmarks.inputs[rows], outcome[rows], objective, seed)
        return seen.say(landmarks.inputs[fold == task[1]])

    tasks = [(name, own) for own in range(FOLDS) for name in asked]
    told = {name: np.zeros(len(landmarks)) for name in asked}
    with ThreadPoolExecutor(WORKERS) as pool:
        for (name, own), said in zip(tasks, pool.map(say, tasks), strict=True):
            told[name][fold == own] = said
    return Expected(
        reaching=told["reaching"],
        leaving_with=told["with"],
        leaving_without=told["without"],
        probe=told["probe"],
        later=told["later"],
    )


def folds(cluster: Ints, *, seed: int) -> Ints:
    """Deal the clusters out evenly; the fold of each row."""
    names, own = np.unique(cluster, return_inverse=True)
    dealt = np.random.default_rng(seed).permutation(len(names)) % FOLDS
    fold: Ints = dealt[own]
    return fold


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """Rows to learn from."""

    inputs: Floats
    outcome: Floats
    objective: str
    seed: int

    def say(self, asked: Floats) -> Floats:
        """What a model learnt from them says of others; their mean where there are few."""
        outcome = self.outcome
        if len(outcome) < _FEW_ROWS or outcome.min() == outcome.max():
            return np.full(len(asked), outcome.mean() if len(outcome) else 0.0)
        settings = _SETTINGS | {"objective": self.objective, "seed": self.seed}
        cases = lightgbm.Dataset(self.inputs, label=outcome, params=settings)
        booster = lightgbm.train(settings, cases, num_boost_round=TREES)
        return np.asarray(booster.predict(asked, num_threads=1), dtype=np.float64)
