"""The page of the catalogue is what the code says."""

from itertools import zip_longest
from pathlib import Path

import features
from configs.phrases import load_phrases
from features import listing
from features.specimen import specimen

PAGE = Path(features.__file__).with_name("CATALOGUE.md")


def test_the_page_of_the_catalogue_is_current():
    every = specimen()
    made = listing.page(every.catalogue, every.step_catalogue, load_phrases())
    kept = PAGE.read_text(encoding="utf-8").splitlines()
    for line, found in zip_longest("\n".join(made).splitlines(), kept):
        assert line == found, f"make the page anew: {listing.PAGE_COMMAND}"


def test_a_screen_shows_every_input_once():
    every = specimen()
    shown = list(listing.lines(every.catalogue, every.step_catalogue, load_phrases()))
    names = [line.strip() for line in shown if line.startswith("  ") and line[2] != " "]
    assert sorted(names) == sorted([*every.catalogue, *every.step_catalogue])
