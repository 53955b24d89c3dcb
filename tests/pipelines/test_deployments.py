import importlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from configs.errors import ConfigError
from configs.load import Configuration, load
from pipelines.lake import Lake

DEMO = Path(__file__).parents[2] / "configs" / "demo"

PLAYBOOK = """
version = 1
[[milestones]]
slug = "connected"
name = "Connected"
stage = "onboarding"
done_when = { capability = "synced", measure = "count", at_least = 1 }
expected_days = { default = 10 }
"""
FLOW = """
from pathlib import Path
from prefect import flow

@flow(name="{name}")
def note(config: str, lake: str, as_of: str | None = None) -> None:
    (Path(lake) / "{name}.txt").write_text(config)
"""


@pytest.fixture
def configuration(tmp_path) -> Configuration:
    folder = tmp_path / "configs" / "acme"
    folder.mkdir(parents=True)
    (folder / "project.toml").write_text('name = "acme"\n')
    (folder / "playbook.toml").write_text(PLAYBOOK)
    return load(folder)


@pytest.fixture
def lake(tmp_path) -> Path:
    (tmp_path / "lake").mkdir()
    return tmp_path / "lake"


def a_flow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> Any:
    """A flow in a module that a worker can import, as ours is."""
    (tmp_path / f"{name}_flow.py").write_text(FLOW.format(name=name))
    monkeypatch.syspath_prepend(str(tmp_path))
    return importlib.import_module(f"{name}_flow").note


@contextmanager
def running(command: list[str] | str, **environment: str) -> Iterator[None]:
    process = subprocess.Popen(
        command,
        shell=isinstance(command, str),
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        os.killpg(process.pid, 15)
        process.wait(30)


def until(what: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if what():
            return True
        time.sleep(0.5)
    return False


def test_without_a_server_deploying_says_how_to_start_one(configuration, lake, server_home):
    from prefect.settings import PREFECT_API_URL, temporary_settings

    from pipelines.deployments import deploy

    with (
        temporary_settings(restore_defaults={PREFECT_API_URL}),
        pytest.raises(ConfigError, match=r"PREFECT_API_URL: is not set.*prefect server start"),
    ):
        deploy(configuration, lake, scheduled=[])


def test_a_server_that_does_not_answer_is_named(configuration, lake, server_home):
    from prefect.settings import PREFECT_API_URL, temporary_settings

    from pipelines.deployments import deploy

    with (
        temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}),
        pytest.raises(ConfigError, match=r"http://127\.0\.0\.1:9/api: does not answer"),
    ):
        deploy(configuration, lake, scheduled=[])


def test_an_impossible_time_is_refused_with_its_key(
    configuration, lake, prefect_server, tmp_path, monkeypatch
):
    from pipelines.deployments import Scheduled, deploy

    flow = a_flow(tmp_path, monkeypatch, "never")
    wrong = Scheduled(flow, cron="99 5 * * *", key="deploy.score_cron")
    with pytest.raises(ConfigError, match=r"`deploy\.score_cron` of .*found '99 5 \* \* \*'"):
        deploy(configuration, lake, scheduled=[wrong])


def test_deploying_twice_leaves_one_deployment_with_one_schedule(
    configuration, lake, prefect_server, tmp_path, monkeypatch
):
    from prefect import get_client

    from pipelines.deployments import Scheduled, deploy

    flow = a_flow(tmp_path, monkeypatch, "nightly")
    deploy(configuration, lake, scheduled=[Scheduled(flow, cron="0 5 * * *", key="k")])
    said = deploy(configuration, lake, scheduled=[Scheduled(flow, cron="0 6 * * *", key="k")])
    with get_client(sync_client=True) as client:
        found = [each for each in client.read_deployments() if each.name == "acme"]
        pool = client.read_work_pool("milepost")
    assert [[str(s.schedule.cron) for s in each.schedules] for each in found] == [["0 6 * * *"]]
    assert found[0].parameters == {"config": str(configuration.folder), "lake": str(lake)}
    assert found[0].concurrency_options.collision_strategy.value == "CANCEL_NEW"
    assert (pool.type, pool.concurrency_limit) == ("process", 1)
    assert "nightly/acme at 0 6 * * * (UTC)" in "\n".join(said)


def test_a_worker_started_as_we_say_scores_when_it_is_due(lake, prefect_server, tmp_path):
    from features.simulated import simulate
    from pipelines.deployments import deploy
    from pipelines.schedules import scheduled

    simulate(tmp_path / "tables", accounts=40, seed=3)
    shutil.copytree(DEMO, tmp_path / "demo")
    with (tmp_path / "demo" / "project.toml").open("a") as project:
        project.write('\n[deploy]\nscore_cron = "* * * * *"\n')
    tables = {"MILEPOST_DEMO_DATA": str(tmp_path / "tables")}
    configuration = load(tmp_path / "demo", environment=tables)
    said = deploy(configuration, lake, scheduled=scheduled(configuration))
    scores = Lake(lake, "demo")
    with running(said[-1].splitlines()[-1].strip(), **tables):
        assert until(lambda: scores.newest("scores") is not None, seconds=200)
    accounts = scores.read("scores", scores.found("scores"), file="accounts.parquet")
    assert sorted(accounts["rank"]) == list(range(1, len(accounts) + 1))
    assert len(accounts) > 5


def test_served_here_what_is_due_runs_until_the_process_is_stopped(
    configuration, lake, prefect_server, tmp_path, monkeypatch
):
    from prefect import get_client
    from prefect.exceptions import ObjectNotFound

    a_flow(tmp_path, monkeypatch, "served")
    script = f"""
from pathlib import Path
from pipelines import environment
environment.prepare(Path({str(lake)!r}))
from configs.load import load
from pipelines.deployments import Scheduled, serve_here
from served_flow import note
configuration = load(Path({str(configuration.folder)!r}))
scheduled = [Scheduled(note, cron="0 5 * * *", key="k")]
serve_here(configuration, Path({str(lake)!r}), scheduled=scheduled)
"""

    def ask_for_a_run() -> bool:
        with get_client(sync_client=True) as client:
            try:
                found = client.read_deployment_by_name("served/acme")
            except ObjectNotFound:
                return False
            client.create_flow_run_from_deployment(found.id)
            return True

    told = {
        "PYTHONPATH": str(tmp_path),
        "PREFECT_API_URL": prefect_server,
        "PREFECT_RUNNER_POLL_FREQUENCY": "1",
    }
    with running([sys.executable, "-c", script], **told):
        assert until(ask_for_a_run, seconds=60)
        assert until((lake / "served.txt").exists, seconds=60)
