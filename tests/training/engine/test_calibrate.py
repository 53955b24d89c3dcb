import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.engine.calibrate import Lately, observed_over_expected_shift
from training.engine.periods import CENSORED, FollowUp, Ints, Periods

PERIODS = Periods.covering([30, 60, 90])
TODAY = 1000.0


def shift(
    *, leaving: int, of: int, rate: float, days_ago: float = 84, accounts: Ints | None = None
) -> float:
    """Watch ``of`` rows from one morning until today; ``leaving`` of them left half-way."""
    days = np.full(of, days_ago)
    days[:leaving] = days_ago / 2
    cause = np.where(np.arange(of) < leaving, 0, CENSORED)
    lately = Lately(
        np.full((of, PERIODS.count), rate),
        FollowUp(days, cause),
        np.full(of, TODAY - days_ago),
        periods=PERIODS,
        cause=0,
        training_day=TODAY,
        account=accounts,
    )
    return observed_over_expected_shift(lately)


def test_a_model_that_says_half_of_what_comes_is_doubled():
    right = 200 / (800 * 84 + 200 * 42)
    assert shift(leaving=200, of=1000, rate=right / 2) == pytest.approx(np.log(2), abs=0.01)


@given(st.integers(50, 400))
def test_a_model_that_is_right_is_left_alone(leaving):
    right = leaving / ((1000 - leaving) * 84 + leaving * 42)
    assert shift(leaving=leaving, of=1000, rate=right) == 0


@given(st.integers(0, 400), st.floats(1e-5, 1e-2))
def test_the_shift_goes_from_what_was_expected_towards_what_came(leaving, rate):
    expected = rate * ((1000 - leaving) * 84 + leaving * 42)
    moved = shift(leaving=leaving, of=1000, rate=rate)
    assert moved == 0 or np.sign(moved) == np.sign(leaving - expected)
    assert abs(moved) <= abs(np.log((leaving + 0.5) / (expected + 0.5))) + 1e-12


def test_few_events_move_it_less():
    full = np.log((20 + 0.5) / (10 + 0.5))
    right = 20 / (980 * 84 + 20 * 42)
    assert shift(leaving=20, of=1000, rate=right / 2) == pytest.approx(0.4 * full, rel=0.01)


def test_one_event_seen_from_four_mornings_is_one_piece_of_evidence():
    right = 24 / (76 * 84 + 24 * 42)
    four_of_each = np.arange(100) // 4
    assert shift(leaving=24, of=100, rate=right / 2) > 0
    assert shift(leaving=24, of=100, rate=right / 2, accounts=four_of_each) == 0


def test_what_happened_before_the_last_weeks_does_not_count():
    long_gone = FollowUp(np.full(500, 10.0), np.zeros(500, int))
    lately = Lately(
        np.full((500, PERIODS.count), 1e-6),
        long_gone,
        np.full(500, TODAY - 150),
        periods=PERIODS,
        cause=0,
        training_day=TODAY,
    )
    assert observed_over_expected_shift(lately) == 0


def test_nothing_watched_moves_nothing():
    assert shift(leaving=0, of=10, rate=0.01, days_ago=0) == 0


@pytest.mark.parametrize(
    ("expected", "is_moved"), [(4.7, True), (4.9, False), (18.3, False), (18.5, True)]
)
def test_between_the_known_limits_of_ten_events_nothing_moves(expected, is_moved):
    """The exact Poisson limits of 10 are 4.795 and 18.39 (Garwood 1936)."""
    days = 990 * 84 + 10 * 42
    assert (shift(leaving=10, of=1000, rate=expected / days) != 0) == is_moved


# Few enough that rows begin, end and are struck where a window or the last period does.
MOMENTS = st.sampled_from([0, 1, 7, 30, 60, 84, 89, 90, 91, 120])


@st.composite
def some_rows(draw) -> Lately:
    """Up to six rows of up to three accounts, and daily rates that differ by row and period."""
    size = draw(st.integers(0, 6))
    whole = st.lists(MOMENTS, min_size=size, max_size=size)
    back, followed = np.array(draw(whole), dtype=float), np.array(draw(whole), dtype=float)
    causes = st.lists(st.sampled_from([CENSORED, 0, 1]), min_size=size, max_size=size)
    accounts = st.lists(st.integers(0, 2), min_size=size, max_size=size)
    return Lately(
        np.arange(1.0, 1 + size * PERIODS.count).reshape(size, PERIODS.count),
        FollowUp(np.minimum(followed, back), np.array(draw(causes), dtype=np.int64)),
        TODAY - back,
        periods=PERIODS,
        cause=0,
        training_day=TODAY,
        account=draw(st.none() | accounts.map(lambda told: np.array(told, dtype=np.int64))),
    )


def diary(lately: Lately, *, opens: int, closes: int) -> tuple[float, float]:
    """Events that came, and that were expected: each row day by day, each account once."""
    came, watched = [], []
    expected = 0.0
    for row in range(len(lately.followup)):
        until, cause = lately.followup.days[row], lately.followup.cause[row]
        for ahead in range(int(PERIODS.edges[-1])):
            if not opens <= lately.day[row] + ahead < closes:
                continue
            if ahead == until and cause == 0:
                came.append(row)
            if ahead < until:
                watched.append(row)
                expected += lately.rates[row, PERIODS.period_of(np.array([ahead]))[0]]
    seen = sorted(set(came or watched))
    whose = seen if lately.account is None else lately.account[seen]
    times = len(seen) / len(set(whose)) if seen else 1.0
    return len(came) / times, expected / times


@given(some_rows(), MOMENTS, MOMENTS)
def test_what_is_counted_is_what_a_diary_of_days_holds(lately, last, but):
    but = min(but, last)
    told = lately.counted(last, but_days=but)
    opens, closes = int(TODAY) - last, int(TODAY) - but
    assert told == pytest.approx(diary(lately, opens=opens, closes=closes))
