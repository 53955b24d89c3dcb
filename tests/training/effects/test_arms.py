import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from training.effects.arms import FEWEST_FAMILIES, Arms, gap, reach_of


def drawn(
    count: int, *, seed: int = 0, effect: float = 0.0, share: float = 0.5, slope: float = 0.0
) -> Arms:
    """Accounts of their own, a share of them held out, with a known effect."""
    chance = np.random.default_rng(seed)
    is_treated = chance.random(count) >= share
    before = chance.normal(size=count)
    outcome = slope * before + effect * is_treated + chance.normal(size=count)
    return Arms(is_treated, np.arange(count), outcome, before, np.ones(count))


def with_nothing_known(arms: Arms) -> Arms:
    before = np.zeros(len(arms.outcome))
    return Arms(arms.is_treated, arms.family, arms.outcome, before, arms.weight)


def test_where_nothing_was_known_before_it_is_the_plain_difference_of_means():
    arms = with_nothing_known(drawn(200, effect=0.4))
    found = gap(arms)
    one, other = (arms.outcome[side] for side in (arms.is_treated, ~arms.is_treated))
    assert found.points == pytest.approx(one.mean() - other.mean())
    assert found.treated == pytest.approx(one.mean())
    assert found.held_out == pytest.approx(other.mean())
    welch = stats.ttest_ind(one, other, equal_var=False)
    assert found.error >= 0.98 * abs(found.points / welch.statistic)
    assert found.error == pytest.approx(abs(found.points / welch.statistic), rel=0.05)


def test_the_line_is_that_of_least_squares_with_the_arms_apart():
    arms = drawn(300, effect=0.4, slope=2.0)
    known = arms.before - arms.before.mean()
    treated = arms.is_treated.astype(float)
    design = np.column_stack([np.ones(300), treated, known, treated * known])
    slopes = np.linalg.lstsq(design, arms.outcome, rcond=None)[0]
    assert gap(arms).points == pytest.approx(slopes[1])


def test_what_was_known_before_narrows_the_interval():
    arms = drawn(400, slope=2.0)
    assert gap(arms).error < 0.6 * gap(with_nothing_known(arms)).error


@given(st.integers(0, 10_000), st.floats(-5, 5), st.floats(0.1, 5))
@settings(max_examples=30)
def test_adding_to_all_or_counting_in_other_units_changes_nothing_else(seed, more, times):
    arms = drawn(80, seed=seed, slope=0.5)
    moved = Arms(
        arms.is_treated, arms.family, more + times * arms.outcome, arms.before, arms.weight
    )
    one, other = gap(arms), gap(moved)
    assert other.points == pytest.approx(times * one.points, abs=1e-9)
    assert other.error == pytest.approx(times * one.error)
    assert other.freedom == pytest.approx(one.freedom)


@given(st.integers(0, 10_000))
@settings(max_examples=30)
def test_exchanging_the_arms_turns_the_sign(seed):
    arms = drawn(80, seed=seed, slope=0.5)
    turned = Arms(~arms.is_treated, arms.family, arms.outcome, arms.before, arms.weight)
    assert gap(turned).points == pytest.approx(-gap(arms).points)
    assert gap(turned).error == pytest.approx(gap(arms).error)


def test_accounts_of_one_family_are_one_draw():
    arms = with_nothing_known(drawn(100, seed=3))
    twice = Arms(*(np.repeat(getattr(arms, name), 2) for name in Arms.__slots__))
    assert gap(twice).error == pytest.approx(gap(arms).error)
    assert gap(twice).families == gap(arms).families


def test_weights_count_an_account_as_so_many():
    arms = with_nothing_known(drawn(60, seed=5))
    heavy = Arms(arms.is_treated, arms.family, arms.outcome, arms.before, arms.weight * 7)
    assert gap(heavy).points == pytest.approx(gap(arms).points)
    assert gap(heavy).error == pytest.approx(gap(arms).error)


def test_an_arm_in_which_nobody_left_does_not_know_that_for_certain():
    is_treated = np.arange(400) >= 20
    left = ((np.arange(400) % 8 == 0) & is_treated).astype(float)
    arms = Arms(is_treated, np.arange(400), left, np.zeros(400), np.ones(400))
    found = gap(arms)
    low, high = found.interval
    assert found.held_out == 0.0
    assert low < 0 < high


def test_an_arm_too_small_to_compare_is_not_compared():
    is_treated = np.arange(100) >= FEWEST_FAMILIES - 1
    arms = Arms(is_treated, np.arange(100), np.ones(100), np.zeros(100), np.ones(100))
    assert gap(arms) is None


def test_intervals_hold_and_claims_are_rare_over_many_draws():
    found = [gap(drawn(120, seed=seed, effect=0.5, share=0.2)) for seed in range(1000)]
    held = np.mean([low <= 0.5 <= high for low, high in (each.interval for each in found)])
    assert 0.97 <= held <= 0.997


def test_four_out_of_five_see_the_smallest_effect_that_is_promised():
    size = np.median([gap(drawn(200, seed=seed)).smallest for seed in range(100)])
    seen = [gap(drawn(200, seed=seed, effect=size)).interval[0] > 0 for seed in range(600)]
    assert 0.75 <= np.mean(seen) <= 0.85


def test_four_looks_at_the_same_accounts_are_wrong_together_once_in_twenty():
    chance = np.random.default_rng(8)
    walks = np.cumsum(chance.normal(size=(200_000, 4)), axis=1) / np.sqrt(np.arange(1, 5))
    assert (abs(walks) > reach_of(1e9)).any(axis=1).mean() == pytest.approx(0.05, abs=0.002)
