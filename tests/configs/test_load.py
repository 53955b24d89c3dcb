import tomllib
from pathlib import Path

import pytest

from configs.errors import ConfigError
from configs.load import load
from configs.playbook import Playbook
from configs.project import Project
from tests.configs.given_files import ENVIRONMENT, PLAYBOOK, PROJECT, a_folder, complaint, read


def test_a_configuration_is_read(tmp_path):
    configuration = read(tmp_path)
    assert configuration.project.name == "acme"
    assert configuration.project.source.url == ENVIRONMENT["WAREHOUSE_URL"]
    assert [m.slug for m in configuration.playbook.milestones] == ["connected", "weekly"]


def test_what_was_read_can_be_written_out_and_read_again(tmp_path):
    configuration = read(tmp_path)
    for model, read_once in (
        (Project, configuration.project),
        (Playbook, configuration.playbook),
    ):
        written = read_once.model_dump(mode="json", by_alias=True)
        assert model.model_validate(written) == read_once


def test_all_mistakes_of_both_files_are_told_at_once(tmp_path):
    told = complaint(
        tmp_path,
        project='name = "acme"\n[snapshots]\nevery_day = 7\n[source]\nkind = "fils"\n',
        playbook=PLAYBOOK.replace('"weeks_in_a_row"', '"weeks"').replace(
            'requires = ["connected"]', 'requires = ["conected"]'
        ),
    )
    assert "`snapshots.every_day` is not a key here (did you mean `every_days`?)" in told
    assert "`source.kind` must be one of" in told
    assert "found 'fils' (did you mean 'files'?)" in told
    assert "`milestones[1].done_when.measure` must be one of" in told
    assert "`milestones[1].requires[0]` is 'conected', which is no milestone" in told
    assert "(did you mean `connected`?)" in told


def test_a_key_in_the_wrong_section_is_sent_home(tmp_path):
    told = complaint(tmp_path, project=PROJECT + "[serving]\nhorizons_days = [30]\n")
    assert "`serving.horizons_days` is not a key here (it belongs to [outcomes])" in told


def test_an_unknown_segment_is_named_with_the_nearest(tmp_path):
    told = complaint(
        tmp_path,
        playbook=PLAYBOOK.replace('slug = "weekly"', 'slug = "weekly"\nsegments = ["larg"]'),
    )
    assert "`milestones[1].segments[0]` is 'larg', which is no segment" in told
    assert "did you mean `large`" in told


def test_an_expectation_for_an_unknown_segment_is_refused(tmp_path):
    told = complaint(tmp_path, playbook=PLAYBOOK.replace("large = 75", "lagre = 75"))
    assert "`milestones[1].expected_days.lagre` is no segment (did you mean `large`?)" in told


def test_a_circle_is_told_even_while_another_key_is_wrong(tmp_path):
    told = complaint(
        tmp_path,
        playbook=PLAYBOOK.replace("expected_days = 10", 'nmae = "x"\nrequires = ["weekly"]'),
    )
    assert "goes in a circle: `connected` → `weekly` → `connected`" in told
    assert "`milestones[0].nmae` is not a key here (did you mean `name`?)" in told


def test_a_mistake_is_told_once(tmp_path):
    told = complaint(tmp_path, playbook=PLAYBOOK.replace('"weekly"', '"connected"'))
    assert told.count("as milestones[0] is too") == 1


def test_a_variable_that_is_not_set_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"`source.url` reads \$\{WAREHOUSE_URL\}"):
        load(a_folder(tmp_path), {})


def test_a_variable_may_have_something_to_fall_back_on(tmp_path):
    folder = a_folder(
        tmp_path, project=PROJECT.replace("url =", 'path = "${DATA:-../data}/oulad"\nurl =')
    )
    assert load(folder, ENVIRONMENT).project.source.path == "../data/oulad"
    assert load(folder, {**ENVIRONMENT, "DATA": ""}).project.source.path == "../data/oulad"
    assert load(folder, {**ENVIRONMENT, "DATA": "/srv"}).project.source.path == "/srv/oulad"


def test_an_unfinished_variable_is_named(tmp_path):
    told = complaint(tmp_path, project='name = "acme"\n[source]\npath = "${DATA/oulad"\n')
    assert "`source.path` holds a ${ that begins no" in told


def test_a_secret_never_shows_in_a_message(tmp_path):
    told = complaint(
        tmp_path, project=PROJECT.replace('kind = "sql"', 'kind = "${WAREHOUSE_URL}"')
    )
    assert "found '${WAREHOUSE_URL}'" in told


def test_the_fingerprint_knows_no_secret_and_no_machine(tmp_path):
    folder = a_folder(tmp_path)
    elsewhere = {"WAREHOUSE_URL": "postgresql://other"}
    assert load(folder, ENVIRONMENT).fingerprint == load(folder, elsewhere).fingerprint


def test_the_fingerprint_sees_meaning_and_not_spelling(tmp_path):
    before = read(tmp_path).fingerprint
    spelt = (
        PROJECT.replace('plan = ["team"]', 'plan = "team"') + "[snapshots]\nevery_days = 7\n"
    )
    assert read(tmp_path, project="# a comment\n" + spelt).fingerprint == before


def test_the_fingerprint_sees_which_rule_is_tried_first(tmp_path):
    large, small = PROJECT.strip().splitlines()[-2:]
    swapped = PROJECT.replace(large, "#").replace(small, f"{small}\n{large}")
    assert read(tmp_path).fingerprint != read(tmp_path, project=swapped).fingerprint


def test_a_changed_criterion_changes_the_fingerprint(tmp_path):
    before = read(tmp_path).fingerprint
    changed = PLAYBOOK.replace("at_least = 4", "at_least = 5")
    assert read(tmp_path, playbook=changed).fingerprint != before


def test_a_file_that_is_not_toml_is_told_with_the_line(tmp_path):
    told = complaint(tmp_path, playbook="version = \n")
    assert "playbook.toml: is not TOML" in told
    assert "line 1" in told


def test_a_file_that_is_not_utf8_is_told(tmp_path):
    a_folder(tmp_path)
    (tmp_path / "project.toml").write_bytes(b'name = "caf\xe9"')
    with pytest.raises(ConfigError, match=r"project\.toml: is not UTF-8 text"):
        load(tmp_path, ENVIRONMENT)


def test_the_mark_that_some_editors_put_first_is_no_mistake(tmp_path):
    a_folder(tmp_path)
    plain = load(tmp_path, ENVIRONMENT)
    for path in tmp_path.glob("*.toml"):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert load(tmp_path, ENVIRONMENT).project == plain.project


def test_a_folder_that_is_not_there_is_named_with_the_nearest(tmp_path):
    (tmp_path / "oulad").mkdir()
    a_folder(tmp_path / "oulad")
    with pytest.raises(ConfigError, match=r"no such folder \(did you mean `oulad`\?\)"):
        load(tmp_path / "ouald", ENVIRONMENT)


def test_a_folder_without_a_playbook_says_so(tmp_path):
    a_folder(tmp_path)
    (tmp_path / "playbook.toml").unlink()
    with pytest.raises(ConfigError, match=r"lacks playbook\.toml"):
        load(tmp_path, ENVIRONMENT)


def test_paths_are_relative_to_the_folder(tmp_path):
    configuration = read(tmp_path)
    assert configuration.path("../data") == tmp_path.parent.resolve() / "data"
    assert configuration.path("/srv/data") == Path("/srv/data")


def test_a_segment_without_a_ladder_is_warned_about(tmp_path):
    only_large = PLAYBOOK.replace("slug =", 'segments = ["large"]\nslug =')
    warned = read(tmp_path, playbook=only_large).warnings()
    assert "no milestone applies to segment small" in warned


def test_a_wrong_type_says_what_it_should_be_and_what_it_is(tmp_path):
    told = complaint(tmp_path, project=PROJECT + "[models]\ntrees = true\nleaves = 1\n")
    assert "`models.trees` must be a whole number; found True" in told
    assert "`models.leaves` must be at least 2; found 1" in told


def test_a_playbook_needs_a_milestone(tmp_path):
    assert "`milestones` is missing" in complaint(tmp_path, playbook="version = 1\n")
    assert "needs at least 1" in complaint(tmp_path, playbook="milestones = []\n")


def test_every_configuration_of_this_project_can_be_read():
    for file in sorted(Path(__file__).parents[2].glob("configs/*/project.toml")):
        configuration = load(file.parent, {})
        assert tomllib.loads(file.read_text("utf-8"))["name"] == configuration.project.name
