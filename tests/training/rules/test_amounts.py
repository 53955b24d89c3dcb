import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from training.rules.amounts import ALIKE, EVERYBODY, LAST, SEGMENT, AmountRules


def evidence(*rows):
    return pd.DataFrame(rows, columns=["segment", "arr", "last"])


def test_everybodys_share_is_the_mean_and_a_small_segment_is_drawn_towards_it():
    seen = evidence(*[("large", 10.0, np.nan)] * 40, ("small", 10.0, np.nan))
    rules = AmountRules.learnt(seen, np.array([0.1] * 40 + [0.9]))
    told = rules.told(evidence(("large", 1.0, np.nan), ("small", 1.0, np.nan), ("new", 1, 0.3)))
    overall = (40 * 0.1 + 0.9) / 41
    assert_allclose(told[EVERYBODY], overall)
    assert told[SEGMENT][0] == pytest.approx((4 + 10 * overall) / 50)
    assert told[SEGMENT][0] < told[SEGMENT][1] < 0.9
    assert told[SEGMENT][2] == pytest.approx(overall)
    assert_allclose(told[LAST], [overall, overall, 0.3])


def test_who_pays_about_as_much_tells_more_than_who_pays_far_more():
    paid = np.concatenate([np.full(100, 10.0), np.full(100, 1000.0)])
    seen = pd.DataFrame({"segment": "one", "arr": paid, "last": np.nan})
    rules = AmountRules.learnt(seen, np.where(paid < 100, 1.0, 0.1))
    told = rules.told(evidence(("one", 9.0, np.nan), ("one", 5000.0, np.nan)))[ALIKE]
    assert_allclose(told, [1.0, 0.1])


def test_where_nothing_ever_changed_nothing_is_expected():
    rules = AmountRules.learnt(evidence(), np.zeros(0))
    assert rules.told(evidence(("one", 9.0, np.nan))) == {EVERYBODY: np.zeros(1)}


@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(1, 1e6), st.floats(0.01, 9))))
def test_rules_read_back_say_the_same_and_never_more_than_was_ever_seen(rows):
    seen = evidence(*[(segment, arr, np.nan) for segment, arr, _ in rows])
    share = np.array([moved for *_, moved in rows])
    rules = AmountRules.learnt(seen, share)
    again = AmountRules.from_dict(json.loads(json.dumps(rules.to_dict())))
    asked = evidence(("a", 5.0, np.nan), ("c", 1e5, np.nan))
    for name, said in rules.told(asked).items():
        assert_allclose(again.told(asked)[name], said, rtol=0)
        assert (said <= share.max(initial=0) * (1 + 1e-9)).all()
