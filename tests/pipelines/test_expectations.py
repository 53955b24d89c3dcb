"""``milepost expectations``: what history says of the playbook's days, and the change of it."""

import shutil
import subprocess

import pytest

from configs.load import load
from features.store import write_features
from tests.pipelines.commands import typed


@pytest.fixture
def say(tmp_path, company, capfd, monkeypatch):
    shutil.copytree(company.config, tmp_path / "configs" / "mine")
    folder = tmp_path / "lake" / "acme" / "builds" / f"as_of={company.as_of}"
    folder.mkdir(parents=True)
    write_features(company.features, folder)
    monkeypatch.chdir(tmp_path)

    def said(*more: object):
        words = ["expectations", "--config", "configs/mine", "--lake", "lake", *more]
        return typed(capfd, monkeypatch, *words)

    return said


def test_every_milestone_is_held_against_history_a_line_each(say, company):
    lines = say().out.splitlines()
    assert lines[0].endswith(f"as known on {company.as_of}")
    assert lines[1].split()[:3] == ["milestone", "segment", "playbook"]
    named = {line.split()[0] for line in lines[2:]}
    assert named == {m.slug for m in company.configuration.playbook.milestones}
    assert any("more are needed" in line for line in lines)


def test_the_difference_can_be_applied_and_leaves_nothing_to_propose(say, tmp_path):
    told = say("--diff")
    assert told.status == 0
    assert told.out.startswith("--- a/configs/mine/playbook.toml\n")
    subprocess.run(["git", "apply"], input=told.out, text=True, cwd=tmp_path, check=True)
    before = load(tmp_path / "configs" / "mine").playbook
    assert say("--diff").out == ""
    assert load(tmp_path / "configs" / "mine").playbook == before
