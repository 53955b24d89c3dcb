from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.sections import Gate
from training.engine.periods import CENSORED, FollowUp
from training.proof.amounts import amount_records, amount_skill, deviance
from training.proof.judged import Backtest, Judged

GATE, RULE = Gate(), "share of ARR"


def judged_of(came, said, rule):
    """One origin on which every account grew within ten days, by the shares of ``came``."""
    rows = len(came)
    about = pd.DataFrame({"account_id": [f"a{i}" for i in range(rows)]})
    about = about.assign(family=about["account_id"], segment="one", is_new=False)
    amounts = pd.DataFrame({"arr": 100.0, "came": came, "model": said, RULE: rule})
    judged = Judged(
        origin_day=19_000,
        horizons=(30,),
        about=about,
        followup=FollowUp(np.full(rows, 10.0), np.zeros(rows, dtype=np.int64)),
        said=np.full((rows, 1), 0.5),
        rules={},
        amounts=amounts,
    )
    return Backtest({"expansion": [judged]})


def told_apart(seed=0, *, rows=60, times=1.0):
    rng = np.random.default_rng(seed)
    true = rng.choice([0.1, 0.8], rows)
    return judged_of(
        true * rng.uniform(0.8, 1.2, rows), true * times, np.full(rows, true.mean())
    )


@given(st.floats(0.01, 5), st.floats(0.01, 5))
def test_nothing_is_lost_by_saying_what_comes_and_something_by_all_else(came, said):
    lost = deviance(np.array([came, came]), np.array([came, said]))
    assert lost[0] == 0
    assert lost[1] >= 0


def test_a_model_that_tells_large_changes_from_small_has_skill():
    found = amount_skill(told_apart(), "expansion", GATE, horizon=30)
    assert found.has_skill
    assert found.best_baseline == RULE
    assert found.low > 0.5


def test_shares_that_are_too_high_together_are_refused_however_well_they_rank():
    found = amount_skill(told_apart(times=1.4), "expansion", GATE, horizon=30)
    assert found.low > 0
    assert not found.has_skill


def test_noise_has_no_skill():
    rng = np.random.default_rng(1)
    came, said = rng.uniform(0.1, 0.9, 60), rng.uniform(0.1, 0.9, 60)
    assert not amount_skill(judged_of(came, said, 0.5), "expansion", GATE, horizon=30).has_skill


def test_money_is_counted_at_the_chance_of_changing_and_by_what_came():
    (record,) = amount_records(judged_of([0.2, 0.4], [0.3, 0.3], 0.1), "expansion", (30,))
    assert record["changes"] == 2
    assert record["predicted_over_observed"] == {
        "model": pytest.approx(1),
        RULE: pytest.approx(1 / 3),
    }
    assert record["money_over_observed"] == pytest.approx(0.5)


def test_a_change_beyond_the_horizon_and_an_account_that_stayed_are_not_judged():
    world = judged_of([0.2, 0.4, np.nan], [0.3, 0.3, 0.3], 0.1)
    (judged,) = world.judged["expansion"]
    followup = FollowUp(np.array([10.0, 40.0, 90.0]), np.array([0, 0, CENSORED]))
    late = Backtest({"expansion": [replace(judged, followup=followup)]})
    (record,) = amount_records(late, "expansion", (30,))
    assert record["changes"] == 1


def test_without_anything_judged_nothing_is_claimed():
    found = amount_skill(Backtest({"expansion": []}), "expansion", GATE, horizon=30)
    assert not found.has_skill
    assert found.best_baseline is None


def test_what_is_kept_of_amounts_reads_back(company):
    for question in ("expansion", "contraction"):
        frames = {question: company.tested.to_frame(question)}
        again = Backtest.from_frames(frames, remarks=(), leavers=None)
        for horizon in (90, 180):
            kept = amount_skill(again, question, GATE, horizon=horizon)
            assert kept == amount_skill(company.tested, question, GATE, horizon=horizon)
