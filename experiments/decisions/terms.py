"""Should a period that holds the end of a term count as the term is long?

``terms.py CONFIG BUILD``: a configuration's folder, and a build of it in a lake.
"""

import sys
from pathlib import Path

import numpy as np

from configs.load import load
from features.asof import as_dates, ordinal
from features.plan import origins
from features.store import read_features
from training.engine.followed import CHURN, follow
from training.proof.backtest import at_origin
from training.proof.metrics import auc, brier, ece, predicted_over_observed
from training.questions import exits as exit_models
from training.questions.exits import fit_exits


def main(config: Path, build: Path) -> None:
    """Print the pooled figures with and without as Markdown."""
    features, project = read_features(build), load(config).project
    horizon = project.outcomes.primary_horizon_days
    day = int(features.snapshots["day"].max())
    days = origins(project, features.exits, as_dates(np.array([day]))[0].date())
    print("| ends of terms | AUC | Brier | ECE | predicted/observed |\n|---|---|---|---|---|")
    for counts in (True, False):
        exit_models.leaves_with_its_term = lambda *_, counts=counts, **__: counts
        told = []
        for origin in days:
            followed = follow(
                features, training_day=ordinal(origin), every_days=28, min_events=30
            )
            today, came = at_origin(features, followed)
            exits = fit_exits(features, followed, project, bags=0)
            said = exits.curves(features.values.iloc[today]).incidence_at(CHURN, horizon)
            told.append((said, came.followup.happened_by(horizon, cause=0)))
        said, happened = (np.concatenate([part[i] for part in told]) for i in (0, 1))
        print(
            f"| {'count' if counts else 'do not'} | {auc(said, happened):.4f} "
            f"| {brier(said, happened):.5f} | {ece(said, happened):.4f} "
            f"| {predicted_over_observed(said, happened):.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
