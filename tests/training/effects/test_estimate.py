from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.effects.test_contrast import made_up
from training.effects import estimate
from training.effects.effect import Effect
from training.effects.estimate import (
    Cell,
    compared,
    drawn_together,
    estimate_effects,
    judge,
    shrunk,
)

CLEAR = Effect(
    "startup", "first", "descriptive", points=-0.04, low=-0.06, high=-0.02, best=-0.04,
    reached=90, effective=80.0, past_use=0.02,
)  # fmt: skip
HARMLESS = replace(CLEAR, milestone="busy_month", points=-0.01, low=-0.03, high=0.01)


def test_a_clear_effect_is_evidence_only_where_the_placebo_does_nothing():
    assert judge(CLEAR, HARMLESS).evidence == "adjusted"
    assert judge(CLEAR, None).evidence == "adjusted"
    works = replace(HARMLESS, high=-0.001)
    assert judge(CLEAR, works).evidence == "descriptive"
    assert estimate.PLACEBO_WORKS in judge(CLEAR, works).remark


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"high": 0.001}, estimate.COVERS_ZERO),
        ({"effective": 12.0}, estimate.NO_OVERLAP),
        ({"past_use": -0.2}, estimate.UNBALANCED),
    ],
)
def test_whatever_speaks_against_an_effect_is_said(told, why):
    judged = judge(replace(CLEAR, **told), HARMLESS)
    assert judged.evidence == "descriptive"
    assert judged.remark == why


def test_steps_are_compared_without_what_the_placebo_lends_them():
    assert judge(CLEAR, HARMLESS).best == pytest.approx(-0.03)


def test_too_few_stay_too_few():
    few = Effect("startup", "first", "too_few", reached=3)
    assert judge(few, HARMLESS) is few


def test_a_handful_of_accounts_gets_no_figures():
    landmarks = made_up(1, accounts=30)
    (cell,) = compared(landmarks)
    assert cell.effect.evidence == "too_few"
    assert cell.effect.points is None
    assert cell.effect.remark == estimate.FEW


errors = st.floats(0.001, 0.1)


@given(st.lists(st.tuples(st.floats(-0.3, 0.3), errors), min_size=1, max_size=6))
def test_drawing_together_never_leaves_the_range_of_the_estimates(cells):
    points, own = (np.array(column) for column in zip(*cells, strict=True))
    drawn = shrunk(points, own)
    assert (drawn >= points.min() - 1e-12).all()
    assert (drawn <= points.max() + 1e-12).all()


def test_a_milestone_is_drawn_towards_its_own_segments_only():
    cells = [
        Cell(replace(CLEAR, segment=segment, milestone=milestone, points=points), 0.02)
        for segment, milestone, points in (
            ("a", "first", -0.02), ("b", "first", -0.04), ("a", "second", 0.5),
        )
    ]  # fmt: skip
    drawn = [cell.effect.best for cell in drawn_together(cells)]
    assert drawn == [pytest.approx(-0.03), pytest.approx(-0.03), pytest.approx(0.5)]


def test_the_same_history_gives_the_same_effects_and_nothing_later_is_read(company):
    features, project = company.features, company.configuration.project
    ago = company.day - 91
    then = estimate_effects(features, project, training_day=ago)
    known = features.exits["known_at"] < np.datetime64(ago, "D")
    reached = features.reached.loc[features.reached["known_day"] < ago]
    mornings = features.snapshots["day"] < ago
    steps = features.steps.loc[mornings.to_numpy()[features.steps["snapshot"]]]
    without = replace(features, exits=features.exits.loc[known], reached=reached, steps=steps)
    assert estimate_effects(without, project, training_day=ago) == then


def test_every_open_milestone_of_a_company_is_looked_at(company):
    effects = company.models.effects
    assert effects.horizon_days == 180
    asked = {effect.milestone for effect in effects.found}
    assert asked == set(company.features.steps["milestone"])
    assert all(effect.points is None for effect in effects.found if not effect.effective)
