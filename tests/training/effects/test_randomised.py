from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from training.effects.effect import Effect
from training.effects.estimate import estimate_effects
from training.effects.randomised import CONTROL, judged

DOES = -0.15
"""What reaching it really does to whoever the help moves, in the trials below."""
FROM_HISTORY = Effect("startup", "first", "adjusted", -0.3, -0.4, -0.2)


pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")


def a_trial(seed, *, accounts=4000, moved=0.35, does=DOES, lopsided=0.0):
    """Hidden engagement makes both reaching it and staying; the draw knows nothing of it."""
    rng = np.random.default_rng(seed)
    engaged = rng.normal(size=accounts)
    helped = rng.random(accounts) < 0.5 + lopsided * np.sign(engaged)
    reached = rng.random(accounts) < np.clip(0.3 + 0.2 * engaged, 0, 0.6) + moved * helped
    left = rng.random(accounts) < np.clip(0.4 - 0.1 * engaged, 0.2, 0.8) + does * reached
    return pd.DataFrame(
        {
            "trial": "kick_start",
            "is_helped": helped,
            "reached": reached,
            "left": left,
            "before": engaged + rng.normal(size=accounts),
        }
    )


def test_a_trial_finds_the_truth_that_a_naive_comparison_misses():
    covered = 0
    for seed in range(20):
        drawn = a_trial(seed)
        found = judged(drawn, FROM_HISTORY)
        covered += found.low <= DOES <= found.high
        by_reached = drawn.groupby("reached")["left"].mean()
        assert by_reached[True] - by_reached[False] < DOES
    assert covered >= 17


def test_a_trial_takes_the_place_of_history_and_says_what_was_seen():
    found = judged(a_trial(1), FROM_HISTORY)
    assert found.evidence == "randomised"
    assert found.is_shown
    assert found.points > FROM_HISTORY.high
    assert found.remark.startswith("trial kick_start, ")
    assert "reached it +" in found.remark


def test_a_trial_that_finds_nothing_unsays_what_history_says():
    found = judged(a_trial(3, does=0.0), FROM_HISTORY)
    assert found.evidence == "descriptive"
    assert "its interval covers zero" in found.remark


@pytest.mark.parametrize(
    ("drawn", "why"),
    [
        (a_trial(1, accounts=60), "too few accounts or leavers so far"),
        (a_trial(1, lopsided=0.3), "its arms differed before it began"),
        (a_trial(1, moved=0.0), "too few were moved"),
    ],
)
def test_a_trial_that_cannot_tell_leaves_history_and_says_why(drawn, why):
    found = judged(drawn, FROM_HISTORY)
    assert found.evidence == "adjusted"
    assert found.points == FROM_HISTORY.points
    assert why in found.remark


def test_a_company_s_trial_is_read_from_its_touches_and_labelled_as_one(company):
    features, project = company.features, company.configuration.project
    first = features.snapshots.drop_duplicates("account_id")
    milestone, rng = str(features.steps["milestone"].iloc[0]), np.random.default_rng(5)
    helped = rng.random(len(first)) < 0.5
    arms = pd.DataFrame(
        {
            "account_id": first["account_id"].to_numpy(),
            "trial": "kick_start",
            "milestone": milestone,
            "arm": np.where(helped, "call", CONTROL),
            "day": first["day"].to_numpy(),
            "known_day": first["day"].to_numpy(),
        }
    )
    with_trial = replace(features, arms=arms)
    found = estimate_effects(with_trial, project, training_day=company.day).found
    about = [e for e in found if "trial kick_start" in e.remark]
    assert about
    assert {e.milestone for e in about} == {milestone}
    early = estimate_effects(
        with_trial, project, training_day=int(arms["day"].min()) + 100
    ).found
    assert not [e for e in early if "kick_start" in e.remark]
