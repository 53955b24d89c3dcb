"""What would have come of the accounts since the programme began, by what was known before?

The forecast as it would have been made on that morning, by a model that had learnt nothing
later, played as every forecast is: what all accounts share is part of its interval. What came
is held against it. Whatever else changed since then is in the difference too.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from configs.project import Project
from features.asof import Bools
from features.assemble import FeatureSet
from features.holdout import families, lots
from serving.outlook.prospects import look_ahead
from serving.outlook.retention import rates_of, states, totals
from serving.outlook.simulation import simulated
from training.effects.arms import LEVEL, POWER
from training.engine.periods import Floats
from training.models import Models
from training.questions.exits import ExitModel

MEASURES = ("left", "arr_kept")


@dataclass(frozen=True, slots=True)
class Surprise:
    """What came less what was expected, and what would have been a surprise."""

    accounts: int
    happened: float
    expected: float
    low: float
    high: float
    smallest: float

    @property
    def points(self) -> float:
        return self.happened - self.expected


def surprises(
    features: FeatureSet,
    model: ExitModel,
    project: Project,
    *,
    since: int,
    until: int,
    share_held_out: float,
) -> Mapping[str, Surprise]:
    """Hold what came of the accounts of a morning against what was to be expected then."""
    meta = {"horizons": list(project.outcomes.horizons_days), "skill": {}}
    models = Models(model, None, None, meta)
    ahead = look_ahead(features, models, project, day=since, is_model=True)
    ids = ahead.accounts["account_id"]
    day = features.snapshots["day"].to_numpy(dtype=np.int64)
    own = features.snapshots.loc[day == since, ["account_id", "parent_id"]]
    chosen = lots(families(own)) >= share_held_out
    days = until - since
    drawn = [
        _measured(rates_of(_sums(totals(future[0], future[days]), chosen)))
        for future in simulated(ahead, (0, days), seed=project.models.seed)
    ]
    came = states(features, ids, since=since, days=(since, until))
    happened = _measured(rates_of(_sums(totals(came[since], came[until]), chosen)))
    told = {}
    for name in MEASURES:
        foreseen = np.concatenate([each[name] for each in drawn])
        if np.isfinite(foreseen).all() and np.isfinite(happened[name]).all():
            told[name] = _held_against(float(happened[name][0]), foreseen, int(chosen.sum()))
    return told


def _held_against(happened: float, foreseen: Floats, accounts: int) -> Surprise:
    least, most = np.quantile(foreseen, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    seen = (norm.ppf((1 + LEVEL) / 2) + norm.ppf(POWER)) * foreseen.std()
    return Surprise(
        accounts=accounts,
        happened=happened,
        expected=float(foreseen.mean()),
        low=float(happened - most),
        high=float(happened - least),
        smallest=float(seen),
    )


def _sums(cells: Mapping[str, Floats], chosen: Bools) -> dict[str, Floats]:
    return {name: told[:, chosen].sum(axis=1) for name, told in cells.items()}


def _measured(rates: Mapping[str, Floats]) -> dict[str, Floats]:
    return {"left": 1 - rates["logo_retention"], "arr_kept": rates["grr"]}
