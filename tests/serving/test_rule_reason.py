"""Where a simple rule speaks in the model's place, it says so in the configuration's words."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from configs.phrases import load_phrases
from serving.risks import BASELINE, rule_risks
from training.engine.matrix import Matrix
from training.engine.periods import CENSORED, FollowUp
from training.models import Models
from training.rules.tables import Evidence, IncidenceBySegment, Question

CONFIGS = Path(__file__).parents[2] / "configs"
COUNT = 400


def a_rule() -> IncidenceBySegment:
    """Of 400 accounts in two segments, a tenth of the one and none of the other left."""
    segments = ["lively", "silent"] * (COUNT // 2)
    left = [i % 2 == 1 and i % 20 == 1 for i in range(COUNT)]
    followup = FollowUp(
        np.where(left, 30.0, 200.0), np.where(left, 0, CENSORED).astype(np.int64)
    )
    nothing = Matrix(np.zeros((COUNT, 0)), ())
    return IncidenceBySegment.fit(Evidence(nothing, segments), Question(followup, 0, (60, 90)))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("demo", "companies like this leave in 10 % of cases; all accounts in 5 %"),
        ("oulad", "students like this leave in 10 % of cases; all students in 5 %"),
    ],
)
def test_a_rule_is_told_in_the_configurations_own_words(name, words):
    models = Models(None, None, a_rule(), {"horizons": [60, 90]})
    values = pd.DataFrame({"segment": ["silent", "lively"]})
    risks = rule_risks(models, values, primary=90, phrases=load_phrases(CONFIGS / name))
    (reason,), (other,) = risks.reasons
    assert (
        reason.text == f"By a simple rule (Kaplan-Meier by segment), not by the model, {words}"
    )
    assert (reason.family, risks.source) == (BASELINE, BASELINE)
    assert risks.base_risk + reason.points == pytest.approx(risks.by_horizon[0, 1])
    assert risks.base_risk + other.points == pytest.approx(0.0)
