"""Into how many shards the accounts are cut changes nothing."""

from dataclasses import fields

import pandas as pd
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from features.assemble import FeatureSet, build_features
from features.plan import plan_of
from features.shards import ranges
from tests.builders import MORNING
from tests.features.worlds import worlds

few = settings(
    max_examples=3,
    deadline=None,
    # A world takes a second; shrinking one would take minutes.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def assert_same(one: FeatureSet, other: FeatureSet) -> None:
    """Hold two feature sets against each other, to the last bit."""
    for field in fields(FeatureSet):
        mine, theirs = getattr(one, field.name), getattr(other, field.name)
        if isinstance(mine, pd.DataFrame):
            pd.testing.assert_frame_equal(mine, theirs, check_exact=True)
        elif mine is None:
            assert theirs is None
        else:
            assert list(mine.values()) == list(theirs.values())


@given(worlds(snapshots={"every_days": 10, "first_on": "2024-12-20"}), st.integers(2, 4))
@few
def test_any_number_of_shards_gives_the_same_cells(world, shards):
    whole, day = world.build(), MORNING.date()
    cut = build_features(world.tables, world.configuration, as_of=day, shards=shards)
    assert_same(whole, cut)


@given(worlds(snapshots={"every_days": 10, "first_on": "2024-12-20"}), st.integers(1, 60))
@few
def test_every_account_is_in_one_shard_and_each_has_somebody_to_speak_of(world, shards):
    plan = plan_of(world.tables, world.configuration, MORNING.date())
    cut = list(ranges(plan, shards))
    places = [place for first, last in cut for place in range(first, last)]
    assert places == list(range(plan.accounts))
    assert all(len(plan.history(first, last).snapshots) for first, last in cut)
