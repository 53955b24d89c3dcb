"""Does leaving out drifted inputs help? Judges thresholds on origins never trained on.

``drift.py CONFIG BUILD``: a configuration's folder, and a build of it in a lake.
"""

import sys
from pathlib import Path

import numpy as np

from configs.load import load
from configs.project import Project
from features.asof import as_dates, ordinal
from features.plan import origins
from features.store import read_features
from training.engine.followed import CHURN, follow
from training.engine.periods import Floats
from training.proof.backtest import at_origin
from training.proof.metrics import auc, brier, ece
from training.questions.exits import fit_exits

THRESHOLDS = (None, 1.0, 0.5, 0.25)


def main(config: Path, build: Path) -> None:
    """Print the pooled figures of each threshold as Markdown."""
    features, project = read_features(build), load(config).project
    horizon = project.outcomes.primary_horizon_days
    day = int(features.snapshots["day"].max())
    days = origins(project, features.exits, as_dates(np.array([day]))[0].date())
    told: dict[float | None, list[tuple[Floats, Floats, int]]] = {t: [] for t in THRESHOLDS}
    for origin in days:
        followed = follow(features, training_day=ordinal(origin), every_days=28, min_events=30)
        if followed.exited() < project.models.min_events:
            continue
        today, came = at_origin(features, followed)
        happened = came.followup.happened_by(horizon, cause=0)
        for threshold in THRESHOLDS:
            exits = fit_exits(features, followed, _with(project, threshold), bags=0)
            curves = exits.curves(features.values.iloc[today])
            said = curves.incidence_at(CHURN, horizon)
            told[threshold].append((said, happened, len(exits.drifted)))
    print("| max_drift | left out, by origin | AUC | Brier | ECE |\n|---|---|---|---|---|")
    for threshold, parts in told.items():
        said, happened = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
        out = ", ".join(str(part[2]) for part in parts)
        print(
            f"| {threshold or 'off'} | {out} | {auc(said, happened):.4f} "
            f"| {brier(said, happened):.5f} | {ece(said, happened):.4f} |",
            flush=True,
        )


def _with(project: Project, threshold: float | None) -> Project:
    models = project.models.model_copy(update={"max_drift": threshold})
    return project.model_copy(update={"models": models})


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
