import pandas as pd

from features.asof import day_number
from serving.outlook.retention import rates_of, states, totals
from tests.builders import MORNING, AnAccount, a_world

TODAY = int(day_number(pd.Series([MORNING]))[0])


def what_came(*accounts: AnAccount, start: int, end: int) -> dict[str, float]:
    """Between the starts of two days, told in days before MORNING."""
    features = a_world(*accounts).build()
    ids = pd.Series([account.account_id for account in accounts])
    days = (TODAY - start, TODAY - end)
    at = states(features, ids, since=days[0], days=days)
    sums = {name: cells.sum(axis=1) for name, cells in totals(at[days[0]], at[days[1]]).items()}
    return {name: float(told[0]) for name, told in {**sums, **rates_of(sums)}.items()}


def a_leaver() -> AnAccount:
    return AnAccount().signed_up(300).has_contract(300, 100, arr=12.0).left(100)


def a_stayer() -> AnAccount:
    return AnAccount("b").signed_up(300).has_contract(300, -50, arr=24.0)


def test_the_money_of_who_leaves_when_the_term_ends_is_lost_with_the_account():
    accounts = (a_leaver(), a_stayer())
    the_day_before = what_came(*accounts, start=200, end=100)
    assert the_day_before["accounts_churned"] == 0
    assert the_day_before["contraction_arr"] == 0
    assert the_day_before["grr"] == 1.0
    with_the_day = what_came(*accounts, start=200, end=99)
    assert (with_the_day["accounts_churned"], with_the_day["churned_arr"]) == (1, 12.0)
    assert with_the_day["contraction_arr"] == 0


def test_who_leaves_on_the_very_morning_leaves_with_what_it_paid():
    that_day = what_came(a_leaver(), a_stayer(), start=100, end=50)
    assert (that_day["arr_at_start"], that_day["churned_arr"]) == (36.0, 12.0)


def test_of_an_account_that_stopped_paying_before_the_morning_nothing_is_lost():
    later = what_came(a_leaver(), a_stayer(), start=90, end=50)
    assert (later["arr_at_start"], later["churned_arr"]) == (24.0, 0.0)


def test_who_pays_less_from_a_day_on_shrinks_on_it():
    account = AnAccount().signed_up(300).has_contract(300, 100, arr=12.0)
    account.has_contract(100, -50, arr=9.0)
    assert what_came(account, start=200, end=100)["contraction_arr"] == 3.0
