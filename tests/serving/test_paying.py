"""Whose contract has just run out pays on until the renewal grace has passed."""

import numpy as np
import pandas as pd

from serving.paying import paid_on, with_what_is_paid
from tests.builders import AnAccount, a_world
from tests.features.test_arr import TODAY


def an_account(name: str, *, ended: int, arr: float) -> AnAccount:
    account = AnAccount(name).signed_up(300).was_active(3)
    return account.has_contract(200, ended, arr=arr)


def paid(*accounts: AnAccount) -> dict[str, float]:
    features = a_world(*accounts, AnAccount("gone").signed_up(300).left(9)).build()
    today = np.flatnonzero(features.snapshots["day"] == TODAY)
    told = with_what_is_paid(features, today, day=TODAY)
    return dict(zip(told["account_id"], told["arr"], strict=True))


def test_within_the_grace_an_account_is_taken_to_pay_what_it_paid():
    assert paid(an_account("late", ended=10, arr=12.0)) == {"late": 12.0}


def test_what_is_in_force_is_what_is_paid():
    assert paid(an_account("going", ended=-90, arr=20.0)) == {"going": 20.0}


def test_after_the_grace_nothing_is_paid():
    assert np.isnan(paid(an_account("long", ended=100, arr=5.0))["long"])


def test_who_never_paid_pays_nothing():
    told = paid(AnAccount("free").signed_up(300).was_active(3), an_account("p", ended=9, arr=1))
    assert pd.isna(told["free"])


def test_what_was_signed_on_a_day_was_not_known_on_its_morning():
    features = a_world(AnAccount("new").signed_up(300).has_contract(20, -90, arr=12.0)).build()
    ids = pd.Series(["new"])
    told = [paid_on(features, ids, TODAY - ago)[0] for ago in (21, 20, 19)]
    np.testing.assert_array_equal(told, [np.nan, np.nan, 12.0])
