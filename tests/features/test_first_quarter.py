import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings

from features.first_quarter import FIRST_DAYS, THIRDS
from tests.builders import MORNING
from tests.features.worlds import worlds

few = settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))


def known_first_days(world) -> pd.DataFrame:
    """The rows that count, read the obvious way: one account after the other."""
    activity, accounts = (world.tables[name].to_pandas() for name in ("activity", "accounts"))
    known = accounts.loc[accounts["known_at"] < MORNING].sort_values("known_at", kind="stable")
    newest = known.drop_duplicates("account_id", keep="last").set_index("account_id")
    kickoff = newest.loc[newest["signed_up_at"] < MORNING, "kickoff_at"].dt.normalize()
    rows = activity.loc[activity["known_at"] < MORNING]
    rows = rows.assign(
        age=(rows["occurred_at"].dt.normalize() - rows["account_id"].map(kickoff)).dt.days
    )
    return rows.loc[rows["age"].between(0, FIRST_DAYS - 1) & (rows["occurred_at"] < MORNING)]


@given(worlds(snapshots={"every_days": 14, "first_on": "2024-11-20"}))
@few
def test_the_first_90_days_are_those_that_an_obvious_reading_finds(world):
    features = world.build()
    rows = known_first_days(world)
    thirds = rows.assign(third=(rows["age"] // 30).map(dict(enumerate(THIRDS))))
    said = features.first_use.set_index(["account_id", "third"])
    for key, own in thirds.groupby(["account_id", "third"]):
        told = said.loc[key]
        assert told["active_days"] == own["age"].nunique()
        assert told["active_users"] == own["user_id"].nunique()
        assert told["activity_count"] == len(own)
    assert len(said) == thirds.groupby(["account_id", "third"]).ngroups


@given(worlds(snapshots={"every_days": 14, "first_on": "2024-11-20"}))
@few
def test_what_was_tried_is_told_with_its_first_day_and_its_weeks(world):
    features = world.build()
    rows = known_first_days(world)
    said = features.tried.set_index(["account_id", "capability"])
    for key, own in rows.groupby(["account_id", "capability"]):
        told = said.loc[key]
        assert told["first_day"] == own["age"].min()
        assert told["weeks"] == (own["age"] // 7).nunique()
    assert len(said) == rows.groupby(["account_id", "capability"]).ngroups


def test_an_account_that_has_left_is_still_told_of(company):
    gone = set(company.features.first_use["account_id"]) & set(
        company.features.exits["account_id"]
    )
    assert gone
    assert company.features.first_use["third"].isin(THIRDS).all()
    assert company.features.tried["weeks"].max() == pytest.approx(13)
