"""Whoever owns the words is told at once what is wrong with them."""

from pathlib import Path

import pytest

from configs.errors import ConfigError
from configs.phrases import load_phrases
from features.catalogue import Feature
from features.specimen import specimen
from serving.reasons.sentences import sentence


def laid_over(folder: Path, text: str):
    (folder / "phrases.toml").write_text(text, encoding="utf-8")
    return load_phrases(folder)


def test_the_shipped_phrases_are_sound():
    assert load_phrases().measure["active_users"].nouns == ("person", "people")


def test_every_family_of_the_catalogue_has_a_name():
    told = {feature.family for feature in specimen().catalogue.values()}
    assert {*told, "timing", "baseline"} == set(load_phrases().families)


def test_a_configuration_without_phrases_speaks_the_shipped_ones(tmp_path):
    assert load_phrases(tmp_path) == load_phrases()


def test_a_configuration_may_say_a_thing_in_its_own_words(tmp_path):
    own = laid_over(tmp_path, '[words]\npeers = "students like this"\n')
    assert own.words.peers == "students like this"
    assert own.measure == load_phrases().measure


def test_every_mistake_is_told_at_once_with_its_place(tmp_path):
    with pytest.raises(ConfigError) as told:
        laid_over(
            tmp_path,
            '[measure.active_users]\ntext = "{valu} active"\n[words]\npeer = "others"\n',
        )
    message = str(told.value)
    assert str(tmp_path) in message
    assert "{valu}" in message
    assert "did you mean `value`?" in message
    assert "peer" in message
    assert "did you mean `peers`?" in message


def test_a_lonely_curly_bracket_is_told(tmp_path):
    with pytest.raises(ConfigError, match="curly bracket"):
        laid_over(tmp_path, '[measure.active_users]\ntext = "{value active"\n')


def test_a_file_that_is_not_toml_is_told(tmp_path):
    with pytest.raises(ConfigError, match="is not TOML"):
        laid_over(tmp_path, "peers: others")


def test_phrases_cannot_be_changed_after_reading():
    with pytest.raises(Exception, match="frozen"):
        load_phrases().words.peers = "others"


@pytest.mark.parametrize("name", ["demo", "oulad"])
def test_the_phrases_of_every_shipped_configuration_are_sound(name):
    folder = Path(__file__).parents[2] / "configs" / name
    assert load_phrases(folder).measure.keys() >= load_phrases().measure.keys()


def test_a_capability_may_be_called_by_another_name(tmp_path):
    own = laid_over(tmp_path, '[subjects]\nforumng = "forum"\n')
    feature = Feature(
        "x", "usage", "capability_count", "", "count", "", window_days=28, subject="forumng"
    )
    text = sentence(feature, 3, phrases=own, catalogue={})
    assert text == "“forum” 3 times in the last 4 weeks"
