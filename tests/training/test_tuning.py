"""Settings are tried at past origins; what counts is where they were not chosen."""

from dataclasses import replace

import numpy as np
import pytest

from configs.errors import DataError
from configs.project import Project
from features.asof import ordinal
from features.assemble import FeatureSet
from features.plan import origins
from training.engine.periods import FollowUp
from training.proof.metrics import integrated_brier
from training.tuning import SPACE, Origin, Trial, Tuned, origins_to_judge, scores_by_row, tune


def with_origins(company, count: int) -> tuple[Project, list[int]]:
    project = company.configuration.project
    wanted = project.backtest.model_copy(update={"origins": count})
    project = project.model_copy(update={"backtest": wanted})
    days = origins(project, company.features.exits, company.as_of)
    return project, [ordinal(day) for day in days]


@pytest.fixture(scope="module")
def project(company) -> Project:
    return with_origins(company, 2)[0]


@pytest.fixture(scope="module")
def judged(company, project) -> tuple[Origin, ...]:
    return origins_to_judge(company.features, project, with_origins(company, 2)[1])


@pytest.fixture(scope="module")
def at_once(company, project, judged, tmp_path_factory) -> tuple[Tuned, list[Trial]]:
    return studied(company.features, project, judged, tmp_path_factory.mktemp("s"), 5)


def studied(
    features: FeatureSet, project: Project, judged: tuple[Origin, ...], folder, *trials: int
) -> tuple[Tuned, list[Trial]]:
    """A study of so many trials, stopped and gone on with in between."""
    heard: list[Trial] = []
    for more in trials:
        found = tune(
            features,
            project,
            judged,
            store=f"sqlite:///{folder / 'tuning.db'}",
            study="s",
            trials=more,
            timeout=None,
            told=heard.append,
        )
    return found, heard


def test_the_current_settings_come_first_and_are_judged_like_any_other(at_once, project):
    found, heard = at_once
    assert len(heard) == len(found.trials) == 5
    assert heard[0].settings == {name: getattr(project.models, name) for name in SPACE}
    assert found.current == heard[0]
    assert found.best.value == min(each.value for each in heard if not each.gave_up)


def test_a_study_that_is_stopped_goes_on_as_if_it_had_not_been(
    company, project, judged, at_once, tmp_path
):
    _, heard = studied(company.features, project, judged, tmp_path, 2, 3)
    assert heard == at_once[1]


def test_what_was_found_is_confirmed_where_it_was_not_chosen(company, project, judged, at_once):
    found, _ = at_once
    if found.best.settings == found.current.settings:
        assert (found.margin, found.is_better) == (0.0, False)
        return
    ours, theirs = (
        scores_by_row(company.features, project, judged[0], trial.settings).mean()
        for trial in (found.best, found.current)
    )
    assert found.margin == pytest.approx(1 - ours / theirs)
    assert found.low <= found.margin <= found.high
    assert found.is_better == (found.low > 0)


def test_the_score_is_the_integrated_brier_score(company, project, judged):
    origin = judged[0]
    settings = {"trees": 20}
    rows = scores_by_row(company.features, project, origin, settings)
    models = project.models.model_copy(update=settings)
    from training.engine.followed import CHURN
    from training.questions.exits import fit_exits

    asked = project.model_copy(update={"models": models})
    curves = fit_exits(company.features, origin.followed, asked, bags=0).curves(
        company.features.values.iloc[origin.rows]
    )
    said = np.stack([curves.incidence_at(CHURN, h) for h in origin.horizons], axis=1)
    first = np.where(origin.happened.any(axis=1), origin.happened.argmax(axis=1), -1)
    days = np.where(first >= 0, np.array([0, *origin.horizons])[first], 999.0)
    followup = FollowUp(days.astype(float), np.where(first >= 0, 0, -1))
    expected = integrated_brier(said, followup, cause=0, horizons=origin.horizons)
    assert rows.mean() == pytest.approx(expected)


def test_origins_of_which_nothing_is_known_cannot_judge(company):
    project, days = with_origins(company, 1)
    with pytest.raises(DataError, match=r"1 of 1 origins can be judged .* Wait for more"):
        origins_to_judge(company.features, project, days)


def test_too_few_exits_are_told_with_the_number_that_is_needed(company):
    project, days = with_origins(company, 2)
    few = replace(company.features, exits=company.features.exits.iloc[:20])
    with pytest.raises(DataError, match=r"0 of 2 origins .*\(each needs 30 exits known at it"):
        origins_to_judge(few, project, days)
