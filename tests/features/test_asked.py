"""What is asked of activity has one answer, whether an engine gives it or rows at hand."""

from dataclasses import fields

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, Phase, given, settings

from configs.playbook import DoneWhen
from features.asked import Asked, AtHand, InEngine
from features.coded import Names
from features.plan import Plan, plan_of
from features.shards import at_hand, placed
from features.spans import Span
from tests.builders import MORNING
from tests.features.worlds import worlds

few = settings(
    max_examples=4,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def both(world) -> tuple[Plan, Names, InEngine, AtHand]:
    plan = plan_of(world.tables, world.configuration, MORNING.date())
    own = placed(plan, world.tables, first=0, last=plan.accounts)
    names = Names(plan.known_capabilities, plan.roles)
    hand = at_hand(plan, world.tables, first=0, last=plan.accounts)
    return plan, names, InEngine(own), hand


def assert_alike(one: pd.DataFrame, other: pd.DataFrame) -> None:
    """The same rows in whatever order, with people told apart but not named."""
    assert sorted(one.columns) == sorted(other.columns)
    mine, theirs = (_plain(frame, sorted(one.columns)) for frame in (one, other))
    pd.testing.assert_frame_equal(mine, theirs, check_dtype=False, check_exact=True)


def _plain(frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    told = frame[[c for c in columns if c != "user_id"]].copy()
    for column in told.select_dtypes(exclude=["number", "datetime"]):
        told[column] = told[column].astype(object).where(told[column].notna(), "")
    return told.sort_values(list(told.columns), ignore_index=True)


def frames(asked: Asked, plan: Plan, names: Names) -> dict[str, pd.DataFrame]:
    """Every answer, by name."""
    reduced = asked.reduced(plan.mornings, names, counted=len(plan.capabilities))
    people = asked.people(plan.mornings, names, names.capabilities[:2])
    told = {
        field.name: getattr(whole, field.name)
        for whole in (reduced, people)
        for field in fields(whole)
        if isinstance(getattr(whole, field.name), pd.DataFrame)
    }
    told["by_capability"] = told["by_capability"].drop(columns="what", errors="ignore")
    # Nobody learnt the role of a person who has none.
    has_role = told["by_user"]["role"].notna()
    told["by_user"]["role_known"] = told["by_user"]["role_known"].where(has_role).astype(float)
    places = np.arange(plan.accounts)
    span = Span(places, int(plan.mornings.days[0]) - places, 60, int(plan.mornings.days[-1]))
    for part_days in (7, 30, None):
        told[f"used {part_days}"] = asked.used(span, part_days=part_days)
    for capability in names.capabilities:
        last = asked.last_use(capability)
        known = last[["known", "day"]].max(axis=1).to_numpy(dtype=np.int64)
        last["seen_from"] = plan.mornings.first_seeing(known)
        last = last.loc[last["seen_from"] < plan.mornings.count]
        by_morning = last.groupby(["account_id", "seen_from"])["day"].max()
        told[f"last {capability}"] = by_morning.groupby("account_id").cummax().reset_index()
        for role in (None, *names.roles):
            wanted = DoneWhen(capability=capability, measure="users", at_least=1, role=role)
            rows = asked.evidence(wanted, plan.mornings, of=np.ones(plan.accounts, dtype=bool))
            told[f"{capability} {role}"] = rows.drop(columns="role_known", errors="ignore")
    return told


@given(worlds(snapshots={"every_days": 10, "first_on": "2024-12-20"}))
@few
def test_rows_at_hand_answer_as_their_engine_does(world):
    plan, names, engine, hand = both(world)
    asked, found = frames(engine, plan, names), frames(hand, plan, names)
    for name, frame in asked.items():
        assert_alike(frame, found[name])
