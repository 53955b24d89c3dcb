"""Whoever we stand to lose most of comes first, the same way every time."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from serving.prioritise import at_stake, rank, this_week

maybe = st.one_of(st.none(), st.floats(0, 1))
books = st.lists(
    st.tuples(maybe, st.one_of(st.none(), st.floats(0, 1e6))), min_size=1, max_size=12
)


def book(*accounts: tuple[float | None, float | None], owner: str | None = "Ana"):
    rows = pd.DataFrame(accounts, columns=["churn_risk", "arr"]).astype(float)
    rows["account_id"] = [f"a{i}" for i in range(len(rows))]
    rows["owner"] = owner
    return rows


@given(books, st.randoms())
def test_ranks_are_a_count_and_do_not_depend_on_the_order_of_rows(accounts, random):
    rows = book(*accounts)
    order = list(rows.index)
    random.shuffle(order)
    ranks = rank(rows)
    assert sorted(ranks) == list(range(1, len(rows) + 1))
    assert rank(rows.loc[order]).sort_index().tolist() == ranks.tolist()


@given(books)
def test_an_account_without_a_score_comes_after_every_account_with_one(accounts):
    rows = book(*accounts).assign(rank=lambda r: rank(r))
    scored, unscored = rows[rows["churn_risk"].notna()], rows[rows["churn_risk"].isna()]
    if len(scored) and len(unscored):
        assert scored["rank"].max() < unscored["rank"].min()


def test_expected_arr_lost_decides_where_there_is_arr():
    assert rank(book((0.9, 1_000.0), (0.1, 100_000.0))).tolist() == [2, 1]


def test_the_risk_decides_where_no_account_has_arr():
    rows = book((0.1, None), (0.9, None))
    assert at_stake(rows).tolist() == at_stake(rows.drop(columns="arr")).tolist() == [0.1, 0.9]
    assert rank(rows).tolist() == [2, 1]


def test_an_account_without_arr_among_others_with_it_has_none_to_lose():
    rows = book((0.9, None), (0.1, 10.0), (0.95, None))
    assert at_stake(rows).tolist() == [0.0, 1.0, 0.0]
    assert rank(rows).tolist() == [3, 1, 2]


def test_ties_are_broken_by_account_id():
    assert rank(book((0.5, 10.0), (0.5, 10.0))).tolist() == [1, 2]


def test_the_week_ends_at_each_owners_capacity():
    rows = book(*[(0.5, 10.0)] * 5).assign(owner=["Ana", "Ben", "Ana", "Ana", None])
    rows["rank"] = rank(rows)
    assert this_week(rows, capacity=2).tolist() == [True, True, True, False, True]


def test_an_account_without_a_score_is_never_in_the_week():
    rows = book((None, 10.0), (0.2, 10.0)).assign(rank=lambda r: rank(r))
    assert this_week(rows, capacity=5).tolist() == [False, True]


def test_what_is_at_little_risk_with_little_at_stake_can_wait():
    rows = book((0.5, 100.0), (0.01, 100_000.0), (0.01, 100.0), (0.2, 1.0))
    rows = rows.assign(owner="Ana", rank=rank(rows))
    assert this_week(rows, capacity=9).tolist() == [True, True, False, True]


def test_half_the_mean_is_little():
    rows = book((0.1, None), (0.3, None)).assign(rank=[2, 1])
    assert this_week(rows, capacity=9).tolist() == [False, True]


def test_an_empty_book_has_no_ranks():
    assert rank(book()).tolist() == []
