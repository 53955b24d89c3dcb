import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.effects.bridge import Bridge, bridge, lent, without_lent
from training.effects.contrast import Contrast, contrast, later_contrast
from training.effects.crossfit import cross_fit
from training.effects.landmarks import Landmarks

numbers = st.lists(st.floats(-0.01, 0.01), min_size=2, max_size=9).map(np.array)


def found(points, parts):
    return Contrast(points, np.array(parts), without=0.2, effective=90.0, overlap=1.0)


def surely(points):
    """Known to a hundredth of it."""
    return found(points, [points / 200, -points / 200])


def hidden(seed, *, does, accounts=6000, kind="first"):
    """Landmarks of whose engagement little is known before.

    ``does`` is what the step does: 0 for a busy week, which is a sign of engagement alone.
    """
    rng = np.random.default_rng(seed)
    engaged = rng.normal(size=accounts)
    reached = rng.random(accounts) < 1 / (1 + np.exp(-engaged))
    leaving = np.clip(0.3 - 0.08 * engaged, 0.0, 1.0) + does * reached
    account = np.arange(accounts)
    return Landmarks(
        milestone=kind,
        snapshot=account,
        segment=np.full(accounts, "startup", dtype=object),
        account=account,
        cluster=account,
        inputs=(engaged + 2 * rng.normal(size=accounts))[:, None],
        probe=np.zeros(accounts),
        later=2 * engaged + rng.normal(size=accounts),
        is_reached=reached,
        left=(rng.random(accounts) < leaving).astype(float),
    )


def compared(landmarks):
    rows, expected = np.ones(len(landmarks), dtype=bool), cross_fit(landmarks, seed=1)
    return contrast(landmarks, expected, rows), later_contrast(landmarks, expected, rows)


def test_what_is_taken_off_by_hand():
    """A busy week: 3 points less leaving, half a day more; the step: a fifth of a day more."""
    over = bridge(surely(-0.03), surely(0.5))
    later = surely(0.2)
    assert over.points == pytest.approx(-0.06)
    assert lent(later, over) == pytest.approx(-0.012)
    assert without_lent(surely(-0.05), later, over).points == pytest.approx(-0.038)


def test_a_busy_week_that_hardly_shows_later_tells_nothing():
    assert bridge(surely(-0.03), found(0.5, [0.2, -0.2])) is None
    assert bridge(surely(-0.03), surely(0.0)) is None


@given(numbers, numbers, numbers)
def test_where_engagement_does_nothing_the_estimate_stands(one, other, third):
    """And where a step leaves later use alone, nothing is lent to it."""
    estimate = found(-0.04, one)
    harmless = without_lent(estimate, found(0.3, other), Bridge(0.0, np.zeros(2)))
    assert harmless.points == estimate.points
    assert harmless.error == pytest.approx(estimate.error)
    alone = without_lent(estimate, found(0.0, np.zeros(2)), Bridge(-0.06, third))
    assert alone.points == estimate.points
    assert alone.error == pytest.approx(estimate.error)


@pytest.mark.parametrize(("later", "points"), [(-0.2, -0.06), (0.2, 0.06)])
def test_nothing_is_ever_added_to_an_effect(later, points):
    over = Bridge(points, np.zeros(2))
    assert lent(surely(later), over) == 0
    estimate = surely(-0.05)
    assert without_lent(estimate, surely(later), over) is estimate


def test_accounts_that_only_one_side_knows_count_as_nothing_on_the_other():
    longer = without_lent(surely(-0.05), found(0.2, [0.0] * 4), Bridge(-0.06, np.zeros(3)))
    assert len(longer.parts) == 4
    assert longer.error == pytest.approx(surely(-0.05).error)


@pytest.mark.parametrize("does", [0.0, -0.1])
def test_the_truth_is_found_though_engagement_is_hidden(does):
    """Without the bridge the intervals lie wholly below what the step does."""
    covered = 0
    for seed in range(4):
        over = bridge(*compared(hidden(seed + 50, does=0.0, kind="busy_week")))
        estimate, later = compared(hidden(seed, does=does))
        low, high = without_lent(estimate, later, over).interval
        covered += low <= does <= high
        assert estimate.interval[1] < does - 0.01
    assert covered >= 3
