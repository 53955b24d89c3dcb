"""Does a tuning study of real size come to its end, and are its settings better later on?

`milepost tune` looks for settings on the past of one autumn morning of a simulated company, for
so many minutes, and writes them down if they are better where they were not chosen. Half a year
later the best it found are held against those it began with, at four mornings after the one it
was run on: none of them can have had a part in the choice.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

from configs.load import load
from features.asof import ordinal
from features.assemble import build_features
from features.plan import origins
from features.simulated import LAST_DAY, simulate
from features.sources import open_source
from training.proof.metrics import account_bootstrap
from training.registry import Registry
from training.tuning import SPACE, origins_to_judge, scores_by_row

ROOT = Path(__file__).parents[2]
TUNED_ON = date(2025, 10, 1)
ORIGINS, EVERY_DAYS = 4, 56
Settings = Mapping[str, int | float]


def main(accounts: int, minutes: float, seed: int, lake: Path) -> None:
    """Tune, then print what was tried and what it gained later, as Markdown."""
    home = lake / "tuning-study"
    shutil.rmtree(home, ignore_errors=True)
    simulate(home / "data", accounts=accounts, seed=seed)
    os.environ["MILEPOST_DEMO_DATA"] = str(home / "data")
    config = home / "configs" / "demo"
    shutil.copytree(ROOT / "configs" / "demo", config)
    began = time.monotonic()
    said = _tuned(config, home, minutes)
    wall = (time.monotonic() - began) / 60
    print(f"{accounts} accounts, seed {seed}, tuned on {TUNED_ON}; {wall:.0f} minutes in all\n")
    print("\n".join(f"    {line}" for line in said.splitlines()))
    current, best = _settings(home)
    _later(config, current, best)


def _tuned(config: Path, home: Path, minutes: float) -> str:
    """Run the verb as anybody would; its progress goes to standard error."""
    command = [str(Path(sys.executable).with_name("milepost")), "tune", "--config", str(config)]
    asked = ["--lake", str(home), "--as-of", TUNED_ON.isoformat(), "--trials", "10000"]
    more = ["--timeout", str(max(60 * minutes, 1.0)), "--promote"]
    done = subprocess.run([*command, *asked, *more], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"milepost tune ended with status {done.returncode}")
    return done.stdout.replace(f"{home}/", "")


def _settings(home: Path) -> tuple[Settings, Settings]:
    """Those it began with, and the best that it found."""
    now = load(ROOT / "configs" / "demo").project.models
    (run,) = [r for r in Registry(home).runs("demo") if r.tags.get("kind") == "tuning"]
    found = {name: run.params[f"models.{name}"] for name in SPACE}
    current = {name: getattr(now, name) for name in SPACE}
    best = {n: type(current[n])(float(value)) for n, value in found.items()}
    return current, best


def _later(config: Path, current: Settings, best: Settings) -> None:
    """Print both settings' integrated Brier score at mornings after the one tuned on."""
    configuration = load(config)
    project = configuration.project
    backtest = project.backtest.model_copy(
        update={"origins": ORIGINS, "every_days": EVERY_DAYS}
    )
    asked = replace(configuration, project=project.model_copy(update={"backtest": backtest}))
    source = open_source(project, configuration.folder)
    today = date.fromordinal(LAST_DAY.toordinal() + 1)
    features = build_features(source.tables, asked, as_of=today)
    days = [day for day in origins(asked.project, features.exits, today) if day >= TUNED_ON]
    judged = origins_to_judge(features, asked.project, [ordinal(day) for day in days])
    print("\n### At mornings after the one it was tuned on\n")
    print(
        "| morning | accounts | before | tuned | smaller by | 95 % |\n|---|---|---|---|---|---|"
    )
    ours, theirs, who = [], [], []
    for day, origin in zip(sorted(days, reverse=True), judged, strict=True):
        theirs.append(scores_by_row(features, asked.project, origin, current))
        ours.append(scores_by_row(features, asked.project, origin, best))
        who.append(origin.accounts)
        _row(str(day), theirs[-1], ours[-1], who[-1])
    _row("all", np.concatenate(theirs), np.concatenate(ours), np.concatenate(who))


def _row(name: str, theirs: np.ndarray, ours: np.ndarray, accounts: np.ndarray) -> None:
    def margin(weights: np.ndarray) -> float:
        return float(1 - (weights * ours).sum() / (weights * theirs).sum())

    low, high = account_bootstrap(margin, accounts, seed=1)
    print(
        f"| {name} | {len(ours)} | {theirs.mean():.5f} | {ours.mean():.5f} "
        f"| {margin(np.ones(len(ours))):+.2%} | {low:+.2%} to {high:+.2%} |"
    )


if __name__ == "__main__":
    _accounts, _minutes, _seed, _lake = sys.argv[1:] or ("3000", "20", "31", "lake")
    main(int(_accounts), float(_minutes), int(_seed), Path(_lake).absolute())
