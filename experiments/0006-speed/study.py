"""How long do learning, explaining and scoring take, on one core, beside others?

Times CPU seconds side by side in one run, on a simulated company. The rivals that are no
dependency of this project are put into a throw-away environment by uv.
"""

import cProfile
import os
import pstats
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
import shap

from configs.load import Configuration, load
from configs.phrases import load_phrases
from features.assemble import FeatureSet, build_features
from features.simulated import simulate
from features.sources import open_source
from pipelines.asof import default_as_of
from serving.reasons.explain import contributions
from serving.score import score
from training.engine.followed import CHURN, Followed, follow
from training.engine.slicing import horizon_weights, sliced
from training.fit import fit_models
from training.models import Models
from training.proof.backtest import backtest
from training.questions import exits as exit_models
from training.questions.exits import ExitModel, fit_exits

ROOT, HERE = Path(__file__).parents[2], Path(__file__).parent
ACCOUNTS, SEED = 3000, 11
ROWS, EXPLAINED, COMPARED = 50_000, 50_000, 1_000
SCORED, BOOK, BOOKED = 1_000_000, 50_000, 20_000
"""Accounts to score, how many at once, and how many are simulated to take them from."""
RIVALS_MAY_TAKE = 1200
"""Seconds by the clock."""
NEEDED = ("scikit-learn==1.7.2", "hazardous==0.2.0", "xgboost-cpu==3.2.0")
PARTS = {
    "reasons in words": ("wording.py", "reasons"),
    "splitting the score (explain)": ("explain.py", "contributions"),
    "rates of all hazards, bags and periods": ("hazard.py", "daily_rates"),
    "next steps and messages": ("score.py", "_with_next_step"),
    "milestones (with their rates)": ("score.py", "_milestones"),
}


def main() -> None:
    """Print every timing as Markdown."""
    os.environ["OMP_NUM_THREADS"] = "1"
    exit_models.WORKERS = 1
    with tempfile.TemporaryDirectory() as folder:
        features, configuration = _simulated(Path(folder), ACCOUNTS)
        taught = _fitting(features, configuration, Path(folder))
    _explaining(features, taught)
    with tempfile.TemporaryDirectory() as folder:
        big, _ = _simulated(Path(folder), BOOKED)
    _scoring(features, configuration, big)


def _simulated(folder: Path, accounts: int) -> tuple[FeatureSet, Configuration]:
    simulate(folder, accounts=accounts, seed=SEED)
    os.environ["MILEPOST_DEMO_DATA"] = str(folder)
    configuration = load(ROOT / "configs/demo")
    source = open_source(configuration.project, configuration.folder)
    as_of = default_as_of(source, today=pd.Timestamp.max.date())
    return build_features(source.tables, configuration, as_of=as_of), configuration


def _fitting(features: FeatureSet, configuration: Configuration, folder: Path) -> ExitModel:
    """Learn leaving from 50 000 snapshots, and have the rivals learn from the same."""
    day = int(features.snapshots["day"].max())
    followed = follow(features, training_day=day, every_days=7, min_events=30)
    chosen = np.linspace(0, len(followed.rows) - 1, ROWS).astype(np.int64)
    some = _taken(followed, chosen)
    start = time.process_time()
    exits = fit_exits(features, some, configuration.project, bags=0)
    ours = time.process_time() - start
    inputs = exits.matrix(features.values.iloc[some.rows]).values
    np.savez(
        folder / "rows.npz",
        inputs=inputs,
        days=np.maximum(some.followup.days, 0.5),
        cause=some.followup.cause,
    )
    print(f"### Learning from {ROWS:,} snapshots, {inputs.shape[1]} columns\n")
    print("| who | CPU seconds |\n|---|---|")
    print(f"| Milepost: {len(exits.hazards)} causes, levels | {ours:.1f} |", flush=True)
    _rivals(folder)
    return exits


def _taken(followed: Followed, rows: np.ndarray) -> Followed:
    return replace(
        followed,
        rows=followed.rows[rows],
        day=followed.day[rows],
        account=followed.account[rows],
        followup=followed.followup.take(rows),
    )


def _rivals(folder: Path) -> None:
    uv, python = ROOT / ".venv/bin/uv", folder / "rivals/bin/python"
    quiet = [str(uv), "pip", "install", "--quiet", "--python", str(python)]
    subprocess.run([str(uv), "venv", "--quiet", str(folder / "rivals")], check=True)
    subprocess.run([*quiet, *NEEDED], check=True)
    told = [str(python), str(HERE / "rivals.py"), str(folder / "rows.npz")]
    try:
        alone = {**os.environ, "OMP_NUM_THREADS": "1"}
        subprocess.run(told, check=True, env=alone, timeout=RIVALS_MAY_TAKE)
    except subprocess.TimeoutExpired:
        print(f"| the next rival | not done when {RIVALS_MAY_TAKE} seconds had passed |")


def _explaining(features: FeatureSet, exits: ExitModel) -> None:
    """Split scores by look-up, and by shap on the same booster and rows."""
    rows = np.resize(np.arange(len(features.values)), EXPLAINED)
    matrix = exits.matrix(features.values.iloc[rows])
    hazard = exits.hazards[CHURN]
    rates = hazard.daily_rates(matrix.take(rows[:COMPARED]))
    weights = horizon_weights(rates, periods=hazard.periods, horizon_days=90)
    explained = sliced(hazard, weights, reference=matrix)
    contributions(explained, matrix.take(np.arange(10)))
    ours, found = _cpu(lambda: contributions(explained, matrix))
    booster = lightgbm.Booster(model_str=explained.booster.model_to_string())
    tree_explainer = shap.TreeExplainer(booster)
    some = matrix.values[:COMPARED]
    theirs, expected = _cpu(lambda: tree_explainer.shap_values(some))
    ratio = (EXPLAINED / ours) / (COMPARED / theirs)
    apart = np.abs(found[:COMPARED] - expected).max()
    print("\n### Explaining, one core\n\n| who | rows per CPU second |\n|---|---|")
    print(f"| Milepost, {EXPLAINED:,} rows | {EXPLAINED / ours:,.0f} |")
    print(f"| shap.TreeExplainer, {COMPARED:,} of them | {COMPARED / theirs:,.0f} |")
    print(f"\n{ratio:.1f} times, equal to {apart:.1e}.", flush=True)


def _cpu(work: Callable[[], np.ndarray]) -> tuple[float, np.ndarray]:
    start = time.process_time()
    found = work()
    return time.process_time() - start, np.asarray(found)


def _scoring(features: FeatureSet, configuration: Configuration, big: FeatureSet) -> None:
    """Score a million accounts whose features are ready, book by book; say what dominates."""
    day = int(features.snapshots["day"].max())
    models = _models(features, configuration, day)
    chosen = np.random.default_rng(SEED).permutation(len(big.values))[:SCORED]
    spent, steps, profile = 0.0, 0, cProfile.Profile(time.process_time)
    for start in range(0, len(chosen), BOOK):
        book = _book(big, np.sort(chosen[start : start + BOOK]), day)
        steps += len(book.steps)
        before = time.process_time()
        _score(book, models, configuration, day)
        spent += time.process_time() - before
        if start == 0:
            profile.runcall(_score, book, models, configuration, day)
    print(f"\n### Scoring {len(chosen):,} accounts, both questions, all horizons, reasons\n")
    print(f"{len(chosen) / spent:,.0f} accounts per second and core ({spent:.1f} CPU seconds)")
    print(
        f"with {steps / len(chosen):.1f} open milestones each, in books of {BOOK:,}.", end=" "
    )
    print("Of the first book, under the profiler:\n")
    _print_parts(pstats.Stats(profile))


def _score(book: FeatureSet, models: Models, configuration: Configuration, day: int) -> None:
    score(
        book,
        models,
        configuration,
        as_of=pd.Timestamp(day, unit="D").date(),
        version="speed",
        is_promoted=True,
        phrases=load_phrases(configuration.folder),
    )


def _print_parts(told: pstats.Stats) -> None:
    stats: dict[tuple[str, int, str], tuple[int, int, float, float, object]]
    stats = told.stats  # type: ignore[attr-defined]
    whole = max(cumulative for _, _, _, cumulative, _ in stats.values())
    print("| part | share |\n|---|---|")
    for name, (file, function) in PARTS.items():
        spent = sum(s[3] for k, s in stats.items() if k[0].endswith(file) and k[2] == function)
        print(f"| {name} | {spent / whole:.0%} |")


def _models(features: FeatureSet, configuration: Configuration, day: int) -> Models:
    project = configuration.project
    tested = backtest(features, project, origin_days=[day - 120])
    found = fit_models(features, project, tested, training_day=day, champion=None)
    assert found is not None
    models, _ = found
    skill = {**models.meta["skill"], "churn": {**models.meta["skill"]["churn"]}}
    skill["churn"]["has_skill"] = True
    return replace(models, meta={**models.meta, "skill": skill})


def _book(features: FeatureSet, rows: np.ndarray, day: int) -> FeatureSet:
    """A book of accounts, no two alike: each is what some account was on some morning."""
    taken = features.snapshots.iloc[rows]
    names = taken["account_id"].astype(str) + "-" + taken["day"].astype(str)
    place = pd.Series(np.arange(len(rows)), index=rows)
    steps = features.steps.loc[features.steps["snapshot"].isin(rows)]
    own = pd.DataFrame({"account_id": taken["account_id"], "named": names})
    standing = own.merge(features.standing, on="account_id")
    return replace(
        features,
        snapshots=taken.assign(account_id=names, day=day).reset_index(drop=True),
        values=features.values.iloc[rows].reset_index(drop=True),
        steps=steps.assign(snapshot=steps["snapshot"].map(place)).reset_index(drop=True),
        standing=standing.drop(columns="account_id").rename(columns={"named": "account_id"}),
    )


if __name__ == "__main__":
    sys.exit(main())
