"""Would leaders have planned well on the forecasts?

On past mornings, everything is learnt again from what was known then, the gate decides who
speaks, and the forecast is held against what came, beside "last period's rate" and "last
year's". On the simulated company it is also held against the true chance of leaving, of
accounts and of what they pay.
"""

import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from record import (
    FLOWS,
    RATES,
    print_amounts,
    print_changes,
    print_errors,
    print_flows,
    print_halves,
    print_mornings,
)
from truth import print_ends, print_truth, true_rates, yearly_ends

from configs.load import Configuration, load
from features.asof import as_dates, ordinal
from features.assemble import FeatureSet, build_features
from features.simulated import simulate
from features.sources import open_source
from serving.outlook.forecast import forecast, with_rates_before
from serving.outlook.prospects import look_ahead
from serving.outlook.retention import live_on, rates_of, states, totals
from training.fit import fit_models
from training.proof.backtest import backtest
from training.proof.judged import Backtest

ROOT = Path(__file__).parents[2]
ACCOUNTS = 500
SEEDS = {"crm5": (0,), "simulated": (231, 232, 233, 234, 235)}
"""Of the companies simulated; the CRM vendor is one as it is."""
SIMULATED_UNTIL = date(2026, 6, 29)
HORIZONS = (30, 90)
MONEY = (*FLOWS, "arr_at_start")


@dataclass(frozen=True)
class World:
    """A book, and the past mornings on which it is asked."""

    name: str
    configuration: Configuration
    features: FeatureSet
    mornings: tuple[int, ...]


def main(names: Sequence[str]) -> None:
    """Print, for each world, errors and coverage of the forecasts and the AUC of expansion."""
    for name in names:
        worlds = [_printed(name, seed) for seed in _seeds(name)]
        if len(worlds) > 1:
            together = pd.concat(worlds, ignore_index=True)
            mornings = len(together.loc[together["measure"] == "grr"]) // len(HORIZONS)
            print(f"\n## {name}, all companies together: {mornings} mornings\n")
            print_errors(together)


def _printed(name: str, seed: int) -> pd.DataFrame:
    """Print everything of one book, and give what was said of its rates."""
    with tempfile.TemporaryDirectory() as folder:
        world = crm5() if name == "crm5" else simulated(Path(folder), seed=seed)
        said, judged = asked(world)
        print(f"\n## {world.name}: {len(world.mornings)} mornings\n")
        rates = said.loc[said["measure"].isin(RATES)]
        print_errors(rates)
        print_halves(rates)
        print_flows(said)
        print_mornings(rates)
        print_changes(judged)
        print_amounts(judged[0], world.configuration.project.gate)
        if name != "crm5":
            print_truth(said, true_rates(world.features, Path(folder), world.mornings))
            days = np.array([world.mornings[0], ordinal(SIMULATED_UNTIL)])
            first, until = as_dates(days)
            print_ends(yearly_ends(Path(folder), until=until), first=first)
    return rates


def _seeds(name: str) -> tuple[int, ...]:
    """The companies of a name; a number is that of one simulated company."""
    return (int(name),) if name.isdigit() else SEEDS[name]


def crm5() -> World:
    configuration = load(ROOT / "configs" / "crm5")
    return _world(
        "CRM vendor", configuration, date(2024, 1, 1), first=date(2022, 6, 20), every=14
    )


def simulated(folder: Path, *, seed: int) -> World:
    simulate(folder, accounts=ACCOUNTS, seed=seed)
    os.environ["MILEPOST_DEMO_DATA"] = str(folder)
    configuration = load(ROOT / "configs" / "demo")
    return _world(
        f"simulated company {seed}",
        configuration,
        SIMULATED_UNTIL,
        first=date(2025, 6, 1),
        every=56,
    )


def _world(
    name: str, configuration: Configuration, end: date, *, first: date, every: int
) -> World:
    source = open_source(configuration.project, configuration.folder)
    features = build_features(source.tables, configuration, as_of=end)
    features = replace(features, steps=features.steps.iloc[:0])
    last = ordinal(end) - max(HORIZONS)
    back = [day for day in range(ordinal(end), ordinal(first), -every) if day <= last]
    return World(name, configuration, features, tuple(back[::-1]))


def asked(world: World) -> tuple[pd.DataFrame, list[Backtest]]:
    """What was said on every morning, with what came; and how expansion was judged."""
    parts = []
    for day in world.mornings:
        told = _told(world, day)
        if told is not None:
            parts.append(told)
        print(".", end="", file=sys.stderr, flush=True)
    tested = backtest(world.features, world.configuration.project, origin_days=world.mornings)
    return pd.concat(parts, ignore_index=True), [tested]


def _told(world: World, day: int) -> pd.DataFrame | None:
    project = world.configuration.project
    known = as_known(world.features, day)
    origins = _origins(known, day, project.outcomes.primary_horizon_days)
    tested = backtest(known, project, origin_days=origins)
    found = fit_models(known, project, tested, training_day=day, champion=None)
    if found is None or found[0].rule is None:
        return None
    models, decision = found
    is_model = decision.promoted and models.has_skill
    ahead = look_ahead(known, models, project, day=day, is_model=is_model)
    as_of = as_dates(np.array([day]))[0].date()
    horizons = project.outcomes.horizons_days
    rows = forecast(ahead, as_of=as_of, horizons=horizons, seed=project.models.seed)
    rows = with_rates_before(rows, known, as_of=as_of, part="segment")
    wait = pd.to_datetime(rows["period_end"]) - pd.to_datetime(rows["period_start"])
    rows = rows.assign(days=wait.dt.days, day=day, speaks="model" if is_model else "rule")
    is_asked = (rows["period"] == "horizon") & rows["days"].isin(HORIZONS)
    rows = rows.loc[is_asked & (rows["segment"] == "all")]
    rows = rows.loc[rows["measure"].isin([*RATES, *MONEY])]
    came = {days: what_came(world.features, day, days) for days in HORIZONS}
    told = zip(rows["days"], rows["measure"], strict=True)
    return rows.assign(happened=[came[d].get(m, np.nan) for d, m in told])


def as_known(features: FeatureSet, day: int) -> FeatureSet:
    """The feature set as it would have been built on an earlier morning."""
    rows = (features.snapshots["day"] <= day).to_numpy()
    moment = pd.Timestamp(day, unit="D")
    return replace(
        features,
        snapshots=features.snapshots.loc[rows].reset_index(drop=True),
        values=features.values.loc[rows].reset_index(drop=True),
        exits=features.exits.loc[features.exits["known_at"] < moment],
        reached=features.reached.loc[features.reached["known_day"] < day],
        arr=features.arr.loc[features.arr["known_day"] < day].reset_index(drop=True),
        changes=None,
    )


def _origins(known: FeatureSet, day: int, horizon: int) -> list[int]:
    """Mornings of the backtest: matured, thirteen weeks apart, where there is a past."""
    mornings = np.unique(known.snapshots["day"].to_numpy(dtype=np.int64))
    asked = [day - horizon - 7 - 91 * back for back in range(4)]
    return [int(mornings[mornings <= each].max()) for each in asked if each >= mornings.min()]


def what_came(features: FeatureSet, day: int, days: int) -> dict[str, float]:
    """The sums of the whole book in the days after a morning, and the rates made of them."""
    found = live_on(features, day)
    assert found is not None
    accounts, since = found
    at = states(features, accounts["account_id"], since=since, days=(day, day + days))
    sums = {n: cells.sum(axis=1) for n, cells in totals(at[day], at[day + days]).items()}
    return {name: float(told[0]) for name, told in {**sums, **rates_of(sums)}.items()}


if __name__ == "__main__":
    main(sys.argv[1:] or ["crm5", "simulated"])
