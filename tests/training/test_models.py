import json
from dataclasses import replace

import numpy as np
import pytest

from configs.errors import LakeError
from training.bundle import Bundle
from training.models import Models, answers, exit_evidence, step_evidence


@pytest.fixture(scope="module")
def values(company):
    return company.features.values.loc[company.features.snapshots["day"] == company.day]


def test_what_comes_back_from_a_bundle_scores_the_same_to_the_last_bit(
    company, values, tmp_path
):
    company.models.to_bundle().write(tmp_path / "bundle")
    back = Models.from_bundle(Bundle.read(tmp_path / "bundle"))
    one, other = company.models.exits.curves(values), back.exits.curves(values)
    for cause, incidence in one.by_cause.items():
        np.testing.assert_array_equal(incidence, other.by_cause[cause])
    np.testing.assert_array_equal(
        company.models.rule_chances(values), back.rule_chances(values)
    )
    assert back.to_bundle().fingerprint == company.models.to_bundle().fingerprint
    assert back.meta == company.models.meta


@pytest.mark.parametrize("part", ["steps", "rule"])
def test_what_was_never_learnt_is_still_not_there_when_it_comes_back(company, part):
    bare = replace(company.models, **{part: None})
    assert getattr(Models.from_bundle(bare.to_bundle()), part) is None


def test_a_bundle_of_another_make_is_refused_in_one_line_with_a_way_out(company):
    parts = dict(company.models.to_bundle().parts)
    told = json.loads(parts["steps-model.json"])
    del told["pull"]
    parts["steps-model.json"] = json.dumps(told)
    with pytest.raises(LakeError, match=r"another version.*'pull'.*--lake") as refused:
        Models.from_bundle(Bundle(parts))
    assert "\n" not in str(refused.value)


def test_without_a_rule_nothing_is_said(company, values):
    silent = replace(company.models, rule=None).rule_chances(values)
    assert silent.shape == (len(values), len(company.models.meta["horizons"]))
    assert np.isnan(silent).all()


def test_a_rule_never_falls_with_time_and_stays_a_chance(company, values):
    chances = company.models.rule_chances(values)
    assert (np.diff(chances, axis=1) >= 0).all()
    assert ((chances >= 0) & (chances <= 1)).all()


def test_a_model_answers_only_what_it_was_asked_and_not_before_it_learnt(company):
    meta, project = company.models.meta, company.configuration.project
    assert answers(meta, project, day=company.day)
    assert not answers(meta, project, day=company.day - 1)
    for asked in ({"horizons_days": (30, 90)}, {"primary_horizon_days": 60}):
        outcomes = project.outcomes.model_copy(update=asked)
        other = project.model_copy(update={"outcomes": outcomes})
        assert not answers(meta, other, day=company.day)


def test_rules_do_without_inputs_that_a_company_does_not_have(values):
    bare = values.drop(columns=["days_to_renewal", "days_late"])
    evidence = exit_evidence(bare)
    assert "days_since_active" in evidence.matrix.names
    assert not {"days_to_renewal", "days_late"} & set(evidence.matrix.names)
    assert len(evidence.segments) == len(values)


def test_a_milestone_is_compared_with_the_same_one_of_the_same_segment(company):
    features = company.features
    evidence = step_evidence(features.values, features.steps.iloc[:50])
    row = features.steps.iloc[7]
    segment = features.values["segment"].iloc[row["snapshot"]]
    assert evidence.segments[7] == f"{segment}: {row['milestone']}"
