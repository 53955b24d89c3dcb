"""The walk along an account's rows, against the plain reading of what a criterion says."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.criteria import DAY, NOT_YET, Evidence, walk, walk_weeks

MORNINGS = np.array([7, 14, 15, 21, 28, 35, 49], dtype=np.int64)
HOUR = DAY // 24


@dataclass(frozen=True)
class Row:
    """One row of evidence: when, after how many days known, and what it counts."""

    hour: int
    late: int = 0
    unit: int = 0
    amount: float = 1.0
    target: float = 3.0
    account: int = 0

    @property
    def moment(self) -> int:
        return self.hour * HOUR

    @property
    def day(self) -> int:
        return self.hour // 24

    @property
    def seen_from(self) -> int:
        return int(np.searchsorted(MORNINGS, self.day + self.late, side="right"))


rows_in_time = st.lists(
    st.builds(
        Row,
        hour=st.integers(0, 48 * 24 - 1),
        late=st.sampled_from([0, 0, 0, 1, 9, 30]),
        unit=st.integers(0, 3),
        amount=st.sampled_from([0.5, 1.0, 2.0, -1.0]),
        account=st.integers(0, 1),
    ),
    max_size=14,
)
targets = st.integers(1, 5)
windows = st.sampled_from([None, 1, 7, 20])
few = settings(max_examples=150, deadline=None)


def evidence(rows: list[Row]) -> Evidence:
    seen = [row for row in rows if row.seen_from < len(MORNINGS)]
    seen = sorted(seen, key=lambda row: (row.account, row.moment, row.amount))
    units = {key: n for n, key in enumerate({(r.account, r.unit): None for r in seen})}
    return Evidence(
        account=np.array([r.account for r in seen], dtype=np.int64),
        moment=np.array([r.moment for r in seen], dtype=np.int64),
        seen_from=np.array([r.seen_from for r in seen], dtype=np.int64),
        unit=np.array([units[r.account, r.unit] for r in seen], dtype=np.int64),
        amount=np.array([r.amount for r in seen]),
        target=np.array([r.target for r in seen]),
    )


def walked(rows: list[Row], *, within_days: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    found = walk(evidence(rows), accounts=2, mornings=MORNINGS, within_days=within_days)
    return found.met_at, found.progress


def measured(rows: list[Row], since: float, until: int) -> float:
    """Sum over the distinct units seen after ``since`` and up to ``until``."""
    inside = {row.unit: row.amount for row in rows if since < row.moment <= until}
    return sum(inside.values())


def plainly(rows: list[Row], *, within_days: int | None) -> tuple[np.ndarray, np.ndarray]:
    """What each morning ought to say, from the rows that it knew and nothing else."""
    met_at, progress = np.full((2, len(MORNINGS)), NOT_YET), np.zeros((2, len(MORNINGS)))
    span = np.inf if within_days is None else within_days * DAY
    for account in (0, 1):
        for morning, day in enumerate(MORNINGS):
            known = [r for r in rows if r.account == account and r.seen_from <= morning]
            known.sort(key=lambda row: row.moment)
            met = [
                row.moment
                for row in known
                if measured(known, row.moment - span, row.moment) >= row.target
            ]
            if met:
                met_at[account, morning], progress[account, morning] = met[0], 1.0
            elif known:
                midnight = day * DAY
                so_far = measured(known, midnight - span - 1, midnight - 1)
                progress[account, morning] = min(max(so_far / known[-1].target, 0.0), 1.0)
    return met_at, progress


def each_counting_once(rows: list[Row], target: float) -> list[Row]:
    """Rows whose unit is themselves, as counts and quantities have it."""
    return [
        Row(r.hour, r.late, number, r.amount, target, r.account)
        for number, r in enumerate(rows)
    ]


def each_unit_worth_one(rows: list[Row], target: float) -> list[Row]:
    """Rows that count a user or a day once, whatever was done."""
    return [Row(r.hour, r.late, r.unit, 1.0, target, r.account) for r in rows]


@given(rows_in_time, targets, windows)
@few
def test_amounts_are_met_when_a_plain_reading_says_so(rows, target, within_days):
    rows = each_counting_once(rows, target)
    met_at, progress = walked(rows, within_days=within_days)
    plain_met_at, plain_progress = plainly(rows, within_days=within_days)
    np.testing.assert_array_equal(met_at, plain_met_at)
    np.testing.assert_allclose(progress, plain_progress, atol=1e-9)


@given(rows_in_time, targets, windows)
@few
def test_distinct_users_are_met_when_a_plain_reading_says_so(rows, target, within_days):
    rows = each_unit_worth_one(rows, target)
    met_at, progress = walked(rows, within_days=within_days)
    plain_met_at, plain_progress = plainly(rows, within_days=within_days)
    np.testing.assert_array_equal(met_at, plain_met_at)
    np.testing.assert_allclose(progress, plain_progress, atol=1e-9)


@given(rows_in_time, windows, st.lists(targets, min_size=7, max_size=7))
@few
def test_a_share_of_seats_is_asked_of_the_seats_of_its_own_week(rows, within_days, by_week):
    rows = each_unit_worth_one(rows, 1)
    rows = [
        Row(r.hour, r.late, r.unit, 1.0, float(by_week[r.day // 7]), r.account) for r in rows
    ]
    met_at, progress = walked(rows, within_days=within_days)
    plain_met_at, plain_progress = plainly(rows, within_days=within_days)
    np.testing.assert_array_equal(met_at, plain_met_at)
    np.testing.assert_allclose(progress, plain_progress, atol=1e-9)


@given(rows_in_time, targets, windows)
@few
def test_progress_is_one_when_and_only_when_it_is_met(rows, target, within_days):
    met_at, progress = walked(each_counting_once(rows, target), within_days=within_days)
    assert (progress >= 0).all()
    np.testing.assert_array_equal(progress == 1, met_at > NOT_YET)


@given(rows_in_time, targets, windows, st.randoms())
@few
def test_the_order_of_rows_alike_in_time_changes_nothing(rows, target, within_days, chance):
    rows = each_unit_worth_one(rows, target)
    shuffled = chance.sample(rows, len(rows))
    for one, other in zip(
        walked(rows, within_days=within_days),
        walked(shuffled, within_days=within_days),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)


@given(rows_in_time, targets, windows)
@few
def test_what_is_learnt_later_changes_no_earlier_morning(rows, target, within_days):
    rows = each_unit_worth_one(rows, target)
    early = [row for row in rows if row.seen_from <= 3]
    for then, now in zip(
        walked(early, within_days=within_days),
        walked(rows, within_days=within_days),
        strict=True,
    ):
        np.testing.assert_array_equal(then[:, :4], now[:, :4])


def weeks_walked(rows: list[Row]) -> tuple[np.ndarray, np.ndarray]:
    rows = [Row(r.hour, r.late, (r.day + 3) // 7, 1.0, r.target, r.account) for r in rows]
    found = evidence(rows)
    week = (found.moment // DAY + 3) // 7
    attained = walk_weeks(found._replace(unit=week), accounts=2, mornings=MORNINGS)
    return attained.met_at, attained.progress


def weeks_plainly(rows: list[Row], target: int) -> tuple[np.ndarray, np.ndarray]:
    met_at, progress = np.full((2, len(MORNINGS)), NOT_YET), np.zeros((2, len(MORNINGS)))
    for account in (0, 1):
        for morning, day in enumerate(MORNINGS):
            known = [r for r in rows if r.account == account and r.seen_from <= morning]
            weeks = {(r.day + 3) // 7 for r in known}
            full = [w for w in weeks if weeks >= set(range(w - target + 1, w + 1))]
            moments = [r.moment for r in known if (r.day + 3) // 7 in full]
            if moments:
                met_at[account, morning], progress[account, morning] = min(moments), 1.0
                continue
            this_week = (day - 1 + 3) // 7
            newest = max(weeks, default=-10)
            streak = next(n for n in range(99) if newest - n not in weeks)
            progress[account, morning] = (newest >= this_week - 1) * streak / target
    return met_at, progress


@given(rows_in_time, st.integers(1, 4))
@few
def test_weeks_in_a_row_are_met_when_a_plain_reading_says_so(rows, target):
    rows = [Row(r.hour, r.late, target=float(target), account=r.account) for r in rows]
    met_at, progress = weeks_walked(rows)
    plain_met_at, plain_progress = weeks_plainly(rows, target)
    np.testing.assert_array_equal(met_at, plain_met_at)
    np.testing.assert_allclose(progress, plain_progress)


def on_days(*days: int, late: int = 0, target: float = 3.0) -> list[Row]:
    return [Row(24 * d + 9, late, unit=d, target=target) for d in days]


def test_the_third_use_is_the_moment_and_not_the_run_that_saw_it():
    met_at, progress = walked(on_days(1, 8, 16, 22))
    assert met_at[0].tolist() == [NOT_YET] * 3 + [(16 * 24 + 9) * HOUR] * 4
    assert progress[0] == pytest.approx([1 / 3, 2 / 3, 2 / 3, 1, 1, 1, 1])


def test_a_single_row_that_arrives_late_still_counts():
    met_at, _ = walked(on_days(1, late=20, target=1.0))
    assert met_at[0].tolist() == [NOT_YET] * 4 + [(24 + 9) * HOUR] * 3


def test_a_late_row_completes_a_window_that_has_long_passed():
    met_at, _ = walked(on_days(1, target=2.0) + on_days(5, late=30, target=2.0), within_days=7)
    assert met_at[0].tolist() == [NOT_YET] * 6 + [(5 * 24 + 9) * HOUR]


def test_three_uses_spread_too_thin_for_the_window_do_not_count():
    met_at, progress = walked(on_days(1, 10, 19), within_days=7)
    assert (met_at[0] == NOT_YET).all()
    assert progress[0] == pytest.approx([1 / 3, 1 / 3, 1 / 3, 1 / 3, 0, 0, 0])


def test_progress_in_a_window_fades_with_silence():
    _, progress = walked(on_days(5, 6), within_days=7)
    assert progress[0] == pytest.approx([2 / 3, 0, 0, 0, 0, 0, 0])


def test_one_user_many_times_is_one_user():
    rows = [Row(24 * day, unit=7, target=2.0) for day in range(6)]
    met_at, progress = walked(rows)
    assert (met_at[0] == NOT_YET).all()
    assert progress[0] == pytest.approx([0.5] * 7)


def test_an_account_without_rows_has_made_no_progress():
    met_at, progress = walked([])
    assert (met_at == NOT_YET).all()
    assert (progress == 0).all()


def test_where_there_are_no_seats_there_is_no_progress():
    met_at, progress = walked([Row(9, unit=1, target=np.inf)])
    assert (met_at == NOT_YET).all()
    assert (progress == 0).all()


def test_a_streak_broken_by_a_silent_week_starts_again():
    # 1970-01-05 is a Monday: weeks 4-10, 11-17, 18-24, 25-31.
    met_at, progress = weeks_walked(on_days(4, 11, 25, 32))
    assert (met_at[0] == NOT_YET).all()
    assert progress[0] == pytest.approx([1 / 3, 2 / 3, 2 / 3, 2 / 3, 1 / 3, 2 / 3, 0])
