"""How does the pipeline run by itself, every night, on one machine?

``milepost deploy`` tells a Prefect server when to score and when to train; a worker (or
``milepost deploy --serve``) on the machine that has the lake does it. Deploying again changes
what is there and adds nothing. One run at a time: a score that is due while a training runs
waits for it, and a second run of the same kind is cancelled rather than queued for ever.
"""

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect import Flow, get_client, serve
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment
from prefect.schedules import Cron, Schedule
from prefect.settings import PREFECT_API_URL
from prefect.types.entrypoint import EntrypointType
from prefect.workers.process import ProcessWorker

from configs.errors import ConfigError
from configs.load import Configuration
from pipelines import environment

WORK_POOL = "milepost"
ONE_AT_A_TIME = ConcurrencyLimitConfig(
    limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW
)


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A flow that takes the folders of a configuration and of a lake, and when it runs."""

    flow: "Flow[..., Any]"
    cron: str
    key: str
    """Where in project.toml the cron expression stands."""


def deploy(
    configuration: Configuration, lake: Path, *, scheduled: Sequence[Scheduled]
) -> tuple[str, ...]:
    """Tell the server what to run when; returns what an operator should read."""
    server = _server()
    with get_client(sync_client=True) as client:
        _reach(client, server)
        client.create_work_pool(
            WorkPoolCreate(
                name=WORK_POOL,
                type=ProcessWorker.type,
                description="Milepost on this machine, one run at a time",
                base_job_template=ProcessWorker.get_default_base_job_template(),
                concurrency_limit=1,
            ),
            overwrite=True,
        )
    made = _deployments(configuration, lake, scheduled=scheduled)
    told = {**environment.settings(lake), "PREFECT_LOGGING_LEVEL": "INFO"}
    variables = {"env": told, "working_dir": str(Path.cwd())}
    for each in made:
        each.job_variables = variables
        each.apply(work_pool_name=WORK_POOL)
    zone = configuration.project.deploy.timezone
    when = (
        f"  {one.full_name} at {each.cron} ({zone})"
        for one, each in zip(made, scheduled, strict=True)
    )
    start = f"Start a worker on this machine, where it stays running:\n  {worker_command(lake)}"
    return (f"The server at {server} now runs", *when, start)


def serve_here(
    configuration: Configuration, lake: Path, *, scheduled: Sequence[Scheduled]
) -> None:
    """Tell the server what to run when, and run it in this process until it is stopped."""
    with get_client(sync_client=True) as client:
        _reach(client, _server())
    serve(*_deployments(configuration, lake, scheduled=scheduled), limit=1)


def worker_command(lake: Path) -> str:
    """The one command that starts a worker for what was deployed."""
    told = {**environment.settings(lake), "PREFECT_API_URL": _server()}
    prefect = str(Path(sys.executable).with_name("prefect"))
    command = [prefect, "worker", "start", "--pool", WORK_POOL]
    return shlex.join(["env", *(f"{name}={value}" for name, value in told.items()), *command])


def _deployments(
    configuration: Configuration, lake: Path, *, scheduled: Sequence[Scheduled]
) -> list[RunnerDeployment]:
    folders = {"config": str(configuration.folder.absolute()), "lake": str(lake.absolute())}
    return [
        RunnerDeployment.from_flow(
            each.flow,
            name=configuration.project.name,
            schedule=_schedule(each, timezone=configuration.project.deploy.timezone),
            concurrency_limit=ONE_AT_A_TIME,
            parameters=folders,
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
        for each in scheduled
    ]


def _schedule(wanted: Scheduled, *, timezone: str) -> Schedule:
    try:
        return Cron(wanted.cron, timezone=timezone)
    except ValueError as wrong:
        remedy = "Write minute, hour, day of month, month and weekday, like 0 5 * * *"
        problem = f"is no cron expression; found {wanted.cron!r}"
        raise ConfigError(f"`{wanted.key}` of project.toml", problem, remedy) from wrong


def _server() -> str:
    if server := PREFECT_API_URL.value():
        return str(server)
    remedy = "Start one (`prefect server start`) and set the variable to the address it prints"
    raise ConfigError("PREFECT_API_URL", "is not set: there is no server to tell", remedy)


def _reach(client: Any, server: str) -> None:
    if (wrong := client.api_healthcheck()) is not None:
        where, remedy = f"PREFECT_API_URL={server}", "Start the server there, or correct it"
        raise ConfigError(where, f"does not answer ({wrong})", remedy) from wrong
