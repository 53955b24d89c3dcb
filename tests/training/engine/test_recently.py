import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import gamma, poisson

from training.engine.calibrate import Lately
from training.engine.periods import CENSORED, FollowUp, Periods
from training.engine.recently import (
    CHANGED,
    CHANGED_FORTNIGHTS_AGO,
    DECIDED_FORTNIGHTS_BEFORE,
    HAS_CHANGED,
    STEADY,
    Counts,
    level_today,
    recent_shift,
)

PERIODS = Periods.covering([30, 60, 90, 120])
TODAY = 1000.0
WEEKS = 16
STRETCHES = len(CHANGED_FORTNIGHTS_AGO) + 1
NOBODY = Counts(np.zeros(STRETCHES), np.zeros(STRETCHES))
came = st.lists(st.integers(0, 40), min_size=STRETCHES, max_size=STRETCHES)
meant = st.lists(st.floats(0.5, 40), min_size=STRETCHES, max_size=STRETCHES)


def counts(observed: list[int], expected: list[float]) -> Counts:
    return Counts(np.array(observed, dtype=float), np.array(expected))


def lately(left: tuple[int, ...], *, times: int = 1) -> Lately:
    """A thousand accounts, ten of which are expected to leave in each of the last 16 weeks;
    ``left`` did in each of as many equal stretches of them, oldest first. Each is seen from so
    many mornings.
    """
    days = np.full(1000, 7.0 * WEEKS)
    long = 7 * WEEKS / max(len(left), 1)
    gone = [long * (number + (np.arange(n) + 0.5) / n) for number, n in enumerate(left)]
    gone = np.concatenate(gone or [[]])
    days[: len(gone)] = gone
    cause = np.where(np.arange(1000) < len(gone), 0, CENSORED)
    return Lately(
        np.full((1000 * times, PERIODS.count), 10 * WEEKS / days.sum()),
        FollowUp(np.tile(days, times), np.tile(cause, times)),
        np.full(1000 * times, TODAY - 7 * WEEKS),
        periods=PERIODS,
        cause=0,
        training_day=TODAY,
        account=np.tile(np.arange(1000), times),
    )


def shift(left: tuple[int, ...], *, times: int = 1, bound: bool = False) -> float:
    seen = lately(left, times=times)
    return recent_shift(seen, bound=np.full(1000 * times, bound))


def by_quadrature(free: Counts, bound: Counts) -> float:
    """The same mean by adding up over a fine grid of levels before and after."""
    levels = np.linspace(1e-3, 90, 12001)

    def likelihood(came: np.ndarray, meant: np.ndarray, shape: float) -> np.ndarray:
        told = poisson.logpmf(came[:, None], meant[:, None] * levels).sum(axis=0)
        return np.exp(told) * gamma.pdf(levels, shape, scale=1 / shape)

    came = np.concatenate([free.observed, bound.observed])
    meant = np.concatenate([free.expected, bound.expected])
    place = np.tile(np.arange(STRETCHES), 2)
    is_bound = np.repeat([False, True], STRETCHES)
    changes = [(ago, wait) for ago in CHANGED_FORTNIGHTS_AGO for wait in (0, 1, 2, 3)]
    weight, mean = [], []
    for ago, wait in changes:
        is_after = place < np.where(is_bound, ago - wait, ago)
        after = likelihood(came[is_after], meant[is_after], CHANGED)
        before = likelihood(came[~is_after], meant[~is_after], STEADY).sum()
        prior = HAS_CHANGED / len(changes)
        weight.append(prior * after.sum() * before * (levels[1] - levels[0]))
        mean.append((after * levels).sum() / after.sum())
    steady = likelihood(came, meant, STEADY)
    weight.append((1 - HAS_CHANGED) * steady.sum())
    mean.append((steady * levels).sum() / steady.sum())
    return float(np.average(mean, weights=weight))


@settings(max_examples=25)
@given(came, meant, came, meant)
def test_the_level_is_the_mean_over_all_changes_and_levels(free, expected, late, due):
    known = counts(free, expected), counts(late, due)
    assert DECIDED_FORTNIGHTS_BEFORE == (0, 1, 2, 3)
    assert level_today(*known) == pytest.approx(by_quadrature(*known), rel=1e-3)


@given(meant, meant)
def test_where_as_much_came_as_was_expected_nothing_moves(free, late):
    known = counts(free, free), counts(late, late)
    assert level_today(*known) == pytest.approx(1)


@given(came, meant, st.integers(1, 9))
def test_one_more_event_of_the_last_fortnight_never_lowers_the_level(observed, expected, more):
    raised = counts([observed[0] + more, *observed[1:]], expected)
    before = level_today(counts(observed, expected), NOBODY)
    assert level_today(raised, NOBODY) > before - 1e-9


def test_what_doubled_eight_weeks_ago_is_not_waited_for():
    assert shift((40, 40, 80, 80)) == pytest.approx(np.log(2), abs=0.15)
    assert shift((40, 40, 40, 80)) > 0.4


def test_of_those_who_are_bound_a_change_that_shows_late_is_believed_sooner():
    """Of the free twice as many left for eight weeks, of the bound for the last four alone."""
    free, bound = lately((40, 40, 80, 80)), lately((40, 40, 40, 80))
    together = Lately(
        np.concatenate([free.rates, bound.rates]),
        FollowUp(
            np.concatenate([free.followup.days, bound.followup.days]),
            np.concatenate([free.followup.cause, bound.followup.cause]),
        ),
        np.concatenate([free.day, bound.day]),
        periods=PERIODS,
        cause=0,
        training_day=TODAY,
        account=np.arange(2000),
    )
    told = recent_shift(together, bound=np.repeat([False, True], 1000))
    assert told == pytest.approx(np.log(2), abs=0.1)
    assert told > recent_shift(together, bound=np.zeros(2000, dtype=bool)) + 0.02


def test_the_luck_of_few_events_is_believed_in_part():
    assert 0 < shift((40, 40, 40, 46)) < np.log(46 / 40)
    assert abs(shift((40, 40, 40, 40))) < 0.03


def test_an_event_seen_from_four_mornings_is_one_piece_of_evidence():
    assert shift((40, 40, 50, 60), times=4) == pytest.approx(shift((40, 40, 50, 60)))


def test_where_nobody_leaves_of_many_who_were_to_the_level_falls_far():
    assert shift(()) < np.log(0.3)


def test_nothing_watched_moves_nothing():
    nobody = np.zeros(0)
    nothing = Lately(
        np.zeros((0, PERIODS.count)),
        FollowUp(nobody, nobody.astype(int)),
        nobody,
        periods=PERIODS,
        cause=0,
        training_day=TODAY,
        account=nobody.astype(int),
    )
    assert recent_shift(nothing, bound=nobody.astype(bool)) == pytest.approx(0)
