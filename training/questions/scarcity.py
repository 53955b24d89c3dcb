"""What is too small to learn from by itself, and what stands in for it?"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from configs.project import Project
from features.asof import as_dates
from features.assemble import FeatureSet
from training.engine.followed import CHURN, Followed


def scarce(features: FeatureSet, followed: Followed, project: Project) -> Iterator[str]:
    """Say what is too small: all exits together, or those of a segment alone."""
    left, needed = followed.exited(CHURN), project.models.min_events
    if left < needed:
        day = as_dates(np.array([followed.training_day]))[0].date()
        yield (
            f"{left} accounts are known to have churned by {day}; a model needs {needed}, "
            f"{needed - left} more"
        )
        return
    segment = features.snapshots["segment"].iloc[followed.rows].astype(str).to_numpy()
    churned = followed.followup.cause == followed.causes.index(CHURN)
    by_segment = pd.Series(followed.account[churned]).groupby(segment[churned]).nunique()
    counts = {name: int(by_segment.get(name, 0)) for name in np.unique(segment)}
    yield from borrowing(counts, needed=needed)


def borrowing(churned: dict[str, int], *, needed: int) -> Iterator[str]:
    """Name each segment that has too few exits of its own, as far as there is another.

    >>> list(borrowing({"enterprise": 4, "startup": 90}, needed=30))  # doctest: +ELLIPSIS
    ['segment enterprise: 4 accounts churned, too few to learn from alone (30, 26 more); ...']
    """
    if len(churned) < 2:
        return
    for name, count in churned.items():
        if count < needed:
            yield (
                f"segment {name}: {count} accounts churned, too few to learn from alone "
                f"({needed}, {needed - count} more); its risks borrow from all accounts"
            )
