from functools import cache

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.asof import day_number
from features.assemble import FeatureSet
from serving.outlook.forecast import with_rates_before
from serving.outlook.retention import ALL, live_on, rates_between, rates_of, states, totals
from tests.builders import MORNING, AnAccount, a_world, at

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


def test_whoever_leaves_amid_a_term_pays_no_more_whatever_was_signed():
    leaver = AnAccount().signed_up(300).has_contract(300, -50, arr=12.0).left(100)
    told = what_came(leaver, a_stayer(), start=200, end=50)
    assert (told["churned_arr"], told["arr_at_end"]) == (12.0, 24.0)
    assert (told["grr"], told["nrr"]) == (24 / 36, 24 / 36)


def test_whoever_left_before_the_morning_as_nobody_knew_yet_leaves_in_its_first_moments():
    """Without a table of exits, who does not renew is known to have left 30 days later."""
    late = AnAccount("late").signed_up(300).was_active(65).has_contract(300, 60, arr=12.0)
    told = what_came(late, a_stayer(), start=50, end=49)
    assert (told["arr_at_start"], told["accounts_churned"], told["churned_arr"]) == (36, 1, 12)
    assert (told["logo_retention"], told["grr"], told["nrr"]) == (1 / 2, 24 / 36, 24 / 36)
    assert told["contraction_arr"] == 0
    features = a_world(late, a_stayer()).build()
    beside = rates_between(features, TODAY - 56, TODAY - 30, part="segment")
    assert beside.loc[(ALL, "grr")] == pytest.approx(24 / 36)


@cache
def some_that_left() -> FeatureSet:
    """One left on each of 30 days; some are known to have at once, some weeks later."""
    daily = {"every_days": 1, "first_on": at(90).date()}
    accounts = [
        AnAccount(f"a{day}")
        .signed_up(300)
        .has_contract(300, -50, arr=float(day))
        .left(
            day, cause="acquired" if day % 5 == 0 else "churn", known_after=1 + 20 * (day % 3)
        )
        for day in range(45, 75)
    ]
    return a_world(a_stayer(), *accounts, snapshots=daily).build()


@given(st.integers(46, 80), st.integers(0, 45))
def test_of_every_book_as_many_leave_as_its_raw_rows_tell(start, end):
    features = some_that_left()
    accounts, day = live_on(features, TODAY - start) or pytest.fail("nobody was here")
    at = states(features, accounts["account_id"], since=day, days=(day, TODAY - end))
    cells = totals(at[day], at[TODAY - end])
    exits = features.exits.set_index("account_id").reindex(accounts["account_id"])
    gone = exits["exited_at"] < pd.Timestamp(TODAY - end, unit="D")
    is_churn = (exits["cause"] == "churn").to_numpy()
    assert cells["accounts_at_start"].all()
    assert ((cells["accounts_churned"][0] > 0) == (gone & is_churn)).all()
    assert ((cells["accounts_left_otherwise"][0] > 0) == (gone & ~is_churn)).all()
    paid = accounts["account_id"].str.removeprefix("a").replace("b", "24").astype(float)
    assert (cells["arr_at_start"][0] == paid).all()
    assert (cells["arr_at_end"][0] == paid.where(~gone.to_numpy(), 0.0)).all()


def three_that_paid() -> FeatureSet:
    """Of 36 that all three pay, 12 are lost 351 days ago, and 8 of the rest ten days ago."""
    lost = AnAccount("lost").signed_up(700).has_contract(700, -50, arr=12.0).left(351)
    leaver = AnAccount("leaver").signed_up(700).has_contract(700, -50, arr=8.0).left(10)
    stayer = AnAccount("stayer").signed_up(700).has_contract(700, -50, arr=16.0)
    snapshots = {"every_days": 7, "first_on": at(420).date()}
    return a_world(lost, leaver, stayer, snapshots=snapshots).build()


def test_a_past_stretch_is_told_of_those_who_were_here_on_its_last_morning_before():
    features = three_that_paid()

    def came(start: int, end: int) -> dict[str, float]:
        told = rates_between(features, TODAY - start, TODAY - end, part="segment")
        return told.loc[ALL].to_dict() if len(told) else {}

    left_lately = {"logo_retention": 0.5, "grr": 16 / 24, "nrr": 16 / 24}
    assert came(28, 0) == pytest.approx(left_lately)
    # Within a week the last morning was three days before: it is as long as it is asked to be.
    assert came(25, 9) == pytest.approx({"logo_retention": 1.0, "grr": 1.0, "nrr": 1.0})
    assert came(25, 6) == pytest.approx(left_lately)
    a_year_ago = {"logo_retention": 2 / 3, "grr": 2 / 3, "nrr": 2 / 3}
    assert came(365, 337) == pytest.approx(a_year_ago)
    assert came(28, -1) == came(28, 28) == came(500, 400) == {}


def test_beside_a_rate_to_come_stand_that_of_just_before_and_that_of_a_year_ago():
    span = {"period_start": [MORNING.date()], "period_end": [at(-28).date()]}
    rate = pd.DataFrame({**span, "segment": ALL, "measure": "grr", "expected": 0.9})
    features = three_that_paid()
    (told,) = with_rates_before(
        rate, features, as_of=MORNING.date(), part="segment"
    ).itertuples()
    assert (told.last_period, told.last_year) == pytest.approx((16 / 24, 2 / 3))


def test_where_exits_are_told_late_the_stretch_before_is_the_last_of_which_all_is_known():
    """Without a table of exits, who does not renew is known to have left 30 days later."""
    early = AnAccount("early").signed_up(300).was_active(50).has_contract(300, 40, arr=12.0)
    late = AnAccount("late").signed_up(300).was_active(50).has_contract(300, 10, arr=12.0)
    features = a_world(early, late, a_stayer()).build()
    span = {"period_start": [MORNING.date()], "period_end": [at(-28).date()]}
    rate = pd.DataFrame({**span, "segment": ALL, "measure": "grr", "expected": 0.9})
    (told,) = with_rates_before(
        rate, features, as_of=MORNING.date(), part="segment"
    ).itertuples()
    assert told.last_period == pytest.approx(36 / 48)


def test_where_exits_are_told_late_nothing_is_said_of_a_year_ago_before_all_of_it_is_known():
    early = AnAccount("early").signed_up(300).was_active(50).has_contract(300, 40, arr=12.0)
    late = AnAccount("late").signed_up(300).was_active(50).has_contract(300, 10, arr=12.0)
    features = a_world(early, late, a_stayer()).build()
    a_year_ahead = {"period_start": [at(-335).date()], "period_end": [at(-365).date()]}
    rate = pd.DataFrame({**a_year_ahead, "segment": ALL, "measure": "grr", "expected": 0.9})
    (told,) = with_rates_before(
        rate, features, as_of=MORNING.date(), part="segment"
    ).itertuples()
    assert pd.isna(told.last_year)
