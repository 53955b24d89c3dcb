import numpy as np
import pandas as pd
import pytest

from configs.phrases import load_phrases
from serving.risks import model_risks, no_risks, rule_risks, typical_of_peers
from tests.company import Company, with_skill

HORIZONS = (30, 60, 90, 180)


@pytest.fixture(scope="module")
def values(company) -> pd.DataFrame:
    today = company.features.snapshots["day"] == company.day
    return company.features.values.loc[today].reset_index(drop=True)


def by_model(company: Company, values: pd.DataFrame, primary: int = 90):
    return model_risks(
        with_skill(company.models),
        values,
        company.features.catalogue,
        horizons=HORIZONS,
        primary=primary,
        phrases=load_phrases(company.config),
        currency="USD",
    )


@pytest.mark.parametrize("primary", HORIZONS)
def test_the_reasons_add_up_at_every_horizon_one_could_choose(company, values, primary):
    risks = by_model(company, values, primary)
    own = risks.by_horizon[:, HORIZONS.index(primary)]
    points = np.array([sum(reason.points for reason in told) for told in risks.reasons])
    np.testing.assert_allclose(risks.base_risk + points, own, atol=1e-9)
    assert ((risks.low < own) & (own < risks.high)).all()


def test_every_family_is_named_once_the_strongest_first(company, values):
    for reasons in by_model(company, values).reasons:
        families = [reason.family for reason in reasons]
        assert len(set(families)) == len(families)
        assert "timing" in families
        strength = [abs(reason.points) for reason in reasons]
        assert strength == sorted(strength, reverse=True)


def test_a_factor_and_its_points_pull_the_same_way(company, values):
    for reasons in by_model(company, values).reasons:
        for reason in reasons:
            assert (reason.factor - 1) * reason.points >= 0
            assert reason.text


def test_one_account_is_told_the_same_risk_alone_as_among_others(company, values):
    together = by_model(company, values).by_horizon
    for row in (0, 7):
        alone = by_model(company, values.iloc[[row]].reset_index(drop=True)).by_horizon
        np.testing.assert_array_equal(alone[0], together[row])


def test_the_rule_gives_one_reason_that_says_it_is_a_rule(company, values):
    models = company.models
    risks = rule_risks(models, values, primary=90, phrases=load_phrases(company.config))
    np.testing.assert_array_equal(risks.by_horizon, models.rule_chances(values))
    for (reason,), own in zip(risks.reasons, risks.by_horizon[:, 2], strict=True):
        assert risks.base_risk + reason.points == pytest.approx(own, abs=1e-12)
        assert models.rule.name in reason.text
        assert (reason.value, reason.typical) == (own, risks.base_risk)
    assert risks.source == "baseline"


def test_where_nothing_is_known_nothing_is_said():
    risks = no_risks(3, 4)
    assert risks.by_horizon.shape == (3, 4)
    assert np.isnan(risks.by_horizon).all()
    assert risks.reasons == [[], [], []]
    assert risks.source is None


def test_typical_is_the_middle_of_the_same_segment(company):
    catalogue = company.features.catalogue.only(["active_days_28d", "segment"])
    values = pd.DataFrame(
        {
            "segment": ["startup"] * 3 + ["enterprise"],
            "active_days_28d": [1.0, 2.0, 9.0, 20.0],
        }
    )
    typical = typical_of_peers(values, catalogue)
    assert typical["active_days_28d"].tolist() == [2.0, 2.0, 2.0, 20.0]
    assert "segment" not in typical
