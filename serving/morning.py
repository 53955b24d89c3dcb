"""What is known on a morning, and what was said on the mornings before it?

Whatever is made of a morning's scores besides the scores themselves is made from this.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import pandas as pd

from configs.load import Configuration
from configs.phrases import Phrases
from features.assemble import FeatureSet
from training.models import Models


class Past(Protocol):
    """What earlier mornings left in the lake; nothing of this morning or later."""

    def mornings(self) -> list[date]:
        """The mornings that have scores, oldest first."""

    def scores(
        self, morning: date, *, file: str = "accounts.parquet", columns: Sequence[str] = ()
    ) -> pd.DataFrame | None:
        """One table of one morning (all its columns unless named); None where it is not."""

    def values(self, morning: date) -> pd.DataFrame | None:
        """Every input by account id, as it was built then; None where it was not kept."""

    def hindsight(self) -> pd.DataFrame:
        """account_id and every input on the last of these mornings, as if no row had come late
        to it; of the accounts that have such rows alone.
        """

    def built_alike(self, morning: date) -> bool:
        """Whether the same configuration and code built its features as built these."""

    def track_record(self) -> pd.DataFrame | None:
        """Every figure of the newest backtest, this morning's included; None without any."""

    def feedback(self) -> pd.DataFrame:
        """What people said of the scores of this morning or earlier ones, oldest first."""

    def nudged(self) -> pd.DataFrame:
        """The newest nudge about each milestone of each account (account_id, milestone,
        nudged_at), whoever sent it, as known this morning.
        """

    def models(self, version: str) -> Models | None:
        """The models of a ``model_version`` of accounts.parquet; None where they are gone."""


@dataclass(frozen=True, slots=True, eq=False)
class Morning:
    """One morning: what was known, what scored it, and the scores."""

    as_of: date
    features: FeatureSet
    models: Models | None
    configuration: Configuration
    phrases: Phrases
    accounts: pd.DataFrame
    """As in accounts.parquet."""
    milestones: pd.DataFrame
    """As in milestones.parquet."""
    past: Past
