"""What is lost where fewer mornings of a build are learnt from?

``apart.py CONFIG BUILD``: a configuration's folder, and a build of it in a lake.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from configs.load import load
from features.asof import as_dates, ordinal
from features.plan import grid_of, origins
from features.store import mornings_of, read_exits, read_features
from training.proof.backtest import backtest
from training.proof.measures import measures_of

EVERY = (1, 4, 8, 13)
SHOWN = ("auc", "average_precision", "brier", "ece", "predicted_over_observed")


def main(config: Path, build: Path) -> None:
    """Print what the backtest measures on ever fewer mornings, as Markdown."""
    project = load(config).project
    horizon = project.outcomes.primary_horizon_days
    days, live = mornings_of(build)
    as_of = as_dates(days[-1:])[0].date()
    asked = [ordinal(day) for day in origins(project, read_exits(build), as_of)]
    behind, step = days - ordinal(grid_of(project).through), grid_of(project).step_days
    stays = np.isin(days, [*asked, days[-1]])
    print(f"{len(days)} mornings, {live.sum():,} snapshots\n")
    print(f"| days apart | mornings | question | {' | '.join(SHOWN)} |")
    print("|---" * (3 + len(SHOWN)) + "|")
    for every in EVERY:
        kept = days[stays | (behind % (step * every) == 0)]
        tested = backtest(read_features(build, kept), project, origin_days=asked)
        told = measures_of(tested, project.outcomes.horizons_days)
        for question in ("churn", "milestones"):
            figures = " | ".join(_of_model(told, question, horizon))
            print(f"| {step * every} | {len(kept)} | {question} | {figures} |", flush=True)


def _of_model(told: pd.DataFrame, question: str, horizon: int) -> list[str]:
    """The model's figures of a question within a horizon, over all origins and accounts."""
    of_all = (told["origin"] == "all") & (told["group_kind"] == "all")
    own = told.loc[of_all & (told["question"] == question) & (told["predictor"] == "model")]
    values = own.loc[own["horizon_days"] == horizon].set_index("measure")["value"]
    return [f"{values[measure]:.4f}" for measure in SHOWN]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
