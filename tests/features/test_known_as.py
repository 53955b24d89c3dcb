"""What an account was known as on any morning is told by its first one and its changes."""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from features.known_as import COLUMNS, FACTS, changes_told

KICKOFFS = (pd.Timestamp("2025-01-06"), pd.Timestamp("2025-02-03"), pd.NaT)
facts = st.tuples(
    st.sampled_from(["startup", "enterprise"]),
    st.sampled_from(["one", "other", None]),
    st.sampled_from(KICKOFFS),
)
lives = st.dictionaries(
    st.sampled_from(["a", "b", "ä"]),
    st.dictionaries(st.integers(0, 12), facts, min_size=1),
    min_size=1,
)


def snapshots_of(lives) -> pd.DataFrame:
    rows = [
        (account, day, *told)
        for account, life in sorted(lives.items())
        for day, told in sorted(life.items())
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


@given(lives, st.integers(0, 12))
def test_whoever_looks_back_from_any_morning_sees_the_same(lives, day):
    snapshots = snapshots_of(lives)
    told = changes_told(snapshots)
    for keep, columns in (("first", COLUMNS), ("last", ("account_id", *FACTS))):
        asked, seen = (
            frame.loc[frame["day"] <= day]
            .drop_duplicates("account_id", keep=keep)
            .reset_index(drop=True)[list(columns)]
            for frame in (snapshots, told)
        )
        pd.testing.assert_frame_equal(asked, seen)


@given(lives)
def test_nothing_is_told_twice(lives):
    told = changes_told(snapshots_of(lives))
    pd.testing.assert_frame_equal(changes_told(told), told)
    assert len(told) <= sum(map(len, lives.values()))
