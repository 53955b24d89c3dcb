import json
from dataclasses import replace

import numpy as np
import pytest

from training.bundle import META, Bundle
from training.engine.followed import CHURN, Followed, follow
from training.engine.terms import LONGEST, RENEWAL, SHORTEST, TERM, counted_days
from training.questions.exits import ExitModel, fit_exits, settings_of
from training.questions.inputs import CORE_FEATURES


@pytest.fixture(scope="module")
def followed(company) -> Followed:
    return follow(company.features, training_day=company.day, every_days=28, min_events=30)


@pytest.fixture(scope="module")
def exits(company, followed) -> ExitModel:
    return fit_exits(company.features, followed, company.configuration.project, bags=2)


def project(company, **models: object):
    own = company.configuration.project
    return own.model_copy(update={"models": own.models.model_copy(update=models)})


def of_today(company):
    today = company.features.snapshots["day"] == company.day
    return company.features.values.loc[today]


def test_what_was_written_down_scores_as_before_to_the_last_bit(company, exits, tmp_path):
    parts = {META: "{}", **exits.to_parts()}
    Bundle(parts).write(tmp_path / "bundle")
    back = ExitModel.from_parts(Bundle.read(tmp_path / "bundle").parts)
    values = of_today(company)
    matrix = exits.matrix(values)
    before, after = exits.rates(matrix), back.rates(back.matrix(values))
    assert list(before) == list(after)
    for cause, rates in before.items():
        np.testing.assert_array_equal(rates, after[cause])
    for bag, again in zip(exits.bags, back.bags, strict=True):
        np.testing.assert_array_equal(bag.daily_rates(matrix), again.daily_rates(matrix))
    assert (back.to_parts(), back.clocks) == (exits.to_parts(), exits.clocks)


def test_learning_again_gives_the_same_texts(company, followed, exits):
    again = fit_exits(company.features, followed, company.configuration.project, bags=2)
    assert again.to_parts() == exits.to_parts()


def test_another_seed_draws_other_accounts(company, followed, exits):
    other = fit_exits(company.features, followed, project(company, seed=8), bags=2)
    assert other.to_parts()["exits-bag_0.txt"] != exits.to_parts()["exits-bag_0.txt"]


def test_the_risk_never_falls_with_time_and_all_ways_out_share_one_chance(company, exits):
    curves = exits.curves(of_today(company))
    assert set(curves.by_cause) == {CHURN, "other"}
    by_day = [curves.incidence_at(CHURN, day) for day in (1, 30, 60, 61, 90, 180)]
    assert (np.diff(by_day, axis=0) >= 0).all()
    assert (sum(curves.incidence_at(cause, 180) for cause in curves.by_cause) < 1).all()


def test_few_exits_teach_about_few_inputs(company, followed, exits):
    assert 30 <= followed.exited() < 100
    assert set(exits.encoder.features) <= set(CORE_FEATURES)
    assert "days_to_renewal" in exits.clocks


@pytest.mark.parametrize("of_a_year", [False, True], ids=["as they are", "all of a year"])
def test_the_end_of_a_term_counts_as_the_term_is_long_however_few_have_left(
    company, followed, of_a_year
):
    assert followed.exited() < 100
    values = company.features.values
    values = values.assign(term_days=values[TERM].where(values[TERM].isna() | ~of_a_year, 365))
    exits = fit_exits(company.told(values=values), followed, project(company), bags=0)
    assert exits.hazards[CHURN].by_term
    periods, today = exits.periods, values.loc[of_today(company).index]
    ends_here = today[RENEWAL].between(0, periods.edges[-1], inclusive="left") & (
        today[TERM] > periods.lengths.max()
    )
    assert ends_here.any()
    own = today.loc[ends_here]
    counted = counted_days(exits.matrix(own), periods) * periods.lengths
    np.testing.assert_allclose(counted.max(axis=1), own[TERM].clip(SHORTEST, LONGEST))


def test_too_few_exits_teach_one_risk_for_all(company, followed):
    few = fit_exits(company.features, followed, project(company, min_events=99), bags=0)
    risks = few.curves(of_today(company)).incidence_at(CHURN, 90)
    assert few.encoder.columns == ()
    assert np.ptp(risks) < 1e-12
    assert 0.01 < risks[0] < 0.5


def test_a_cause_that_struck_too_few_learns_less(company, followed, exits):
    texts = exits.to_parts()
    assert texts["exits-cause_1.txt"].count("Tree=") < texts["exits-cause_0.txt"].count("Tree=")


def test_a_bag_keeps_the_level_of_the_whole(exits):
    whole = exits.hazards[CHURN].log_shift
    assert {bag.log_shift for bag in exits.bags} == {whole}


def test_where_nobody_left_everybody_has_the_same_small_risk(company):
    nobody = replace(company.features, exits=company.features.exits.iloc[:0])
    followed = follow(nobody, training_day=company.day, every_days=28, min_events=30)
    model = fit_exits(nobody, followed, company.configuration.project)
    risks = model.curves(of_today(company)).incidence_at(CHURN, 180)
    assert list(model.hazards) == [CHURN]
    assert (risks == risks[0]).all()
    assert 0 < risks[0] < 0.01


def test_the_settings_are_those_of_the_configuration(company):
    own = settings_of(project(company, trees=3, leaves=4, min_rows_in_leaf=9, seed=5))
    assert (own.trees, own.leaves, own.min_rows_in_leaf, own.seed) == (3, 4, 9, 5)


def test_nothing_that_is_written_down_is_more_than_text(exits):
    for name, text in exits.to_parts().items():
        if name.endswith(".json"):
            json.loads(text)
        else:
            assert text.startswith("tree\n")
