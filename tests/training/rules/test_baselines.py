import json

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal
from statsmodels.duration.survfunc import CumIncidenceRight, SurvfuncRight

from configs.errors import DataError
from training.engine.matrix import Matrix
from training.engine.periods import CENSORED, FollowUp, Periods
from training.proof.metrics import auc
from training.rules.baselines import Baselines, Evidence, baseline_from_dict, fit_baselines
from training.rules.tables import IncidenceByValue, Question, incidence

HORIZONS = (30, 60, 90)
PERIODS = Periods.covering(HORIZONS)

follow_ups = st.tuples(
    arrays(np.float64, 25, elements=st.integers(1, 40).map(float)),
    arrays(np.int64, 25, elements=st.integers(CENSORED, 1)),
).map(lambda parts: FollowUp(*parts))


def a_book(
    rows: int = 5000, *, seed: int = 2, effect: float = 0.8
) -> tuple[Evidence, FollowUp]:
    """Silent accounts leave sooner, startups twice as soon; some complete instead."""
    chance = np.random.default_rng(seed)
    silent, noise = chance.integers(0, 60, rows).astype(float), chance.normal(size=rows)
    startup = chance.random(rows) < 0.4
    risk = 0.002 * np.exp(effect * (silent - 30) / 17) * np.where(startup, 2, 1)
    leaves, completes = chance.exponential(1 / risk), chance.exponential(1000, rows)
    seen = chance.uniform(1, 150, rows)
    ends = np.minimum.reduce([leaves, completes, seen])
    cause = np.select([ends == leaves, ends == completes], [0, 1], CENSORED)
    matrix = Matrix(
        np.column_stack([silent, noise, np.full(rows, 7.0)]),
        ("days_since_active", "noise", "same_for_all"),
    )
    segments = np.where(startup, "startup", "everyone").tolist()
    return Evidence(matrix, segments), FollowUp(ends, cause)


def fitted(evidence: Evidence, followup: FollowUp, *columns: str) -> Baselines:
    return fit_baselines(
        evidence,
        followup,
        cause=0,
        periods=PERIODS,
        horizons=HORIZONS,
        by_value={"days since last use": "days_since_active"},
        cox_columns=columns or ("days_since_active", "noise", "same_for_all"),
        seed=4,
    )


@pytest.fixture(scope="module")
def book() -> tuple[Evidence, FollowUp, Baselines]:
    evidence, followup = a_book()
    return evidence, followup, fitted(evidence, followup)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@given(follow_ups, st.integers(1, 45))
def test_incidence_is_statsmodels_cumulative_incidence(followup, horizon):
    assume((followup.cause == 0).any() and (followup.cause == 1).any())
    theirs = CumIncidenceRight(followup.days, followup.cause + 1)
    before = np.flatnonzero(theirs.times < horizon)
    expected = theirs.cinc[0][before[-1]] if len(before) else 0.0
    assert_allclose(incidence(followup, cause=0, horizons=[horizon]), expected, atol=1e-12)


@given(follow_ups)
def test_incidence_is_the_chain_of_daily_shares_among_those_still_here(followup):
    staying, reached = 1.0, 0.0
    for day in range(20):
        today = followup.days == day
        still_here = (followup.days >= day).sum()
        if still_here:
            reached += staying * (today & (followup.cause == 0)).sum() / still_here
            staying *= 1 - (today & (followup.cause != CENSORED)).sum() / still_here
    assert_allclose(incidence(followup, cause=0, horizons=[20]), reached, atol=1e-12)


@given(follow_ups)
def test_without_other_causes_incidence_is_one_minus_kaplan_meier(followup):
    alone = FollowUp(followup.days, np.minimum(followup.cause, 0))
    assume((alone.cause == 0).any())
    theirs = SurvfuncRight(alone.days, alone.cause == 0)
    ours = incidence(alone, cause=0, horizons=theirs.surv_times + 0.5)
    assert_allclose(1 - ours, theirs.surv_prob, atol=1e-12)


@given(follow_ups)
def test_all_causes_together_never_pass_one(followup):
    both = sum(incidence(followup, cause=cause, horizons=[10, 41]) for cause in (0, 1))
    assert (both <= 1 + 1e-12).all()


def test_every_rule_is_calibrated_on_what_it_was_fitted_on(book):
    evidence, _, rules = book
    for rule in rules.fitted:
        assert_allclose(rule.predict(evidence).mean(axis=0), rule.overall, rtol=0.05)


def test_chances_never_fall_with_the_horizon(book):
    evidence, _, rules = book
    for rule in rules.fitted:
        assert (np.diff(rule.predict(evidence), axis=1) >= 0).all()


def test_the_longer_silent_the_likelier_to_leave(book):
    evidence, followup, rules = book
    happened = followup.happened_by(60, cause=0)
    scores = {rule.name: auc(rule.predict(evidence)[:, 1], happened) for rule in rules.fitted}
    assert scores["days since last use"] > 0.62
    assert scores["Cox regression"] > 0.62
    assert scores["Kaplan-Meier by segment"] > 0.53


def test_a_rule_read_back_from_json_predicts_the_same_to_the_last_bit(book):
    evidence, _, rules = book
    for rule in rules.fitted:
        again = baseline_from_dict(json.loads(json.dumps(rule.to_dict())))
        assert again == rule
        assert_array_equal(again.predict(evidence), rule.predict(evidence))


def test_cox_finds_the_ratio_that_made_the_data(book):
    _, _, rules = book
    cox = rules.fitted[-1].to_dict()
    assert cox["scale"]["columns"] == ("days_since_active", "noise")
    per_day = np.array(cox["log_ratio"]) / np.array(cox["scale"]["spread"])
    assert_allclose(per_day, [0.8 / 17, 0.0], atol=0.012)


def test_a_segment_never_seen_fares_like_everybody(book):
    evidence, _, rules = book
    by_segment = rules.fitted[1]
    stranger = Evidence(evidence.matrix.take(np.array([0])), ["unheard_of"])
    assert tuple(by_segment.predict(stranger)[0]) == by_segment.overall


def test_absent_values_are_a_group_of_their_own():
    evidence, followup = a_book()
    values = evidence.matrix.values.copy()
    values[followup.cause == 0, 0] = np.nan
    holes = Evidence(Matrix(values, evidence.matrix.names), evidence.segments)
    by_value = fitted(holes, followup).fitted[0]
    risk = by_value.predict(holes)[:, -1]
    assert risk[followup.cause == 0].min() > risk[followup.cause != 0].max()


def test_a_handful_of_accounts_fares_like_everybody():
    evidence, followup = a_book(40)
    for rule in fitted(evidence, followup).fitted[:2]:
        chances = rule.predict(evidence)
        assert_allclose(chances, np.tile(rule.overall, (40, 1)))


def silent_for(days: list[int], *, leave: list[bool]) -> IncidenceByValue:
    ends = np.where(leave, 10.0, 120.0)
    question = Question(FollowUp(ends, np.where(leave, 0, CENSORED)), 0, HORIZONS)
    matrix = Matrix(np.array(days, dtype=np.float64)[:, None], ("days_since_active",))
    evidence = Evidence(matrix, ["everyone"] * len(days))
    return IncidenceByValue.fit("silence", "days_since_active", evidence, question)


def test_a_small_group_fares_like_its_neighbour_rather_than_everybody():
    days = [0] * 150 + [1] * 60 + [2] * 90
    rule = silent_for(days, leave=[day == 2 for day in days])
    longest = Evidence(Matrix(np.array([[2.0]]), ("days_since_active",)), ["everyone"])
    assert_allclose(rule.predict(longest)[0], 90 / 150)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 90)), min_size=1, max_size=9))
def test_no_group_of_values_is_small_where_another_would_take_it_in(piles):
    days = [day for day, count in piles for _ in range(count)]
    rule = silent_for(days, leave=[day % 2 == 0 for day in days])
    sizes = np.bincount(np.searchsorted(rule.bounds, days, side="left"))
    assert len(sizes) == 1 or sizes.min() >= 100


def test_a_rule_that_cannot_be_fitted_is_named_with_its_reason():
    evidence, followup = a_book(200)
    nobody = FollowUp(followup.days, np.full(200, CENSORED))
    reasons = fitted(evidence, nobody).absent
    assert reasons == {"Cox regression": "it was fitted on fewer than 10 events"}
    reasons = fitted(evidence, followup, "same_for_all", "not_there").absent
    assert reasons == {"Cox regression": "none of its inputs varies"}


def test_inputs_that_tell_everything_or_the_same_twice_do_not_break_it():
    evidence, followup = a_book(600)
    told = np.where(followup.cause == 0, 1000 - followup.days, 0.0)
    matrix = Matrix(np.column_stack([told, told]), ("told", "twice"))
    rules = fitted(Evidence(matrix, evidence.segments), followup, "told", "twice")
    assert rules.absent["days since last use"] == "there is no input 'days_since_active'"
    cox = [rule for rule in rules.fitted if rule.name == "Cox regression"]
    assert cox or rules.absent["Cox regression"] == "it did not converge"
    for rule in cox:
        assert np.isfinite(rule.predict(Evidence(matrix, evidence.segments))).all()


def test_a_rule_of_an_unknown_kind_asks_for_training_again():
    with pytest.raises(DataError, match=r"unknown kind 'oracle'\. Train again"):
        baseline_from_dict({"kind": "oracle"})
