import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import gamma, poisson

from training.engine.periods import CENSORED, FollowUp, Periods
from training.engine.recently import CHANGED, HAS_CHANGED, STEADY, level_today, recent_shift

PERIODS = Periods.covering([30, 60, 90])
TODAY = 1000.0
counts = st.lists(st.integers(0, 40), min_size=5, max_size=5)
means = st.lists(st.floats(0.5, 40), min_size=5, max_size=5)


def shift(left: tuple[int, ...], *, times: int = 1) -> float:
    """A thousand accounts, ten of which are expected to leave in each of the last 12 weeks;
    ``left`` did in each of as many equal stretches of them, oldest first. Each is seen from so
    many mornings.
    """
    days = np.full(1000, 84.0)
    long = 84 / max(len(left), 1)
    gone = [long * (number + (np.arange(n) + 0.5) / n) for number, n in enumerate(left)]
    gone = np.concatenate(gone or [[]])
    days[: len(gone)] = gone
    cause = np.where(np.arange(1000) < len(gone), 0, CENSORED)
    return recent_shift(
        np.full((1000 * times, PERIODS.count), 120 / days.sum()),
        FollowUp(np.tile(days, times), np.tile(cause, times)),
        np.full(1000 * times, TODAY - 84),
        periods=PERIODS,
        cause=0,
        training_day=TODAY,
        accounts=np.tile(np.arange(1000), times),
    )


def by_quadrature(observed: list[int], expected: list[float]) -> float:
    """The same mean by adding up over a fine grid of levels before and after."""
    levels = np.linspace(1e-3, 60, 12001)
    came, meant = np.array(observed), np.array(expected)

    def likelihood(which: slice, shape: float) -> np.ndarray:
        told = poisson.logpmf(came[which, None], meant[which, None] * levels).sum(axis=0)
        return np.exp(told) * gamma.pdf(levels, shape, scale=1 / shape)

    weight, mean = [], []
    for change in (*range(1, len(came)), None):
        after = likelihood(slice(0, change), STEADY if change is None else CHANGED)
        before = 1.0 if change is None else likelihood(slice(change, None), STEADY).sum()
        prior = 1 - HAS_CHANGED if change is None else HAS_CHANGED / (len(came) - 1)
        step = 1.0 if change is None else levels[1] - levels[0]
        weight.append(prior * after.sum() * before * step)
        mean.append((after * levels).sum() / after.sum())
    return float(np.average(mean, weights=weight))


@given(counts, means)
def test_the_level_is_the_mean_over_all_changes_and_levels(observed, expected):
    told = level_today(observed, expected)
    assert told == pytest.approx(by_quadrature(observed, expected), rel=1e-3)


@given(means)
def test_where_as_much_came_as_was_expected_nothing_moves(expected):
    assert level_today(expected, expected) == pytest.approx(1)


@given(counts, means, st.integers(1, 9))
def test_one_more_event_of_the_last_fortnight_never_lowers_the_level(observed, expected, more):
    raised = [observed[0] + more, *observed[1:]]
    assert level_today(raised, expected) > level_today(observed, expected) - 1e-9


def test_what_doubled_eight_weeks_ago_is_not_waited_for():
    assert shift((40, 80, 80)) == pytest.approx(np.log(2), abs=0.15)
    assert shift((40, 40, 80)) > 0.4


def test_the_luck_of_few_events_is_believed_in_part():
    assert 0 < shift((40, 40, 46)) < np.log(46 / 40)
    assert abs(shift((40, 40, 40))) < 0.01


def test_an_event_seen_from_four_mornings_is_one_piece_of_evidence():
    assert shift((40, 50, 60), times=4) == pytest.approx(shift((40, 50, 60)))


def test_where_nobody_leaves_of_many_who_were_to_the_level_falls_far():
    assert shift(()) < np.log(0.2)


def test_nothing_watched_moves_nothing():
    nobody = np.zeros(0)
    assert recent_shift(
        np.zeros((0, PERIODS.count)),
        FollowUp(nobody, nobody.astype(int)),
        nobody,
        periods=PERIODS,
        cause=0,
        training_day=TODAY,
        accounts=nobody.astype(int),
    ) == pytest.approx(0)
