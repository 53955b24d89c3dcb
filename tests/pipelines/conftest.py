import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines import environment
from tests.pipelines.commands import Said, run_alone


@pytest.fixture(scope="session")
def server_home(tmp_path_factory) -> Path:
    """Where the server and everything that Prefect writes in this session live."""
    home = tmp_path_factory.mktemp("prefect")
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")
    environment.prepare(home)
    return home


@pytest.fixture(scope="session")
def prefect_server(server_home) -> Iterator[str]:
    """A real Prefect server of its own; flows that tests call run against it."""
    from prefect.settings import (
        PREFECT_API_URL,
        PREFECT_LOGGING_TO_API_ENABLED,
        temporary_settings,
    )

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = {**environment.settings(server_home), "PREFECT_UI_ENABLED": "false"}
    app = ["--factory", "prefect.server.api.server:create_app", "--log-level", "error"]
    server = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", *app, "--host", "127.0.0.1", "--port", str(port)],
        env={**os.environ, **told},
    )
    url = f"http://127.0.0.1:{port}/api"
    try:
        _until_it_answers(f"{url}/health", server)
        # Else this process waits at its end for a server that is gone to take its logs.
        with temporary_settings({PREFECT_API_URL: url, PREFECT_LOGGING_TO_API_ENABLED: False}):
            yield url
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture(scope="session")
def laid_out(tmp_path_factory) -> Path:
    """A lake in which MLflow has laid out its tables, which takes it seconds, and no more."""
    from training.registry import Registry

    lake = tmp_path_factory.mktemp("laid-out") / "lake"
    assert Registry(lake).versions("acme") == []
    return lake


@pytest.fixture
def lake(laid_out, tmp_path) -> Path:
    """A lake that nothing was written into yet."""
    return Path(shutil.copytree(laid_out, tmp_path / "lake"))


@pytest.fixture(scope="session")
def first_run(company, tmp_path_factory) -> tuple[Path, Said]:
    """The main job, run by its command in a process of its own, without any server."""
    lake = tmp_path_factory.mktemp("first-run") / "lake"
    bare = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return lake, run_alone("run", "--config", company.config, "--lake", lake, environment=bare)


def _until_it_answers(url: str, server: "subprocess.Popen[bytes]") -> None:
    for _ in range(600):
        assert server.poll() is None, "the Prefect server has stopped"
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(f"no answer from {url}")
