"""The main job: from tables to ranked, explained accounts, in one go."""

from datetime import date

from prefect import flow

from pipelines.monitor import monitor
from pipelines.score import score_accounts
from pipelines.train import train


@flow(name="run")
def run(config: str, lake: str, as_of: str | None = None) -> date:
    """Build features, train, look after both, score and report, as of one morning."""
    train(config, lake, as_of)
    monitor(config, lake, as_of)
    return score_accounts(config, lake, as_of)
