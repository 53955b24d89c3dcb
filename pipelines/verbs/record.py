"""The verbs that tell how well the models have done, and decide which of them speaks."""

from typing import Annotated

import typer

from pipelines.verbs.options import HERE, AsOf, Config, LakeDir, as_text, out, ready


def models(config: Config, lake: LakeDir = HERE) -> None:
    """List the models, and why each was or was not put to use."""
    from configs.load import load
    from pipelines.models import told_models

    for line in told_models(load(config).project, lake):
        out.print(line, markup=False)


def rollback(
    config: Config,
    lake: LakeDir = HERE,
    reason: Annotated[
        str, typer.Option("--reason", help="Kept with the model that goes.")
    ] = "somebody took it out of use",
) -> None:
    """Put the model before this one back to use."""
    from configs.load import load
    from pipelines.models import rolled_back

    out.print(rolled_back(load(config).project, lake, reason=reason), markup=False)


def monitor(config: Config, as_of: AsOf = None, lake: LakeDir = HERE) -> None:
    """Grade what was said, look for drift, count the rows; learn anew where it must."""
    ready(config, lake)
    from configs.load import load
    from pipelines.lake import Lake
    from pipelines.monitor import monitor as flow
    from pipelines.monitor import told

    day = flow(str(config), str(lake), as_text(as_of))
    store = Lake(lake, load(config).project.name)
    for line in told(store.read_json("monitor", day)):
        out.print(line, markup=False)
    out.print(f"Tables: {store.path('monitor', day)}", markup=False)


def tune(
    config: Config,
    as_of: AsOf = None,
    lake: LakeDir = HERE,
    trials: Annotated[int, typer.Option(min=1, help="How many more to try.")] = 40,
    timeout: Annotated[
        float | None, typer.Option(min=1, help="Seconds after which no other is begun.")
    ] = None,
    promote: Annotated[
        bool, typer.Option("--promote", help="Write what is better into project.toml.")
    ] = False,
) -> None:
    """Look for better settings of the models; running it again goes on."""
    ready(config, lake)
    from pipelines.tune import tune_models

    for line in tune_models(
        str(config), str(lake), as_text(as_of), trials=trials, timeout=timeout, promote=promote
    ):
        out.print(line, markup=False)


def study(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A study, or its number.")],
    lake: LakeDir = HERE,
    new: Annotated[bool, typer.Option("--new", help="Begin it from the template.")] = False,
) -> None:
    """Run a study of experiments/ from its manifest, and keep its figures."""
    from pipelines.study import new_study, run_study

    def heard(line: str) -> None:
        out.print(line, markup=False)

    for line in new_study(name) if new else run_study(name, lake, heard=heard):
        out.print(line, markup=False)


def compare(
    one: Annotated[str, typer.Argument(metavar="RUN")],
    other: Annotated[str, typer.Argument(metavar="RUN")],
    lake: LakeDir = HERE,
) -> None:
    """Lay two runs side by side: data, settings, inputs, figures with intervals."""
    from pipelines.compare import compared

    for line in compared(one, other, lake):
        out.print(line, markup=False)


VERBS = (models, rollback, monitor, tune, study, compare)
