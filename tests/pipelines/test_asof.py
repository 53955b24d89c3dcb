"""A run speaks from the morning that is named, unless nothing can be said of it."""

from datetime import date, timedelta

import pytest

from configs.errors import ConfigError
from pipelines.asof import FAR_DAYS, as_of_day
from tests.builders import MORNING, AnAccount, a_world
from tests.pipelines.commands import typed

TODAY = MORNING.date()


@pytest.fixture(scope="module")
def source():
    """Used for the last time eleven and a half days ago; nothing is known since."""
    return a_world(AnAccount().signed_up(60).was_active(40, 11.5, known_after=0)).source


def test_without_a_name_it_is_the_day_after_the_newest_activity(source):
    assert as_of_day(source, None, today=TODAY) == TODAY - timedelta(days=11)


@pytest.mark.parametrize("ahead", [-30, 0, FAR_DAYS - 12])
def test_a_morning_that_is_named_is_taken_if_anything_is_known_of_the_year_before(
    source, ahead
):
    named = TODAY + timedelta(days=ahead)
    assert as_of_day(source, named, today=TODAY) == named


@pytest.mark.parametrize("named", [TODAY + timedelta(days=FAR_DAYS - 11), date(2090, 1, 1)])
def test_a_morning_far_beyond_every_row_is_refused_with_the_last_that_is_not(source, named):
    newest, last = TODAY - timedelta(days=12), TODAY + timedelta(days=FAR_DAYS - 12)
    said = f"--as-of: {named} is more than a year after the newest row, known on {newest}"
    with pytest.raises(ConfigError, match=rf"^{said}\. Name a morning up to {last}\.$"):
        as_of_day(source, named, today=TODAY)
    assert as_of_day(source, last, today=TODAY) == last


@pytest.mark.parametrize("verb", ["check", "build"])
def test_a_slip_of_the_year_is_answered_in_one_line(
    verb, company, lake, capfd, monkeypatch, prefect_server
):
    words = ("--config", company.config, "--lake", lake, "--as-of", "2090-01-01")
    said = typed(capfd, monkeypatch, verb, *words)
    assert said.the_error().startswith("--as-of: 2090-01-01 is more than a year after")
