"""How near do the scores come to the truth, where the truth is known?

Simulates a company, scores it on past mornings with models that were taught only what was
known that morning, and holds the chance of leaving against the true chance and against what
came. Part of the truth (engagement, trouble, the sponsor) is hidden from the models for good.
With ``--days-alone`` a period in which a term ends counts like any other.
"""

import os
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from configs.load import load
from features.asof import ordinal
from features.assemble import FeatureSet, build_features
from features.simulated import simulate
from features.sources import open_source
from training.engine import terms
from training.engine.followed import CHURN, follow
from training.proof.metrics import auc, ece, predicted_over_observed
from training.questions.exits import fit_exits

ROOT = Path(__file__).parents[2]
ACCOUNTS = 3000
COLUMNS = ("said", "chance", "happened")
HORIZONS = (30, 60, 90, 180)
MORNINGS = tuple(date(2025, 6, 30) + timedelta(days=28 * step) for step in range(7))
"""Mornings of the truth whose 180 days have passed by the end of the simulated data."""


def main(seed: int) -> None:
    """Print, per horizon, the AUC of what was said and of the truth, and both levels."""
    with tempfile.TemporaryDirectory() as folder:
        company = Path(folder)
        simulate(company, accounts=ACCOUNTS, seed=seed)
        os.environ["MILEPOST_DEMO_DATA"] = folder
        said = _said_on_past_mornings()
        judged = said.merge(_truth(company), on=["account_id", "as_of", "horizon"], how="left")
        judged["happened"] = _happened(judged, company)
    print(f"{ACCOUNTS} accounts, seed {seed}, {len(MORNINGS)} mornings\n")
    print(
        "| days | scored | left | AUC said | AUC true "
        "| way covered | said/came | true/came | ECE | off the truth |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for horizon in HORIZONS:
        _print_row(horizon, judged.loc[judged["horizon"] == horizon])


def _print_row(horizon: int, rows: pd.DataFrame) -> None:
    known = rows.dropna(subset="chance")
    said, true, came = (known[c].to_numpy(dtype=float) for c in COLUMNS)
    ours, best = auc(said, came), auc(true, came)
    # An account that left unknown to us has no truth any more, but it was scored, and it left.
    all_said, all_came = (rows[c].to_numpy(dtype=float) for c in ("said", "happened"))
    print(
        f"| {horizon} | {len(rows)} | {int(all_came.sum())} | {ours:.3f} | {best:.3f} "
        f"| {(ours - 0.5) / (best - 0.5):.1%} "
        f"| {predicted_over_observed(all_said, all_came):.3f} "
        f"| {predicted_over_observed(true, came):.3f} | {ece(all_said, all_came):.4f} "
        f"| {np.sqrt(((said - true) ** 2).mean()):.4f} |"
    )


def _said_on_past_mornings() -> pd.DataFrame:
    configuration = load(ROOT / "configs" / "demo")
    source = open_source(configuration.project, configuration.folder)
    parts = []
    for morning in MORNINGS:
        features = build_features(source.tables, configuration, as_of=morning)
        followed = follow(features, training_day=ordinal(morning), every_days=28, min_events=30)
        exits = fit_exits(features, followed, configuration.project, bags=0)
        rows = _today(features, morning)
        curves = exits.curves(features.values.iloc[rows])
        for horizon in HORIZONS:
            parts.append(
                pd.DataFrame(
                    {
                        "account_id": features.snapshots["account_id"].iloc[rows].to_numpy(),
                        "as_of": morning,
                        "horizon": horizon,
                        "said": curves.incidence_at(CHURN, horizon),
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def _today(features: FeatureSet, morning: date) -> np.ndarray:
    return np.flatnonzero(features.snapshots["day"].to_numpy() == ordinal(morning))


def _truth(company: Path) -> pd.DataFrame:
    risks = pd.read_parquet(company / "truth" / "risks.parquet")
    leaving = risks.loc[risks["milestone"].isna()].rename(columns={"horizon_days": "horizon"})
    return leaving[["account_id", "as_of", "horizon", "chance"]]


def _happened(judged: pd.DataFrame, company: Path) -> np.ndarray:
    exits = pd.read_parquet(company / "exits.parquet").set_index("account_id")
    own = exits.reindex(judged["account_id"])
    wait = own["exited_at"].to_numpy() - pd.to_datetime(judged["as_of"]).to_numpy()
    days = wait / np.timedelta64(1, "D")
    return ((own["cause"] == CHURN).to_numpy() & (days < judged["horizon"])).astype(float)


if __name__ == "__main__":
    if "--days-alone" in sys.argv:
        terms.RENEWAL = "no input of this name"
    seeds = [int(word) for word in sys.argv[1:] if word.isdigit()]
    main(seeds[0] if seeds else 11)
