"""Whoever finds a study can run it again: it says what it asks, and how."""

import re
from pathlib import Path

import pytest

from configs.study import find_study, load_study, studies

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
STUDIES = studies(EXPERIMENTS)


def test_there_are_studies():
    assert len(STUDIES) >= 10


@pytest.mark.parametrize("name", STUDIES)
def test_every_study_says_what_it_asks_and_how_it_is_run(name):
    folder = find_study(EXPERIMENTS, name)
    assert (folder / "study.toml").is_file(), f"{name} lacks its study.toml (see template/)"
    study = load_study(folder)
    assert study.question.endswith("?")
    script, *asked = study.command
    assert (folder / script).is_file()
    words = " ".join(asked)
    for key in ("config", "as_of", "seed"):
        assert f"{{{key}}}" not in words or getattr(study, key) is not None
    assert study.data_print is None or study.config is not None


@pytest.mark.parametrize("name", STUDIES)
def test_every_study_has_a_page_a_command_on_it_and_a_line_in_the_index(name):
    number, page = name.split("-")[0], (EXPERIMENTS / name / "README.md").read_text("utf-8")
    assert re.search(rf"milepost study {number}|experiments/{name}/\w+\.py", page)
    index = (EXPERIMENTS / "README.md").read_text("utf-8")
    (line,) = re.findall(rf"^\| \[{number}\]\({name}/README\.md\) \|.*\|$", index, re.M)
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert len(cells) == 3
    assert all(cells)
