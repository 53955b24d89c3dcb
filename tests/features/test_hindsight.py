"""An earlier morning in hindsight: what it would have been, had no row come late to it."""

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from features import hindsight as module
from features.asof import ordinal
from features.hindsight import CAN_BE_LATE, hindsight, hindsight_in
from features.stream import write_in_shards
from tests.builders import MORNING, AnAccount, World, a_world, at
from tests.features.worlds import worlds

few = settings(
    max_examples=3,
    deadline=None,
    # A world takes seconds; shrinking one would take minutes.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
some_worlds = worlds(most_accounts=5, snapshots={"every_days": 28, "first_on": "2025-01-06"})
SINCE = st.integers(1, 6).map(lambda weeks: at(7 * weeks + 1).date())
OWN_TIME = {
    "activity": ["occurred_at"],
    "users": ["created_at"],
    "achievements": ["achieved_at"],
    "contracts": ["signed_at", "starts_on"],
    "touches": ["occurred_at"],
}


def values_on(world: World, day: date, *, as_of: pd.Timestamp = MORNING) -> pd.DataFrame:
    features = world.build(as_of, also=(day,))
    rows = (features.snapshots["day"] == ordinal(day)).to_numpy()
    told = features.values[rows].reset_index(drop=True)
    told.insert(0, "account_id", features.snapshots.loc[rows, "account_id"].to_numpy())
    return told


def asked_again(world: World, day: date, *, as_of: pd.Timestamp = MORNING) -> pd.DataFrame:
    then = values_on(world, day, as_of=as_of)
    told: dict[str, Any] = {
        name: then[name].to_numpy() for name in then if name != "account_id"
    }
    return hindsight(world.tables, world.configuration, told, since=day, as_of=as_of.date())


def late_rows(frame: pd.DataFrame, name: str, day: date) -> "pd.Series[bool]":
    first, *others = OWN_TIME[name]
    own = frame[first]
    for other in others:
        own = own.fillna(frame[other])
    known = frame["known_at"].fillna(own)
    since = pd.Timestamp(day)
    lately = (known >= since - pd.Timedelta(days=28)) & (known < since)
    lag = (known.dt.normalize() - own.dt.normalize()).loc[lately & own.notna()].sort_values()
    usual = max(lag.iloc[(len(lag) - 1) // 2], pd.Timedelta(0)) if len(lag) else pd.Timedelta(0)
    return (known >= since) & (known < MORNING) & (own < since - usual)


def in_time(world: World, day: date) -> World:
    """The world in which what came late to a morning was known when it happened."""
    frames = dict(world.frames)
    if "exits" in world.tables:
        frames["exits"] = world.tables["exits"].to_pandas()
    for name in OWN_TIME.keys() & frames.keys():
        late = late_rows(frames[name], name, day)
        known = frames[name]["known_at"].mask(late)
        frames[name] = frames[name].assign(known_at=known)
    return World(frames, world.configuration)


def who_is_late(world: World, day: date) -> set[str]:
    found: set[str] = set()
    for name in OWN_TIME.keys() & world.frames.keys():
        rows = world.frames[name]
        found |= set(rows.loc[late_rows(rows, name, day), "account_id"])
    return found


@given(some_worlds, SINCE)
@few
def test_it_is_the_morning_of_a_world_in_which_no_row_came_late(world, day):
    found = asked_again(world, day)
    expected = values_on(in_time(world, day), day)
    expected = expected.loc[expected["account_id"].isin(who_is_late(world, day))]
    pd.testing.assert_frame_equal(
        found, expected.reset_index(drop=True)[list(found)], check_dtype=False
    )
    assert len(found) == 0 or set(found) == set(expected)


@given(some_worlds, SINCE)
@few
def test_what_becomes_known_after_the_as_of_date_changes_nothing(world, day):
    earlier = MORNING - pd.Timedelta(days=5)
    now = asked_again(world, day, as_of=earlier) if day < earlier.date() else None
    then = world.known_before(earlier)
    if now is not None:
        told = asked_again(then, day, as_of=earlier)
        common = [name for name in now if name in told]
        pd.testing.assert_frame_equal(now[common], told[common])


def test_only_who_has_rows_that_came_late_is_asked_twice():
    late = AnAccount("late").signed_up(90).was_active(30, 20).was_active(9, 10, known_after=6)
    prompt = AnAccount("prompt").signed_up(90).was_active(30, 20, 9, 10)
    world = a_world(late, prompt)
    day = at(7).date()
    then = values_on(world, day).set_index("account_id")["activity_count_28d"]
    again = asked_again(world, day).set_index("account_id")["activity_count_28d"]
    assert then.to_dict() == {"late": 2.0, "prompt": 4.0}
    assert again.to_dict() == {"late": 4.0}


def test_there_are_the_inputs_of_the_build_also_where_nobody_had_a_parent_yet():
    late = AnAccount("late").signed_up(90).was_active(30, 20).was_active(9, known_after=6)
    world, day = a_world(late, AnAccount("new").signed_up(3, parent_id="p")), at(7).date()
    assert set(asked_again(world, day)) == set(values_on(world, day))


def test_the_last_day_before_a_nightly_load_is_not_late():
    nightly = AnAccount("nightly").signed_up(90)
    nightly.was_active(30, 20, 15, 12, 9, 7.5, 6, known_after=1)
    day = at(7).date()
    assert asked_again(a_world(nightly), day).empty
    nightly.was_active(9, known_after=5)
    assert asked_again(a_world(nightly), day)["account_id"].tolist() == ["nightly"]


def test_without_a_late_row_nothing_is_computed(monkeypatch):
    prompt = a_world(AnAccount("prompt").signed_up(90).was_active(30, 20, 9, 10))
    monkeypatch.setattr(module, "plan_of", None)
    assert asked_again_of(prompt).empty


def asked_again_of(world: World) -> pd.DataFrame:
    return hindsight(
        world.tables, world.configuration, {}, since=at(7).date(), as_of=MORNING.date()
    )


def test_a_build_in_a_folder_is_asked_the_same(tmp_path: Path):
    late = AnAccount("late").signed_up(90).was_active(30, 20).was_active(9, 10, known_after=6)
    others = [AnAccount(f"b{n}").signed_up(90).was_active(30, 9 + n) for n in range(6)]
    world, day = a_world(late, *others), at(7).date()
    write_in_shards(
        world.tables, world.configuration, tmp_path, as_of=MORNING.date(), also=(day,)
    )
    found = hindsight_in(
        tmp_path, world.tables, world.configuration, since=day, as_of=MORNING.date()
    )
    pd.testing.assert_frame_equal(found, asked_again(world, day))
    assert found["peers_percentile_activity_count_28d"].tolist() == [1.0]
    gone = hindsight_in(
        tmp_path, world.tables, world.configuration, since=at(500).date(), as_of=MORNING.date()
    )
    assert gone.empty
    first = hindsight_in(
        tmp_path, world.tables, world.configuration, since=None, as_of=MORNING.date()
    )
    assert first.columns.tolist() == ["account_id"]
    assert first.empty


def test_every_table_that_has_moments_of_its_own_is_read():
    assert set(CAN_BE_LATE) == set(OWN_TIME)
