"""What an account pays and until when, and what passed between us: cases by hand."""

from typing import Any

import pandas as pd
import pytest

from features.assemble import FeatureSet
from tests.builders import AnAccount, a_world, at


@pytest.fixture(scope="module")
def company() -> FeatureSet:
    def member(name: str) -> AnAccount:
        return AnAccount(name).signed_up(500)

    members = [
        member("grew").has_contract(500, 135, arr=12_000).has_contract(135, -230, arr=18_000),
        member("renewed_early")
        .has_contract(300, -65, arr=6_000)
        .has_contract(-65, -430, arr=6_600, signed=20),
        member("of_two_lines")
        .has_contract(100, -265, arr=1_000)
        .has_contract(50, -10, arr=500, product="add_on"),
        member("ended").has_contract(400, 20, arr=9_000),
        member("told_late").has_contract(100, -265, arr=700, known_after=98),
        member("free").was_active(3),
        member("unpriced").has_contract(40, -325, arr=None),
        member("called").was_touched(28, 29, 91, 92).was_touched(3, kind="ticket"),
        member("called_secretly").was_touched(20, known_after=20),
    ]
    return a_world(*members).build()


def today(features: FeatureSet, name: str) -> dict[str, Any]:
    row = features.snapshots.index[features.snapshots["account_id"] == name][-1]
    return features.values.loc[row].to_dict() | features.snapshots.loc[row].to_dict()


def test_arr_is_that_of_the_lines_in_force(company):
    assert today(company, "grew")["arr"] == 18_000
    assert today(company, "of_two_lines")["arr"] == 1_500
    assert today(company, "of_two_lines")["contract_lines"] == 2


def test_a_contract_ends_with_the_morning_it_ends_on(company):
    assert pd.isna(today(company, "ended")["arr"])
    assert today(company, "ended")["days_to_renewal"] == -20
    rows = company.snapshots["account_id"] == "ended"
    arr = company.snapshots.loc[rows].set_index("day")["arr"]
    last_day = (at(20) - pd.Timestamp(0)).days
    assert arr[arr.index < last_day].eq(9_000).all()
    assert arr[arr.index >= last_day].isna().all()


def test_growth_is_against_the_same_day_a_quarter_and_a_year_ago(company):
    grew = today(company, "grew")
    assert grew["arr_ratio_91d"] == 1.0
    assert grew["arr_ratio_364d"] == 1.5
    assert today(company, "of_two_lines")["arr_ratio_91d"] == 1.5
    assert pd.isna(today(company, "of_two_lines")["arr_ratio_364d"])


def test_a_renewal_signed_early_counts_once_it_is_known(company):
    renewed = today(company, "renewed_early")
    assert renewed["arr"] == 6_000
    assert renewed["days_to_renewal"] == 430
    assert renewed["term_days"] == 365
    assert renewed["renews_on"] == at(-430)


def test_the_commitment_ends_with_its_last_line(company):
    assert today(company, "of_two_lines")["days_to_renewal"] == 265


def test_a_contract_nobody_had_told_us_of_is_none_yet(company):
    rows = company.snapshots["account_id"] == "told_late"
    told = company.values.loc[rows, ["arr", "contract_lines"]]
    assert told["arr"].notna().tolist() == [False] * 10 + [True]
    assert told["contract_lines"].iloc[-2] == 0


def test_without_a_contract_nothing_is_paid_and_nothing_ends(company):
    free = today(company, "free")
    assert pd.isna(free["arr"])
    assert pd.isna(free["days_to_renewal"])
    assert free["contract_lines"] == 0


def test_a_line_without_a_price_is_a_commitment_all_the_same(company):
    unpriced = today(company, "unpriced")
    assert pd.isna(unpriced["arr"])
    assert unpriced["days_to_renewal"] == 325


def test_touches_are_counted_by_kind_and_window(company):
    called = today(company, "called")
    assert called["touch_count_call_28d"] == 1
    assert called["touch_count_call_91d"] == 3
    assert called["days_since_touch_call"] == 28
    assert called["touch_count_ticket_28d"] == 1


def test_a_touch_that_never_was_has_no_age(company):
    assert pd.isna(today(company, "free")["days_since_touch_call"])
    assert today(company, "free")["touch_count_call_91d"] == 0
    assert pd.isna(today(company, "called_secretly")["days_since_touch_call"])
