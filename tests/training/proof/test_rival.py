"""The champion is heard only on mornings of which it had learnt nothing."""

from dataclasses import replace

import numpy as np
import pytest

from training.engine.followed import CHURN
from training.models import Models
from training.proof.rival import AS_IT_STOOD, LEARNT_AGAIN, rival_of

DAYS = 90


def beside(company, champion: Models, **settings: object):
    project = company.configuration.project
    changed = project.models.model_copy(update=settings)
    asked = project.model_copy(update={"models": changed})
    return rival_of(champion, company.features, asked, company.tested)


def learnt_on(company, day: int, **settings: object) -> Models:
    meta = {**company.models.meta, "training_day": day}
    return replace(company.models, meta={**meta, "settings": {**meta["settings"], **settings}})


@pytest.fixture(scope="module")
def origins(company) -> list[int]:
    return sorted(judged.origin_day for judged in company.tested.judged["churn"])


def test_a_champion_older_than_an_origin_speaks_there_as_it_stands(company, origins):
    champion = learnt_on(company, origins[-1])
    rival = beside(company, champion)
    assert (rival.how, list(rival.said)) == (AS_IT_STOOD, [origins[-1]])
    rows = np.flatnonzero(company.features.snapshots["day"] == origins[-1])
    curves = champion.exits.curves(company.features.values.iloc[rows])
    column = company.configuration.project.outcomes.horizons_days.index(DAYS)
    np.testing.assert_array_equal(
        rival.said[origins[-1]][:, column], curves.incidence_at(CHURN, DAYS)
    )


def test_a_champion_that_knew_what_came_is_not_heard_as_it_stands(company, origins):
    rival = beside(company, learnt_on(company, origins[-1] + 1))
    assert (rival.how, rival.said) == (LEARNT_AGAIN, {})


def test_its_other_settings_learn_again_at_the_newest_origin(company, origins):
    rival = beside(company, learnt_on(company, company.day, trees=60), trees=30)
    assert (rival.how, list(rival.said)) == (LEARNT_AGAIN, [origins[-1]])
    (said,) = rival.said.values()
    newest = next(j for j in company.tested.judged["churn"] if j.origin_day == origins[-1])
    assert said.shape == newest.said.shape
    assert not np.array_equal(said, newest.said)


def test_the_challengers_own_settings_would_say_what_the_challenger_says(company, origins):
    """Else two ways of learning would be told apart by how they are run."""
    asked = learnt_on(company, company.day, trees=30)
    rival = beside(company, asked, trees=31)
    (said,) = rival.said.values()
    newest = next(j for j in company.tested.judged["churn"] if j.origin_day == origins[-1])
    np.testing.assert_array_equal(said, newest.said)


def test_a_seed_tells_nothing_about_how_well_a_model_learns(company):
    assert beside(company, learnt_on(company, company.day, seed=99)).said == {}
