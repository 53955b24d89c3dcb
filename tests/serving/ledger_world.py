"""What was said on past mornings, what came, and what the tables brought: all made up."""

from dataclasses import fields

import numpy as np
import pandas as pd

from features.asof import as_dates
from features.assemble import FeatureSet
from features.catalogue import Catalogue, Feature

TODAY = 20_000
HORIZONS = (30, 90)


def a_feature_set(
    values: pd.DataFrame | None = None,
    *,
    days: np.ndarray | None = None,
    exits: pd.DataFrame | None = None,
    reached: pd.DataFrame | None = None,
    units: dict[str, str] | None = None,
    families: dict[str, str] | None = None,
) -> FeatureSet:
    """A feature set of which only what is named matters."""
    nothing = pd.DataFrame()
    values = nothing if values is None else values
    about = {"measure": "m", "meaning": "m", "absence": "a"}
    family, unit = families or {}, units or {}
    kinds = {n: (family.get(n, "usage"), unit.get(n, "count")) for n in values}
    entries = [Feature(name=n, family=f, unit=u, **about) for n, (f, u) in kinds.items()]
    accounts = [f"a{i}" for i in range(len(values))]
    day = np.zeros(0, dtype=np.int64) if days is None else days
    told = {
        "snapshots": pd.DataFrame({"account_id": accounts, "day": day}),
        "values": values,
        "catalogue": Catalogue(entries),
        "step_catalogue": Catalogue([]),
        "exits": left({}) if exits is None else exits,
        "reached": came({}) if reached is None else reached,
    }
    return FeatureSet(**{field.name: nothing for field in fields(FeatureSet)} | told)


def left(days: dict[str, int], *, known_after: int = 0, cause: str = "churn") -> pd.DataFrame:
    """Who left, on which day."""
    day = np.array(list(days.values()), dtype=np.int64)
    exits = {"account_id": list(days), "exited_at": as_dates(day), "cause": cause}
    known = as_dates(day + known_after)
    return pd.DataFrame({**exits, "known_at": known, "returned_at": pd.NaT})


def came(days: dict[tuple[str, str], int]) -> pd.DataFrame:
    """Which milestones were reached, on which day."""
    keys = pd.DataFrame(list(days), columns=["account_id", "milestone"])
    return keys.assign(day=list(days.values()), known_day=list(days.values()))


def said_on(day: int, chances: dict[str, float], *, source: str = "model") -> pd.DataFrame:
    """What one morning said of churn, the same at every horizon."""
    told = pd.DataFrame({"account_id": list(chances), "risk_source": source, "day": day})
    return told.assign(**{f"churn_risk_{h}d": list(chances.values()) for h in HORIZONS})


def steps_said_on(day: int, chances: dict[tuple[str, str], float]) -> pd.DataFrame:
    """What one morning said of milestones, the same at every horizon."""
    keys = pd.DataFrame(list(chances), columns=["account_id", "milestone"])
    return keys.assign(day=day, **{f"chance_{h}d": list(chances.values()) for h in HORIZONS})
