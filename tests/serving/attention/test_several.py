"""Several milestones of one account that stand alike: one alert, with each of them in it."""

from datetime import date, timedelta
from pathlib import Path

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from configs.phrases import load_phrases
from serving.attention.several import Condition, subjects_of, together
from tests.builders import MORNING, AnAccount, World, a_step, a_world
from tests.serving.mornings import Memory, a_morning, remember

TODAY = MORNING.date()
QUIZZES = [
    a_step(f"quiz_{n}", name=f"Quiz {n}", done_when="recorded", expected_days=20 + n)
    for n in (1, 2, 3)
]


def overdue(world: World, on: date, past: Memory) -> pd.DataFrame:
    """What is told of overdue milestones on a morning, which is remembered then."""
    features = world.build(pd.Timestamp(on))
    rows = remember(past, a_morning(on, features, None, world.configuration, past=past))
    return rows["alerts"].loc[rows["alerts"]["kind"] == "behind"]


def test_several_milestones_that_stand_alike_are_one_alert_with_each_in_it():
    """One quiz is overdue, then another too; then the first is in, and a third is late."""
    late = AnAccount("late").signed_up(22).reached("quiz_1", -1)
    world, past = a_world(late, steps=QUIZZES), Memory()
    told_of = []
    for day in (0, 1, 2):
        rows = overdue(world, TODAY + timedelta(days=day), past)
        told_of.append(rows.to_dict("records"))
    assert [len(rows) for rows in told_of] == [1, 1, 1]
    first, more, another = (rows[0] for rows in told_of)
    assert first["subject"] == "quiz_1"
    assert (more["subject"], more["state"]) == ("quiz_1, quiz_2", "raised")
    assert more["text"] == (
        "2 milestones are overdue: “Quiz 1”, due on 9 Mar 2025 and open for 23 days; "
        "“Quiz 2”, due on 10 Mar 2025 and open for 23 days"
    )
    assert (another["subject"], another["state"]) == ("quiz_2, quiz_3", "raised")


def test_one_of_several_milestones_that_ended_lately_does_not_ring_again():
    """Two quizzes are overdue; the first is in, but the record of it is withdrawn."""
    in_late = AnAccount("late").signed_up(23).reached("quiz_1", -1)
    worlds = [a_world(AnAccount("late").signed_up(23), steps=QUIZZES[:2])] * 3
    worlds[1] = a_world(in_late, steps=QUIZZES[:2])
    past, told_of = Memory(), []
    for day, world in enumerate(worlds):
        rows = overdue(world, TODAY + timedelta(days=2 * day), past)
        told_of += rows[["subject", "state"]].values.tolist()
    assert told_of == [
        ["quiz_1, quiz_2", "raised"],
        ["quiz_2", "standing"],
        ["quiz_1, quiz_2", "standing"],
    ]


@given(st.lists(st.sets(st.sampled_from("abc"), min_size=1), min_size=1, max_size=6))
def test_together_names_each_milestone_once_and_says_how_many(groups):
    phrases = load_phrases(Path("configs/demo"))
    found = [
        Condition(f"a{n}", "behind", s, s, True, TODAY, n % 2 == 0, f"“{s}”")
        for n, group in enumerate(groups)
        for s in sorted(group)
    ]
    alike = together(found, phrases)
    assert [subjects_of(one.subject) for one in alike] == groups
    for one, group in zip(alike, groups, strict=True):
        assert len(group) == 1 or one.text.startswith(f"{len(group)} milestones are overdue: ")
        assert all(f"“{s}”" in one.text or one.text == s for s in group)
