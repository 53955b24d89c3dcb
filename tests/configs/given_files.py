"""A small lawful configuration, and what is said of an unlawful one."""

from pathlib import Path

import pytest

from configs.errors import ConfigError
from configs.load import Configuration, load

PROJECT = """
name = "acme"
[source]
kind = "sql"
url = "${WAREHOUSE_URL}"
[segments]
large = { plan = ["enterprise"] }
small = { plan = ["team"] }
"""
PLAYBOOK = """
version = 3
[[milestones]]
slug = "connected"
name = "Data source connected"
expected_days = 10
done_when = { capability = "sync", measure = "count", at_least = 1, role = "admin" }
[[milestones]]
slug = "weekly"
name = "A team works in it every week"
stage = "post_onboarding"
requires = ["connected"]
expected_days = { default = 45, large = 75 }
done_when = { capability = "run", measure = "weeks_in_a_row", at_least = 4 }
lost_when = { capability = "run", silent_days = 42 }
"""
ENVIRONMENT = {"WAREHOUSE_URL": "postgresql://reader:hunter2@db/cs"}


def a_folder(tmp_path: Path, *, project: str = PROJECT, playbook: str = PLAYBOOK) -> Path:
    (tmp_path / "project.toml").write_text(project, encoding="utf-8")
    (tmp_path / "playbook.toml").write_text(playbook, encoding="utf-8")
    return tmp_path


def read(tmp_path: Path, **files: str) -> Configuration:
    return load(a_folder(tmp_path, **files), ENVIRONMENT)


def complaint(tmp_path: Path, **files: str) -> str:
    with pytest.raises(ConfigError) as told:
        read(tmp_path, **files)
    assert "\n" not in str(told.value)
    assert "hunter2" not in str(told.value)
    return str(told.value)
