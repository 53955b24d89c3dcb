"""Of the futures that are played, each account lives one, draw by draw."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.outlook.prospects import CHURNS, LEAVES
from serving.outlook.simulation import evenly, simulated, struck
from serving.outlook.voices import Voice
from tests.serving.books import NEVER, a_book, have_signed
from training.book.stakes import Stakes
from training.questions.changes import GROWS, SHRINKS


@given(st.integers(1, 50), st.integers(1, 20), st.integers(0, 99))
def test_every_account_has_as_much_luck_as_any_other(draws, accounts, seed):
    luck = evenly(draws, accounts, np.random.default_rng(seed))
    assert (np.sort(np.floor(luck * draws), axis=0) == np.arange(draws)[:, None]).all()


def test_the_luck_of_one_account_tells_nothing_of_anothers():
    luck = evenly(4000, 20, np.random.default_rng(1))
    off = np.corrcoef(luck.T) - np.eye(20)
    assert np.abs(off).max() < 4.5 / np.sqrt(4000)


def test_who_left_pays_nothing_and_never_comes_back():
    for states in simulated(a_book(daily=0.02), [0, 30, 60, 90], seed=1):
        for early, late in ((0, 30), (30, 60), (60, 90)):
            assert (states[late].gone >= states[early].gone).all()
            assert (states[late].arr[states[late].gone] == 0).all()


def test_who_has_signed_for_more_step_by_step_pays_each_step_from_its_day_on():
    quiet = replace(
        a_book(size=50),
        voices=dict.fromkeys(a_book().voices, NEVER),
        signed=have_signed((3, 20, 700.0), (4, 60, 900.0), (3, 61, 800.0), (3, 70, 600.0)),
    )
    for states in simulated(quiet, [0, 20, 60, 61, 90], seed=1):
        paid = {day: tuple(state.arr[0, [3, 4]]) for day, state in states.items()}
        now = tuple(quiet.accounts["arr"].iloc[[3, 4]])
        assert paid[0] == now
        assert paid[20] == (700.0, now[1])
        assert paid[60] == (700.0, 900.0)
        assert paid[61] == (800.0, 900.0)
        assert paid[90] == (600.0, 900.0)


def test_who_has_signed_for_less_pays_less_from_that_day_on_unless_it_leaves_before():
    book = a_book(size=50, daily=0.01)
    quiet = replace(
        book,
        accounts=book.accounts.assign(arr=400.0),
        voices={**book.voices, GROWS: NEVER, SHRINKS: NEVER},
        signed=have_signed(*((account, 40, 300.0) for account in range(50))),
    )
    for states in simulated(quiet, [0, 30, 60], seed=1):
        assert (states[30].arr == np.where(states[30].gone, 0.0, 400.0)).all()
        assert (states[60].arr == np.where(states[60].gone, 0.0, 300.0)).all()


chances = st.floats(0.0, 3.0)


@given(chances, chances, chances, chances)
def test_one_thing_happens_at_most_and_leaving_has_its_whole_chance(churns, leaves, ups, downs):
    rates = dict(
        zip((CHURNS, LEAVES, GROWS, SHRINKS), (churns, leaves, ups, downs), strict=True)
    )
    luck = evenly(2000, 1, np.random.default_rng(0))
    came = struck({name: np.array([rate]) for name, rate in rates.items()}, luck)
    assert (sum(each.astype(int) for each in came.values()) <= 1).all()
    left = (came[CHURNS] | came[LEAVES]).mean()
    assert left == pytest.approx(-np.expm1(-(churns + leaves)), abs=1e-3)


def test_who_shrinks_has_stayed():
    rates = {CHURNS: 0.3, LEAVES: 0.0, SHRINKS: 0.2}
    luck = evenly(4000, 1, np.random.default_rng(0))
    came = struck({name: np.array([rate]) for name, rate in rates.items()}, luck)
    # Of 100 accounts 26 leave; 16 shrink before all else, where drawn apart only 13 would.
    assert came[CHURNS].mean() == pytest.approx(0.259, abs=1e-3)
    assert came[SHRINKS].mean() == pytest.approx(0.157, abs=1e-3)


@dataclass(frozen=True)
class Known:
    """A mood that is the same in every draw: one number a month."""

    mood: tuple[float, ...]

    def paths(self, months: int, *, draws: int, rng: np.random.Generator) -> np.ndarray:
        return np.tile(self.mood[:months], (draws, 1))


def test_every_month_has_a_mood_of_its_own():
    voice = Voice(np.full((50, 90), 0.01), Known((1.0, 0.0, 3.0)))
    quiet = dict.fromkeys(a_book().voices, NEVER)
    book = replace(a_book(size=50), voices={**quiet, CHURNS: [voice]})
    (states, *_) = simulated(book, [30, 60, 75, 90], seed=1)
    here = {day: 1 - state.gone.mean() for day, state in states.items() if day}
    said = {30: 0.3, 60: 0.3, 75: 0.75, 90: 1.2}
    assert here == pytest.approx({day: np.exp(-rate) for day, rate in said.items()}, abs=3e-3)


def test_what_those_that_pay_much_may_do_is_as_unsure_as_its_few_events_left_it():
    book = a_book(size=50)
    much = (book.accounts["arr"] >= 200).to_numpy()
    unsure = Stakes((200.0,), np.array([1e9, 0.5]), np.array([1e9, 0.5]))
    daily = np.full((50, 90), 0.002)
    spreads = []
    for stakes in (None, unsure):
        voices = {**dict.fromkeys(book.voices, NEVER), CHURNS: [Voice(daily, None, stakes)]}
        draws = list(simulated(replace(book, voices=voices), [90], seed=1))
        churned = np.vstack([told[90].churned for told in draws])
        assert churned.mean(axis=0) == pytest.approx(churned.mean(), abs=0.05)
        spreads.append([churned[:, own].sum(axis=1).std() for own in (~much, much)])
    (little, large), (little_too, unsure_large) = spreads
    assert little_too == pytest.approx(little, rel=0.1)
    assert unsure_large > 1.5 * large
