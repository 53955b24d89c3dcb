from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.effects.effect import Effect
from training.effects.together import (
    Cell,
    drawn_together,
    holm,
    pooled,
    proven_together,
    shrunk,
)

CLEAR = Effect("startup", "first", "descriptive", points=-0.04, low=-0.06, high=-0.02)
chances = st.dictionaries(st.sampled_from("abcdefgh"), st.floats(0.0, 1.0), min_size=1)
errors = st.floats(0.001, 0.1)
estimates = st.lists(st.tuples(st.floats(-0.3, 0.3), errors), min_size=1, max_size=6)


def cells(points, error=0.01):
    return [
        Cell(replace(CLEAR, milestone=milestone, segment=str(n), points=each), error)
        for milestone, own in points.items()
        for n, each in enumerate(own)
    ]


@given(estimates)
def test_drawing_together_never_leaves_the_range_of_the_estimates(told):
    points, own = (np.array(column) for column in zip(*told, strict=True))
    drawn = shrunk(points, own)
    assert (drawn >= points.min() - 1e-12).all()
    assert (drawn <= points.max() + 1e-12).all()


@given(estimates)
def test_all_together_are_never_less_known_than_the_best_known_of_alike_ones(told):
    _, own = (np.array(column) for column in zip(*told, strict=True))
    mean, error = pooled(np.full(len(own), -0.02), own)
    assert mean == pytest.approx(-0.02)
    assert error <= own.min() + 1e-12


def test_a_milestone_is_drawn_towards_its_own_segments_where_milestones_differ():
    drawn = drawn_together(cells({"first": [-0.02, -0.04], "second": [0.5]}, error=0.02))
    assert drawn == pytest.approx([-0.03, -0.03, 0.5], abs=0.001)


def test_milestones_that_differ_by_luck_are_reckoned_to_do_the_same():
    """Means of -0.03 and -0.04, known to 0.014 and 0.02: by weight, -0.0333 each."""
    drawn = drawn_together(cells({"first": [-0.02, -0.04], "second": [-0.04]}, error=0.02))
    assert drawn == pytest.approx([-1 / 30] * 3)


def test_a_segment_too_small_for_a_figure_takes_no_part():
    few = Cell(Effect("tiny", "first", "too_few"), np.nan)
    told = [few, *cells({"first": [-0.04, -0.04]})]
    assert proven_together(told) == {"first"}
    assert drawn_together(told) == [None, pytest.approx(-0.04), pytest.approx(-0.04)]


def test_one_segment_far_from_zero_does_not_prove_a_milestone_whose_others_say_nothing():
    """-0.025 with an error of 0.01 would be called an effect by itself (z = 2.5)."""
    assert proven_together(cells({"first": [-0.025]})) == {"first"}
    assert proven_together(cells({"first": [-0.025, 0.004, 0.006]})) == frozenset()


def test_what_is_proven_alone_need_not_be_beside_many_others():
    """z = 2.2 is one chance in 36: too little among eight milestones."""
    others = {f"other_{n}": [0.0] for n in range(7)}
    assert proven_together(cells({"first": [-0.022]})) == {"first"}
    assert proven_together(cells({"first": [-0.022], **others})) == frozenset()


@given(chances)
def test_beside_others_never_more_is_proven_than_alone(told):
    proven = set(holm(told))
    assert proven <= {name for name, chance in told.items() if chance <= 0.05}
    assert {name for name, chance in told.items() if chance <= 0.05 / len(told)} <= proven


def test_where_nothing_does_anything_rarely_anything_is_proven():
    rng, proven = np.random.default_rng(3), 0
    for _ in range(300):
        drawn = rng.normal(0.0, 0.01, size=(8, 3))
        proven += bool(proven_together(cells({str(n): own for n, own in enumerate(drawn)})))
    assert proven <= 0.09 * 300
