"""Do the chances come true, when nothing changes and after prices have risen?

Simulates a company twice, once with a price shock, and judges models taught only what was known
on past mornings. Also: is the backtest's AUC the one that is realised later, and does the band
of each risk hold the true chance, which a simulation knows?
"""

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from configs.load import Configuration, load
from configs.phrases import load_phrases
from features.asof import Ints, ordinal
from features.assemble import FeatureSet, build_features
from features.plan import origins
from features.simulated import simulate
from features.sources import open_source
from serving.risks import model_risks
from training.engine.followed import Followed, follow
from training.engine.periods import Floats
from training.models import Models
from training.proof.backtest import at_origin, backtest
from training.proof.judged import Pooled
from training.proof.metrics import account_bootstrap, auc, predicted_over_observed
from training.questions.exits import ExitModel, fit_exits

ROOT = Path(__file__).parents[2]
ACCOUNTS, SEED = 4000, 5
GROUPS = 5
MORNINGS = tuple(date(2025, 6, 30) + timedelta(days=28 * step) for step in range(7))
"""All followed for 180 days by the end of the simulated data."""
BANDS_ON = MORNINGS[::2]
SHOCK_ON = date(2025, 9, 1)
TRIED_ON = date(2025, 12, 29)
"""The morning whose backtest is held against what came in the half year after."""


def main(seed: int) -> None:
    """Print each part as Markdown."""
    calm, configuration = _a_company(seed, shock_on=None)
    horizons = configuration.project.outcomes.horizons_days
    print(
        f"{ACCOUNTS} accounts, seed {seed}\n\n### Nothing changes, {len(MORNINGS)} mornings\n"
    )
    _print_levels(calm.features, configuration, {"all": [ordinal(day) for day in MORNINGS]})
    print(f"\n### The band of each risk, {len(BANDS_ON)} mornings\n")
    _print_bands(calm, configuration)
    print(f"\n### AUC of the backtest on {TRIED_ON}, and realised after it\n")
    _print_realised(calm, configuration, horizons)
    shocked, configuration = _a_company(seed, shock_on=SHOCK_ON)
    print(f"\n### Prices rise on {SHOCK_ON}\n")
    after = {f"{weeks} weeks after": [ordinal(SHOCK_ON) + 7 * weeks] for weeks in (0, 4, 8, 12)}
    after["8 and 12 weeks after"] = [ordinal(SHOCK_ON) + 7 * weeks for weeks in (8, 12)]
    _print_levels(shocked.features, configuration, after)


class _Company:
    """Features up to the end of the data, those of ``TRIED_ON``, and the true chances."""

    def __init__(self, folder: Path, configuration: Configuration) -> None:
        source = open_source(configuration.project, configuration.folder)
        last = date(2026, 6, 29)
        self.features = build_features(source.tables, configuration, as_of=last)
        self.early = build_features(source.tables, configuration, as_of=TRIED_ON)
        risks = pd.read_parquet(folder / "truth" / "risks.parquet")
        self.truth = risks.loc[risks["milestone"].isna()]


def _a_company(seed: int, *, shock_on: date | None) -> tuple[_Company, Configuration]:
    with tempfile.TemporaryDirectory() as folder:
        simulate(Path(folder), accounts=ACCOUNTS, seed=seed, price_shock_on=shock_on)
        os.environ["MILEPOST_DEMO_DATA"] = folder
        configuration = load(ROOT / "configs" / "demo")
        return _Company(Path(folder), configuration), configuration


def _taught(
    features: FeatureSet, configuration: Configuration, day: int, *, bags: int = 0
) -> tuple[Followed, ExitModel]:
    followed = follow(features, training_day=day, every_days=28, min_events=30)
    return followed, fit_exits(features, followed, configuration.project, bags=bags)


def _judged(
    features: FeatureSet, configuration: Configuration, days: Sequence[int]
) -> Iterator[tuple[Ints, Floats, Followed]]:
    """Rows of each morning, what a model of that morning says of them, and what came."""
    for day in days:
        followed, exits = _taught(features, configuration, day)
        rows, came = at_origin(features, followed)
        curves = exits.curves(features.values.iloc[rows])
        horizons = configuration.project.outcomes.horizons_days
        said = np.stack([curves.incidence_at("churn", h) for h in horizons], axis=1)
        yield rows, said, came


def _print_levels(
    features: FeatureSet, configuration: Configuration, groups: dict[str, list[int]]
) -> None:
    asked = sorted({day for days in groups.values() for day in days})
    known = dict(zip(asked, _judged(features, configuration, asked), strict=True))
    print("| mornings | days | left | predicted/observed | 95 % |\n|---|---|---|---|---|")
    for name, days in groups.items():
        for at, horizon in enumerate(configuration.project.outcomes.horizons_days):
            said = np.concatenate([known[day][1][:, at] for day in days])
            parts = [known[day][2].followup.happened_by(horizon, cause=0) for day in days]
            came = np.concatenate(parts)
            if np.isnan(came).any():
                continue
            ids = features.snapshots["account_id"].iloc[
                np.concatenate([known[day][0] for day in days])
            ]
            low, high = _interval(said, came, pd.factorize(ids)[0])
            ratio = predicted_over_observed(said, came)
            print(
                f"| {name} | {horizon} | {int(came.sum())} | {ratio:.3f} "
                f"| {low:.2f} to {high:.2f} |"
            )


def _interval(said: Floats, came: Floats, accounts: Ints) -> tuple[float, float]:
    return account_bootstrap(
        lambda weights: predicted_over_observed(said, came, weights=weights),
        accounts,
        seed=0,
    )


def _print_bands(company: _Company, configuration: Configuration) -> None:
    """How many true chances, and means of accounts of like risk, lie in their 80 % band.

    Those whose term does not end within the horizon cannot leave: told apart.
    """
    print(
        "| morning | can leave | in their band | groups | in their mean band | cannot leave |"
    )
    print("|---|---|---|---|---|---|")
    found = [_banded(company, configuration, on) for on in BANDS_ON]
    for name, parts in (
        *((str(d), [f]) for d, f in zip(BANDS_ON, found, strict=True)),
        ("all", found),
    ):
        told = pd.concat(parts, keys=range(len(parts)), names=["part"]).reset_index("part")
        free = told["chance"] > 0
        ends, chance = told.loc[free, ["low", "high"]], told.loc[free, "chance"]
        inside = chance.between(ends["low"], ends["high"])
        group = (
            told.loc[free]
            .groupby("part")["risk"]
            .transform(lambda risk: pd.qcut(risk.rank(method="first"), GROUPS, labels=False))
        )
        by = [told.loc[free, "part"], group.rename("group")]
        means = told.loc[free].groupby(by)[["low", "high", "chance"]].mean()
        held = means["chance"].between(means["low"], means["high"])
        print(
            f"| {name} | {free.sum()} | {inside.mean():.0%} | {len(held)} | {held.mean():.0%} "
            f"| {(~free).sum()}, told {told.loc[~free, 'risk'].mean():.2%} on average |"
        )


def _banded(company: _Company, configuration: Configuration, on: date) -> pd.DataFrame:
    """Each account's risk, its band and its true chance."""
    features, day = company.features, ordinal(on)
    followed, exits = _taught(features, configuration, day, bags=4)
    rows = np.flatnonzero(features.snapshots["day"].to_numpy() == day)
    meta = {"exits": {"churn": followed.exited()}}
    outcomes = configuration.project.outcomes
    risks = model_risks(
        Models(exits, None, None, meta),
        features.values.iloc[rows].reset_index(drop=True),
        features.catalogue,
        horizons=outcomes.horizons_days,
        primary=outcomes.primary_horizon_days,
        phrases=load_phrases(configuration.folder),
        currency="USD",
    )
    at = outcomes.horizons_days.index(outcomes.primary_horizon_days)
    told = pd.DataFrame(
        {
            "account_id": features.snapshots["account_id"].iloc[rows].to_numpy(),
            "risk": risks.by_horizon[:, at],
            "low": risks.low,
            "high": risks.high,
        }
    )
    truth = company.truth.loc[
        (pd.to_datetime(company.truth["as_of"]) == pd.Timestamp(day, unit="D"))
        & (company.truth["horizon_days"] == outcomes.primary_horizon_days)
    ]
    return told.merge(truth[["account_id", "chance"]], on="account_id")


def _print_realised(
    company: _Company, configuration: Configuration, horizons: Sequence[int]
) -> None:
    project, day = configuration.project, ordinal(TRIED_ON)
    early = company.early
    days = [ordinal(each) for each in origins(project, early.exits, TRIED_ON)]
    tested = backtest(early, project, origin_days=days)
    later = list(_judged(company.features, configuration, [day + 7 * w for w in (0, 4, 8, 12)]))
    print("| days | backtest | 95 % | realised | difference |\n|---|---|---|---|---|")
    for at, horizon in enumerate(horizons):
        pooled = tested.pooled("churn", horizon)
        parts = [came.followup.happened_by(horizon, cause=0) for _, _, came in later]
        known = [i for i, part in enumerate(parts) if not np.isnan(part).any()]
        if pooled is None or not known:
            continue
        realised = auc(
            np.concatenate([later[i][1][:, at] for i in known]),
            np.concatenate([parts[i] for i in known]),
        )
        _print_auc(horizon, pooled, realised)


def _print_auc(horizon: int, pooled: Pooled, realised: float) -> None:
    low, high = account_bootstrap(
        lambda weights: auc(pooled.said, pooled.happened, weights=weights),
        pooled.families,
        seed=0,
    )
    own = auc(pooled.said, pooled.happened)
    print(
        f"| {horizon} | {own:.3f} | {low:.3f} to {high:.3f} | {realised:.3f} "
        f"| {realised - own:+.3f} |"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SEED)
