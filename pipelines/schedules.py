"""Which flows run by themselves, and when?"""

from configs.load import Configuration
from pipelines.deployments import Scheduled
from pipelines.score import score_accounts
from pipelines.train import train


def scheduled(configuration: Configuration) -> tuple[Scheduled, ...]:
    """Scores every night, a new model every week, as project.toml says."""
    wanted = configuration.project.deploy
    return (
        Scheduled(score_accounts, wanted.score_cron, "deploy.score_cron"),
        Scheduled(train, wanted.train_cron, "deploy.train_cron"),
    )
