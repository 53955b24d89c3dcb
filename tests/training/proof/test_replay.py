"""The past lived through again: who stood in a list, and when those who left first did."""

import numpy as np
import pandas as pd
import pytest

from training.proof.judged import MODEL
from training.proof.replay import SEEN_ON, leavers_of, replayed_mornings


@pytest.fixture(scope="module")
def leavers(company) -> pd.DataFrame:
    return company.tested.leavers.set_index("account_id")


def test_the_mornings_of_two_origins_tile_the_time_from_the_first_of_them(company):
    day = company.features.snapshots["day"]
    first, second = sorted(j.origin_day for j in company.tested.judged["churn"])
    early = replayed_mornings(company.features, first, [first, second])
    late = replayed_mornings(company.features, second, [first, second])
    assert early[0] == first
    assert late[0] == second
    assert [*early, *late] == sorted(day[day >= first].unique())


def test_everybody_who_left_after_being_seen_is_there_once(company, leavers):
    exits = company.features.exits
    churned = exits.loc[exits["cause"] == "churn"].set_index("account_id")["exited_at"]
    assert leavers.index.is_unique
    assert (leavers["exited_on"] == churned.reindex(leavers.index).dt.normalize()).all()
    first = min(j.origin_day for j in company.tested.judged["churn"])
    live = company.features.snapshots.query("day == @first")["account_id"]
    later = churned.reindex(live).dropna()
    assert set(later[later >= pd.Timestamp(first + 1, unit="D")].index) <= set(leavers.index)


def test_nobody_is_listed_before_being_seen_or_after_leaving(leavers):
    listed = leavers.dropna(subset=[MODEL])
    assert len(listed)
    assert (listed[MODEL] >= listed[SEEN_ON]).all()
    assert (listed[MODEL] < listed["exited_on"]).all()


def test_the_list_of_the_origin_itself_is_what_is_judged_at_it(company):
    for judged in company.tested.judged["churn"]:
        assert judged.listed.keys() == {MODEL, *judged.rules}
        assert all(0 < listed.sum() < len(listed) for listed in judged.listed.values())


def test_an_account_that_was_listed_later_than_another_leads_by_less():
    lists = [
        pd.DataFrame(
            {
                "account_id": ["a", "b"],
                "segment": "one",
                "day": [day, day],
                MODEL: [True, day > 20_000],
            }
        )
        for day in (20_000, 20_007)
    ]
    exits = pd.DataFrame(
        {
            "account_id": ["a", "b", "c"],
            "cause": "churn",
            "exited_at": pd.to_datetime(np.array([20_030, 20_030, 20_030]), unit="D"),
        }
    )
    found = leavers_of(lists, exits).set_index("account_id")
    lead = (found["exited_on"] - found[MODEL]).dt.days
    assert lead.to_dict() == {"a": 30, "b": 23}


def test_a_replay_without_lists_has_no_leavers():
    assert leavers_of([], pd.DataFrame()).empty
