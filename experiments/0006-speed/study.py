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
SCORED = 20_000
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
        simulate(Path(folder), accounts=ACCOUNTS, seed=SEED)
        os.environ["MILEPOST_DEMO_DATA"] = folder
        configuration = load(ROOT / "configs/demo")
        source = open_source(configuration.project, configuration.folder)
        today = pd.Timestamp.max.date()
        as_of = default_as_of(source, today=today)
        features = build_features(source.tables, configuration, as_of=as_of)
        taught = _fitting(features, configuration, Path(folder))
    _explaining(features, taught)
    _scoring(features, configuration)


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


def _scoring(features: FeatureSet, configuration: Configuration) -> None:
    """Score a book of many accounts, whose features are ready, and say what dominates."""
    day = int(features.snapshots["day"].max())
    models = _models(features, configuration, day)
    book = _many(features, day)

    def scored() -> object:
        return score(
            book,
            models,
            configuration,
            as_of=pd.Timestamp(day, unit="D").date(),
            version="speed",
            is_promoted=True,
            phrases=load_phrases(configuration.folder),
        )

    start = time.process_time()
    scored()
    spent = time.process_time() - start
    profile = cProfile.Profile(time.process_time)
    profile.runcall(scored)
    print(f"\n### Scoring {SCORED:,} accounts, both questions, all horizons, reasons\n")
    print(f"{SCORED / spent:,.0f} accounts per second and core ({spent:.1f} CPU seconds)")
    print(f"with {len(book.steps) / SCORED:.1f} open milestones each. Under the profiler:\n")
    _print_parts(pstats.Stats(profile))


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


def _many(features: FeatureSet, day: int) -> FeatureSet:
    """As many accounts as asked for: those of the last morning, over and over, renamed."""
    today = np.flatnonzero((features.snapshots["day"] == day).to_numpy())
    copies = -(-SCORED // len(today))
    rows = np.tile(today, copies)[:SCORED]
    copy = np.repeat(np.arange(copies), len(today))[:SCORED]
    snapshots = features.snapshots.iloc[rows].reset_index(drop=True)
    names = snapshots["account_id"] + "-" + pd.Series(copy.astype(str))
    steps = features.steps.loc[features.steps["snapshot"].isin(today)]
    place = pd.Series(np.arange(len(today)), index=today)
    own = steps.assign(snapshot=steps["snapshot"].map(place))
    many = pd.concat(
        [own.assign(snapshot=own["snapshot"] + number * len(today)) for number in range(copies)]
    )
    standing = pd.concat(
        [
            features.standing.assign(account_id=features.standing["account_id"] + f"-{number}")
            for number in range(copies)
        ]
    )
    return replace(
        features,
        snapshots=snapshots.assign(account_id=names),
        values=features.values.iloc[rows].reset_index(drop=True),
        steps=many.loc[many["snapshot"] < SCORED].reset_index(drop=True),
        standing=standing.loc[standing["account_id"].isin(set(names))].reset_index(drop=True),
    )


if __name__ == "__main__":
    sys.exit(main())
