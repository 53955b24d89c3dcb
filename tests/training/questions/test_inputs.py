"""What a model may read is chosen from its training rows; what is said of it must exist."""

import numpy as np
import pytest

from configs.errors import ConfigError
from configs.project import Project
from training.engine.followed import CHURN, follow
from training.engine.terms import TERM
from training.questions.exits import ExitModel, fit_exits
from training.questions.inputs import CORE_FEATURES, inputs_of


def with_models(company, **models) -> Project:
    project = company.configuration.project
    return project.model_copy(update={"models": project.models.model_copy(update=models)})


@pytest.fixture(scope="module")
def followed(company):
    return follow(company.features, training_day=company.day, every_days=28, min_events=30)


def test_few_exits_teach_about_few_inputs(company, followed):
    assert followed.exited() < 100
    inputs = inputs_of(company.features, followed, company.configuration.project)
    assert set(inputs.catalogue) <= set(CORE_FEATURES)
    assert inputs.drifted == {}


def test_what_has_drifted_is_left_out_of_the_model_and_written_in_it(company, followed):
    day = company.features.snapshots["day"]
    values = company.features.values.copy()
    values["days_since_active"] += 1000.0 * (day > day.median())
    features = company.told(values=values)
    project = with_models(company, max_drift=2.0)
    exits = fit_exits(features, followed, project, bags=0)
    assert exits.drifted.keys() == {"days_since_active"}
    assert "days_since_active" not in exits.encoder.features
    again = ExitModel.from_parts(exits.to_parts())
    assert again.drifted == exits.drifted


def test_a_clock_is_never_left_out(company, followed):
    project = with_models(company, max_drift=1e-6)
    inputs = inputs_of(company.features, followed, project)
    clocks = [n for n in CORE_FEATURES if company.features.catalogue[n].is_clock]
    assert clocks
    assert set(clocks) <= set(inputs.catalogue)
    assert len(inputs.catalogue) < len(CORE_FEATURES)


def test_the_length_of_terms_is_never_left_out(company, followed):
    day = company.features.snapshots["day"]
    values = company.features.values.copy()
    values[TERM] += 1000.0 * (day > day.median())
    project = with_models(company, max_drift=2.0)
    inputs = inputs_of(company.told(values=values), followed, project)
    assert TERM in inputs.catalogue
    assert TERM not in inputs.drifted


def test_later_rows_change_nothing_of_the_choice(company):
    project = with_models(company, max_drift=0.1)
    early = follow(
        company.features, training_day=company.day - 200, every_days=28, min_events=1
    )
    later = company.features.values.copy()
    later.loc[company.features.snapshots["day"] > company.day - 200] = np.nan
    one = inputs_of(company.features, early, project)
    other = inputs_of(company.told(values=later), early, project)
    assert one.drifted == other.drifted


@pytest.mark.parametrize(("way", "sign"), [("rising", 1), ("falling", -1)])
def test_a_risk_goes_the_way_that_the_configuration_says(company, followed, way, sign):
    project = with_models(company, monotone={"tenure_days": way})
    exits = fit_exits(company.features, followed, project, bags=0)
    values = company.features.values.iloc[followed.rows[:200]]
    rates = [
        exits.hazards[CHURN].daily_rates(exits.matrix(values.assign(tenure_days=float(days))))
        for days in range(0, 900, 60)
    ]
    assert (sign * np.diff(rates, axis=0) >= 0).all()


def test_an_input_of_milestones_may_be_given_a_way_too(company):
    inputs_of(
        company.features,
        follow(company.features, training_day=company.day, every_days=28, min_events=30),
        with_models(company, monotone={"progress": "rising"}),
    )


def test_a_way_of_no_input_is_refused_with_the_nearest_name(company, followed):
    project = with_models(company, monotone={"days_since_activ": "rising"})
    with pytest.raises(ConfigError) as wrong:
        inputs_of(company.features, followed, project)
    assert str(wrong.value) == (
        "project.toml of acme: `models.monotone.days_since_activ` is no model input "
        "(did you mean `days_since_active`?). `milepost features` lists them all."
    )


def test_a_label_can_neither_rise_nor_fall(company, followed):
    project = with_models(company, monotone={"segment": "rising"})
    with pytest.raises(ConfigError, match="is a label, which can neither rise nor fall"):
        inputs_of(company.features, followed, project)
