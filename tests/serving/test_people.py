"""Who uses the product, role by role, is told as of the last morning."""

import pandas as pd
import pytest

from serving.people import COLUMNS, people_by_role
from tests.builders import AnAccount, a_world


def test_each_role_is_told_with_its_people_and_its_last_day():
    account = (
        AnAccount("a1")
        .signed_up(200)
        .has_user("ann", role="admin")
        .has_user("bo", role="builder")
        .has_user("cy", role="builder")
        .was_active(40, user="ann")
        .was_active(5, user="bo")
        .was_active(60, 3.5, user="cy")
    )
    told = people_by_role(a_world(account).build()).set_index("role")
    assert told.loc["admin", ["active_people", "quarter_people"]].tolist() == [0, 1]
    assert told.loc["builder", ["active_people", "quarter_people"]].tolist() == [2, 2]
    assert told.loc["admin", "last_active_on"] == pd.Timestamp("2025-01-29")
    assert told.loc["builder", "last_active_on"] == pd.Timestamp("2025-03-06")


def test_a_role_that_was_never_active_in_an_account_is_left_out():
    quiet = AnAccount("quiet").signed_up(90)
    busy = AnAccount("busy").signed_up(90).has_user("ann", role="admin")
    told = people_by_role(a_world(quiet, busy.was_active(3, user="ann")).build())
    assert told["account_id"].tolist() == ["busy"]


@pytest.mark.parametrize("account", [AnAccount("a1").signed_up(90).was_active(3)])
def test_without_roles_there_is_nothing_to_tell(account):
    told = people_by_role(a_world(account).build())
    assert told.empty
    assert tuple(told.columns) == COLUMNS
