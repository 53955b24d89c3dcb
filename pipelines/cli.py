"""The command line: one verb for each thing a person or a scheduler asks of Milepost.

Whatever was foreseen to go wrong is one line on standard error and exit status 2; anything else
is one line and status 1, and ``--debug`` shows where it came from.
"""

import os
import sys
import traceback
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from configs.errors import ConfigError, MilepostError
from pipelines import environment

DEMO = Path(__file__).parents[1] / "configs" / "demo"
DEMO_ACCOUNTS, DEMO_SEED = 500, 7

app = typer.Typer(
    name="milepost",
    help="When will each customer reach its next milestone, how likely is it to leave, "
    "why, and what helps?",
    epilog="With --debug, an error shows where in the code it came from.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
out = Console(highlight=False, soft_wrap=True)

Config = Annotated[
    Path, typer.Option("--config", help="Folder of project.toml and playbook.toml.")
]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="YYYY-MM-DD", help="Morning of the statement."),
]
LakeDir = Annotated[Path, typer.Option("--lake", help="Folder that all outputs go to.")]
HERE = Path("lake")


@app.command()
def demo(lake: LakeDir = HERE) -> None:
    """Simulate a small company, do the whole job on it, and say where to look."""
    from pipelines.demo import simulated_company

    simulated_company(lake / "demo-data", accounts=DEMO_ACCOUNTS, seed=DEMO_SEED)
    os.environ["MILEPOST_DEMO_DATA"] = str((lake / "demo-data").absolute())
    _run(DEMO, lake, None)


@app.command()
def simulate(
    out_folder: Annotated[Path, typer.Argument(metavar="OUT")],
    accounts: Annotated[int, typer.Option(min=1)] = DEMO_ACCOUNTS,
    seed: Annotated[int, typer.Option(min=0)] = DEMO_SEED,
    price_shock_on: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD")] = None,
) -> None:
    """Write the tables, and the truth, of a simulated company as files."""
    from features.simulated import simulate as write_company

    shock = None if price_shock_on is None else _day(price_shock_on, option="--price-shock-on")
    write_company(out_folder, accounts=accounts, seed=seed, price_shock_on=shock)
    out.print(f"Tables in {out_folder}, truth in {out_folder / 'truth'}")


@app.command()
def check(config: Config, as_of: AsOf = None) -> None:
    """Validate configuration and data, and say what can be learnt from them."""
    from pipelines.check import readiness

    for line in readiness(config, _day(as_of), today=date.today()):
        out.print(line)


@app.command()
def build(config: Config, as_of: AsOf = None, lake: LakeDir = HERE) -> None:
    """Compute the features of every live account up to the as-of date."""
    _ready(config, lake)
    from pipelines.build import build as flow

    day = flow(str(config), str(lake), _text(as_of))
    out.print(f"Features as of {day} are in {lake}")


@app.command()
def train(config: Config, as_of: AsOf = None, lake: LakeDir = HERE) -> None:
    """Fit, backtest, and promote the new model if it earns it."""
    _ready(config, lake)
    from pipelines.train import train as flow

    out.print(flow(str(config), str(lake), _text(as_of)))


@app.command()
def score(config: Config, as_of: AsOf = None, lake: LakeDir = HERE) -> None:
    """Score every live account with the model in use, and write the report."""
    _ready(config, lake)
    from pipelines.score import score_accounts as flow

    _say_where(config, lake, flow(str(config), str(lake), _text(as_of)))


@app.command()
def run(config: Config, as_of: AsOf = None, lake: LakeDir = HERE) -> None:
    """Build, train, score and report: the main job."""
    _run(config, lake, as_of)


@app.command()
def publish(
    config: Config,
    as_of: AsOf = None,
    lake: LakeDir = HERE,
    apply: Annotated[
        bool, typer.Option("--apply", help="Write; without it, only say.")
    ] = False,
) -> None:
    """Send the newest scores to the configured sinks; a dry run unless --apply."""
    environment.prepare(lake)
    from pipelines.publish import publish as flow

    for line in flow(str(config), str(lake), apply=apply, as_of=_text(as_of)).lines():
        out.print(line)


@app.command()
def deploy(
    config: Config,
    lake: LakeDir = HERE,
    serve: Annotated[bool, typer.Option("--serve", help="Stay, and run them here.")] = False,
) -> None:
    """Let a Prefect server score every night and train every week."""
    environment.prepare(lake)
    from configs.load import load
    from pipelines.deployments import deploy as register
    from pipelines.deployments import serve_here
    from pipelines.schedules import scheduled

    configuration = load(config)
    if serve:
        serve_here(configuration, lake, scheduled=scheduled(configuration))
        return
    for line in register(configuration, lake, scheduled=scheduled(configuration)):
        out.print(line)


def _ready(config: Path, lake: Path) -> None:
    """Refuse what is wrong with the files at once, before Prefect starts."""
    from configs.load import load
    from features.sources import open_source

    configuration = load(config)
    open_source(configuration.project, configuration.folder)
    environment.prepare(lake)


def _run(config: Path, lake: Path, as_of: str | None) -> None:
    _ready(config, lake)
    from pipelines.run import run as flow

    _say_where(config, lake, flow(str(config), str(lake), _text(as_of)))


def _say_where(config: Path, lake: Path, day: date) -> None:
    from configs.load import load
    from configs.phrases import load_phrases
    from pipelines.lake import Lake
    from pipelines.summary import newest_scores

    project = load(config).project
    store, phrases = Lake(lake, project.name), load_phrases(config)
    for line in newest_scores(store, day, project=project, phrases=phrases):
        out.print(line, markup=False)


def _text(as_of: str | None) -> str | None:
    day = _day(as_of)
    return None if day is None else day.isoformat()


def _day(written: str | None, *, option: str = "--as-of") -> date | None:
    try:
        return None if written is None else date.fromisoformat(written)
    except ValueError:
        raise ConfigError(option, f"{written!r} is no date", "Write it as 2026-01-31") from None


def main() -> None:
    """Run one verb and turn what goes wrong into one line."""
    debug = "--debug" in sys.argv
    sys.argv = [word for word in sys.argv if word != "--debug"]
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "INFO" if debug else "CRITICAL")
    sys.exit(_status(app, debug=debug))


def _status(command: Callable[[], object], *, debug: bool) -> int:
    try:
        command()
    except MilepostError as foreseen:
        if debug:
            raise
        _tell(str(foreseen), foreseen)
        return 2
    except Exception as unforeseen:
        if debug:
            raise
        said = " ".join(str(unforeseen).split()) or type(unforeseen).__name__
        _tell(f"milepost: {said}. Run it again with --debug to see where.", unforeseen)
        return 1
    return 0


def _tell(line: str, wrong: Exception) -> None:
    print(" ".join(line.split()), file=sys.stderr)  # noqa: T201
    # Else Prefect keeps the frames, they keep DuckDB, and DuckDB complains of it at the end.
    traceback.clear_frames(wrong.__traceback__)
