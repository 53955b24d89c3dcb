"""How likely is each account to leave, by when, and by which cause?

One hazard per cause of exit, chained into curves on which the causes compete. Churn is always
asked about; another cause has a hazard of its own where enough accounts left by it, and the
rest of them share one.
"""

import json
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from configs.project import Project
from features.asof import Ints
from features.assemble import FeatureSet
from features.catalogue import Catalogue
from features.encode import Encoder
from training.engine.calibrate import Lately
from training.engine.curves import IncidenceCurves
from training.engine.followed import CHURN, Followed
from training.engine.hazard import Hazard, HazardSettings, fit_hazard
from training.engine.matrix import Matrix
from training.engine.periods import Floats, Periods
from training.engine.recently import LOOKED_BACK_DAYS, recent_shift
from training.engine.terms import is_bound, leaves_with_its_term
from training.questions.inputs import COUNTED_BY, inputs_of

BAGS = 4
MOST_BAG_ROWS = 50_000
THREADS = 1
"""LightGBM's own threads wait for each other by spinning: whole fits run side by side."""
WORKERS = min(os.cpu_count() or 1, 4)
FEW_TREES = 20
"""Enough for a cause that struck too few accounts to tell them apart."""


@dataclass(frozen=True, slots=True, eq=False)
class ExitModel:
    """Hazards by cause, churn first, and what turns features into their inputs."""

    encoder: Encoder
    clocks: tuple[str, ...]
    hazards: Mapping[str, Hazard]
    bags: tuple[Hazard, ...]
    """Churn hazards learnt from resampled accounts: how much the risk hangs on who was seen."""
    drifted: Mapping[str, float] = field(default_factory=dict)
    """Inputs left out because they have drifted, with their stability index."""

    @property
    def periods(self) -> Periods:
        return self.hazards[CHURN].periods

    def matrix(self, values: pd.DataFrame) -> Matrix:
        return Matrix(self.encoder.matrix(values), self.encoder.columns, self.clocks)

    def rates(self, matrix: Matrix) -> dict[str, Floats]:
        """Daily rates of every cause: rows by periods."""
        return {c: h.daily_rates(matrix, threads=THREADS) for c, h in self.hazards.items()}

    def curves(self, values: pd.DataFrame) -> IncidenceCurves:
        return IncidenceCurves.from_rates(self.rates(self.matrix(values)), self.periods.edges)

    def to_parts(self) -> dict[str, str]:
        """Give the model as named texts: LightGBM's own, and JSON."""
        parts = {"exits-encoder.json": self.encoder.to_json()}
        named = {f"cause_{i}": hazard for i, hazard in enumerate(self.hazards.values())}
        named |= {f"bag_{number}": hazard for number, hazard in enumerate(self.bags)}
        for name, hazard in named.items():
            text, rest = hazard.to_parts()
            parts[f"exits-{name}.txt"] = text
            parts[f"exits-{name}.json"] = json.dumps(rest, sort_keys=True)
        rest = {
            "causes": list(self.hazards),
            "bags": len(self.bags),
            "clocks": self.clocks,
            "drifted": self.drifted,
        }
        parts["exits-model.json"] = json.dumps(rest, sort_keys=True)
        return parts

    @classmethod
    def from_parts(cls, parts: Mapping[str, str]) -> "ExitModel":
        rest = json.loads(parts["exits-model.json"])

        def hazard(name: str) -> Hazard:
            fitted = json.loads(parts[f"exits-{name}.json"])
            return Hazard.from_parts(parts[f"exits-{name}.txt"], fitted)

        return cls(
            encoder=Encoder.from_json(parts["exits-encoder.json"]),
            clocks=tuple(rest["clocks"]),
            hazards={c: hazard(f"cause_{i}") for i, c in enumerate(rest["causes"])},
            bags=tuple(hazard(f"bag_{number}") for number in range(rest["bags"])),
            drifted=rest.get("drifted", {}),
        )


def fit_exits(
    features: FeatureSet, followed: Followed, project: Project, *, bags: int = BAGS
) -> ExitModel:
    """Learn every cause's hazard from the followed snapshots, and set its level right."""
    inputs = inputs_of(features, followed, project)
    encoder, matrix = _encoded(features, followed, inputs.catalogue)
    periods = Periods.covering(project.outcomes.horizons_days)
    settings = settings_of(project)

    def learn(number: int) -> Hazard:
        is_rare = followed.exited(followed.causes[number]) < project.models.min_events
        is_churn = followed.causes[number] == CHURN
        own = replace(settings, trees=FEW_TREES) if is_rare else settings
        # What is said of an input is said of churn: of other ends nothing is.
        free = replace(own, rising=(), falling=())
        hazard = fit_hazard(
            matrix,
            followed.followup,
            cause=number,
            periods=periods,
            settings=own if is_churn else free,
            by_term=is_churn and leaves_with_its_term(matrix, followed.followup, cause=number),
        )
        return levelled(hazard, matrix, followed, cause=number)

    with ThreadPoolExecutor(WORKERS) as pool:
        learnt = list(pool.map(learn, range(len(followed.causes))))
    hazards = dict(zip(followed.causes, learnt, strict=True))
    resampled = _bags(hazards[CHURN], matrix, followed, settings, count=bags)
    return ExitModel(encoder, matrix.clocks, hazards, resampled, inputs.drifted)


def _encoded(
    features: FeatureSet, followed: Followed, catalogue: Catalogue
) -> tuple[Encoder, Matrix]:
    """What the trees read of the followed snapshots; no other copy of them outlives this."""
    values = features.values[list(catalogue)].iloc[followed.rows]
    encoder = Encoder.fit(values, catalogue, always=COUNTED_BY)
    clocks = tuple(name for name in encoder.numbers if catalogue[name].is_clock)
    return encoder, Matrix(encoder.matrix(values), encoder.columns, clocks)


def settings_of(project: Project) -> HazardSettings:
    """The engine's settings, from the configuration."""
    models = project.models
    return HazardSettings(
        trees=models.trees,
        learning_rate=models.learning_rate,
        leaves=models.leaves,
        lambda_l2=models.lambda_l2,
        feature_fraction=models.feature_fraction,
        min_rows_in_leaf=models.min_rows_in_leaf,
        quiet_share=models.quiet_share,
        rising=tuple(name for name, way in models.monotone.items() if way == "rising"),
        falling=tuple(name for name, way in models.monotone.items() if way == "falling"),
        seed=models.seed,
        threads=THREADS,
    )


def levelled(hazard: Hazard, matrix: Matrix, followed: Followed, *, cause: int) -> Hazard:
    """Shift a hazard to the level of today, as the last months before training tell it."""
    rows = followed.watched_since(followed.end_day - LOOKED_BACK_DAYS)
    seen = matrix.take(rows)
    bound = is_bound(seen) if hazard.by_term else np.zeros(len(rows), dtype=bool)
    lately = what_came(hazard, seen, followed.take(rows), cause=cause)
    return hazard.shifted(recent_shift(lately, bound=bound))


def what_came(hazard: Hazard, matrix: Matrix, followed: Followed, *, cause: int) -> Lately:
    """Hold what a hazard says of some rows against what is known of them."""
    return Lately(
        hazard.daily_rates(matrix, threads=THREADS),
        followed.followup,
        followed.day,
        periods=hazard.periods,
        cause=cause,
        training_day=followed.end_day,
        account=followed.account,
    )


def _bags(
    whole: Hazard,
    matrix: Matrix,
    followed: Followed,
    settings: HazardSettings,
    *,
    count: int,
) -> tuple[Hazard, ...]:
    """Refit churn on accounts drawn with replacement; each keeps the whole model's level."""
    chance = np.random.default_rng(settings.seed)
    accounts = int(followed.account.max(initial=0)) + 1

    def refit(number: int, drawn: Ints) -> Hazard:
        rows = np.repeat(np.arange(len(matrix)), drawn[followed.account])
        rows = rows[:: max(len(rows) // MOST_BAG_ROWS, 1)]
        bag = fit_hazard(
            matrix.take(rows),
            followed.followup.take(rows),
            cause=0,
            periods=whole.periods,
            settings=replace(settings, seed=settings.seed + number + 1),
            by_term=whole.by_term,
        )
        return bag.shifted(whole.log_shift)

    draws = [
        np.bincount(chance.integers(accounts, size=accounts), minlength=accounts)
        for _ in range(count)
    ]
    with ThreadPoolExecutor(WORKERS) as pool:
        return tuple(pool.map(refit, range(count), draws))
