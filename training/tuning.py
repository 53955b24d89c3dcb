"""Which settings of the engine suit this company, and are they better than those it has?

Optuna proposes settings; each is judged by the integrated Brier score of churn at the
backtest's origins, one after the other, and given up where it falls behind. The newest origin
takes no part in choosing: on it the best settings are held against the current ones, since the
best of many is always luck in part.

Every trial is seeded by its place in the study, so a study that is stopped and goes on proposes
what it would have proposed in one go.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna
from optuna.trial import FrozenTrial, TrialState

from configs.errors import DataError
from configs.project import Project
from features.assemble import FeatureSet
from training.engine.followed import CHURN, Followed, follow
from training.engine.periods import Floats, Ints
from training.proof.backtest import at_origin
from training.proof.metrics import account_bootstrap
from training.questions.exits import fit_exits

Settings = Mapping[str, int | float]
STARTUP_TRIALS = 8
"""Proposed at random before the study begins to learn, and before any is given up."""
GIVEN, SETTINGS, SCORES = "given", "settings", "scores"
COUNTS: Mapping[str, tuple[int, int]] = {
    "trees": (50, 400),
    "leaves": (3, 31),
    "min_rows_in_leaf": (20, 1000),
}
AMOUNTS: Mapping[str, tuple[float, float]] = {
    "learning_rate": (0.01, 0.2),
    "lambda_l2": (1.0, 200.0),
    "feature_fraction": (0.2, 1.0),
}
SPACE: Mapping[str, tuple[float, float]] = {**COUNTS, **AMOUNTS}
"""Small and slow has won everywhere: the space holds that, and what lies around it."""
_DONE = (TrialState.COMPLETE, TrialState.PRUNED)


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """One past morning: what may teach at it, whom to judge, and what came."""

    followed: Followed
    rows: Ints
    accounts: Ints
    horizons: tuple[int, ...]
    """Those that everybody has been followed to."""
    happened: Floats


@dataclass(frozen=True, slots=True)
class Trial:
    """One proposal and how it did."""

    number: int
    settings: Settings
    scores: tuple[float, ...]
    """Integrated Brier score at each origin it was tried at, newest first."""
    gave_up: bool

    @property
    def value(self) -> float:
        return float(np.mean(self.scores))


@dataclass(frozen=True, slots=True)
class Tuned:
    """The best settings, and whether they are better where they were not chosen."""

    trials: tuple[Trial, ...]
    current: Trial
    best: Trial
    margin: float
    """By which share the best settings' score at the newest origin is below the current's."""
    low: float
    high: float

    @property
    def is_better(self) -> bool:
        return self.low > 0


def origins_to_judge(
    features: FeatureSet, project: Project, origin_days: Sequence[int]
) -> tuple[Origin, ...]:
    """Prepare every origin that can be learnt and judged at, newest first.

    Raises DataError where there are fewer than two.
    """
    found = [_origin(features, project, day) for day in sorted(origin_days, reverse=True)]
    usable = tuple(each for each in found if each is not None)
    if len(usable) < 2:
        needed = project.models.min_events
        problem = (
            f"{len(usable)} of {len(found)} origins can be judged (each needs {needed} exits "
            "known at it, and some after it); tuning needs one to choose by and one to confirm"
        )
        raise DataError("the backtest's origins", problem, "Wait for more history")
    return usable


def tune(
    features: FeatureSet,
    project: Project,
    origins: Sequence[Origin],
    *,
    store: str,
    study: str,
    trials: int,
    timeout: float | None,
    told: Callable[[Trial], None],
) -> Tuned:
    """Go on with a study, or begin it, for so many more trials or seconds.

    ``store`` is the address of the study's database. ``told`` hears of every finished trial.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    search = optuna.create_study(
        storage=store,
        study_name=study,
        direction="minimize",
        load_if_exists=True,
        pruner=optuna.pruners.MedianPruner(n_startup_trials=STARTUP_TRIALS),
    )
    _clear_away(search)
    current = _current(project)
    _enqueue(search, current)
    until = None if timeout is None else time.monotonic() + timeout
    for number in range(trials):
        if number and until is not None and time.monotonic() >= until:
            break
        told(_tried(search, features, project, origins[1:]))
    return _confirmed(search, features, project, origins[0], current=current)


def scores_by_row(
    features: FeatureSet, project: Project, origin: Origin, settings: Settings
) -> Floats:
    """Each judged row's squared error, averaged over the time to the last horizon.

    Their mean is the integrated Brier score: nobody here is censored before a horizon.
    """
    models = project.models.model_copy(update=dict(settings))
    asked = project.model_copy(update={"models": models})
    exits = fit_exits(features, origin.followed, asked, bags=0)
    curves = exits.curves(features.values.iloc[origin.rows])
    said = np.stack([curves.incidence_at(CHURN, h) for h in origin.horizons], axis=1)
    errors = np.hstack([np.zeros((len(said), 1)), (said - origin.happened) ** 2])
    days = np.array([0.0, *origin.horizons])
    return np.asarray(np.trapezoid(errors, days, axis=1) / days[-1], dtype=np.float64)


def _origin(features: FeatureSet, project: Project, origin_day: int) -> Origin | None:
    followed = follow(
        features,
        training_day=origin_day,
        every_days=project.snapshots.training_every_days,
        min_events=project.models.min_events,
    )
    if not len(followed.rows) or followed.exited() < project.models.min_events:
        return None
    rows, came = at_origin(features, followed)
    horizons = project.outcomes.horizons_days
    happened = np.stack([came.followup.happened_by(h, cause=0) for h in horizons], axis=1)
    known = np.flatnonzero(~np.isnan(happened).any(axis=0))
    if not happened[:, known].any():
        return None
    kept = tuple(horizons[column] for column in known)
    return Origin(followed, rows, came.account, kept, happened[:, known])


def _proposed(trial: optuna.Trial) -> Settings:
    counts = {n: trial.suggest_int(n, *ends, log=True) for n, ends in COUNTS.items()}
    amounts = {n: trial.suggest_float(n, *ends, log=True) for n, ends in AMOUNTS.items()}
    found = {**counts, **{name: _short(value) for name, value in amounts.items()}}
    return {name: found[name] for name in SPACE}


def _short(value: float) -> float:
    """Three digits: what is written into a configuration should be fit to be read."""
    return float(f"{value:.3g}")


def _current(project: Project) -> Settings:
    return {name: getattr(project.models, name) for name in SPACE}


def _enqueue(search: optuna.Study, given: Settings) -> None:
    """Have settings tried next, unless they were; the space's edge stands for those outside."""
    tried = search.get_trials(deepcopy=False, states=(*_DONE, TrialState.WAITING))
    if not any(given == each.user_attrs.get(GIVEN) for each in tried):
        edge = {name: min(max(given[name], low), high) for name, (low, high) in SPACE.items()}
        search.enqueue_trial(edge, user_attrs={GIVEN: dict(given)})


def _clear_away(search: optuna.Study) -> None:
    """Forget a trial that a stopped run left unfinished: it is proposed again."""
    for trial in search.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        search.tell(trial.number, state=TrialState.FAIL)
        if GIVEN in trial.user_attrs:
            _enqueue(search, trial.user_attrs[GIVEN])


def _tried(
    search: optuna.Study,
    features: FeatureSet,
    project: Project,
    origins: Sequence[Origin],
) -> Trial:
    """Propose, and judge origin by origin until it is through or falls behind."""
    done = len(search.get_trials(deepcopy=False, states=_DONE))
    search.sampler = optuna.samplers.TPESampler(
        seed=project.models.seed + done, n_startup_trials=STARTUP_TRIALS
    )
    trial = search.ask()
    given: Settings | None = trial.user_attrs.get(GIVEN)
    proposed = _proposed(trial)
    settings = proposed if given is None else given
    trial.set_user_attr(SETTINGS, dict(settings))
    scores: list[float] = []
    for step, origin in enumerate(origins):
        scores.append(float(scores_by_row(features, project, origin, settings).mean()))
        trial.set_user_attr(SCORES, scores)
        trial.report(float(np.mean(scores)), step)
        may_give_up = step + 1 < len(origins) and given is None
        if may_give_up and trial.should_prune():
            search.tell(trial, state=TrialState.PRUNED)
            return Trial(trial.number, settings, tuple(scores), gave_up=True)
    search.tell(trial, float(np.mean(scores)))
    return Trial(trial.number, settings, tuple(scores), gave_up=False)


def _confirmed(
    search: optuna.Study,
    features: FeatureSet,
    project: Project,
    newest: Origin,
    *,
    current: Settings,
) -> Tuned:
    """Hold the best settings against the current ones at the origin that did not choose."""
    trials = tuple(_as_trial(t) for t in search.get_trials(deepcopy=False, states=_DONE))
    whole = [trial for trial in trials if not trial.gave_up]
    now = next(trial for trial in whole if trial.settings == current)
    best = min(whole, key=lambda trial: (trial.value, trial.number))
    if best.settings == current:
        return Tuned(trials, now, best, 0.0, 0.0, 0.0)
    theirs = scores_by_row(features, project, newest, current)
    ours = scores_by_row(features, project, newest, best.settings)

    def margin(weights: Floats) -> float:
        return float(1 - (weights * ours).sum() / (weights * theirs).sum())

    low, high = account_bootstrap(margin, newest.accounts, seed=project.models.seed)
    return Tuned(trials, now, best, margin(np.ones(len(ours))), low, high)


def _as_trial(trial: FrozenTrial) -> Trial:
    kept: Mapping[str, Any] = trial.user_attrs
    gave_up = trial.state == TrialState.PRUNED
    return Trial(trial.number, kept[SETTINGS], tuple(kept[SCORES]), gave_up=gave_up)
