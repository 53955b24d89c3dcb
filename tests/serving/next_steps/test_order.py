from dataclasses import replace

import pandas as pd
import pytest

from serving.next_steps.order import (
    effort,
    next_steps,
    next_steps_schema,
    peer_days,
    reason,
)
from serving.next_steps.recommend import FILLER, PROVEN, UNPROVEN
from serving.scorecard import as_table
from tests.serving.mornings import a_morning

SEGMENTS = pd.Series(dict.fromkeys("abcdef", "startup"))
TOLD = {"ground": PROVEN, "order": 1, "chance": 0.42, "effort_days": 35.0}
UNTOLD = {"points": None, "low": None, "high": None}


@pytest.fixture(scope="module")
def morning(company):
    return a_morning(company.as_of, company.features, company.speaking, company.configuration)


def done(accounts, days):
    rows = {"account_id": list(accounts), "milestone": "first", "state": "done"}
    return pd.DataFrame({**rows, "days_open": days})


def test_a_proven_step_is_told_with_its_interval():
    proven = {"points": -0.031, "low": -0.05, "high": -0.012}
    said = reason(TOLD | proven, name="First report", whose="peers", days=90, effect_days=180)
    assert "changes the risk of leaving within 180 days by" in said
    assert "by \u22123.1 points (between \u22125.0 and \u22121.2)" in said


@pytest.mark.parametrize(
    ("ground", "order", "why"),
    [
        (UNPROVEN, 1, "it comes first on the ladder, as no open step is proven"),
        (UNPROVEN, 2, "it comes later on the ladder"),
        (FILLER, 1, "promises most, though no effect of it can be measured"),
        (FILLER, 2, "it opens nothing, and no effect of it can be measured"),
    ],
)
def test_an_unproven_step_is_told_without_figures_of_an_effect(ground, order, why):
    row = TOLD | UNTOLD | {"ground": ground, "order": order}
    said = reason(row, name="First report", whose="peers", days=90, effect_days=180)
    assert why in said
    assert "points" not in said


def test_the_effort_is_what_peers_took_where_enough_of_them_did(company):
    step = company.configuration.playbook.milestones[0]
    took = {("startup", step.slug): 12.0}
    assert effort(step, "startup", took) == (12.0, "peers")
    assert effort(step, "enterprise", took) == (21.0, "playbook")


def test_a_step_that_nobody_took_or_expects_by_a_date_has_no_effort(company):
    step = company.configuration.playbook.milestones[0]
    untimed = step.model_copy(update={"expected_days": {}})
    assert effort(untimed, "startup", {}) == (None, "playbook")


def test_four_peers_are_too_few_to_speak_of():
    assert peer_days(done("abcd", [1, 2, 3, 4]), SEGMENTS) == {}
    assert peer_days(done("abcde", [1, 2, 30, 40, 50]), SEGMENTS) == {("startup", "first"): 30}


def test_every_open_milestone_is_in_the_table_and_the_first_is_the_account_s_next(morning):
    rows = next_steps(morning, {})
    table = as_table(rows, next_steps_schema(morning.configuration)).to_pandas()
    is_open = morning.milestones["state"] == "open"
    assert len(table) == is_open.sum()
    first = table.loc[table["order"] == 1].set_index("account_id")["milestone"]
    told = morning.accounts.set_index("account_id")["next_milestone"].dropna()
    assert first.to_dict() == told.to_dict()
    assert table["reason"].str.endswith(".").all()


def test_without_models_the_playbook_s_order_rules(morning):
    rows = next_steps(replace(morning, models=None), {})
    assert (rows["evidence"] == "too_few").all()
    place = {m.slug: i for i, m in enumerate(morning.configuration.playbook.milestones)}
    ladders = rows.assign(place=rows["milestone"].map(place)).groupby("account_id")["place"]
    assert ladders.is_monotonic_increasing.all()
