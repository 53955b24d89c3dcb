"""Every input of every account can be said, and what is said is true."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from configs.phrases import load_phrases
from features.catalogue import Feature
from serving.reasons.sentences import plural, sentence

PHRASES = load_phrases()
PLACES = (": behind", ": in the middle", ": ahead", ": more than any")
UNITS = {
    "activity_ratio": "ratio",
    "active_days_ratio": "ratio",
    "arr_ratio": "ratio",
    "active_users_ratio": "share",
    "peers_percentile": "share",
    "active_weeks_share": "share",
    "milestones_done_share": "share",
    "cohort_exit_rate": "share",
    "progress": "share",
    "milestone_reach_rate": "share",
    "arr": "money",
    "segment": "label",
    "attribute": "label",
    "milestone": "label",
}


def a_feature(measure: str, **more) -> Feature:
    unit = UNITS.get(measure, "days" if re.search("days|tenure", measure) else "count")
    given_ = {
        "name": f"{measure}_some_column_28d",
        "family": "usage",
        "measure": measure,
        "meaning": "the meaning of it",
        "unit": "count" if measure == "active_days" else unit,
        "absence": "never null",
        "window_days": 28,
        "subject": "power_user",
    }
    return Feature(**{**given_, **more})


def say(measure: str, value, typical=None, **more) -> str:
    others = more.pop("others", {})
    return sentence(
        a_feature(measure, **more),
        value,
        typical=typical,
        others=others,
        phrases=PHRASES,
        catalogue={},
        currency="EUR",
    )


numbers = st.one_of(st.none(), st.floats(-1e6, 1e6), st.just(float("nan")), st.integers(0, 99))
measures = st.sampled_from([*sorted(PHRASES.measure), "a_measure_nobody_phrased"])


@given(measures, numbers, numbers, st.sampled_from([None, 7, 28, 91, 364]), st.floats(0, 1e4))
@example("days_since_active", 12, 3, None, 12.0)
def test_any_input_can_be_said(measure, value, typical, window, other):
    every = dict.fromkeys(("activity_count_7d", "active_days_28d", "tenure_days"), other)
    text = say(measure, value, typical, window_days=window, others=every)
    assert text[0] == text[0].upper()
    assert not re.search(r"[{}_]|\bnan\b|\bNone\b(?! of)|\binf\b|  ", text), text


@given(st.sampled_from(sorted(PHRASES.measure)), st.floats(-500, 500), st.floats(-500, 500))
@example("active_days", 0.0, 0.05)
@example("active_days", 0.0, 0.04)
@example("arr_ratio", 1.0, 1.005)
@example("days_late", 0.0, 0.5)
def test_nobody_is_held_against_peers_that_read_alike(measure, value, typical):
    text = say(measure, value, typical)
    if say(measure, value) == say(measure, typical):
        assert text == say(measure, value)


@given(st.floats(0.0, 30), st.floats(0, 30))
@example(0.45, 0.45)
def test_a_trend_is_said_in_the_direction_in_which_it_went(now, before):
    ratio = (now + 1) / (before + 1)
    text = say("activity_ratio", ratio, others={"activity_count_28d": now})
    told = re.search(r"([\d.,]+) → ([\d.,]+)", text)
    if told is None:
        assert "steady at" in text
        assert now == pytest.approx(before, abs=1.001)
    else:
        then, today = (float(n.replace(",", "")) for n in told.groups())
        assert (today > then) == (now > before)
        assert today != then


@pytest.mark.parametrize(
    ("measure", "value", "typical", "words"),
    [
        (
            "active_users",
            5,
            11,
            "5 people active in the last 4 weeks; companies like this: 11",
        ),
        (
            "active_users",
            1,
            2.5,
            "1 person active in the last 4 weeks; companies like this: 2.5",
        ),
        ("active_users", 0, 3, "Nobody active in the last 4 weeks; companies like this: 3"),
        (
            "active_users",
            4,
            4,
            "4 people active in the last 4 weeks",
        ),
        ("active_users", 4, None, "4 people active in the last 4 weeks"),
        ("arr", 12300, 9000, "Pays €12,300 a year; companies like this: €9,000"),
        ("arr_ratio", 1.2, 1.0, "ARR up 20 % on 4 weeks ago; companies like this: unchanged"),
        ("arr_ratio", 0.8, None, "ARR down 20 % on 4 weeks ago"),
        ("days_to_renewal", 45, 90, "Renewal due in 45 days"),
        ("days_to_kickoff", -91, -91, "Kickoff 13 weeks ago or more"),
        ("days_to_kickoff", -12, -91, "Kickoff 12 days ago; companies like this: 13 weeks ago"),
        ("days_to_renewal", -3, None, "Renewal due 3 days ago"),
        (
            "days_late",
            12,
            -3,
            "The most urgent open milestone is 12 days overdue; "
            "companies like this: due in 3 days",
        ),
        ("touch_count", 0, 1, "No power user in the last 4 weeks; companies like this: 1"),
        ("role_days_since_active", None, 5, "No power user was ever active"),
        (
            "capability_count",
            1,
            20,
            "“power user” 1 time in the last 4 weeks; companies like this: 20",
        ),
        ("attribute", "HE Qualification", None, "Power user: HE Qualification"),
        ("weeks_streak", 26, 10, "Used 26 weeks or more in a row, up to the last full week"),
        ("segment", "everyone", None, "Segment: none in particular"),
    ],
)
def test_a_csm_reads(measure, value, typical, words):
    assert say(measure, value, typical).startswith(words)


def test_both_amounts_of_a_trend_are_told():
    text = say("activity_ratio", 13 / 46, 1.0, others={"activity_count_28d": 12.0})
    assert text == (
        "Uses in 4 weeks 45 → 12 against their own 4 weeks before; "
        "companies like this: unchanged"
    )


def test_where_what_is_now_is_not_known_a_trend_is_told_by_its_ratio_alone():
    for now in (None, float("nan")):
        text = say("activity_ratio", 0.5, others={"activity_count_28d": now})
        assert "→" not in text
        assert text == say("activity_ratio", 0.5)


@pytest.mark.parametrize(
    ("shift", "words"),
    [
        (2.5, "Weekly use has been higher for 3 weeks"),
        (-2.5, "Weekly use has been lower for 3 weeks"),
        (0.0, "The largest shift in weekly use began 3 weeks ago"),
        (None, "The largest shift in weekly use began 3 weeks ago"),
        (float("nan"), "The largest shift in weekly use began 3 weeks ago"),
    ],
)
def test_which_way_it_went_is_told_by_the_sign_of_the_other_input(shift, words):
    told = say("use_shift_weeks", 3, window_days=182, others={"use_shift_182d": shift})
    assert told == words


def test_an_account_never_active_is_not_said_to_have_been():
    said = say("days_since_active", 300, 4, others={"tenure_days": 300})
    assert said.startswith("No use since the day of sign-up, 300 days ago")


def placed(percentile: float | None, **others: float) -> str:
    compared = a_feature("active_days", name="active_days_28d")
    return sentence(
        a_feature("peers_percentile", subject="active_days_28d"),
        percentile,
        others=others,
        phrases=PHRASES,
        catalogue={"active_days_28d": compared},
    )


def test_another_input_as_subject_is_called_by_its_name():
    assert placed(0.34) == (
        "Ahead of about 34 % of companies like this in days with use in the last 4 weeks"
    )
    assert placed(None, active_days_28d=9).startswith("Too few comparable accounts to place")


@pytest.mark.parametrize(
    ("percentile", "place"),
    [
        (0.25, "behind about 75 % of companies like this of the same age"),
        (0.52, "in the middle of companies like this of the same age"),
        (0.8, "ahead of about 80 % of companies like this of the same age"),
        (1.0, "more than any of companies like this of the same age"),
    ],
)
def test_a_place_among_peers_is_told_with_the_amount_behind_it(percentile, place):
    assert placed(percentile, active_days_28d=9) == f"Used on 9 of the last 28 days: {place}"
    assert (
        placed(percentile, active_days_28d=0) == f"Not used once in the last 4 weeks: {place}"
    )


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_the_better_placed_is_never_said_to_be_behind_the_worse(one, other):
    rank = [place in placed(max(one, other), active_days_28d=3) for place in PLACES]
    under = [place in placed(min(one, other), active_days_28d=3) for place in PLACES]
    assert rank.index(True) >= under.index(True)


@pytest.mark.parametrize("percentile", [0.0001, 0.9999])
def test_nobody_but_the_first_is_said_to_be_ahead_of_all_or_behind_all(percentile):
    assert "99 %" in placed(percentile, active_days_28d=4.0)


def test_an_input_without_a_phrase_is_said_by_its_meaning():
    assert say("nobody_phrased_it", 3, 4) == "The meaning of it: 3; companies like this: 4"


def test_a_flag_is_yes_or_no():
    told = [say("a_measure_nobody_phrased", flag, unit="flag") for flag in (1.0, 0.0)]
    assert told == ["The meaning of it: yes", "The meaning of it: no"]


def test_another_input_that_looks_back_no_time_is_called_by_its_bare_name():
    compared = a_feature("tenure_days", name="tenure_days", window_days=None, subject=None)
    told = sentence(
        a_feature("peers_percentile", subject="tenure_days"),
        0.8,
        phrases=PHRASES,
        catalogue={"tenure_days": compared},
    )
    assert "in the last" not in told
    assert "None" not in told


def test_the_plural_of_a_role_or_a_kind_of_touch_reads_well():
    assert [plural(noun) for noun in ("admin", "reply", "coach")] == [
        "admins",
        "replies",
        "coaches",
    ]
