"""Mornings are left out only where they have no room, and never those that are needed."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.project import Project
from features.asof import ordinal
from features.plan import grid_of
from tests.builders import AnAccount, a_world
from training import within_memory
from training.engine.periods import Periods
from training.within_memory import MOST_APART_DAYS, Room, mornings_within, origins_at_once

MONDAY = ordinal(date(2025, 6, 2))
PERIODS = Periods.covering([30, 60, 90, 180]).count


def a_project(memory: str = "4GB", **snapshots: int) -> Project:
    return a_world(limits={"memory": memory}, snapshots=snapshots).configuration.project


@st.composite
def builds(draw):
    """Mornings of a grid of days, a last one, and how many accounts were live on each."""
    step, count = draw(st.sampled_from([1, 7, 28])), draw(st.integers(1, 60))
    off = draw(st.integers(0, step - 1))
    days = MONDAY + step * np.arange(-count, 0)
    days = np.union1d(days, [MONDAY + off])
    live = draw(st.lists(st.integers(1, 200_000), min_size=len(days), max_size=len(days)))
    return step, days.astype(np.int64), np.array(live, dtype=np.int64)


@given(builds(), st.integers(1, 400), st.integers(1, 40), st.data())
def test_what_is_kept_has_room_or_is_as_far_apart_as_may_be(build, inputs, gigabytes, data):
    step, days, live = build
    project = a_project(f"{gigabytes}GB", every_days=step, training_every_days=28)
    always = data.draw(st.lists(st.sampled_from(days.tolist()), max_size=3))
    kept = mornings_within(days, live, project, inputs=inputs, always=always)
    room = Room.of(project, inputs=inputs)

    def taken(days, live):
        return room.to_hold(live) + room.to_learn(days, live)

    if kept is None:
        kept = days
    else:
        assert taken(days, live) > room.bytes
    assert set(kept) <= set(days)
    assert {*always, int(days[-1])} <= set(kept.tolist())
    if taken(kept, live[np.isin(days, kept)]) > room.bytes:
        behind = kept - ordinal(grid_of(project).through)
        most = step * max(MOST_APART_DAYS // step, 1)
        spare = set(kept[behind % step == 0]) - {*always, days[-1]}
        assert all((day - ordinal(grid_of(project).through)) % most == 0 for day in spare)


@given(builds(), st.integers(1, 400), st.integers(1, 20), st.integers(0, 20))
def test_more_memory_holds_no_fewer_snapshots(build, inputs, gigabytes, more):
    step, days, live = build
    held = []
    for size in (gigabytes, gigabytes + more):
        project = a_project(f"{size}GB", every_days=step)
        kept = mornings_within(days, live, project, inputs=inputs, always=())
        held.append(len(days if kept is None else kept))
    assert held[0] <= held[1]


def test_every_other_morning_goes_where_all_are_a_little_too_many():
    days = MONDAY + 7 * np.arange(-8, 1)
    live = np.full(9, 100_000)
    kept = mornings_within(days, live, a_project("4GB"), inputs=200, always=())
    # All nine take 900,000 times 2,350 bytes, 2.1 GB of the 2 that are free. Five take 1.2, and
    # the one of them that teaches, five weeks back, 100,000 times 200 inputs of 38 bytes.
    assert kept is not None
    assert (MONDAY - kept).tolist() == [49, 35, 21, 7, 0]
    room = Room.of(a_project("4GB"), inputs=200)
    assert room.to_hold(live[:5]) + room.to_learn(kept, live[:5]) == 100_000 * (
        5 * 2_350 + 200 * (20 + 8 * 0.25 * PERIODS)
    )


def test_the_mornings_that_are_kept_do_not_move_with_the_as_of_date():
    project, days = a_project("2GB"), MONDAY + 7 * np.arange(-60, 1)
    kept = []
    for newest in (60, 61):
        own = days[:newest]
        live = np.full(len(own), 20_000)
        kept.append(mornings_within(own, live, project, inputs=200, always=()))
    assert set(kept[0][:-1]) <= set(kept[1])


@pytest.mark.parametrize(("per_input", "at_once"), [(1, 3), (6_000, 2), (60_000, 1)])
def test_origins_are_learnt_side_by_side_where_there_is_room(per_input, at_once, monkeypatch):
    features = a_world(AnAccount().signed_up(60)).build()
    days = np.repeat(MONDAY + 28 * np.arange(3), 1000)
    features = replace(features, snapshots=pd.DataFrame({"day": days}))
    # Two thousand snapshots teach; beside those held there are nearly two and a half gigabytes.
    inputs = len(features.catalogue)
    monkeypatch.setattr(within_memory, "BYTES_PER_INPUT_AND_PERIOD", 0)
    monkeypatch.setattr(within_memory, "BYTES_PER_INPUT_LEARNT", per_input * 100 / inputs)
    assert origins_at_once(features, a_project("4500MB"), most=3) == at_once
