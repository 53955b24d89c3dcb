"""Whose use is falling: how much is left of what was four weeks before?"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from configs.phrases import Phrases
from configs.sections import Alerts
from features.assemble import FeatureSet
from serving import formats
from serving.reasons.sentences import plural
from serving.views import nearest_morning, values_on

WINDOW_DAYS = 28
ALL_USE = "active_days_28d"


@dataclass(frozen=True, slots=True)
class Fall:
    """An account's use, or the active people of a role, then and now."""

    account_id: str
    role: str
    """Empty where all use is meant."""
    before: float
    now: float
    then_on: date
    """The morning that ended the four weeks before."""
    holds: bool
    """Whether it has fallen far enough to begin; else only far enough to linger."""

    def told(self, phrases: Phrases) -> str:
        """Say it with its evidence."""
        words = phrases.alerts.role_decay if self.role else phrases.alerts.decay
        subject = phrases.subjects.get(self.role, self.role.replace("_", " "))
        return words.text.format(
            subjects=plural(subject) if subject else "",
            before=formats.count(self.before),
            now=formats.count(self.now),
            then=formats.day(self.then_on),
        )


def falls(features: FeatureSet, morning: date, settings: Alerts) -> Iterator[Fall]:
    """Compare the four weeks before a morning with the four before them, account by account.

    Nothing is said where no morning near enough to four weeks before was built.
    """
    then_on = nearest_morning(features, morning - timedelta(days=WINDOW_DAYS))
    if then_on is None:
        return
    now, before = values_on(features, morning), values_on(features, then_on)
    both = now.index.intersection(before.index)
    for role, column in _measured(features).items():
        least = settings.fewest_people if role else settings.fewest_active_days
        yield from _of_column(
            before.loc[both, column], now.loc[both, column], role, then_on, least, settings
        )


def _measured(features: FeatureSet) -> dict[str, str]:
    """Name the input that counts each role's people, and the one that counts days of use."""
    roles = {
        str(feature.subject): name
        for name, feature in features.catalogue.items()
        if feature.measure == "role_active_users" and feature.window_days == WINDOW_DAYS
    }
    return roles | ({"": ALL_USE} if ALL_USE in features.catalogue else {})


def _of_column(
    before: "pd.Series[float]",
    now: "pd.Series[float]",
    role: str,
    then_on: date,
    least: int,
    settings: Alerts,
) -> Iterator[Fall]:
    lingering = (1 + settings.decay_share) / 2
    fallen = (before >= least) & (now <= lingering * before)
    told = zip(before.index[fallen], before[fallen], now[fallen], strict=True)
    for account_id, then, left in told:
        holds = bool(left <= settings.decay_share * then)
        yield Fall(str(account_id), role, float(then), float(left), then_on, holds)
