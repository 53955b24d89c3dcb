"""What does a newcomer without any data run?"""

from pathlib import Path

from features.simulated import simulate
from pipelines.progress import Progress


def simulated_company(folder: Path, *, accounts: int, seed: int) -> None:
    """Simulate a small company's tables into a folder."""
    with Progress().step(f"simulate a company of {accounts} accounts"):
        simulate(folder, accounts=accounts, seed=seed)
