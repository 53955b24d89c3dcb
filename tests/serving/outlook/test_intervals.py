"""What is said of a part does not depend on which others are summed up beside it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from serving.outlook.intervals import HIGH, LOW, beside_the_whole, interval_of, means_of

amounts = st.sampled_from([0.0, 0.1, 1 / 3, 2.0, 1e6])
draws = arrays(np.float64, array_shapes(min_dims=2, max_dims=2, max_side=40), elements=amounts)
with_gaps = arrays(
    np.float64,
    array_shapes(min_dims=2, max_dims=2, max_side=20),
    elements=amounts | st.just(np.nan),
)


@given(draws)
def test_the_whole_stands_first_and_every_mean_is_its_own_to_the_last_bit(drawn):
    told = means_of(beside_the_whole(drawn))
    assert told[0] == drawn.sum(axis=1).mean()
    assert told[1:].tolist() == [column.mean() for column in drawn.T]


@given(with_gaps)
def test_every_interval_is_its_own_to_the_last_bit_and_holds_what_is_expected(drawn):
    is_told = ~np.isnan(drawn).all(axis=0)
    expected = np.where(is_told, np.nan_to_num(drawn).mean(axis=0), np.nan)
    told = interval_of(drawn, expected)
    for number in np.flatnonzero(is_told):
        low, high = np.nanquantile(drawn[:, number], [LOW, HIGH])
        assert told["low"][number] == min(low, expected[number])
        assert told["high"][number] == max(high, expected[number])


def test_a_part_that_had_nothing_to_keep_in_any_draw_has_no_interval():
    nothing = interval_of(np.full((4, 1), np.nan), np.array([np.nan]))
    assert all(np.isnan(ends).all() for ends in nothing.values())
