"""How long do others take to learn from the same rows? study.py runs this elsewhere."""

import sys
import time

import numpy as np
import pandas as pd
import xgboost
from hazardous import SurvivalBoost

TREES, LEAVES, RATE = 200, 8, 0.05


def main(rows: str) -> None:
    """Print the CPU seconds of each rival's fit."""
    told = np.load(rows)
    inputs, days, cause = told["inputs"], told["days"], told["cause"]
    settings = {"max_leaves": LEAVES, "grow_policy": "lossguide", "tree_method": "hist"}
    settings |= {"learning_rate": RATE, "nthread": 1, "max_bin": 64}
    signed = np.where(cause == 0, days, -days)
    _timed(
        "XGBoost Cox",
        lambda: xgboost.train(
            {**settings, "objective": "survival:cox"},
            xgboost.DMatrix(inputs, label=signed, nthread=1),
            TREES,
        ),
    )
    upper = np.where(cause == 0, days, np.inf)
    bounds = {"label_lower_bound": days, "label_upper_bound": upper}
    _timed(
        "XGBoost AFT",
        lambda: xgboost.train(
            {**settings, "objective": "survival:aft"},
            xgboost.DMatrix(inputs, nthread=1, **bounds),
            TREES,
        ),
    )
    outcome = pd.DataFrame({"event": cause + 1, "duration": days})
    _timed(
        "SurvivalBoost, 100 iterations",
        lambda: SurvivalBoost(show_progressbar=False).fit(pd.DataFrame(inputs), outcome),
    )


def _timed(name: str, fit: object) -> None:
    start = time.process_time()
    fit()  # type: ignore[operator]
    print(f"| {name} | {time.process_time() - start:.1f} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
