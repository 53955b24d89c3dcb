import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.effects.arms import Arms, gap
from training.effects.power import smallest_prevented


@given(st.integers(200, 50_000), st.floats(0.05, 0.5), st.floats(0.05, 0.5))
def test_more_accounts_tell_smaller_effects(families, share, rate):
    few = smallest_prevented(families, share=share, rate=rate)
    many = smallest_prevented(4 * families, share=share, rate=rate)
    if few is not None:
        assert many == pytest.approx(few / 2)


def test_what_is_promised_beforehand_is_what_the_comparison_then_sees():
    families, share, rate = 4000, 0.2, 0.15
    chance = np.random.default_rng(0)
    is_treated = np.arange(families) >= share * families
    left = (chance.random(families) < rate).astype(float)
    arms = Arms(is_treated, np.arange(families), left, np.zeros(families), np.ones(families))
    promised = smallest_prevented(families, share=share, rate=rate)
    assert gap(arms).smallest / rate == pytest.approx(promised, rel=0.05)


def test_of_a_holdout_of_a_handful_nothing_is_promised():
    assert smallest_prevented(100, share=0.1, rate=0.3) is None
