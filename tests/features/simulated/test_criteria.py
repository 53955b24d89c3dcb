"""The rows meet each criterion of the playbook on the very day the simulator says so.

The criteria are read from ``configs/demo`` and evaluated here row by row, the slow way.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from configs.load import load
from configs.playbook import DoneWhen, Milestone
from tests.features.simulated.conftest import World

PLAYBOOK = load(Path(__file__).parents[3] / "configs" / "demo").playbook
BY_SLUG = {milestone.slug: milestone for milestone in PLAYBOOK.milestones}


def rows_that_count(world: World, criterion: DoneWhen) -> pd.DataFrame:
    activity = world.tables["activity"]
    rows = activity[activity["capability"] == criterion.capability]
    rows = rows.merge(world.tables["users"][["account_id", "user_id", "role"]])
    if criterion.role is not None:
        rows = rows[rows["role"] == criterion.role]
    return rows.sort_values(["account_id", "occurred_at"])


def seats_on(world: World, account: str, moment: pd.Timestamp) -> float:
    terms = world.tables["contracts"]
    in_force = terms[
        (terms["account_id"] == account)
        & (terms["starts_on"] <= moment)
        & (moment < terms["ends_on"])
    ]
    return float(in_force["seats"].sum())


def longest_streak(weeks: np.ndarray) -> int:
    runs = np.split(np.unique(weeks), np.flatnonzero(np.diff(np.unique(weeks)) != 1) + 1)
    return max(len(run) for run in runs)


def measured(world: World, criterion: DoneWhen, seen: pd.DataFrame) -> float:
    """What the measure says after the last of the rows seen."""
    now = seen["occurred_at"].iloc[-1]
    if criterion.within_days is not None:
        seen = seen[seen["occurred_at"] > now - pd.Timedelta(days=criterion.within_days)]
    days = seen["occurred_at"].dt.normalize()
    users = seen["user_id"].nunique()
    match criterion.measure:
        case "count":
            return len(seen)
        case "quantity":
            return float(seen["quantity"].sum())
        case "users":
            return users
        case "days":
            return days.nunique()
        case "weeks_in_a_row":
            monday = days - pd.to_timedelta(days.dt.dayofweek, unit="D")
            return longest_streak(
                ((monday - pd.Timestamp("2001-01-01")).dt.days // 7).to_numpy()
            )
        case "share_of_seats":
            return users / seats_on(world, seen["account_id"].iloc[-1], now)


def first_met(world: World, milestone: Milestone) -> dict[str, pd.Timestamp]:
    criterion = milestone.done_when
    if criterion == "recorded":
        recorded = world.tables["achievements"]
        recorded = recorded[recorded["milestone"] == milestone.slug]
        days = recorded["achieved_at"].dt.normalize()
        return dict(zip(recorded["account_id"], days, strict=True))
    met: dict[str, pd.Timestamp] = {}
    for account, rows in rows_that_count(world, criterion).groupby("account_id"):
        for count in range(1, len(rows) + 1):
            seen = rows.iloc[:count]
            if measured(world, criterion, seen) >= criterion.at_least:
                met[str(account)] = seen["occurred_at"].iloc[-1].normalize()
                break
    return met


@pytest.mark.parametrize("slug", BY_SLUG)
def test_the_rows_meet_the_criterion_on_the_true_day_and_not_before(slug, world):
    milestone = BY_SLUG[slug]
    asked = world.first_accounts["segment"].map(milestone.applies_to)
    moments = world.truth["moments"]
    truly = moments[moments["milestone"] == slug].set_index("account_id")["reached_on"]
    met = pd.Series(first_met(world, milestone), dtype="datetime64[us]")
    met = met[met.index.map(asked).astype(bool)]
    assert met.sort_index().to_dict() == truly.sort_index().to_dict()
    assert len(truly) > 20


def test_the_simulator_climbs_exactly_the_ladder_of_the_playbook(world):
    assert set(world.truth["moments"]["milestone"]) == set(BY_SLUG)


@pytest.mark.parametrize("slug", BY_SLUG)
def test_no_milestone_is_reached_before_those_it_requires(slug, world):
    day = world.truth["moments"].pivot(
        index="account_id", columns="milestone", values="reached_on"
    )
    reached = day[day[slug].notna()]
    for required in BY_SLUG[slug].requires:
        assert (reached[required] < reached[slug]).all()


def test_rows_that_decide_a_milestone_are_known_on_the_same_day(world):
    activity = world.tables["activity"]
    moments = world.truth["moments"]
    slug = "first_workflow_automated"
    truly = moments[moments["milestone"] == slug]
    runs = activity[activity["capability"] == "workflow_run"].merge(truly, on="account_id")
    deciding = runs[runs["occurred_at"].dt.normalize() <= runs["reached_on"]]
    late = deciding["known_at"].dt.normalize() > deciding["occurred_at"].dt.normalize()
    assert len(deciding) > 0
    assert not late.any()
