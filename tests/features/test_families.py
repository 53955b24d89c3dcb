"""All features of random worlds, against the same features computed the obvious way."""

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from features.assemble import FeatureSet
from tests.builders import MORNING, World
from tests.features.naive import Naive
from tests.features.naive_frames import completed, facts, reached, standing, steps, usage
from tests.features.worlds import worlds

few = settings(
    max_examples=8,
    deadline=None,
    # A world takes a second; shrinking one would take minutes.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def both(world: World) -> tuple[FeatureSet, Naive]:
    features = world.build()
    return features, Naive(world, MORNING)


def differences(found: pd.DataFrame, plain: pd.DataFrame) -> list[str]:
    """Cells that differ, in words, whatever the order of columns and the kind of null."""
    return [
        f"{column}, row {row}: {one!r}, plainly {other!r}"
        for column in plain
        for row, (one, other) in enumerate(zip(found[column], plain[column], strict=True))
        if not alike(one, other)
    ]


def alike(one: object, other: object) -> bool:
    if pd.isna(one) and pd.isna(other):
        return True
    is_number = isinstance(other, int | float)
    return bool(one == (pytest.approx(other, abs=1e-9) if is_number else other))


@given(worlds(snapshots={"every_days": 10, "first_on": "2024-12-20"}))
@few
def test_every_cell_is_what_a_plain_reading_gives(world):
    features, naive = both(world)
    rows = features.snapshots[["account_id", "day"]].itertuples(index=False, name=None)
    assert list(rows) == [snapshot.key for snapshot in naive.snapshots]
    assert set(features.catalogue) == set(naive.values)
    for found, plain in (
        (features.values, naive.values),
        (features.snapshots, facts(naive)),
        (features.steps, steps(naive)),
        (features.standing, standing(naive)),
        (features.usage, usage(naive)),
        (features.reached, reached(naive)),
        (features.completed, completed(naive)),
    ):
        assert differences(found, plain) == []
