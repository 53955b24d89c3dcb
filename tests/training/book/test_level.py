from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import stats

from training.book.level import DOUBT_EVENTS, KEEPS, SharedLevel

months = st.lists(st.tuples(st.floats(0, 50), st.integers(0, 60)), min_size=1, max_size=30)


def learnt(*told: tuple[float, float], is_of_today: bool = False) -> SharedLevel:
    expected, came = [due for due, _ in told], [seen for _, seen in told]
    return SharedLevel.learnt(expected, came, is_of_today=is_of_today)


@given(months)
def test_every_kind_of_market_is_weighed_and_no_level_is_below_zero(told):
    level = learnt(*told)
    assert_allclose(level.weight.sum(), 1.0)
    assert (level.shape > 0).all()
    assert level.mean > 0


def test_before_any_history_as_much_is_expected_as_the_models_say():
    assert_allclose(learnt((0.0, 0.0)).mean, 1.0)


def test_before_any_history_every_kind_of_market_is_as_likely():
    weight = learnt((0.0, 0.0)).weight
    assert_allclose(weight, 1 / len(weight))


def test_twice_the_exits_for_two_years_is_a_level_of_nearly_two():
    assert 1.8 < learnt(*[(20.0, 40.0)] * 24).mean < 2.1


def test_a_market_that_jumps_is_known_by_its_jumps_and_a_calm_one_by_its_calm():
    calm = only(learnt(*[(20.0, 20.0)] * 24), drifts=True)
    jumps = [(20.0, 8.0), (20.0, 8.0), (20.0, 45.0), (20.0, 45.0)] * 6
    wild = only(learnt(*jumps), drifts=True)
    assert (calm.weight * calm.keep).sum() > 0.8
    assert (wild.weight * wild.keep).sum() < 0.65


def test_a_month_is_as_likely_as_the_negative_binomial_of_another_library_says():
    due, seen = 12.0, 17
    level = learnt((due, seen))
    drifts = np.isinf(level.home)
    shape = DOUBT_EVENTS * np.array(KEEPS)
    said = stats.nbinom.pmf(seen, shape, shape / (shape + due))
    assert_allclose(level.weight[drifts] / level.weight[drifts].sum(), said / said.sum())


def only(level: SharedLevel, *, drifts: bool) -> SharedLevel:
    weight = np.where(np.isinf(level.home) == drifts, level.weight, 0.0)
    return replace(level, weight=weight / weight.sum())


def test_the_paths_of_a_market_that_drifts_stay_on_their_mean_and_spread_with_the_months():
    level = only(learnt(*[(20.0, 25.0), (20.0, 15.0)] * 6), drifts=True)
    paths = level.paths(6, draws=40_000, rng=np.random.default_rng(3))
    assert_allclose(paths.mean(axis=0), level.mean, rtol=0.03)
    assert (np.diff(paths.std(axis=0)) > 0).all()


def test_a_market_that_comes_home_is_at_one_in_the_end_and_spread_as_its_kind_is():
    told = [(20.0, 20.0)] * 12 + [(20.0, 60.0)] * 3
    level = replace(only(learnt(*told), drifts=False), doubt=0.0, freedom=1e6)
    paths = level.paths(120, draws=40_000, rng=np.random.default_rng(3))
    mean = paths.mean(axis=0)
    assert mean[0] > 1.2
    assert (np.diff(mean[:6]) < 0).all()
    assert_allclose(mean[-1], 1.0, rtol=0.02)
    assert_allclose(paths[:, -1].var(), (level.weight / level.home).sum(), rtol=0.05)


@given(months, st.integers(1, 6), st.integers(2, 40), st.booleans())
def test_however_few_draws_there_are_every_month_has_its_expected_mean(
    told, ahead, draws, is_of_today
):
    level = learnt(*told, is_of_today=is_of_today)
    paths = level.paths(ahead, draws=draws, rng=np.random.default_rng(3))
    assert_allclose(paths.mean(axis=0), level.expected(ahead))


def test_two_draws_that_both_end_at_nothing_have_their_mean_as_well():
    unknown = SharedLevel.learnt((), ())
    for seed in range(100):
        paths = unknown.paths(3, draws=2, rng=np.random.default_rng(seed))
        assert_allclose(paths.mean(axis=0), unknown.expected(3))


def test_of_a_market_that_keeps_half_of_its_mood_half_is_left_after_a_month():
    one = np.ones(1)
    comes_home = SharedLevel(0.5 * one, 20.0 * one, one, 30.0 * one, 10.0 * one)
    drifts = replace(comes_home, home=np.array([np.inf]))
    assert_allclose(comes_home.expected(3), [2.0, 1.5, 1.25])
    assert_allclose(drifts.expected(3), 3.0)


def test_a_market_that_swings_around_one_is_known_from_one_that_leaves_it_for_good():
    swings = learnt(*[(20.0, 12.0), (20.0, 20.0), (20.0, 28.0), (20.0, 20.0)] * 6)
    leaves = learnt(*[(20.0, 20.0)] * 6, *[(20.0, 80.0)] * 18)
    assert swings.weight[np.isinf(swings.home)].sum() < 0.2
    assert leaves.weight[np.isinf(leaves.home)].sum() > 0.8


def test_what_models_say_at_the_level_of_today_comes_home_to_what_came_of_all_the_past():
    lately_calm = [(10.0, 20.0)] * 24 + [(10.0, 10.0)] * 3
    one, past = (
        only(learnt(*lately_calm, is_of_today=is_of_today), drifts=False).expected(60)
        for is_of_today in (False, True)
    )
    assert_allclose(one[-1], 1.0, rtol=0.02)
    assert_allclose(past[-1], (510 + DOUBT_EVENTS) / (270 + DOUBT_EVENTS), rtol=0.02)


@given(st.floats(0.5, 2.0))
def test_at_which_level_models_were_set_changes_nothing_of_what_is_to_be_expected(times):
    came = [18.0, 25.0, 22.0, 15.0] * 12
    told, said = (
        learnt(*[(due, seen) for seen in came], is_of_today=True).expected(6) * due
        for due in (20.0, 20.0 * times)
    )
    assert_allclose(told, said, rtol=0.01)


def test_the_same_seed_draws_the_same_paths():
    one, other = (
        learnt((20.0, 25.0)).paths(3, draws=5, rng=np.random.default_rng(1)) for _ in range(2)
    )
    assert (one == other).all()


def test_what_few_quarters_taught_is_doubted_more_than_what_many_did():
    few, many = learnt(*[(20.0, 20.0)] * 6), learnt(*[(20.0, 20.0)] * 48)
    assert few.doubt > 2 * many.doubt
    assert few.freedom < many.freedom


def test_how_far_a_market_moves_is_less_known_from_few_quarters_and_its_mean_is_the_same():
    level = replace(learnt(*[(20.0, 25.0), (20.0, 15.0)] * 6), doubt=0.0)
    few, many = (
        replace(level, freedom=freedom).paths(3, draws=40_000, rng=np.random.default_rng(3))
        for freedom in (3.0, 1e6)
    )
    assert_allclose(few.mean(axis=0), many.mean(axis=0), rtol=0.02)
    wide, narrow = (
        np.ptp(np.quantile(each, [0.05, 0.95], axis=0), axis=0) for each in (few, many)
    )
    assert (wide > 1.1 * narrow).all()


def test_quarters_that_scatter_are_doubted_more_than_calm_ones():
    calm = learnt(*[(20.0, 20.0)] * 12)
    wild = learnt(*([(20.0, 5.0)] * 3 + [(20.0, 35.0)] * 3) * 2)
    assert wild.doubt > 2 * calm.doubt


def test_the_doubt_of_a_level_is_that_of_its_quarters_counted_back_from_the_last():
    calm = learnt(*[(20.0, 20.0)] * 12)
    assert_allclose((calm.doubt, calm.freedom), (np.sqrt(1 / 245), 3))
    # Two quarters of 30 expected, in which 15 and 45 came: (15² / 30 + 15² / 30) / 1 is 15.
    wild = learnt(*[(10.0, 5.0)] * 3, *[(10.0, 15.0)] * 3)
    assert_allclose((wild.doubt, wild.freedom), (np.sqrt(15 / 65), 1))
    # Of four months the first is a quarter by itself: 10 expected and 5 came, 30 and 35.
    four = learnt((10.0, 5.0), *[(10.0, 35 / 3)] * 3)
    assert_allclose((four.doubt, four.freedom), (np.sqrt((25 / 10 + 25 / 30) / 45), 1))


@given(st.floats(0.1, 10.0), st.floats(1.0, 40.0))
def test_however_high_a_level_stands_it_moves_by_as_large_a_share_of_itself(times, freedom):
    level = replace(
        only(learnt(*[(20.0, 25.0), (20.0, 15.0)] * 6), drifts=True), freedom=freedom
    )
    higher = replace(level, rate=level.rate / times)
    paths, others = (
        each.paths(4, draws=50, rng=np.random.default_rng(3)) for each in (level, higher)
    )
    assert_allclose(others, times * paths, rtol=1e-6)


def test_of_one_quarter_or_two_no_spread_is_believed_that_has_no_variance():
    level = replace(only(learnt(*[(20.0, 25.0), (20.0, 15.0)] * 6), drifts=True), doubt=0.0)
    one, three, many = (
        replace(level, freedom=freedom).paths(3, draws=99, rng=np.random.default_rng(3))
        for freedom in (1.0, 3.0, 9.0)
    )
    assert (one == three).all()
    assert (one != many).any()


def test_however_little_is_known_no_level_is_believed_to_be_more_than_twice_itself():
    calm = SharedLevel(*(np.array([told]) for told in (0.999, np.inf, 1.0, 1e9, 1e9)))
    paths = replace(calm, doubt=1.0).paths(2, draws=20_000, rng=np.random.default_rng(3))
    assert 1.9 < paths.max() < 2.1
    assert 0 < paths.min() < 0.01
