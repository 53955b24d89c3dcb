"""What may a morning read of the mornings before it?"""

from collections.abc import Sequence
from datetime import date

import pandas as pd

from configs.errors import LakeError
from features.asof import ordinal
from features.hindsight import nothing
from features.nudged import COLUMNS
from features.store import read_morning
from pipelines.feedback import feedback
from pipelines.lake import HINDSIGHT, MEASURES, NUDGED, Lake
from pipelines.manifest import read_manifest
from training.models import Models
from training.registry import Registry


class LakePast:
    """What the lake keeps of the mornings before one; see ``serving.morning.Past``."""

    def __init__(self, lake: Lake, registry: Registry, *, before: date) -> None:
        self._lake, self._registry = lake, registry
        self.before = before

    def mornings(self) -> list[date]:
        """The earlier mornings that have scores, oldest first."""
        return [day for day in self._lake.dates("scores") if day < self.before]

    def scores(
        self, morning: date, *, file: str = "accounts.parquet", columns: Sequence[str] = ()
    ) -> pd.DataFrame | None:
        """One table of one morning (all its columns unless named); None where it is not."""
        if morning >= self.before or not (self._lake.path("scores", morning) / file).is_file():
            return None
        return self._lake.read("scores", morning, file=file, columns=columns or None)

    def values(self, morning: date) -> pd.DataFrame | None:
        """Every input by account id, as it was built then; None where it was not kept."""
        try:
            return read_morning(self._lake.path("builds", morning), ordinal(morning))
        except LakeError:
            return None

    def built_alike(self, morning: date) -> bool:
        """Whether the same configuration and code built its features as built these."""
        try:
            then, now = (
                read_manifest(self._lake.path("builds", day)) for day in (morning, self.before)
            )
        except OSError:
            return False
        return all(then.get(key) == now.get(key) for key in ("configuration", "features_code"))

    def hindsight(self) -> pd.DataFrame:
        """The last earlier morning of who has rows late to it, with them."""
        if not (self._lake.path("builds", self.before) / HINDSIGHT).is_file():
            return nothing()
        return self._lake.read("builds", self.before, file=HINDSIGHT)

    def track_record(self) -> pd.DataFrame | None:
        """Every figure of the newest backtest, this morning's included; None without any."""
        days = [day for day in self._lake.dates("backtests") if day <= self.before]
        return self._lake.read("backtests", days[-1], file=MEASURES) if days else None

    def feedback(self) -> pd.DataFrame:
        """What people said of the scores of this morning or earlier ones, oldest first."""
        return feedback(self._lake, up_to=self.before)

    def nudged(self) -> pd.DataFrame:
        """The newest nudge about each milestone of each account, whoever sent it."""
        if not (self._lake.path("builds", self.before) / NUDGED).is_file():
            return pd.DataFrame(columns=list(COLUMNS))
        return self._lake.read("builds", self.before, file=NUDGED)

    def models(self, version: str) -> Models | None:
        """The models of a ``model_version`` of accounts.parquet; None where they are gone."""
        name = self._lake.name
        for each in self._registry.versions(name):
            if each.fingerprint.startswith(version):
                bundle = self._registry.bundle(name, version=each.version)
                return Models.from_bundle(bundle)
        return None
