"""The verbs that bring scores to where people work, and let them come by themselves."""

from typing import Annotated

import typer

from pipelines import environment
from pipelines.verbs.options import HERE, AsOf, Config, LakeDir, as_text, out


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

    for line in flow(str(config), str(lake), apply=apply, as_of=as_text(as_of)).lines():
        out.print(line)


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


VERBS = (publish, deploy)
