"""What a docstring shows is what comes out."""

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("configs", "features", "training", "serving", "pipelines")
SHOWN = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for package in PACKAGES
    for path in (ROOT / package).rglob("*.py")
    if ">>> " in path.read_text("utf-8")
)


@pytest.mark.parametrize("module", SHOWN)
def test_every_example_gives_what_it_says(module):
    failed, tried = doctest.testmod(importlib.import_module(module))
    assert tried
    assert not failed
