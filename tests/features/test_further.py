"""A build that is taken further is the one that is made anew, byte for byte."""

import tempfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from features import met
from features.stream import write_in_shards
from tests.builders import MORNING, World
from tests.features.worlds import worlds

some_worlds = worlds(snapshots={"every_days": 7, "first_on": "2024-12-20"})
few = settings(
    max_examples=2,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def written(world: World, days_ago: int, folder: Path, **asked):
    folder.mkdir()
    day = (MORNING - pd.Timedelta(days=days_ago)).date()
    return write_in_shards(world.tables, world.configuration, folder, as_of=day, **asked)


def assert_same_bytes(one: Path, other: Path) -> None:
    assert {path.name for path in one.iterdir()} == {path.name for path in other.iterdir()}
    for path in (*filter(Path.is_file, one.iterdir()), one / met.FOLDER / met.FILE):
        told = path.relative_to(one)
        assert path.read_bytes() == (other / told).read_bytes(), str(told)


def before_late_rows(world: World, late: dict[str, int]) -> World:
    """The world before some rows of some tables had come, whenever they say to be known.

    Those of whom nobody knows use what the playbook names, and stay.
    """
    frames = {}
    for name, frame in world.frames.items():
        may_go = frame.index[frame["account_id"] != "nobody"]
        frames[name] = frame.drop(may_go[len(may_go) - late.get(name, 0) :])
    return replace(world, frames={n: f for n, f in frames.items() if len(f) or n == "activity"})


late_rows = st.dictionaries(
    st.sampled_from(["activity", "users", "touches", "contracts", "achievements"]),
    st.integers(0, 2),
    max_size=2,
)


@given(some_worlds, late_rows, st.lists(st.integers(0, 25), min_size=2, max_size=3), st.data())
@few
def test_whatever_arrives_when_the_next_build_is_the_one_made_anew(world, late, days_ago, data):
    with tempfile.TemporaryDirectory() as home:
        before = None
        for number, ago in enumerate(sorted(days_ago, reverse=True)):
            known = before_late_rows(world, late) if number == 0 else world
            further, anew = Path(home) / f"further{number}", Path(home) / f"anew{number}"
            shards = data.draw(st.integers(1, 3))
            written(known, ago, further, before=before, shards=shards)
            written(known, ago, anew)
            assert_same_bytes(further, anew)
            before = further
