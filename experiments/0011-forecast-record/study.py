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
from truth import RIVALS, print_truth, true_rates

from configs.load import Configuration, load
from configs.sections import Gate
from features.asof import as_dates, ordinal
from features.assemble import FeatureSet, build_features
from features.simulated import simulate
from features.sources import open_source
from serving.outlook.forecast import forecast, with_rates_before
from serving.outlook.prospects import look_ahead
from serving.outlook.retention import live_on, rates_of, states, totals
from training.fit import fit_models
from training.proof.amounts import amount_records, amount_skill
from training.proof.backtest import backtest
from training.proof.judged import Backtest
from training.proof.metrics import account_bootstrap, auc

ROOT = Path(__file__).parents[2]
ACCOUNTS = 500
SEEDS = {"crm5": (0,), "simulated": (26, 27)}
"""Of the companies simulated; the CRM vendor is one as it is."""
HORIZONS = (30, 90)
NORMAL_QUANTILE = 1.2816
"""How many standard errors the bounds of an 80 % interval lie from its middle."""
RATES = ("logo_retention", "grr", "nrr")
FLOWS = ("churned_arr", "contraction_arr", "expansion_arr")
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
    for name, seed in [(each, seed) for each in names for seed in _seeds(each)]:
        with tempfile.TemporaryDirectory() as folder:
            world = crm5() if name == "crm5" else simulated(Path(folder), seed=seed)
            said, judged = asked(world)
            print(f"\n## {world.name}: {len(world.mornings)} mornings\n")
            rates = said.loc[said["measure"].isin(RATES)]
            _print_errors(rates)
            _print_halves(rates)
            _print_flows(said)
            _print_mornings(rates)
            _print_changes(judged)
            _print_amounts(judged[0], world.configuration.project.gate)
            if name != "crm5":
                print_truth(said, true_rates(world.features, Path(folder), world.mornings))


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
        date(2026, 6, 29),
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
    came = {days: _came(world.features, day, days) for days in HORIZONS}
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
    )


def _origins(known: FeatureSet, day: int, horizon: int) -> list[int]:
    """Mornings of the backtest: matured, thirteen weeks apart, where there is a past."""
    mornings = np.unique(known.snapshots["day"].to_numpy(dtype=np.int64))
    asked = [day - horizon - 7 - 91 * back for back in range(4)]
    return [int(mornings[mornings <= each].max()) for each in asked if each >= mornings.min()]


def _came(features: FeatureSet, day: int, days: int) -> dict[str, float]:
    found = live_on(features, day)
    assert found is not None
    accounts, since = found
    at = states(features, accounts["account_id"], since=since, days=(day, day + days))
    sums = {n: cells.sum(axis=1) for n, cells in totals(at[day], at[day + days]).items()}
    return {name: float(told[0]) for name, told in {**sums, **rates_of(sums)}.items()}


def _print_errors(said: pd.DataFrame) -> None:
    print(
        "| days | rate | error | last period | last year | against last period | held "
        "| error in intervals |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for (days, measure), rows in said.groupby(["days", "measure"]):
        ours = _error(rows, "expected")
        last, year = (_error(rows, rival) for rival in RIVALS)
        print(
            f"| {days} | {measure} | {ours:.4f} | {last:.4f} | {year:.4f} "
            f"| {ours / last - 1:+.0%} | {_held(rows):.0%} | {_in_intervals(rows):.2f} |"
        )


def _in_intervals(said: pd.DataFrame) -> float:
    """Root of the mean squared error, each in what the interval takes for a standard error.

    One where intervals are as wide as the errors ask for.
    """
    off = said["happened"] - said["expected"]
    side = said["high"].where(off > 0, said["low"]) - said["expected"]
    return float(np.sqrt(((off / side) ** 2).mean()) * NORMAL_QUANTILE)


def _error(rows: pd.DataFrame, said: str) -> float:
    return float((rows[said] - rows["happened"]).abs().mean())


def _held(rows: pd.DataFrame) -> float:
    return float(rows["happened"].between(rows["low"] - 1e-9, rows["high"] + 1e-9).mean())


def _print_halves(said: pd.DataFrame) -> None:
    """Older and newer mornings apart: what was chosen was chosen by the older ones."""
    days = np.sort(said["day"].unique())
    is_old = said["day"] < days[len(days) // 2]
    print("\n| 90 days | older mornings | held | newer mornings | held |")
    print("|---|---|---|---|---|")
    for measure in RATES:
        cells = []
        for rows in (said.loc[is_old], said.loc[~is_old]):
            own = rows.loc[(rows["measure"] == measure) & (rows["days"] == 90)]
            against = _error(own, "expected") / _error(own, "last_period") - 1
            cells.append(f"{against:+.0%} | {_held(own):.0%}")
        print(f"| {measure} | {' | '.join(cells)} |")


def _print_flows(said: pd.DataFrame) -> None:
    """What money leaves, shrinks and grows, in shares of the ARR of each morning."""
    own = said.loc[said["days"] == 90].set_index("day")
    arr = own.loc[own["measure"] == "arr_at_start", "expected"]
    print("\n| 90 days, share of ARR | told | came | told over came | mean error | held |")
    print("|---|---|---|---|---|---|")
    for measure in FLOWS:
        rows = own.loc[own["measure"] == measure]
        told, came = (rows[name] / arr for name in ("expected", "happened"))
        print(
            f"| {measure} | {told.mean():.4f} | {came.mean():.4f} "
            f"| {told.sum() / came.sum():.2f} | {(told - came).abs().mean():.4f} "
            f"| {_held(rows):.0%} |"
        )


def _print_mornings(said: pd.DataFrame) -> None:
    print("\n| morning | speaks | GRR of 90 days (80 %) | came | NRR (80 %) | came |")
    print("|---|---|---|---|---|---|")
    for day, rows in said.loc[said["days"] == 90].groupby("day"):
        own = rows.set_index("measure")
        told = " | ".join(
            f"{own.at[m, 'expected']:.3f} ({own.at[m, 'low']:.3f} to {own.at[m, 'high']:.3f}) "
            f"| {own.at[m, 'happened']:.3f}"
            for m in ("grr", "nrr")
        )
        morning = as_dates(np.array([day]))[0].date()
        print(f"| {morning} | {own['speaks'].iloc[0]} | {told} |")


def _print_changes(judged: Sequence[Backtest]) -> None:
    for question, did in (("expansion", "grew"), ("contraction", "shrank")):
        pooled = judged[0].pooled(question, 90)
        assert pooled is not None
        came = pooled.happened
        codes = pd.factorize(pooled.about["account_id"])[0]
        print(f"\n{question} within 90 days, {len(came)} rows, {int(came.sum())} {did}:\n")
        print("| who says it | AUC | 95 % interval |")
        print("|---|---|---|")
        for name, said in {"model": pooled.said, **pooled.rules}.items():
            low, high = account_bootstrap(
                lambda weights, said=said, came=came: auc(said, came, weights=weights),
                codes,
                seed=0,
            )
            print(f"| {name} | {auc(said, came):.3f} | {low:.3f} to {high:.3f} |")


def _print_amounts(judged: Backtest, gate: Gate) -> None:
    """By how much, of those that changed within 90 days; and the money of all accounts."""
    for question in ("expansion", "contraction"):
        records = amount_records(judged, question, (90,))
        if not records:
            continue
        (record,) = records
        print(f"\nBy how much, if at all ({question}, {record['changes']} changes):\n")
        print(
            "| who says it | Gamma deviance | mean error of the share | money over what came |"
        )
        print("|---|---|---|---|")
        for name in record["deviance"]:
            lost, off = record["deviance"][name], record["absolute_error"][name]
            over = record["predicted_over_observed"][name]
            print(f"| {name} | {lost:.3f} | {off:.3f} | {over:.2f} |")
        found = amount_skill(judged, question, gate, horizon=90)
        says = "the model" if found.has_skill else f"a rule ({found.best_baseline})"
        margin = f"{found.margin:+.1%} ({found.low:+.1%} to {found.high:+.1%})"
        whole = record["money_over_observed"]
        print(
            f"\nAgainst the best rule {margin}: {says} speaks. Chance times share times ARR of"
        )
        print(f"all accounts, by the models: {whole:.2f} for each that came.")


if __name__ == "__main__":
    main(sys.argv[1:] or ["crm5", "simulated"])
