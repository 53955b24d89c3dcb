import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from configs.errors import ConfigError
from configs.project import Project, segment_of
from configs.sections import Outcomes
from configs.segments import SegmentRule

ACCOUNTS = pd.DataFrame(
    {"plan": ["enterprise", "enterprise", "team", None], "seats": [500, 20, 5, None]}
)


def a_project(**segments: object) -> Project:
    return Project.model_validate({"name": "acme", "segments": segments})


def test_only_the_name_is_needed():
    project = Project(name="acme")
    assert project.segment_names == ("everyone",)
    assert project.outcomes.horizons_days == (30, 60, 90, 180)


def test_the_first_rule_that_matches_wins_and_the_rest_are_everyone():
    project = a_project(
        large={"plan": ["enterprise"], "seats_at_least": 200},
        small={"plan": ["enterprise", "team"]},
    )
    assert segment_of(project, ACCOUNTS).tolist() == ["large", "small", "small", "everyone"]


def test_below_excludes_its_bound_and_at_least_includes_it():
    seats = pd.DataFrame({"seats": [19, 20, 499, 500]})
    project = a_project(middle={"seats_at_least": 20, "seats_below": 500})
    assert segment_of(project, seats).tolist() == ["everyone", "middle", "middle", "everyone"]


def test_a_single_value_is_a_list_of_one():
    assert segment_of(a_project(team={"plan": "team"}), ACCOUNTS).tolist()[2] == "team"


@given(st.permutations(range(4)))
def test_the_order_of_accounts_changes_nobodys_segment(order):
    project = a_project(large={"seats_at_least": 100}, team={"plan": ["team"]})
    whole = segment_of(project, ACCOUNTS)
    shuffled = ACCOUNTS.iloc[list(order)]
    pd.testing.assert_series_equal(segment_of(project, shuffled).sort_index(), whole)


def test_no_accounts_have_no_segments():
    assert segment_of(a_project(team={"plan": ["team"]}), ACCOUNTS.iloc[:0]).empty


def test_a_rule_about_a_column_that_accounts_lacks_names_the_nearest():
    with pytest.raises(ConfigError, match=r"segments\.x` reads .*`seat`.*did you mean `seats`"):
        segment_of(a_project(x={"seat_at_least": 3}), ACCOUNTS)


def test_words_are_not_compared_with_numbers():
    with pytest.raises(ConfigError, match=r"compares `plan` with a number.*'enterprise'"):
        segment_of(a_project(x={"plan_at_least": 3}), ACCOUNTS)


def test_everyone_takes_no_rule():
    with pytest.raises(ValidationError, match="it takes no rule of its own"):
        a_project(everyone={"plan": ["team"]})


def test_no_segment_is_called_as_the_total_is():
    with pytest.raises(ValidationError, match=r"segments\.all.*give it another name"):
        a_project(all={"plan": ["team"]})


@pytest.mark.parametrize("rule", [{}, {"plan": []}, {"plan": [["x"]]}, "team"])
def test_a_rule_without_a_condition_is_refused(rule):
    with pytest.raises(ValidationError):
        a_project(x=rule)


@given(
    st.dictionaries(
        st.text("abcxyz_", min_size=1, max_size=8).filter(
            lambda name: not name.endswith(("_at_least", "_below"))
        ),
        st.lists(st.text(max_size=5), min_size=1, max_size=3),
        min_size=1,
        max_size=3,
    ),
    st.dictionaries(st.sampled_from(["seats_at_least", "arr_below"]), st.integers(0, 99)),
)
def test_a_rule_written_out_and_read_again_is_the_same_rule(values, bounds):
    rule = SegmentRule.model_validate({**values, **bounds})
    assert SegmentRule.model_validate(rule.model_dump()) == rule


@pytest.mark.parametrize("horizons", [[90, 30], [30, 30, 90], [30, 60], []])
def test_horizons_rise_and_hold_the_primary_one(horizons):
    with pytest.raises(ValidationError):
        Outcomes.model_validate({"horizons_days": horizons})


def test_a_database_address_never_shows_when_a_project_is_printed():
    project = Project.model_validate(
        {"name": "acme", "source": {"kind": "sql", "url": "postgresql://u:hunter2@h/d"}}
    )
    assert "hunter2" not in repr(project)


@pytest.mark.parametrize(("said", "meant"), [("2GB", 2 * 10**9), ("1500 MB", 15 * 10**8)])
def test_a_memory_limit_is_read_as_people_write_it(said, meant):
    project = Project.model_validate({"name": "acme", "limits": {"memory": said}})
    assert project.limits.memory_bytes == meant


@pytest.mark.parametrize("said", ["2", "2TB", "200MB", "much", ""])
def test_a_memory_limit_that_cannot_be_kept_is_refused(said):
    with pytest.raises(ValueError, match="memory"):
        Project.model_validate({"name": "acme", "limits": {"memory": said}})
