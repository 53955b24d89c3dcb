from datetime import date, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from features.asof import Mornings, ordinal
from features.parts import LONG_AGO, Parts

AS_OF = date(2025, 8, 20)
few = settings(max_examples=60, deadline=None)
some_mornings = st.sets(st.integers(0, 120), max_size=8).map(
    lambda ago: Mornings(np.array(sorted(ordinal(AS_OF) - day for day in {*ago, 0})))
)


@st.composite
def some_days(draw) -> tuple[Mornings, np.ndarray]:
    """Mornings, and snapshots of some of them in any order."""
    mornings = draw(some_mornings)
    return mornings, np.array(draw(st.lists(st.sampled_from(mornings.days))), dtype=np.int64)


@given(some_mornings)
@few
def test_a_morning_of_the_quarter_is_a_part_of_its_own_and_all_before_share_one(mornings):
    days_of = Parts.of(mornings, as_of=AS_OF).days_of
    assert sorted(day for days in days_of.values() for day in days) == mornings.days.tolist()
    quarter = ordinal(date(2025, 7, 1))
    assert all(day < quarter for day in days_of.pop(LONG_AGO))
    assert all(len(days) == 1 and days[0] >= quarter for days in days_of.values())


@given(some_days())
@few
def test_cut_lays_every_snapshot_once_into_the_part_of_its_morning_in_order(given_days):
    mornings, day = given_days
    parts = Parts.of(mornings, as_of=AS_OF)
    cut = parts.cut(day)
    assert sorted(cut.rows.tolist()) == list(range(len(day)))
    for part, span in cut.spans.items():
        rows = cut.rows[span]
        assert rows.tolist() == [n for n, d in enumerate(day) if d in parts.days_of[part]]
        assert cut.place[rows].tolist() == list(range(len(rows)))


@given(some_days(), st.data())
@few
def test_parts_that_are_left_out_leave_the_others_as_they_were(given_days, data):
    mornings, _ = given_days
    parts = Parts.of(mornings, as_of=AS_OF)
    gone = data.draw(st.sets(st.sampled_from(sorted(parts.days_of))))
    kept = {name: days for name, days in parts.days_of.items() if name not in gone}
    assert parts.without(gone).days_of == kept


def test_the_first_morning_of_a_quarter_is_not_long_ago():
    day = date(2025, 7, 1)
    mornings = Mornings(np.array([ordinal(day - timedelta(days=1)), ordinal(day)]))
    assert Parts.of(mornings, as_of=AS_OF).names == (LONG_AGO, ".2025-07-01")
