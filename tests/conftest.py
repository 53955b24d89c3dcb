"""How all tests are run: one thread each, as many examples as usual, and no deadlines."""

import os
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
