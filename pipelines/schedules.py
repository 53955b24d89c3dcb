"""Which flows run by themselves, and when?"""

from configs.load import Configuration
from pipelines.deployments import Scheduled
from pipelines.monitor import monitor
from pipelines.score import score_accounts
from pipelines.train import train


def scheduled(configuration: Configuration) -> tuple[Scheduled, ...]:
    """Scores every night after a look at data and model, a new model every week."""
    wanted = configuration.project.deploy
    return (
        Scheduled(score_accounts, wanted.score_cron, "deploy.score_cron"),
        Scheduled(monitor, wanted.monitor_cron, "deploy.monitor_cron"),
        Scheduled(train, wanted.train_cron, "deploy.train_cron"),
    )
