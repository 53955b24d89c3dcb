import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from configs.errors import DataError
from training.engine.cells import chosen_cells, watched
from training.engine.hazard import Hazard, HazardSettings, fit_hazard
from training.engine.matrix import Matrix, clocks_in_period
from training.engine.periods import CENSORED, FollowUp, Periods

PERIODS = Periods.covering([30, 60, 90])
SMALL = HazardSettings(trees=30, learning_rate=0.2, min_rows_in_leaf=20, lambda_l2=1.0)
CHURN = 0


def a_book(rows: int = 4000, *, seed: int = 1) -> tuple[Matrix, FollowUp]:
    """Accounts that leave at a rate told by their usage, and at their renewal."""
    chance = np.random.default_rng(seed)
    usage = chance.normal(size=rows)
    renewal = chance.integers(1, 365, rows).astype(float)
    leaves = chance.exponential(1 / (0.004 * np.exp(-usage)))
    leaves = np.where(chance.random(rows) < 0.3, np.minimum(leaves, renewal), leaves)
    seen = chance.uniform(1, 120, rows)
    matrix = Matrix(
        np.column_stack([usage, renewal, chance.normal(size=rows)]),
        ("usage", "days_to_renewal", "noise"),
        ("days_to_renewal",),
    )
    return matrix, FollowUp(np.minimum(leaves, seen), np.where(leaves < seen, CHURN, CENSORED))


@pytest.fixture(scope="module")
def fitted() -> tuple[Hazard, Matrix, FollowUp]:
    matrix, followup = a_book()
    return fit_hazard(matrix, followup, cause=CHURN, periods=PERIODS, settings=SMALL), *a_book()


def test_the_model_expects_as_many_events_as_there_were(fitted):
    hazard, matrix, followup = fitted
    expected = (hazard.daily_rates(matrix) * PERIODS.exposure(followup.days)).sum()
    observed, _ = watched(followup, cause=CHURN, periods=PERIODS)
    assert expected == pytest.approx(observed, rel=0.02)


def test_accounts_that_use_it_less_leave_sooner(fitted):
    hazard, _, _ = fitted
    silent, lively = [[-2.0, 300.0, 0.0], [2.0, 300.0, 0.0]]
    rates = hazard.daily_rates(Matrix(np.array([silent, lively]), hazard.names, hazard.clocks))
    assert (rates[0] > 3 * rates[1]).all()


def test_the_risk_stands_where_the_renewal_falls(fitted):
    hazard, _, _ = fitted
    renews_in_40_days = Matrix(np.array([[1.0, 40.0, 0.0]]), hazard.names, hazard.clocks)
    assert PERIODS.starts[hazard.daily_rates(renews_in_40_days)[0].argmax()] == 30


def test_a_hazard_read_back_from_text_and_json_is_the_same_to_the_last_bit(fitted):
    hazard, matrix, _ = fitted
    model, rest = hazard.shifted(0.1).to_parts()
    again = Hazard.from_parts(model, json.loads(json.dumps(rest)))
    assert_array_equal(again.daily_rates(matrix), hazard.shifted(0.1).daily_rates(matrix))


def test_the_same_seed_gives_the_same_model_on_any_number_of_threads(fitted):
    hazard, matrix, followup = fitted
    two = replace(SMALL, threads=2)
    again = fit_hazard(matrix, followup, cause=CHURN, periods=PERIODS, settings=two)
    assert again.to_parts() == hazard.to_parts()


def test_a_shift_of_log_two_doubles_every_rate(fitted):
    hazard, matrix, _ = fitted
    doubled = hazard.shifted(np.log(2)).daily_rates(matrix)
    assert_allclose(doubled, 2 * hazard.daily_rates(matrix))


def test_reordered_inputs_are_refused_though_lightgbm_would_read_them(fitted):
    hazard, matrix, _ = fitted
    turned = Matrix(matrix.values[:, ::-1], matrix.names[::-1], matrix.clocks)
    with pytest.raises(DataError, match=r"model inputs: .*reordered"):
        hazard.daily_rates(turned)


def test_a_lacking_input_is_named(fitted):
    hazard, matrix, _ = fitted
    with pytest.raises(DataError, match=r"lacking \['noise'\]"):
        hazard.daily_rates(Matrix(matrix.values[:, :2], matrix.names[:2], matrix.clocks))


def test_where_nobody_ever_left_everybody_has_one_small_rate():
    matrix, followup = a_book(300)
    nobody = FollowUp(followup.days, np.full(300, CENSORED))
    hazard = fit_hazard(matrix, nobody, cause=CHURN, periods=PERIODS, settings=SMALL)
    days = np.minimum(followup.days, 90).sum()
    assert_allclose(hazard.daily_rates(matrix), 0.5 / (days + 365))


@pytest.mark.parametrize("cause", [CHURN, CENSORED])
def test_one_account_alone_is_enough(cause):
    matrix, _ = a_book(1)
    followup = FollowUp(np.array([12.0]), np.array([cause]))
    hazard = fit_hazard(matrix, followup, cause=CHURN, periods=PERIODS, settings=SMALL)
    rates = hazard.daily_rates(matrix)
    assert rates.shape == (1, PERIODS.count)
    assert ((rates > 0) & (rates < 1)).all()


def test_an_account_never_watched_is_enough_too():
    matrix, _ = a_book(1)
    unseen = FollowUp(np.zeros(1), np.array([CENSORED]))
    hazard = fit_hazard(matrix, unseen, cause=CHURN, periods=PERIODS, settings=SMALL)
    assert_allclose(hazard.daily_rates(matrix), 0.5 / 365)


def test_inputs_that_are_all_absent_leave_one_rate():
    _, followup = a_book(500)
    nothing = Matrix(np.full((500, 2), np.nan), ("a", "b"))
    hazard = fit_hazard(nothing, followup, cause=CHURN, periods=PERIODS, settings=SMALL)
    rates = hazard.daily_rates(nothing)
    assert_allclose(rates, rates[:1].repeat(500, axis=0))


@given(st.integers(0, 50), st.floats(0.05, 1.0))
@settings(max_examples=25, deadline=None)
def test_a_sample_of_quiet_cells_keeps_every_event_and_every_periods_days(seed, share):
    _, followup = a_book(9000, seed=seed)
    cells = chosen_cells(followup, cause=CHURN, periods=PERIODS, quiet_share=share, seed=seed)
    events, _ = watched(followup, cause=CHURN, periods=PERIODS)
    assert cells.events.sum() == events
    days = np.bincount(cells.period, weights=cells.days, minlength=PERIODS.count)
    assert_allclose(days, PERIODS.exposure(followup.days).sum(axis=0), rtol=1e-4)


def test_a_smaller_quiet_share_keeps_fewer_cells():
    _, followup = a_book(30_000)
    kept = [
        len(chosen_cells(followup, cause=CHURN, periods=PERIODS, quiet_share=share, seed=3))
        for share in (1.0, 0.5)
    ]
    assert kept[1] < 0.6 * kept[0]


def test_sampling_quiet_cells_hardly_moves_the_rates():
    matrix, followup = a_book(30_000)
    full, sampled = (
        fit_hazard(
            matrix,
            followup,
            cause=CHURN,
            periods=PERIODS,
            settings=HazardSettings(trees=60, quiet_share=share),
        ).daily_rates(matrix)
        for share in (1.0, 0.25)
    )
    assert np.corrcoef(np.log(full).ravel(), np.log(sampled).ravel())[0, 1] > 0.98
    assert sampled.mean() == pytest.approx(full.mean(), rel=0.03)


def test_an_event_at_the_first_moment_has_a_rate():
    followup = FollowUp(np.zeros(3), np.full(3, CHURN))
    cells = chosen_cells(followup, cause=CHURN, periods=PERIODS, quiet_share=1.0, seed=1)
    assert cells.events.tolist() == [1, 1, 1]
    assert (cells.days > 0).all()


@given(st.integers(-300, 300), st.sampled_from([(0, 7), (14, 16), (60, 30)]))
def test_a_clock_runs_out_in_a_period_where_it_reads_from_zero_to_below_one(days, span):
    start, length = span
    reads = clocks_in_period(np.array([[float(days)]]), [0], start=start, length=length)
    assert (start <= days < start + length) == (0 <= reads.item() < 1)


def test_a_clock_that_is_absent_stays_absent():
    reads = clocks_in_period(np.array([[np.nan]]), [0], start=30.0, length=30.0)
    assert np.isnan(reads).all()
