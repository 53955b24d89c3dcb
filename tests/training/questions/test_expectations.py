from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from configs.playbook import Playbook
from features.specimen import specimen
from tests.builders import a_step
from training.engine.incidence import LEFT, REACHED
from training.engine.periods import CENSORED
from training.questions.expectations import TOGETHER, learnt

TODAY = 20000
PLAYBOOK = Playbook.model_validate(
    {"milestones": [a_step("first"), a_step("second", requires=["first"])]}
)


def on(day: int) -> pd.Timestamp:
    return pd.Timestamp(day, unit="D")


def a_history(*accounts: dict[str, int]) -> object:
    """One account per dictionary: kickoff, first_seen, exit and the days of its steps."""
    names = [f"a{number}" for number in range(len(accounts))]
    seen = [
        {
            "account_id": name,
            "day": day,
            "segment": "startup",
            "parent_id": None,
            "kickoff_at": on(told["kickoff"]),
        }
        for name, told in zip(names, accounts, strict=True)
        for day in (told.get("first_seen", told["kickoff"] + 3), TODAY)
    ]
    exits = [
        {
            "account_id": n,
            "exited_at": on(t["exit"]),
            "cause": "churn",
            "known_at": on(t["exit"]),
        }
        for n, t in zip(names, accounts, strict=True)
        if "exit" in t
    ]
    reached = [
        {"account_id": n, "milestone": slug, "day": t[slug], "known_day": t[slug] + 1}
        for n, t in zip(names, accounts, strict=True)
        for slug in ("first", "second")
        if slug in t
    ]
    columns = ["account_id", "exited_at", "cause", "known_at"]
    left = pd.DataFrame(exits, columns=columns).astype(
        {"exited_at": "datetime64[us]", "known_at": "datetime64[us]"}
    )
    return replace(
        specimen(),
        snapshots=pd.DataFrame(seen).astype({"kickoff_at": "datetime64[us]"}),
        exits=left,
        reached=pd.DataFrame(reached, columns=["account_id", "milestone", "day", "known_day"]),
    )


def waits_of(features, milestone, *, day=TODAY, playbook=PLAYBOOK):
    found = learnt(features, playbook, day=day, late_days=7)
    own = [each for each in found if (each.milestone, each.segment) == (milestone, TOGETHER)]
    told = [(each.waits.days.tolist(), each.waits.cause.tolist()) for each in own]
    return [pair for days, cause in told for pair in zip(days, cause, strict=True)]


def test_a_step_that_is_not_asked_of_a_segment_starts_no_clock_there():
    first, second = PLAYBOOK.milestones
    elsewhere = first.model_copy(update={"segments": ("enterprise",)})
    playbook = PLAYBOOK.model_copy(update={"milestones": (elsewhere, second)})
    history = a_history({"kickoff": 19900, "first": 19910, "second": 19950})
    assert waits_of(history, "second", playbook=playbook) == [(50, REACHED)]


def test_the_clock_starts_at_kickoff_and_then_with_the_step_before():
    history = a_history({"kickoff": 19900, "first": 19910, "second": 19950})
    assert waits_of(history, "first") == [(10, REACHED)]
    assert waits_of(history, "second") == [(40, REACHED)]


def test_who_left_first_left_and_who_waits_has_been_watched_to_yesterday():
    history = a_history({"kickoff": 19900, "exit": 19930}, {"kickoff": 19990})
    assert waits_of(history, "first") == [(30, LEFT), (9, CENSORED)]
    assert waits_of(history, "second") == []


def test_a_step_reached_before_its_turn_took_no_time():
    history = a_history({"kickoff": 19900, "first": 19920, "second": 19905})
    assert waits_of(history, "second") == [(0, REACHED)]


def test_who_was_first_seen_late_is_seen_from_then_on_and_not_before():
    late = {"kickoff": 19800, "first_seen": 19900}
    assert waits_of(a_history({**late, "first": 19850}), "first") == []
    history = a_history({**late, "first": 19950})
    found = next(learnt(history, PLAYBOOK, day=TODAY, late_days=7))
    assert (found.waits.seen.tolist(), found.waits.days.tolist()) == ([100], [150])


def test_what_became_known_later_changes_nothing_that_was_told_before():
    then = {"kickoff": 19900}
    later = {**then, "first": 19960, "exit": 19980}
    for slug in ("first", "second"):
        assert waits_of(a_history(later), slug, day=19950) == waits_of(
            a_history(then), slug, day=19950
        )


def test_the_days_are_those_of_the_simulated_truth_where_nobody_leaves():
    chance = np.random.default_rng(5)
    took = chance.geometric(1 / 30, 2000)
    started = TODAY - chance.integers(1, 200, 2000)
    history = a_history(
        *(
            {"kickoff": int(start), **({"first": int(start + t)} if start + t < TODAY else {})}
            for start, t in zip(started, took, strict=True)
        )
    )
    found = next(learnt(history, PLAYBOOK, day=TODAY, late_days=7))
    truth = int(np.ceil(np.log(0.5) / np.log(1 - 1 / 30)))
    days, low, high = found.incidence.day_of(0.5)
    assert low <= truth <= high
    assert days == pytest.approx(truth, abs=3)
