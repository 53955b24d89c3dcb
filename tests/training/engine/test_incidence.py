import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from statsmodels.duration.survfunc import CumIncidenceRight

from training.engine.incidence import LEFT, REACHED, Incidence, Waits
from training.engine.periods import CENSORED


def waits(*told: tuple[int, int], seen: list[int] | None = None) -> Waits:
    days, cause = (np.array(each, dtype=np.int64) for each in zip(*told, strict=True))
    late = np.zeros(len(days), dtype=np.int64) if seen is None else np.array(seen)
    return Waits(late, days, cause, np.arange(len(days)))


def shares(found: Waits) -> list[float]:
    return Incidence.of(found, draws=1).shares[0].tolist()


def test_who_left_can_no_longer_reach_it_and_who_waits_still_can():
    found = waits((0, REACHED), (1, LEFT), (1, CENSORED), (3, REACHED))
    # A quarter on day 0; of the half that neither reached it nor left, all of it on day 3.
    assert_allclose(shares(found), [0.25, 0.25, 0.25, 0.75])


def test_one_first_seen_late_is_held_only_against_the_days_on_which_it_was_seen():
    early = [(2, REACHED), (9, CENSORED)]
    late = waits(*early, (6, REACHED), seen=[0, 0, 4])
    assert_allclose(shares(late)[2], 1 / 2)
    assert_allclose(shares(late)[6], 1 / 2 + 1 / 2 * 1 / 2)


def test_what_ended_before_it_was_seen_is_refused():
    with pytest.raises(ValueError, match="before it was seen"):
        waits((4, REACHED), seen=[4])


@given(st.lists(st.integers(0, 60), min_size=1, max_size=40), st.floats(0.01, 1))
def test_where_all_reached_it_the_day_is_the_quantile_of_the_days(days, share):
    found = Incidence.of(waits(*((day, REACHED) for day in days)), draws=1)
    assert found.day_of(share)[0] == np.quantile(days, share, method="inverted_cdf")


ways = st.lists(
    st.tuples(st.integers(0, 30), st.sampled_from([CENSORED, REACHED, LEFT])),
    min_size=2,
    max_size=40,
)


@given(ways)
def test_the_shares_are_those_of_an_independent_implementation(told):
    found = shares(waits(*told))
    days, cause = (np.array(each) for each in zip(*told, strict=True))
    if not (cause == REACHED).any():
        assert max(found) == 0
        return
    # Theirs begins after time 0, and numbers censored 0 and the causes from 1 on.
    with np.errstate(all="ignore"):
        theirs = CumIncidenceRight(days + 1.0, np.where(cause == CENSORED, 0, cause + 1))
    at = (theirs.times - 1).astype(int)
    assert_allclose(np.array(found)[at], theirs.cinc[0], atol=1e-12)


@given(ways, ways)
def test_more_leavers_never_let_more_reach_it(told, others):
    leaving = [(day, LEFT if cause == CENSORED else cause) for day, cause in told]
    assert (np.array(shares(waits(*leaving))) <= np.array(shares(waits(*told))) + 1e-12).all()


def test_the_interval_is_as_wide_as_the_formula_says():
    chance = np.random.default_rng(3)
    days, cause = chance.integers(0, 100, 400), chance.integers(-1, 2, 400)
    _, low, high = Incidence.of(waits(*zip(days, cause, strict=True)), draws=1000).by(50)
    with np.errstate(all="ignore"):
        theirs = CumIncidenceRight(days + 1.0, cause + 1)
    error = theirs.cinc_se[0][np.searchsorted(theirs.times, 51)]
    assert high - low == pytest.approx(2 * 1.96 * error, rel=0.15)


def test_what_too_few_reach_has_no_day():
    found = Incidence.of(waits((5, REACHED), (6, LEFT), (7, LEFT)))
    assert found.day_of(0.5)[0] == np.inf
    assert found.day_of(0.3)[0] == 5
