import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from features.arr import arr_on, arr_steps
from features.asof import day_number
from tests.builders import MORNING, AnAccount, World, a_world

TODAY = int(day_number(pd.Series([MORNING]))[0])
lines = st.lists(
    st.tuples(
        st.integers(0, 400),
        st.integers(1, 200),
        st.sampled_from([100.0, 250.0, 1200.5]),
        st.integers(-5, 20),
    ),
    max_size=8,
)


def steps_of(*accounts: AnAccount) -> pd.DataFrame:
    return a_world(*accounts).build().arr


def told(steps: pd.DataFrame) -> list[tuple[int, float]]:
    """Days before MORNING, and what was paid from then on."""
    return [(TODAY - day, arr) for day, arr in zip(steps["day"], steps["arr"], strict=True)]


def an_account() -> AnAccount:
    return AnAccount().signed_up(300).was_active(3)


def test_a_renewal_at_the_same_price_is_no_step():
    account = an_account().has_contract(200, 100, arr=12.0).has_contract(100, -50, arr=12.0)
    assert told(steps_of(account)) == [(200, 12.0)]


def test_a_pause_within_the_grace_is_none():
    account = an_account().has_contract(200, 100, arr=12.0).has_contract(80, -50, arr=15.0)
    assert told(steps_of(account)) == [(200, 12.0), (80, 15.0)]


def test_who_has_not_signed_again_after_the_grace_stopped_paying_when_the_term_ended():
    steps = steps_of(an_account().has_contract(200, 100, arr=12.0))
    assert told(steps) == [(200, 12.0), (100, 0.0)]
    assert (TODAY - steps["known_day"]).tolist() == [200, 70]


def test_a_renewal_at_another_price_is_known_from_the_day_on_which_it_was_signed():
    account = an_account().has_contract(200, 10, arr=12.0)
    account.has_contract(200, 10, arr=3.0, product="insights")
    steps = steps_of(account.has_contract(10, -300, arr=9.0, signed=35))
    assert told(steps) == [(200, 15.0), (10, 9.0)]
    assert (TODAY - steps["known_day"]).tolist() == [200, 35]


def test_what_ends_before_the_rest_is_known_to_end_only_on_its_day():
    account = an_account().has_contract(200, -50, arr=12.0)
    steps = steps_of(account.has_contract(200, 40, arr=3.0, product="insights"))
    assert told(steps) == [(200, 15.0), (40, 12.0)]
    assert (TODAY - steps["known_day"]).tolist() == [200, 40]


def test_within_the_grace_nobody_knows_yet_that_it_stopped():
    assert told(steps_of(an_account().has_contract(200, 10, arr=12.0))) == [(200, 12.0)]


def test_an_add_on_counts_from_its_own_first_day():
    account = an_account().has_contract(200, -50, arr=12.0)
    account.has_contract(60, -50, arr=3.0, product="insights")
    steps = steps_of(account)
    assert told(steps) == [(200, 12.0), (60, 15.0)]
    assert steps["before"].tolist()[1:] == [12.0]


def test_what_is_paid_on_a_day_is_looked_up_account_by_account():
    one = an_account().has_contract(200, -50, arr=12.0)
    other = AnAccount("b").signed_up(300).has_contract(90, -50, arr=7.0)
    steps = steps_of(one, other)
    asked = pd.Series(["a1", "a1", "b", "b", "nobody"])
    days = TODAY - np.array([201, 200, 91, 1, 1])
    np.testing.assert_array_equal(arr_on(steps, asked, days), [np.nan, 12, np.nan, 7, np.nan])


def test_without_contracts_there_are_no_steps():
    assert steps_of(an_account()).empty


@given(lines)
def test_outside_pauses_it_is_the_sum_of_the_lines_in_force(written):
    account = an_account()
    for starts, length, arr, late in written:
        account.has_contract(starts, starts - length, arr=arr, signed=starts - late)
    world: World = a_world(account)
    known = world.known_before(MORNING).frames.get("contracts")
    steps = arr_steps(known, as_of_day=TODAY, grace_days=30)
    if known is None or known.empty:
        assert steps.empty
        return
    starts, ends = day_number(known["starts_on"]), day_number(known["ends_on"])
    for day in range(TODAY - 400, TODAY, 7):
        in_force = (starts <= day) & (ends > day)
        if in_force.any():
            paid = arr_on(steps, pd.Series(["a1"]), np.array([day]))
            assert abs(paid[0] - known["arr"][in_force].sum()) < 1e-6
