"""What the pages say is decided before any ink: risks that add up, words that are fair."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.phrases import load_phrases
from configs.playbook import Milestone
from serving.report.addresses import page_names
from serving.report.facts import why
from serving.report.labels import change_tag, climbed, pace_tag, risk_tag
from serving.report.ladder import criterion, rungs
from serving.report.steps import way, whole_steps
from serving.report.trust import trust
from serving.scorecard import Reason
from tests.serving.report_settings import a_run
from tests.serving.report_world import AS_OF

PHRASES = load_phrases()
points = st.lists(st.floats(-0.3, 0.3), min_size=1, max_size=12)
risks = st.floats(0.0001, 0.9)


def reasons_of(*pushes: float) -> list[Reason]:
    return [Reason("usage", f"Sentence {i}.", None, None, 1.0, p) for i, p in enumerate(pushes)]


def figure(text: str) -> float:
    return float(text.replace("\u2212", "-").replace("+", "").replace("\u00a0%", ""))


@given(risks, points)
def test_the_figures_on_the_page_sum_as_they_are_written(base, pushes):
    risk = base + sum(pushes)
    if not 0 < risk < 1:
        return
    told = way(reasons_of(*pushes), base_risk=base, risk=risk, phrases=PHRASES)
    written = figure(told.start.figure) + sum(figure(step.figure) for step in told.steps)
    assert written == pytest.approx(figure(told.end.figure), abs=1e-9)
    assert figure(told.end.figure) == pytest.approx(100 * risk, abs=0.051)


@given(points)
def test_rounding_moves_no_reason_by_more_than_one_unit(pushes):
    units = [push * 1000 for push in pushes]
    whole = whole_steps(units, total=round(sum(units)))
    assert sum(whole) == round(sum(units))
    assert all(abs(w - u) < 1.000001 for w, u in zip(whole, units, strict=True))


def test_an_account_without_reasons_has_no_way():
    assert way([], base_risk=0.1, risk=0.1, phrases=PHRASES) is None


def test_a_timing_without_a_number_comes_last_on_the_way():
    timing = Reason("timing", "As most.", None, None, 1.0, -0.09)
    told = way([timing, *reasons_of(0.02, 0.12)], base_risk=0.1, risk=0.15, phrases=PHRASES)
    assert [step.text for step in told.steps] == ["Sentence 0.", "Sentence 1.", "As most."]


def test_reasons_that_push_the_risk_where_it_lies_come_first_in_the_list():
    told = why(reasons_of(-0.09, 0.02, 0.12), risk=0.15, base=0.1)
    assert [one.direction for one in told] == ["up", "up"]
    assert told[0].text == "Sentence 2."
    low = why(reasons_of(-0.09, 0.02), risk=0.03, base=0.1)
    assert [one.direction for one in low] == ["down", "up"]


def test_a_reason_without_a_visible_effect_is_not_listed():
    assert len(why(reasons_of(0.05, 0.0001), risk=0.15, base=0.1)) == 1


@pytest.mark.parametrize(
    ("risk", "average", "word"),
    [
        (0.20, 0.10, "high"),
        (0.55, 0.40, "high"),
        (0.13, 0.10, "raised"),
        (0.10, 0.10, "usual"),
        (0.05, 0.10, "low"),
        (None, 0.10, "not scored"),
    ],
)
def test_a_risk_is_a_word_beside_the_mean_of_all(risk, average, word):
    assert risk_tag(risk, average=average).word == word


def test_timing_is_listed_only_where_nothing_else_is_felt():
    timing = Reason("timing", "Timing.", None, None, 1.0, 0.2)
    told = why([timing, *reasons_of(0.01, -0.02)], risk=0.3, base=0.1)
    assert [one.text for one in told] == ["Sentence 0.", "Sentence 1."]
    assert [one.text for one in why([timing], risk=0.3, base=0.1)] == ["Timing."]


def test_a_change_has_its_direction_as_a_shape_and_a_sign():
    assert change_tag(0.02).word == "▲ +2.0 pts"
    assert change_tag(-0.02).word == "▼ \u22122.0 pts"
    assert change_tag(0.0).word == "unchanged"
    assert change_tag(None) is None


@given(st.lists(st.text(min_size=1, max_size=200), unique=True, max_size=20))
def test_no_two_accounts_share_a_page_on_any_disk(ids):
    names = page_names(ids)
    folded = {name.lower() for name in names.values()}
    assert len(folded) == len(ids)
    for name in names.values():
        assert len(name) < 120
        assert set(name) <= set(
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-~."
        )


def test_names_that_differ_in_capitals_or_that_windows_keeps_get_a_print():
    names = page_names(["Acme", "acme", "CON", "plain-1", "../up"])
    assert names["plain-1"] == "plain-1.html"
    assert all("~" in names[i] for i in ("Acme", "acme", "CON", "../up"))


def test_skill_and_its_absence_are_said_plainly():
    has = trust(a_run(), as_of=AS_OF).skill[0]
    assert has.is_good
    told = "beats the best simple rule (CoxPH): its errors are 3\u00a0% smaller"
    assert told in has.text
    assert "95\u00a0% interval 1.2\u00a0% to 4.9\u00a0%" in has.text
    lacks = trust(a_run(has_skill=False), as_of=AS_OF)
    assert "no skill beyond the baseline" in lacks.skill[0].text
    assert "the baseline is shown" in lacks.skill[0].text
    assert "with care" in lacks.skill[1].text


def test_a_margin_that_may_be_none_is_told_on_both_sides_of_nothing():
    run = a_run(has_skill=False)
    run["skill"]["churn"] |= {"margin": 0.02, "low": -0.03, "high": 0.07}
    told = "2\u00a0% smaller, 95\u00a0% interval 3\u00a0% larger to 7\u00a0% smaller"
    assert told in trust(run, as_of=AS_OF).skill[0].text


def test_an_account_that_lost_a_milestone_again_is_not_called_done():
    assert pace_tag("done").word == "All done"
    assert pace_tag("done", lost=2).word == "2 lost again"
    assert pace_tag("stuck", lost=2).word == "Stuck"
    assert climbed(6, 6, lost=2) == "6 of 6 reached, 2 lost again"
    assert climbed(0, 8, lost=0) == "0 of 8 reached"
    assert climbed(0, 0, lost=0) == ""


def test_why_a_model_was_not_promoted_is_told():
    told = trust(a_run(promoted=False), as_of=AS_OF)
    assert not told.promotion.is_good
    assert "AUC 0.81 against 0.79 of version 3" in told.promotion_reasons


def test_all_mornings_together_come_first_then_the_newest():
    record = trust(a_run(), as_of=AS_OF).record[0]
    assert {line.origin for line in record.first} == {"All together"}
    assert [line.horizon_days for line in record.first] == [30, 60, 90, 180]
    assert [line.horizon_days for line in record.others[:4]] == [30, 60, 90, 180]
    assert record.others[0].origin == "9 Dec 2024"
    assert record.baselines == ("Days since last use", "Kaplan-Meier by segment", "CoxPH")
    assert record.first[0].baselines == ("0.72", "0.55", "0.78")


def test_without_all_together_the_newest_morning_comes_first():
    run = a_run()
    lines = [line for line in run["backtest"]["churn"] if line["origin"] != "all"]
    record = trust({"backtest": {"churn": lines}}, as_of=AS_OF).record[0]
    assert {line.origin for line in record.first} == {"9 Dec 2024"}
    assert record.others[0].origin == "9 Sep 2024"


def test_a_run_that_tells_little_still_gives_a_page():
    told = trust({}, as_of=AS_OF)
    assert told.is_stale
    assert told.freshness == "no activity is known at all"


def test_stale_data_are_called_out():
    run = {"data": {"newest_activity_at": "2025-02-09T10:00:00"}}
    told = trust(run, as_of=AS_OF)
    assert told.is_stale
    assert told.freshness == "28 days before the as-of morning"


@pytest.mark.parametrize(
    ("done_when", "words"),
    [
        ("recorded", "Counts as reached when it is recorded as achieved."),
        (
            {"capability": "workflow_run"},
            "Counts as reached once “workflow run” is used once.",
        ),
        (
            {"capability": "run", "measure": "users", "at_least": 3, "role": "power_user"},
            "Counts as reached once “run” is used by at least 3 people "
            "with the role power user.",
        ),
        (
            {"capability": "run", "measure": "share_of_seats", "at_least": 0.5},
            "Counts as reached once “run” is used by at least 50 % of the seats.",
        ),
    ],
)
def test_a_criterion_is_said_in_words(done_when, words):
    assert criterion(Milestone(slug="m", name="M", done_when=done_when)) == words


def test_a_locked_step_waits_for_those_steps_alone_that_are_asked_of_its_account():
    done_when = {"capability": "login", "at_least": 1}
    playbook = [
        Milestone(slug=slug, name=slug, done_when=done_when, requires=requires)
        for slug, requires in (("a", ()), ("b", ()), ("c", ("a", "b")), ("d", ("b",)))
    ]
    book = SimpleNamespace(milestone_names={"a": "A", "b": "B"}, as_of=AS_OF, horizon=90)

    def said(*asked: str) -> dict[str, tuple[str, ...]]:
        told = [{"milestone": slug, "state": "locked"} for slug in asked]
        steps = zip(asked, rungs(told, playbook, next_slug=None, book=book), strict=True)
        return {slug: rung.facts for slug, rung in steps}

    assert said("a", "b", "c", "d")["c"] == ("after A and B",)
    assert said("a", "c", "d") == {"a": (), "c": ("after A",), "d": ()}
