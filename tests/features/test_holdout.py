from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from configs.sections import Programme
from features.holdout import families, held_out, held_out_on, lots

names = st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=30, unique=True)
shares = st.floats(0.0, 1.0)


def some(ids: list[str], parents: list[str | None] | None = None) -> pd.DataFrame:
    parent_id = pd.Series(parents or [None] * len(ids), dtype=object)
    return pd.DataFrame({"account_id": pd.Series(ids, dtype=object), "parent_id": parent_id})


@given(names, shares, st.randoms(use_true_random=False))
def test_a_lot_hangs_on_the_name_alone_and_not_on_who_else_there_is(ids, share, chance):
    drawn = dict(zip(ids, held_out(some(ids), share), strict=True))
    others = chance.sample(ids, k=max(1, len(ids) // 2))
    again = dict(zip(others, held_out(some(others), share), strict=True))
    assert again == {name: drawn[name] for name in others}


@given(names, shares, shares)
def test_whoever_is_held_out_is_held_out_at_every_larger_share(ids, one, other):
    few, many = sorted((one, other))
    assert (held_out(some(ids), few) <= held_out(some(ids), many)).all()


@given(names, st.lists(st.sampled_from(["p", "q", None]), min_size=30, max_size=30), shares)
def test_accounts_of_one_parent_are_never_on_both_sides(ids, parents, share):
    accounts = some(ids, parents[: len(ids)])
    drawn = pd.Series(held_out(accounts, share))
    assert (drawn.groupby(families(accounts)).nunique() == 1).all()


def test_a_lot_is_what_it_was_when_the_first_account_was_drawn():
    assert lots(pd.Series(["acc_00001", "acc_00002"])).round(6).tolist() == [0.496912, 0.502069]


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
def test_about_the_share_asked_for_is_held_out(share):
    many = some([f"acc_{number:05d}" for number in range(20_000)])
    error = np.sqrt(share * (1 - share) / len(many))
    assert held_out(many, share).mean() == pytest.approx(share, abs=4 * error)


def test_nobody_is_held_out_before_the_holdout_begins_and_nobody_is_by_default():
    since = Programme(holdout_share=0.5, holdout_since=date(2025, 3, 10))
    many = some([f"a{number}" for number in range(50)])
    assert not held_out_on(many, since, date(2025, 3, 9)).any()
    assert held_out_on(many, since, date(2025, 3, 10)).any()
    assert not held_out_on(many, Programme(), date(2025, 3, 10)).any()


def test_a_holdout_without_a_beginning_is_refused():
    with pytest.raises(ValidationError, match="holdout_since"):
        Programme(holdout_share=0.1)
