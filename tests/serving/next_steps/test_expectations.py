import numpy as np
import pandas as pd
import pytest

from configs.load import Configuration
from configs.playbook import Playbook
from configs.proposal import with_expected_days
from configs.sections import Expectations
from features.asof import ordinal
from serving.next_steps.expectations import (
    FITS,
    LATER,
    RARELY,
    SOONER,
    TOO_FEW,
    UNSAID,
    expectations_schema,
    expected_and_learnt,
    proposed,
)
from serving.next_steps.expectations import _row as row_of
from serving.scorecard import as_table
from tests.builders import a_step
from training.engine.incidence import LEFT, REACHED, Incidence, Waits
from training.questions.expectations import TOGETHER, Learnt

ASKED = Expectations(least_reached=20)


def said(days: list[int], expected: int | None, *, left: int = 0) -> dict[str, object]:
    """What is said of accounts that took so many days, and of as many as left first."""
    took = np.array([*days, *[1] * left])
    cause = np.array([REACHED] * len(days) + [LEFT] * left)
    waits = Waits(np.zeros(len(took), dtype=int), took, cause, np.arange(len(took)))
    step = a_step("first", expected_days={} if expected is None else expected)
    playbook = Playbook.model_validate({"milestones": [step]})
    found = Learnt("first", "startup", waits, Incidence.of(waits))
    return row_of(playbook.milestones[0], found, ASKED)


@pytest.mark.parametrize(
    ("days", "expected", "left", "verdict", "proposal"),
    [
        ([40] * 30, 40, 0, FITS, None),
        ([40] * 30, 10, 0, LATER, 40),
        ([40] * 30, 90, 0, SOONER, 40),
        ([40] * 30, 38, 0, FITS, None),
        ([11] * 30, 10, 0, FITS, None),
        ([12] * 30, 10, 0, LATER, 12),
        ([40] * 30, None, 0, UNSAID, 40),
        ([40] * 30, 10, 40, RARELY, None),
        ([0] * 30, 10, 0, SOONER, 1),
        ([40] * 19, 10, 0, TOO_FEW, None),
    ],
)
def test_a_change_is_proposed_only_where_history_is_sure_of_it(
    days, expected, left, verdict, proposal
):
    row = said(days, expected, left=left)
    assert (row["verdict"], row["proposed_days"]) == (verdict, proposal)


def test_what_is_expected_fits_as_long_as_history_cannot_tell_it_from_what_it_took():
    days = list(range(10, 250, 8))
    row = said(days, None)
    took, low, high = (int(row[f"learnt_{end}"]) for end in ("days", "low", "high"))
    assert low < 0.9 * took
    assert 1.1 * took < high
    told = [said(days, each)["verdict"] for each in (low - 1, low, high, high + 1)]
    assert told == [LATER, FITS, FITS, SOONER]


def test_each_segment_is_held_to_its_own_expectation_and_all_together_to_the_common_one():
    step = a_step("first", expected_days={"default": 10, "startup": 40})
    (milestone,) = Playbook.model_validate({"milestones": [step]}).milestones
    waits = Waits(*np.array([[0] * 30, [40] * 30, [REACHED] * 30, range(30)]))
    for segment, expected, verdict in (("startup", 40, FITS), (TOGETHER, 10, LATER)):
        row = row_of(milestone, Learnt("first", segment, waits, Incidence.of(waits)), ASKED)
        assert (row["expected_days"], row["verdict"]) == (expected, verdict)


def test_where_too_few_reached_it_the_row_says_how_many_more_are_needed():
    assert said([40] * 13, 10)["missing"] == 7
    assert said([40] * 30, 10)["missing"] == 0


def test_the_share_in_time_counts_those_who_left_among_the_others():
    assert said([5] * 10 + [50] * 20, 10, left=10)["in_time_share"] == pytest.approx(10 / 40)


def a_table(days: dict[str, int | None]) -> pd.DataFrame:
    rows = [{"milestone": "first", "segment": s, "proposed_days": n} for s, n in days.items()]
    return pd.DataFrame(rows).astype({"proposed_days": "float64"})


@pytest.mark.parametrize(
    ("written", "found", "wanted"),
    [
        ({"default": 9}, {TOGETHER: 20, "startup": 20, "big": 20}, {"default": 20}),
        (
            {"default": 9},
            {TOGETHER: 20, "startup": 15, "big": 20},
            {"default": 20, "startup": 15},
        ),
        ({"default": 9}, {TOGETHER: 20, "startup": 15, "big": None}, {"startup": 15}),
        ({"default": 9, "big": 30}, {TOGETHER: 20, "startup": None, "big": 25}, {"big": 25}),
        ({}, {TOGETHER: 20, "startup": 20, "big": 25}, {"default": 20, "big": 25}),
        ({"startup": 9}, {TOGETHER: 20, "startup": 15, "big": 25}, {"startup": 15, "big": 25}),
    ],
)
def test_segments_are_named_only_where_they_differ_from_what_all_have_in_common(
    company, written, found, wanted
):
    playbook = Playbook.model_validate({"milestones": [a_step("first", expected_days=written)]})
    own = company.configuration
    changed = Configuration(own.folder, own.project, playbook, own.fingerprint)
    assert proposed(a_table(found), changed) == {"first": wanted}


def test_the_company_is_told_of_every_milestone_and_what_is_proposed_can_be_written(company):
    day = ordinal(company.as_of)
    found = expected_and_learnt(company.features, company.configuration, day=day)
    schema = expectations_schema(company.configuration)
    table = as_table(found.assign(as_of=company.as_of), schema).to_pandas()
    asked = {m.slug for m in company.configuration.playbook.milestones}
    assert set(table["milestone"]) == asked
    assert (table["accounts"] == table[["reached", "left_first", "waiting"]].sum(axis=1)).all()
    text = (company.configuration.folder / "playbook.toml").read_text(encoding="utf-8")
    with_expected_days(text, proposed(table, company.configuration), where="it")
