"""The page for those who write playbooks, held against what the files really accept."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from configs.complaints import _models_in as models_in
from configs.playbook import PLACEHOLDERS, DoneWhen, Measure, Playbook
from configs.project import Project
from configs.segments import SegmentRule
from features.tables import TABLES

PAGE = (Path(__file__).parents[2] / "configs/README.md").read_text("utf-8")
ROW = re.compile(r"^\| `([a-z0-9_.]+)` \| (.+?) \|", re.MULTILINE)


def keys(model: type[BaseModel], within: str = "") -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        key = f"{within}{field.alias or name}"
        inner = [m for m in models_in(field.annotation) if m is not SegmentRule]
        if model is not Project or not inner:
            yield key, field
        for section in inner:
            yield from keys(section, f"{key}.")


EVERY_KEY = [*keys(Project), *keys(Playbook)]


def in_words(field: FieldInfo) -> str:
    if field.is_required():
        return "*"
    default = field.get_default(call_default_factory=True)
    if default is None:
        return "none"
    return f"`{json.dumps(list(default) if isinstance(default, tuple) else default)}`"


@pytest.mark.parametrize(("key", "field"), EVERY_KEY, ids=[key for key, _ in EVERY_KEY])
def test_every_key_is_explained_with_its_default(key, field):
    assert dict(ROW.findall(PAGE)).get(key) == in_words(field)


def test_every_measure_has_an_example_that_can_be_read():
    for measure in get_args(Measure):
        (example,) = re.findall(
            rf"^\| `{measure}` \|.*\| `\{{ (.*) \}}` \|$", PAGE, re.MULTILINE
        )
        pairs = dict(pair.split(" = ") for pair in example.split(", "))
        read = DoneWhen.model_validate({key: json.loads(value) for key, value in pairs.items()})
        assert read.measure == measure


def test_every_placeholder_is_explained():
    assert all(f"`{{{name}}}`" in PAGE for name in PLACEHOLDERS)


def test_every_column_of_every_table_is_named_with_its_duty():
    lines = PAGE.partition("## The tables")[2].splitlines()
    for name, contract in TABLES.items():
        (row,) = [line for line in lines if line.startswith(f"| `{name}`")]
        for column in contract.columns.values():
            if column.name != "known_at":
                assert f"`{column.name}`{'*' if column.required else ''}" in row
