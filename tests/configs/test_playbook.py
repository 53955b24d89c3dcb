import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from configs.climb import Step, climb_mistakes
from configs.errors import ConfigError
from configs.playbook import PLACEHOLDERS, DoneWhen, Milestone, Playbook, check_capabilities


def a_milestone(slug: str, **keys: object) -> dict[str, object]:
    return {"slug": slug, "name": slug.title(), "done_when": "recorded", **keys}


def a_playbook(*milestones: dict[str, object]) -> Playbook:
    return Playbook.model_validate({"milestones": list(milestones)})


slugs = st.sampled_from(["a", "b", "c", "d", "e"])


@given(st.permutations(["a", "b", "c", "d", "e"]), st.data())
def test_a_ladder_that_only_requires_lower_steps_can_always_be_climbed(order, data):
    steps = [
        Step(
            f"milestones[{i}]",
            slug,
            requires=tuple(data.draw(st.sets(st.sampled_from(order[:i])))),
        )
        if i
        else Step("milestones[0]", slug)
        for i, slug in enumerate(order)
    ]
    shuffled = data.draw(st.permutations(steps))
    assert climb_mistakes(shuffled) == []


@given(st.lists(slugs, min_size=1, max_size=5, unique=True))
def test_every_circle_is_found_and_named_once_with_all_its_steps(circle):
    steps = [
        Step(f"milestones[{i}]", slug, requires=(circle[i - 1],))
        for i, slug in enumerate(circle)
    ]
    (mistake,) = climb_mistakes(steps)
    assert "goes in a circle" in mistake.what
    assert all(f"`{slug}`" in mistake.what for slug in circle)


def test_a_milestone_that_requires_itself_is_a_circle_of_one():
    with pytest.raises(ValidationError, match=r"circle: `a` → `a`"):
        a_playbook(a_milestone("a", requires=["a"]))


def test_two_milestones_never_share_a_slug():
    with pytest.raises(ValidationError, match=r"milestones\[1\]\.slug` is 'a'"):
        a_playbook(a_milestone("a"), a_milestone("a"))


def test_an_unknown_prerequisite_is_named_with_the_nearest_milestone():
    with pytest.raises(
        ValidationError, match=r"`data_conected`.*|did you mean `data_connected`"
    ):
        a_playbook(a_milestone("data_connected"), a_milestone("b", requires=["data_conected"]))


def test_a_milestone_whose_required_steps_share_no_segment_is_refused():
    with pytest.raises(ValidationError, match="no segment of `c` takes"):
        a_playbook(
            a_milestone("a", segments=["small"]),
            a_milestone("b", segments=["large"]),
            a_milestone("c", requires=["a", "b"]),
        )


def test_a_milestone_without_a_criterion_is_refused():
    with pytest.raises(ValidationError, match="done_when"):
        Milestone.model_validate({"slug": "a", "name": "A"})


@pytest.mark.parametrize(
    ("criterion", "complaint"),
    [
        ({"measure": "share_of_seats", "at_least": 1.5}, "share of the seats, up to 1"),
        ({"measure": "users", "at_least": 2.5}, "counts users, so it is whole"),
        (
            {"measure": "weeks_in_a_row", "at_least": 4, "within_days": 20},
            "too short for 28 days",
        ),
        ({"measure": "days", "at_least": 8, "within_days": 7}, "too short for 8 days"),
        ({"measure": "count", "at_least": 0}, "greater than 0"),
    ],
)
def test_a_criterion_that_cannot_be_met_is_refused(criterion, complaint):
    with pytest.raises(ValidationError, match=complaint):
        DoneWhen.model_validate({"capability": "report_run", **criterion})


@given(st.sampled_from(PLACEHOLDERS))
def test_every_known_placeholder_may_stand_in_a_template(placeholder):
    milestone = Milestone.model_validate(
        a_milestone("a", nudges={"stalled": f"Still {{{placeholder}}}"})
    )
    assert milestone.nudges["stalled"] == f"Still {{{placeholder}}}"


@pytest.mark.parametrize("template", ["{nme}", "{}", "{0}", "{name.title}", "{name", "name}"])
def test_a_template_that_nobody_can_fill_in_is_refused(template):
    with pytest.raises(ValidationError, match=r"asks for|curly bracket"):
        Milestone.model_validate(a_milestone("a", nudges={"stalled": template}))


def test_one_number_is_the_time_expected_everywhere():
    milestone = Milestone.model_validate(a_milestone("a", expected_days=21))
    assert milestone.expected_days_in("enterprise") == 21


def test_a_segment_has_its_own_time_and_the_others_the_default():
    milestone = Milestone.model_validate(
        a_milestone("a", expected_days={"default": 21, "enterprise": 45})
    )
    assert milestone.expected_days_in("enterprise") == 45
    assert milestone.expected_days_in("startup") == 21


def test_without_an_expectation_nobody_is_late():
    assert Milestone.model_validate(a_milestone("a")).expected_days_in("startup") is None


def test_a_milestone_without_segments_applies_to_everyone():
    assert Milestone.model_validate(a_milestone("a")).applies_to("everyone")
    assert not Milestone.model_validate(a_milestone("a", segments=["x"])).applies_to("everyone")


def test_a_loss_is_of_the_capability_that_made_the_milestone_unless_said_otherwise():
    milestone = Milestone.model_validate(
        a_milestone("a", done_when={"capability": "sync"}, lost_when={"silent_days": 42})
    )
    assert milestone.lost_when is not None
    assert milestone.lost_when.capability == "sync"


def test_capabilities_are_all_named_once():
    playbook = a_playbook(
        a_milestone("a", done_when={"capability": "sync"}, lost_when={"silent_days": 42}),
        a_milestone("b", lost_when={"capability": "run", "silent_days": 42}),
    )
    assert playbook.capabilities() == ("sync", "run")


def test_a_capability_that_activity_never_shows_is_named_with_the_nearest():
    playbook = a_playbook(a_milestone("a", done_when={"capability": "workflow_runs"}))
    with pytest.raises(ConfigError, match=r"milestones\[0\].*did you mean `workflow_run`"):
        check_capabilities(playbook, {"workflow_run", "report_run"})
    check_capabilities(playbook, {"workflow_runs"})


def test_a_ladder_in_order_with_an_early_win_has_no_warnings():
    playbook = a_playbook(
        a_milestone("a", expected_days=7),
        a_milestone("b", expected_days=60, requires=["a"], stage="implementation"),
    )
    assert playbook.warnings() == ()


@pytest.mark.parametrize(
    ("milestones", "warning"),
    [
        (
            [
                a_milestone("b", requires=["a"], expected_days=7),
                a_milestone("a", expected_days=7),
            ],
            "`b` is listed before `a`",
        ),
        ([a_milestone("a", expected_days=60)], "begin with a small early win"),
        (
            [a_milestone("a", expected_days=60), a_milestone("b", expected_days=7)],
            "list small early wins first",
        ),
        ([a_milestone("a")], "no expected_days"),
        (
            [
                a_milestone("a", stage="post_onboarding", expected_days=7),
                a_milestone("b", requires=["a"], expected_days=7),
            ],
            "belongs to onboarding but requires `a`",
        ),
        (
            [
                a_milestone("a", segments=["x"], expected_days=7),
                a_milestone("b", segments=["x", "y"], requires=["a"], expected_days=7),
            ],
            "does not apply to y",
        ),
        (
            [a_milestone("a", segments=["x"], expected_days={"default": 7, "y": 9})],
            "to which it does not apply",
        ),
    ],
)
def test_what_is_lawful_but_hardly_meant_is_warned_about(milestones, warning):
    assert any(warning in told for told in a_playbook(*milestones).warnings())
