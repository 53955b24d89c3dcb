"""A statement is graded once its time has passed, by what came, and never before."""

import numpy as np
import pandas as pd
import pytest

from serving.health.grading import ALL, RECENT, graded
from tests.serving.ledger_world import (
    HORIZONS,
    TODAY,
    a_feature_set,
    came,
    left,
    said_on,
    steps_said_on,
)

NOTHING = pd.DataFrame({"day": []})


def grades(accounts=NOTHING, milestones=NOTHING, *, exits=None, reached=None) -> pd.DataFrame:
    return graded(
        accounts=accounts,
        milestones=milestones,
        features=a_feature_set(exits=exits, reached=reached),
        as_of_day=TODAY,
        horizons=HORIZONS,
        recent_days=91,
    ).set_index(["question", "said_by", "horizon_days", "month"])


def test_what_was_said_is_held_against_who_left_within_the_horizon():
    chances = {"gone": 0.5, "gone later": 0.3, "here": 0.1, "here too": 0.1}
    exits = left({"gone": TODAY - 80, "gone later": TODAY - 20})
    found = grades(said_on(TODAY - 100, chances), exits=exits)
    soon, late = (found.loc[("churn", "model", days, ALL)] for days in HORIZONS)
    assert (soon["statements"], soon["mornings"], soon["events"]) == (4, 1, 1)
    assert soon["expected"] == pytest.approx(1.0)
    assert soon["predicted_over_observed"] == pytest.approx(1.0)
    assert soon["auc"] == 1.0
    assert soon["brier"] == pytest.approx((0.25 + 0.09 + 0.01 + 0.01) / 4)
    assert (late["events"], late["predicted_over_observed"]) == (2, pytest.approx(0.5))


def test_a_morning_whose_time_has_not_come_is_not_graded_though_some_have_left():
    exits = left({"gone": TODAY - 25})
    young = grades(said_on(TODAY - 29, {"gone": 0.5, "here": 0.1}), exits=exits)
    assert young.empty
    old = grades(said_on(TODAY - 30, {"gone": 0.5, "here": 0.1}), exits=exits)
    assert set(old.index.get_level_values("horizon_days")) == {30}


def test_exits_are_given_time_to_be_reported():
    """All exits so far became known 10 days late: those of the last 10 days are to come."""
    chances = {"gone": 0.5, "gone long ago": 0.5, "here": 0.1}
    exits = left({"gone": TODAY - 25, "gone long ago": TODAY - 500}, known_after=10)
    assert grades(said_on(TODAY - 39, chances), exits=exits).empty
    assert not grades(said_on(TODAY - 40, chances), exits=exits).empty


def test_each_month_of_statement_has_its_own_grade_and_the_newest_are_recent():
    chances = {"gone": 0.5, "here": 0.1}
    mornings = [TODAY - 400, TODAY - 100, TODAY - 65]
    said = pd.concat([said_on(day, chances) for day in mornings])
    found = grades(said, exits=left({"gone": TODAY - 60})).loc[("churn", "model", 30)]
    assert found["events"].to_dict() == {
        ALL: 1,
        RECENT: 1,
        "2023-08": 0,
        "2024-06": 0,
        "2024-07": 1,
    }
    assert found.loc[RECENT, "mornings"] == 2
    assert np.isnan(found.loc["2023-08", "auc"])


def test_the_model_and_the_rule_that_stood_in_for_it_are_graded_apart():
    model = said_on(TODAY - 100, {"gone": 0.5, "here": 0.1})
    rule = said_on(TODAY - 130, {"gone": 0.2, "here": 0.2}, source="baseline")
    found = grades(pd.concat([model, rule]), exits=left({"gone": TODAY - 80}))
    assert found.loc[("churn", "model", 30, ALL), "expected"] == pytest.approx(0.6)
    assert found.loc[("churn", "baseline", 30, ALL), "expected"] == pytest.approx(0.4)


def test_a_milestone_counts_when_it_was_reached_in_time_and_before_an_exit():
    chances = {("a", "one"): 0.7, ("a", "two"): 0.2, ("b", "one"): 0.4}
    reached = came({("a", "one"): TODAY - 90, ("b", "one"): TODAY - 80})
    found = grades(
        milestones=steps_said_on(TODAY - 100, chances),
        exits=left({"b": TODAY - 85}),
        reached=reached,
    ).loc[("milestones", "model", 30, ALL)]
    assert (found["statements"], found["events"], found["accounts_struck"]) == (3, 1, 1)


def test_without_statements_there_is_nothing_to_grade():
    assert grades().empty


def test_the_interval_narrows_with_accounts_not_with_mornings():
    """A hundred mornings about the same accounts are no hundred pieces of evidence."""
    chance = np.random.default_rng(5)
    risk = {f"a{i}": r for i, r in enumerate(chance.uniform(0, 0.6, 200))}
    gone = {name: TODAY - 60 for name, r in risk.items() if chance.random() < r}
    few = grades(said_on(TODAY - 65, risk), exits=left(gone))
    said = pd.concat([said_on(TODAY - 65 - back, risk) for back in range(5)])
    many = grades(said, exits=left(gone))
    width = [
        found["predicted_over_observed_high"] - found["predicted_over_observed_low"]
        for found in (
            few.loc[("churn", "model", 30, ALL)],
            many.loc[("churn", "model", 30, ALL)],
        )
    ]
    assert width[1] == pytest.approx(width[0], rel=0.25)


def test_however_many_are_sampled_all_that_was_said_and_came_is_counted(monkeypatch):
    monkeypatch.setattr("serving.health.grading.MOST_GRADED", 50)
    chances = {f"a{i}": 0.25 for i in range(200)}
    gone = left({f"a{i}": TODAY - 80 for i in range(1, 200, 4)})
    found = grades(said_on(TODAY - 100, chances), exits=gone).loc[("churn", "model", 30, ALL)]
    assert (found["statements"], found["events"], found["accounts_struck"]) == (200, 50, 50)
    assert found["expected"] == pytest.approx(50)
    # Every fourth account is graded, from the first on, and none of these left.
    assert found["brier"] == pytest.approx(0.25**2)
