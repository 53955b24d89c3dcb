"""``milepost features`` lists what models read."""

import pytest

from features.store import write_features
from pipelines.lake import Lake
from tests.pipelines.commands import typed


@pytest.fixture
def say(capfd, monkeypatch):
    return lambda *words: typed(capfd, monkeypatch, *words)


def test_without_a_configuration_every_input_there_can_be_is_listed(say):
    said = say("features")
    assert said.status == 0
    assert "  capability_count_<capability>_28d\n      count: times <capability>" in said.out


def test_of_a_configuration_the_inputs_of_its_newest_build_are_listed(say, company, tmp_path):
    with Lake(tmp_path, "acme").replace("builds", company.as_of) as folder:
        write_features(company.features, folder)
    said = say("features", "--config", company.config, "--lake", tmp_path, "--page")
    assert said.status == 0
    listed = {line.split("`")[1] for line in said.out.splitlines() if line.startswith("| `")}
    assert listed == {*company.features.catalogue, *company.features.step_catalogue}


def test_before_the_first_build_it_says_what_to_do(say, company, tmp_path):
    said = say("features", "--config", company.config, "--lake", tmp_path)
    assert "Run `milepost build` first" in said.the_error()
