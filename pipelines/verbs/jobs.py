"""The verbs that make something: features, models, scores."""

import os
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from configs.errors import ConfigError
from pipelines.verbs.options import HERE, AsOf, Config, LakeDir, as_day, as_text, out, ready

DEMO = Path(__file__).parents[2] / "configs" / "demo"
DEMO_ACCOUNTS, DEMO_SEED = 500, 7


def demo(lake: LakeDir = HERE) -> None:
    """Simulate a small company, do the whole job on it, and say where to look."""
    from pipelines.demo import simulated_company

    simulated_company(lake / "demo-data", accounts=DEMO_ACCOUNTS, seed=DEMO_SEED)
    os.environ["MILEPOST_DEMO_DATA"] = str((lake / "demo-data").absolute())
    _run(DEMO, lake, None)


def simulate(
    out_folder: Annotated[Path, typer.Argument(metavar="OUT")],
    accounts: Annotated[int, typer.Option(min=1)] = DEMO_ACCOUNTS,
    seed: Annotated[int, typer.Option(min=0)] = DEMO_SEED,
    price_shock_on: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD")] = None,
) -> None:
    """Write the tables, and the truth, of a simulated company as files."""
    from features.simulated import simulate as write_company

    shock = as_day(price_shock_on, option="--price-shock-on")
    write_company(out_folder, accounts=accounts, seed=seed, price_shock_on=shock)
    out.print(f"Tables in {out_folder}, truth in {out_folder / 'truth'}")


def build(config: Config, as_of: AsOf = None, lake: LakeDir = HERE) -> None:
    """Compute the features of every live account up to the as-of date."""
    ready(config, lake)
    from pipelines.build import build as flow

    day = flow(str(config), str(lake), as_text(as_of))
    out.print(f"Features as of {day} are in {lake}")


def backtest(config: Config, as_of: AsOf = None, lake: LakeDir = HERE) -> None:
    """Say what would have been said on past mornings, against what came true."""
    ready(config, lake)
    from configs.load import load
    from pipelines.backtest import backtest as flow
    from pipelines.backtest import figures
    from pipelines.lake import Lake

    day = flow(str(config), str(lake), as_text(as_of))
    configuration = load(config)
    store = Lake(lake, configuration.project.name)
    for line in figures(store, day, configuration):
        out.print(line, markup=False)
    out.print(f"Every figure is in {store.path('backtests', day)}")


def train(config: Config, as_of: AsOf = None, lake: LakeDir = HERE) -> None:
    """Fit, backtest, and promote the new model if it earns it."""
    ready(config, lake)
    from pipelines.train import train as flow

    out.print(flow(str(config), str(lake), as_text(as_of)))


def score(config: Config, as_of: AsOf = None, lake: LakeDir = HERE) -> None:
    """Score every live account with the model in use, and write the report."""
    ready(config, lake)
    from pipelines.score import score_accounts as flow

    _say_where(config, lake, flow(str(config), str(lake), as_text(as_of)))


def run(
    config: Config,
    as_of: AsOf = None,
    lake: LakeDir = HERE,
    watch: Annotated[
        bool, typer.Option("--watch", help="Stay, and score again whenever rows arrive.")
    ] = False,
) -> None:
    """Build, train, score and report: the main job."""
    if not watch:
        _run(config, lake, as_of)
        return
    if as_of is not None:
        raise ConfigError("--as-of", "means nothing to --watch", "Leave one of them out")
    ready(config, lake)
    from configs.load import load
    from pipelines.watch import watch as stay

    every = load(config).project.deploy.watch_every_seconds
    out.print(f"Looking for new rows every {every} seconds; Ctrl-C ends it")
    stay(str(config), str(lake), every_seconds=every, say=out.print)


VERBS = (demo, simulate, build, backtest, train, score, run)


def _run(config: Path, lake: Path, as_of: str | None) -> None:
    ready(config, lake)
    from pipelines.run import run as flow

    _say_where(config, lake, flow(str(config), str(lake), as_text(as_of)))


def _say_where(config: Path, lake: Path, day: date) -> None:
    from configs.load import load
    from configs.phrases import load_phrases
    from pipelines.lake import Lake
    from pipelines.summary import newest_scores

    project = load(config).project
    store, phrases = Lake(lake, project.name), load_phrases(config)
    for line in newest_scores(store, day, project=project, phrases=phrases):
        out.print(line, markup=False)
