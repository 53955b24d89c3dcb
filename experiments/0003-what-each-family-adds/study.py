"""What does each family of inputs add to the churn model?

At each origin the hazard of churn is learnt from what was known that morning with all families,
without each of them in turn, and with each of them alone; the other causes' hazards are always
those of all families. Then the live accounts are scored and their outcomes looked up.
Differences are between models judged on the same rows, with intervals from drawing accounts
(whole parents, where there are any) with replacement. Learning once more from another seed
shows how large a difference means nothing. Half the usual trees at twice the pace keep it
short.

    .venv/bin/milepost study 0003        # both worlds; the script takes one's name
"""

import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from configs.load import Configuration, load
from configs.project import Project
from features.asof import ordinal
from features.assemble import FeatureSet, build_features
from features.encode import Encoder
from features.plan import origins
from features.simulated import simulate
from features.sources import open_source
from training.engine.curves import IncidenceCurves
from training.engine.followed import CHURN, Followed, follow, lag_known_by
from training.engine.hazard import fit_hazard
from training.engine.matrix import Matrix
from training.engine.outcomes import exit_events, followed_until
from training.engine.periods import Periods
from training.proof.metrics import account_bootstrap, auc, brier
from training.questions.exits import fit_exits, levelled, settings_of

ROOT = Path(__file__).parents[2]
ACCOUNTS, SEED = 1500, 11
ORIGINS = {"oulad": 1, "demo": 2}
ALL, RESEEDED = "all families", "all families, another seed"


@dataclass(frozen=True)
class Judged:
    """What every model said of the same accounts, and what came."""

    said: Mapping[str, np.ndarray]
    happened: np.ndarray
    drawn_together: np.ndarray


def main(name: str) -> None:
    """Print what each family adds, and what it tells alone, as Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        if name == "demo":
            simulate(Path(folder), accounts=ACCOUNTS, seed=SEED)
            os.environ["MILEPOST_DEMO_DATA"] = folder
        configuration = load(ROOT / "configs" / name)
        features, as_of = _built(configuration)
    project = _hurried(configuration.project)
    days = origins(project, features.exits, as_of)[: ORIGINS[name]]
    judged = _together([_judged_at(day, features, project, as_of=as_of) for day in days])
    print(
        f"## {name}\n\n"
        f"{name}: churn within {project.outcomes.primary_horizon_days} days, told on "
        f"{' and '.join(map(str, days))} of {len(judged.happened)} accounts, of which "
        f"{int(judged.happened.sum())} left\n"
    )
    _print_table(judged, _families(features))


def _hurried(project: Project) -> Project:
    models = project.models
    hurried = {"trees": models.trees // 2, "learning_rate": models.learning_rate * 2}
    return project.model_copy(update={"models": models.model_copy(update=hurried)})


def _built(configuration: Configuration) -> tuple[FeatureSet, date]:
    source = open_source(configuration.project, configuration.folder)
    newest = pd.Timestamp(source.tables["activity"].occurred_at.max().execute())
    as_of = newest.date() + timedelta(days=1)
    if configuration.project.name == "oulad":
        as_of = date(2014, 4, 26)
    return build_features(source.tables, configuration, as_of=as_of), as_of


def _families(features: FeatureSet) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for feature in features.catalogue.values():
        found.setdefault(feature.family, []).append(feature.name)
    return found


def _judged_at(day: date, features: FeatureSet, project: Project, *, as_of: date) -> Judged:
    families, every = _families(features), list(features.catalogue)
    asked = {ALL: every, RESEEDED: every}
    for family, own in families.items():
        asked[f"without {family}"] = [name for name in every if name not in own]
        asked[f"only {family}"] = own
    followed = follow(
        features,
        training_day=ordinal(day),
        every_days=project.snapshots.training_every_days,
        min_events=project.models.min_events,
    )
    whole = fit_exits(features, followed, project, bags=0)
    today = np.flatnonzero(features.snapshots["day"].to_numpy() == ordinal(day))
    values, horizon = features.values.iloc[today], project.outcomes.primary_horizon_days
    rates = whole.rates(whole.matrix(values))

    def said(names: list[str], seed: int) -> np.ndarray:
        known = replace(features, catalogue=features.catalogue.only(names))
        own = {CHURN: _churn_rates(known, followed, values, project, seed)}
        curves = IncidenceCurves.from_rates(rates | own, whole.periods.edges)
        return curves.incidence_at(CHURN, horizon)

    seeds = {model: project.models.seed + (model == RESEEDED) for model in asked}
    told = {model: said(names, seeds[model]) for model, names in asked.items()}
    known = features.snapshots.iloc[today]
    parent = known["parent_id"].fillna(known["account_id"])
    return Judged(told, _happened(known, features, project, as_of), parent.to_numpy())


def _churn_rates(
    features: FeatureSet, followed: Followed, values: pd.DataFrame, project: Project, seed: int
) -> np.ndarray:
    """Daily rates of churn by a hazard that reads only the inputs of the catalogue."""
    seen = features.values.iloc[followed.rows]
    encoder = Encoder.fit(seen, features.catalogue)
    clocks = tuple(name for name in encoder.numbers if features.catalogue[name].is_clock)
    matrix = Matrix(encoder.matrix(seen), encoder.columns, clocks)
    hazard = fit_hazard(
        matrix,
        followed.followup,
        cause=0,
        periods=Periods.covering(project.outcomes.horizons_days),
        settings=replace(settings_of(project), seed=seed),
        by_term=True,
    )
    hazard = levelled(hazard, matrix, followed, cause=0)
    return hazard.daily_rates(Matrix(encoder.matrix(values), encoder.columns, clocks))


def _happened(
    known: pd.DataFrame, features: FeatureSet, project: Project, as_of: date
) -> np.ndarray:
    day, now = known["day"].to_numpy(dtype=np.int64), ordinal(as_of)
    events = exit_events(features.exits, known["account_id"], day, [CHURN, "other"])
    lag = lag_known_by(now, features.exits)
    came = followed_until(day, events, training_day=now, lag_days=lag)
    return came.happened_by(project.outcomes.primary_horizon_days, cause=0)


def _together(parts: list[Judged]) -> Judged:
    said = {model: np.concatenate([p.said[model] for p in parts]) for model in parts[0].said}
    return Judged(
        said,
        np.concatenate([part.happened for part in parts]),
        pd.factorize(np.concatenate([part.drawn_together for part in parts]))[0],
    )


def _print_table(judged: Judged, families: Mapping[str, list[str]]) -> None:
    everything = judged.said[ALL]
    print(
        f"All families: AUC {auc(everything, judged.happened):.3f}, "
        f"Brier {brier(everything, judged.happened):.4f}. Another seed: AUC "
        f"{_gap(judged, RESEEDED, auc, scale=1000)} thousandths, "
        f"Brier {_gap(judged, RESEEDED, brier, scale=1e5)} hundred-thousandths.\n"
    )
    print("| family | inputs | AUC it adds, ‰ | Brier it takes away, 1e-5 | AUC alone |")
    print("|---|---|---|---|---|")
    for family, names in families.items():
        added = _gap(judged, f"without {family}", auc, scale=1000)
        taken = _gap(judged, f"without {family}", brier, scale=-1e5)
        alone = auc(judged.said[f"only {family}"], judged.happened)
        low, high = account_bootstrap(
            lambda w, f=family: auc(judged.said[f"only {f}"], judged.happened, weights=w),
            judged.drawn_together,
            seed=SEED,
        )
        print(
            f"| {family} | {len(names)} | {added} | {taken} "
            f"| {alone:.3f} ({low:.3f} to {high:.3f}) |"
        )


def _gap(judged: Judged, model: str, measure, *, scale: float) -> str:
    """How much higher the measure is with all families than in another model."""

    def gap(weights: np.ndarray | None = None) -> float:
        own, other = (
            measure(judged.said[name], judged.happened, weights=weights)
            for name in (ALL, model)
        )
        return scale * (own - other)

    low, high = sorted(account_bootstrap(gap, judged.drawn_together, seed=SEED))
    return f"{gap():+.1f} ({low:+.1f} to {high:+.1f})"


if __name__ == "__main__":
    for each in sys.argv[1:] or ("oulad", "demo"):
        main(each)
