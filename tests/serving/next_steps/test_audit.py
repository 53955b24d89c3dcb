from dataclasses import replace

import pandas as pd

from configs.playbook import Playbook
from serving.next_steps.audit import ENOUGH, audit, audit_schema, groups
from serving.next_steps.audit import _row as row_of
from serving.next_steps.expectations import FITS, LATER, expectations
from serving.scorecard import as_table
from tests.builders import a_step
from tests.serving.mornings import a_morning
from training.effects.effect import Effect

PLAYBOOK = Playbook.model_validate(
    {
        "milestones": [
            a_step("first", expected_days=10),
            a_step("second", expected_days=30),
            a_step("third", requires=["second"]),
        ]
    }
)
KEEPS = Effect("startup", "second", "adjusted", -0.05, -0.08, -0.02)
UNCLEAR = Effect("startup", "first", "descriptive", -0.01, -0.03, 0.02, remark="covers zero")


def ladder(days: dict[str, list[float | None]]) -> pd.DataFrame:
    """One account per entry of the lists, all opened on one day; None is still waiting."""
    opened = pd.Timestamp("2025-01-01")
    rows = [
        {
            "account_id": f"a{number}",
            "milestone": slug,
            "state": "open" if took is None else "done",
            "days_open": 60 if took is None else took,
            "achieved_at": pd.NaT if took is None else opened + pd.Timedelta(days=took),
        }
        for slug, each in days.items()
        for number, took in enumerate(each)
    ]
    return pd.DataFrame(rows)


def looked_at(days, slug, effect=None, learnt=None):
    standing = ladder(days)
    accounts = pd.DataFrame({"account_id": standing["account_id"].unique()})
    (group,) = groups(standing, accounts.assign(segment="startup"))
    step = next(m for m in PLAYBOOK.milestones if m.slug == slug)
    return row_of(step, group, effect, PLAYBOOK, learnt=learnt or {})


def test_who_reached_it_is_counted_by_hand():
    row = looked_at({"first": [5, 8, 20, None]}, "first", UNCLEAR)
    assert (row["accounts"], row["reached"], row["reached_share"]) == (4, 3, 0.75)
    assert row["points"] is None
    assert row["remark"] == "covers zero"


def test_an_effect_that_may_be_told_stands_beside_it_with_its_interval():
    robust = replace(KEEPS, robustness=1.9, robustness_low=1.3, lent=0.2)
    row = looked_at({"second": [9]}, "second", robust)
    assert (row["points"], row["low"], row["high"]) == (-0.05, -0.08, -0.02)
    assert (row["robustness"], row["robustness_low"], row["lent"]) == (1.9, 1.3, 0.2)
    assert row["evidence"] == "adjusted"


def test_another_expectation_is_proposed_where_history_says_so():
    told = {"verdict": LATER, "learnt_low": 35.0, "learnt_high": None, "proposed_days": 40.0}
    said = looked_at({"first": [40]}, "first", learnt={**told, "expected_days": 10.0})[
        "proposal"
    ]
    assert said == "expect 40 days (95 %: 35 to \N{EN DASH}) instead of 10"
    fits = {**told, "verdict": FITS, "proposed_days": None, "expected_days": 10.0}
    assert looked_at({"first": [40]}, "first", learnt=fits)["proposal"] == ""


def test_a_step_mostly_reached_before_an_earlier_one_is_said_to_stand_too_late():
    days = {"first": [10.0] * 5 + [None] * 20, "second": [20.0] * 25}
    assert "place it before" in looked_at(days, "second")["proposal"]
    assert (
        "place it before" not in looked_at(days | {"first": [10.0] * 25}, "second")["proposal"]
    )


def test_of_the_place_of_a_step_that_few_reached_nothing_is_said():
    enough = {"first": [None] * ENOUGH, "second": [20.0] * ENOUGH}
    assert "place it before First: 100 %" in looked_at(enough, "second")["proposal"]
    few = {"first": [None] * ENOUGH, "second": [20.0] * (ENOUGH - 1) + [None]}
    assert looked_at(few, "second")["proposal"] == ""


def test_filler_opens_nothing_and_does_nothing_that_can_be_measured():
    assert "ask whether it is needed" in looked_at({"first": [9]}, "first", UNCLEAR)["proposal"]
    assert looked_at({"second": [9]}, "second", UNCLEAR)["proposal"] == ""
    assert looked_at({"first": [9]}, "first", KEEPS)["proposal"] == ""


def test_every_milestone_is_looked_at_in_every_segment_it_applies_to(company):
    morning = a_morning(
        company.as_of, company.features, company.speaking, company.configuration
    )
    tables = {"expectations": expectations(morning, {})}
    table = as_table(audit(morning, tables), audit_schema(morning.configuration)).to_pandas()
    asked = {
        (step.slug, segment)
        for step in company.configuration.playbook.milestones
        for segment in set(morning.accounts["segment"])
        if step.applies_to(segment)
    }
    assert set(zip(table["milestone"], table["segment"], strict=True)) == asked
    assert (table["reached"] <= table["accounts"]).all()
    known = [
        company.models.effects.of(s, m)
        for s, m in zip(table["segment"], table["milestone"], strict=True)
    ]
    assert any(known)
    assert table["evidence"].tolist() == [e.evidence if e else "too_few" for e in known]
