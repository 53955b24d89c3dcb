"""Whatever a value is, its sentence is English, true to its sign, and claims no cause."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from configs.phrases import load_phrases
from features.catalogue import Catalogue, Feature
from features.specimen import specimen
from serving.formats import MINUS
from serving.reasons.sentences import Teller, sentence

CONFIGS = Path(__file__).parents[2] / "configs"
PHRASES = {name: load_phrases(CONFIGS / name) for name in ("demo", "oulad")}
COUNTED = sorted(
    name for name, measure in PHRASES["demo"].measure.items() if measure.nouns is not None
)
RATIOS = ("activity_ratio", "active_days_ratio", "arr_ratio")
CAUSES = re.compile(
    r"\b(because|due to|caused?|thanks to|as a result|leads? to)\b", re.IGNORECASE
)


def say(measure: str, value: float, *, unit: str = "count", config: str = "demo") -> str:
    feature = Feature(
        name=f"{measure}_28d",
        family="usage",
        measure=measure,
        meaning="the meaning of it",
        unit=unit,  # type: ignore[arg-type]
        absence="never null",
        window_days=28,
        subject="power_user",
    )
    return sentence(feature, value, phrases=PHRASES[config], catalogue={}, currency="EUR")


@pytest.mark.parametrize("measure", COUNTED)
@given(st.integers(0, 100_000), st.sampled_from(["demo", "oulad"]))
@settings(max_examples=15)
def test_one_is_singular_and_many_are_plural(measure, count, config):
    nouns = PHRASES[config].measure[measure].nouns
    assert nouns is not None
    one, many = (noun.format(subject="power user", subjects="power users") for noun in nouns)
    text = say(measure, float(count), config=config).lower()
    if "{value}" not in PHRASES[config].measure[measure].text:
        assert str(count) not in text.replace("28 days", "").replace("4 weeks", "")
    elif count == 1:
        assert f"1 {one.lower()}" in text
    elif count > 1:
        assert f"{count:,} {many.lower()}" in text
    else:
        assert "0 " not in text or PHRASES[config].measure[measure].zero is None


@pytest.mark.parametrize("measure", RATIOS)
@given(st.floats(0.0, 20.0))
def test_up_is_said_of_what_rose_and_down_of_what_fell(measure, ratio):
    text = say(measure, ratio, unit="ratio")
    change = round(abs(ratio - 1) * 100)
    if abs(ratio - 1) <= 0.005:
        assert "unchanged" in text
    elif ratio > 1:
        assert f"up {change:,} %" in text
    else:
        assert f"down {change:,} %" in text
    assert MINUS not in text


@given(st.floats(-400, 400))
def test_days_ahead_and_days_ago_are_never_confused(days):
    text = say("days_to_renewal", days, unit="days")
    whole = abs(round(days))
    noun = "day" if whole == 1 else "days"
    if abs(days) <= 0.5:
        assert text.endswith("today")
    else:
        told = f"in {whole} {noun}" if days > 0 else f"{whole} {noun} ago"
        assert text.endswith(told)


@given(st.floats(0.51, 9_999_999))
def test_money_has_its_currency_and_no_cents(amount):
    assert say("arr", amount, unit="money") == f"Pays €{amount:,.0f} a year"


@pytest.mark.parametrize("config", ["demo", "oulad"])
def test_no_phrase_claims_a_cause(config):
    phrases = PHRASES[config]
    texts = [
        text
        for measure in phrases.measure.values()
        for key, text, _ in measure._texts()
        if key != "name"
    ]
    texts += [text for _, text, _ in phrases.changes._texts()]
    texts += [alarm.text for _, alarm in phrases.alerts]
    texts += [text for _, text in phrases.timing]
    assert len(texts) > 100
    assert not [text for text in texts if CAUSES.search(text)]
    assert not [text for text in texts if re.search(r"\w_\w", re.sub(r"\{\w+\}", "", text))]


CATALOGUE = Catalogue(f for f in specimen().catalogue.values() if "<" not in f.name)
NUMBERS = tuple(name for name, feature in CATALOGUE.items() if feature.unit != "label")
AMOUNTS = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 26.0, float("nan"), float("inf"), None]),
    st.floats(-1e18, 1e18),
    st.floats(-2, 2),
    st.integers(-3, 400).map(float),
)
THINGS = "days|weeks|uses|visits|clicks|people|times|seats|capabilities|milestones|assignments"
THING = "day|week|use|visit|click|person|time|seat|capability|milestone|assignment"
NO_ENGLISH = re.compile(
    r"[{}_]|\bnan\b|\binf\b|\bNone\b(?! of)|  |\.\.|,,"
    rf"|{MINUS}{MINUS}|{MINUS}0(?![.\d])|-\d|\ban? [aeiou]\w*s\b|\ba [aeiou]"
    rf"|(?<![\d.,])1 ({THINGS})\b|(?<![\d.,])(0|[2-9]|\d\d+) ({THING})\b"
)


@pytest.mark.parametrize("config", ["demo", "oulad"])
@given(st.sampled_from(NUMBERS), AMOUNTS, AMOUNTS, AMOUNTS)
@settings(max_examples=400)
def test_whatever_the_numbers_are_the_sentence_is_one(config, name, value, usual, other):
    teller = Teller(CATALOGUE[name], PHRASES[config], catalogue=CATALOGUE, currency="USD")
    others = dict.fromkeys(teller.others, other)
    text = teller.sentence(value, typical=usual, others=others)
    assert not NO_ENGLISH.search(text), text
    assert text[:1] == text[:1].upper()
    assert len(text) < 220
    assert not re.search(r"\d[\d,]{18,}", text)


@given(st.floats(-26, 26), st.integers(1, 26))
def test_which_way_a_shift_went_is_told_by_its_sign(shift, weeks):
    feature = CATALOGUE["use_shift_weeks_182d"]
    text = sentence(
        feature,
        float(weeks),
        phrases=PHRASES["demo"],
        catalogue=CATALOGUE,
        others={"use_shift_182d": shift},
    )
    assert ("higher" in text) == (shift > 0)
    assert ("lower" in text) == (shift < 0)
    assert f"{weeks} week" in text
