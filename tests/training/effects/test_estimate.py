from dataclasses import replace

import numpy as np
import pytest

from tests.training.effects.test_contrast import made_up
from training.effects import estimate
from training.effects.effect import Effect
from training.effects.estimate import compared, estimate_effects, judge, judged_together
from training.effects.together import Cell

CLEAR = Effect(
    "startup", "first", "descriptive", points=-0.04, low=-0.06, high=-0.02, best=-0.04,
    lent=-0.01, reached=90, effective=80.0, past_use=0.02,
)  # fmt: skip
HARMLESS = replace(CLEAR, milestone="busy_month", points=-0.01, low=-0.03, high=0.01)


def test_a_clear_effect_is_evidence_only_where_the_placebo_does_nothing():
    assert judge(CLEAR, HARMLESS, is_proven=True).evidence == "adjusted"
    assert judge(CLEAR, None, is_proven=True).evidence == "adjusted"
    works = judge(CLEAR, replace(HARMLESS, high=-0.001), is_proven=True)
    assert works.evidence == "descriptive"
    assert estimate.PLACEBO_WORKS in works.remark


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"high": 0.001, "lent": -0.0001}, estimate.COVERS_ZERO),
        ({"high": 0.001}, estimate.ALL_LENT),
        ({"lent": None}, estimate.NO_BRIDGE),
        ({"effective": 12.0}, estimate.NO_OVERLAP),
        ({"past_use": -0.2}, estimate.UNBALANCED),
    ],
)
def test_whatever_speaks_against_an_effect_is_said(told, why):
    judged = judge(replace(CLEAR, **told), HARMLESS, is_proven=True)
    assert judged.evidence == "descriptive"
    assert judged.remark == why


def test_one_segment_is_no_effect_by_luck_where_the_milestone_as_a_whole_is_none():
    lucky = judge(CLEAR, HARMLESS, is_proven=False)
    assert (lucky.evidence, lucky.remark) == ("descriptive", estimate.NOT_TOGETHER)
    others = [
        Cell(replace(CLEAR, segment=segment, points=0.03, low=0.01, high=0.05), 0.01)
        for segment in ("enterprise", "mid_market")
    ]
    alone, *_ = judged_together([Cell(CLEAR, 0.01)], [HARMLESS])
    beside, *_ = judged_together([Cell(CLEAR, 0.01), *others], [HARMLESS])
    assert (alone.evidence, beside.evidence) == ("adjusted", "descriptive")


def test_too_few_stay_too_few():
    few = Effect("startup", "first", "too_few", reached=3)
    assert judge(few, HARMLESS, is_proven=True) is few


def test_a_handful_of_accounts_gets_no_figures():
    landmarks = made_up(1, accounts=30)
    (cell,) = compared(landmarks, {})
    assert cell.effect.evidence == "too_few"
    assert cell.effect.points is None
    assert cell.effect.remark == estimate.FEW


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
