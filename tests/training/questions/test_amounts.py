from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.builders import AnAccount, a_world
from training.engine.followed import follow
from training.questions.amounts import AmountModel, amount_evidence, fit_amounts, moved_ahead
from training.questions.changes import DOWN, UP, changes, follow_changes
from training.rules.amounts import LAST

LONG = 10**4


@pytest.fixture(scope="module")
def changed(company):
    followed = follow(company.features, training_day=company.day, every_days=28, min_events=30)
    return replace(followed, followup=follow_changes(company.features, followed))


@pytest.fixture(scope="module")
def matrix(company, changed):
    return company.models.expansion.matrix(company.features.values.iloc[changed.rows])


def a_book():
    """Grows by a half 50 days ago, and by a fifth 10 days ago; halves 30 days ago."""
    grows = AnAccount("grows").signed_up(200)
    grows.has_contract(190, 50, arr=10.0).has_contract(50, 10, arr=15.0)
    grows.has_contract(10, -100, arr=18.0)
    shrinks = AnAccount("shrinks").signed_up(200)
    shrinks.has_contract(190, 30, arr=10.0).has_contract(30, -100, arr=5.0)
    return a_world(grows, shrinks).build()


def followed_in(features):
    day = int(features.snapshots["day"].max())
    found = follow(features, training_day=day, every_days=7, min_events=1)
    return replace(found, followup=follow_changes(features, found))


def test_every_morning_sees_the_first_change_ahead_and_each_change_weighs_one():
    features = a_book()
    found = followed_in(features)
    moved = moved_ahead(features, found, way=UP, horizon=LONG)
    assert set(moved.share.round(9)) == {0.5, 0.2}
    for share in (0.5, 0.2):
        own = np.isclose(moved.share, share)
        assert moved.weight[own].sum() == pytest.approx(1)
        assert moved.is_last[own].sum() == 1
    assert_allclose(moved_ahead(features, found, way=DOWN, horizon=LONG).share, 0.5)


def test_the_last_change_is_one_that_was_known_that_morning():
    features = a_book()
    rows = np.flatnonzero(features.snapshots["account_id"] == "grows")
    last = amount_evidence(features, rows, way=UP)["last"]
    day = features.snapshots["day"].iloc[rows].to_numpy()
    moved = changes(features.arr, known_before=10**6)
    for step in moved.loc[moved["account_id"] == "grows"].itertuples():
        known = max(step.day, step.known_day)
        assert not np.isclose(last[day <= known], step.factor - 1).any()
    assert last[day <= moved["day"].min()].isna().all()


def test_what_was_written_down_says_the_same_to_the_last_bit(company, changed, matrix):
    for way in (UP, DOWN):
        model = fit_amounts(
            company.features, changed, company.configuration.project, way=way, matrix=matrix
        )
        again = AmountModel.from_parts(model.to_parts(), way=way)
        evidence = amount_evidence(company.features, changed.rows, way=way)
        for is_model in (True, False):
            said = model.expected(matrix, evidence, is_model=is_model)
            assert_array_equal(again.expected(matrix, evidence, is_model=is_model), said)
            spread = again.spread_of(is_model=is_model)
            assert_array_equal(spread, model.spread_of(is_model=is_model))
            assert spread.mean() == pytest.approx(1)


def test_about_as_much_money_is_expected_of_those_that_grew_as_came(company, changed, matrix):
    project = company.configuration.project
    model = fit_amounts(company.features, changed, project, way=UP, matrix=matrix)
    assert model.model is not None
    moved = moved_ahead(company.features, changed, way=UP, horizon=180)
    evidence = amount_evidence(company.features, changed.rows, way=UP)
    said = model.expected(matrix, evidence, is_model=True)[moved.positions]
    stake = moved.weight * evidence["arr"].to_numpy()[moved.positions]
    assert (stake * said).sum() / (stake * moved.share).sum() == pytest.approx(1, abs=0.15)


def test_learning_of_later_changes_moves_nothing_that_was_learnt_before(company, changed):
    later = company.features.arr
    known = later.loc[later["known_day"] < changed.training_day - 100]
    earlier = follow(
        company.features,
        training_day=changed.training_day - 100,
        every_days=28,
        min_events=30,
    )
    project, texts = company.configuration.project, []
    for arr in (later, known):
        features = company.told(arr=arr)
        own = replace(earlier, followup=follow_changes(features, earlier))
        matrix = company.models.expansion.matrix(features.values.iloc[own.rows])
        model = fit_amounts(features, own, project, way=UP, matrix=matrix, rule=LAST)
        texts.append(model.to_parts())
    assert texts[0] == texts[1]


def test_too_few_changes_leave_the_word_to_a_rule(company, changed):
    project = company.configuration.project
    model = fit_amounts(company.features, changed, project, way=UP, matrix=None)
    assert model.model is None
    evidence = amount_evidence(company.features, changed.rows, way=UP)
    said = model.expected(None, evidence, is_model=True)
    assert_allclose(said, model.rules.overall)
