import re
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.sections import Gate
from training.engine.periods import CENSORED, FollowUp
from training.proof.gate import Decision, Skill, decide, skill_of
from training.proof.judged import ASKED, Backtest, Judged
from training.proof.rival import Rival

HORIZON = 90
RULE, WORSE = "a good rule", "a worse rule"
AT_BEST = Skill(has_skill=True, best_baseline=RULE, margin=0.2, low=0.1, high=0.3)


def a_book(*, origin: int = 20_000, seed: int = 0, accounts: int = 600, **told) -> Judged:
    """Outcomes that come true as a hidden risk says, and what a model and two rules said."""
    chance = np.random.default_rng(seed)
    risk = chance.beta(0.6, 3, accounts)
    happened = (chance.random(accounts) < risk).astype(float)
    average = np.full(accounts, risk.mean())
    ids = np.array([f"a{i}" for i in range(accounts)], dtype=object)
    said = {"said": risk, "rule": 0.5 * risk + 0.5 * average, "happened": happened} | told
    return Judged(
        origin_day=origin,
        horizons=(HORIZON,),
        about=pd.DataFrame({"account_id": ids, "family": ids, "segment": "", "is_new": False}),
        followup=outcome(np.asarray(said["happened"], dtype=float)),
        said=np.asarray(said["said"])[:, None],
        rules={RULE: np.asarray(said["rule"])[:, None], WORSE: 1 - average[:, None]},
    )


def outcome(happened: np.ndarray) -> FollowUp:
    """Those it happened to ended on day 1; those of whom nothing is known were lost then."""
    stayed = happened == 0
    return FollowUp(
        np.where(stayed, HORIZON + 1.0, 1.0), np.where(happened == 1, ASKED, CENSORED)
    )


def a_backtest(*books: Judged) -> Backtest:
    return Backtest({"churn": books, "milestones": []})


def judged(*books: Judged, skill: Skill | None = None, champion=None) -> Decision:
    backtest = a_backtest(*books)
    found = skill or skill_of(backtest, "churn", horizon=HORIZON)
    return decide(backtest, found, Gate(), horizon=HORIZON, champion=champion)


def a_champion(*books: Judged, said: float = 1.0) -> Rival:
    """A champion that says so many times the true risk, on the mornings of these books."""
    chances = {book.origin_day: np.minimum(book.said * said, 1) for book in books}
    return Rival(date(2024, 10, 4), "as it stood", chances)


def test_a_model_that_knows_the_risk_is_promoted_and_every_reason_is_given():
    skill = skill_of(a_backtest(a_book()), "churn", horizon=HORIZON)
    assert skill.has_skill
    assert skill.best_baseline == RULE
    assert 0 < skill.low < skill.margin < skill.high
    decision = judged(a_book())
    assert decision.promoted
    assert [reason.split()[0] for reason in decision.reasons] == [
        "beats",
        "calibration",
        "predicted",
    ]


def test_a_model_that_says_what_the_rule_says_has_no_skill_and_is_refused_with_the_reason():
    book = a_book()
    same = a_book(said=book.rules[RULE][:, 0])
    skill = skill_of(a_backtest(same), "churn", horizon=HORIZON)
    assert (skill.has_skill, skill.margin) == (False, 0.0)
    decision = judged(same)
    assert not decision.promoted
    assert decision.reasons[0].startswith("does not beat the baselines: Brier score +0.0%")


@given(st.integers(0, 10_000))
def test_outcomes_dealt_at_random_never_show_skill(seed):
    dealt = np.random.default_rng(seed).permutation(a_book().happened[:, 0])
    skill = skill_of(a_backtest(a_book(happened=dealt)), "churn", horizon=HORIZON)
    assert not skill.has_skill
    assert skill.margin < 0


@pytest.mark.parametrize("times", [0.5, 2.0])
def test_a_model_that_says_too_little_or_too_much_is_refused_however_well_it_ranks(times):
    book = a_book()
    wrong = a_book(said=np.minimum(book.said[:, 0] * times, 1))
    decision = judged(wrong, skill=AT_BEST)
    assert not decision.promoted
    assert decision.reasons[0].startswith("beats the baselines")
    told = re.fullmatch(r"predicted over observed (.+) \(0.8 to 1.25\)", decision.reasons[2])
    assert told
    assert float(told[1]) == pytest.approx(times, rel=0.2)


def test_a_model_right_on_average_and_wrong_everywhere_else_is_refused():
    flattened = np.full(600, a_book().happened.mean())
    blurred = a_book(said=np.where(np.arange(600) % 2, flattened * 1.7, flattened * 0.3))
    decision = judged(blurred, skill=AT_BEST)
    assert not decision.promoted
    assert "calibration error" in decision.reasons[1]


def test_calibration_is_judged_on_the_newer_half_of_the_origins():
    old = a_book(origin=100, said=np.minimum(a_book().said[:, 0] * 3, 1))
    new = [a_book(origin=day, seed=day) for day in (200, 300)]
    assert judged(old, *new, skill=AT_BEST).promoted
    newest_is_wrong = a_book(origin=400, said=np.minimum(a_book().said[:, 0] * 3, 1))
    assert not judged(*new, newest_is_wrong, skill=AT_BEST).promoted


@pytest.mark.parametrize(
    "books",
    [(), (a_book(happened=np.zeros(600)),), (a_book(happened=np.full(600, np.nan)),)],
    ids=["no origin", "nobody left", "nothing known yet"],
)
def test_where_nothing_can_be_judged_nothing_is_claimed(books):
    skill = skill_of(a_backtest(*books), "churn", horizon=HORIZON)
    assert skill == Skill(has_skill=False, best_baseline=None, margin=0.0, low=0.0, high=0.0)
    decision = judged(*books)
    assert decision == Decision(
        promoted=False,
        reasons=("too little could be backtested to know whether it beats the baselines",),
    )


def test_a_champion_that_did_clearly_better_on_the_same_mornings_keeps_its_place():
    worse = a_book(said=a_book().rules[RULE][:, 0])
    decision = judged(worse, skill=AT_BEST, champion=a_champion(a_book()))
    assert not decision.promoted
    assert re.fullmatch(
        r"falls behind the champion of 2024-10-04 on the same 1 morning \(as it stood\): "
        r"Brier score -.+% \(-.+% to -.+%\)",
        decision.reasons[-1],
    )


def test_a_challenger_as_good_as_the_champion_takes_its_place():
    decision = judged(a_book(), champion=a_champion(a_book()))
    assert decision.promoted
    assert decision.reasons[-1].startswith("keeps up with")
    assert decision.reasons[-1].endswith("Brier score +0.0% (+0.0% to +0.0%)")


def test_a_champion_of_whose_mornings_nothing_has_come_yet_is_no_obstacle():
    known, unknown = a_book(), a_book(origin=20_091, happened=np.full(600, np.nan))
    decision = judged(known, unknown, skill=AT_BEST, champion=a_champion(unknown))
    assert decision.promoted
    assert decision.reasons[-1].startswith("too little has come since to tell it from")


def test_the_champion_is_compared_only_on_the_mornings_on_which_it_may_speak():
    old = a_book(origin=19_000, said=1 - a_book().said[:, 0])
    new = a_book(origin=20_000)
    decision = judged(old, new, skill=AT_BEST, champion=a_champion(new, said=0.5))
    assert decision.promoted
    assert (
        "keeps up with the champion of 2024-10-04 on the same 1 morning"
        in (decision.reasons[-1])
    )


def test_a_champion_that_learns_alike_is_replaced_by_what_knows_more():
    decision = judged(a_book(), champion=a_champion())
    assert decision.promoted
    assert decision.reasons[-1] == "learns as the champion of 2024-10-04 does, and knows more"
