from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from configs.phrases import load_phrases
from features.asof import day_number
from serving.adoption.climbing import first_value
from serving.outlook.climbing import days_until
from serving.outlook.forecast import forecast, forecasts, with_rates_before
from serving.outlook.forecast_record import record_rows
from serving.outlook.prospects import look_ahead
from serving.outlook.retention import live_on
from serving.report.figures import csv_files, heat_of, interval_bar
from serving.report.recorded import track, verdict
from tests.company import DEMO
from tests.serving.mornings import Memory, a_morning

WORDS = load_phrases(DEMO).words


@pytest.fixture(scope="module")
def mornings(company):
    """A forecast of three months ago, and this morning, by the same models."""
    before, day = company.as_of - timedelta(days=91), company.day - 91
    project = company.configuration.project
    book, _ = live_on(company.features, day)
    ahead = look_ahead(company.features, company.models, project, day=day, is_model=True)
    said = forecast(ahead, as_of=before, horizons=project.outcomes.horizons_days, seed=1)
    said = with_rates_before(said, company.features, as_of=before, part="segment")
    past = Memory({before: {"accounts": book, "forecast": said}})
    today = a_morning(
        company.as_of, company.features, company.models, company.configuration, past=Memory()
    )
    return past, replace(today, past=past)


def test_what_was_said_stands_beside_what_came_of_the_same_accounts(mornings, company):
    past, today = mornings
    made_on = company.as_of - timedelta(days=91)
    rows = record_rows(today, {})
    assert set(rows["made_on"]) == {made_on}
    assert (rows["period_end"] <= company.as_of).all()
    whole = rows.loc[
        (rows["segment"] == "all")
        & (rows["period"] == "horizon")
        & (rows["days_ahead"] == 60)
        & (rows["measure"] == "logo_retention")
    ]
    book = set(past.tables[made_on]["accounts"]["account_id"])
    exits = company.features.exits
    start = pd.Timestamp(made_on)
    gone = exits.loc[
        exits["account_id"].isin(book)
        & (exits["cause"] == "churn")
        & (exits["exited_at"] >= start)
        & (exits["exited_at"] < start + pd.Timedelta(days=60))
    ]
    assert whole["happened"].item() == pytest.approx(1 - len(gone) / len(book))


def test_of_forecasts_made_within_four_weeks_the_last_is_judged(mornings, company):
    past, today = mornings
    made_on = company.as_of - timedelta(days=91)
    told = {made_on + timedelta(days=days): past.tables[made_on] for days in (0, 7)}
    rows = record_rows(replace(today, past=Memory(told)), {})
    assert set(rows["made_on"]) == {made_on + timedelta(days=7)}


def test_a_forecast_that_has_not_come_due_is_not_judged(mornings, company):
    _, today = mornings
    assert (record_rows(today, {})["days_ahead"] <= 91).all()


def test_where_exits_are_told_late_a_forecast_waits_until_all_are_told(mornings, company):
    _, today = mornings
    days = pd.Timedelta(days=40)
    exits = company.features.exits.assign(known_at=lambda told: told["exited_at"] + days)
    rows = record_rows(replace(today, features=company.told(exits=exits)), {})
    assert len(rows)
    assert (rows["period_end"] <= company.as_of - days).all()


def test_the_record_is_summed_up_beside_the_simple_rates(mornings):
    record = record_rows(mornings[1], {})
    (figure,) = track(record, WORDS)
    assert figure.lines
    assert all(len(line.cells) == len(figure.heads) - 1 for line in figure.lines)
    assert "interval held" in verdict(record)


def test_without_a_record_the_page_says_so():
    (figure,) = track(None, WORDS)
    assert "No forecast has come due" in figure.note
    assert "Too few" in verdict(None)


def test_milestones_to_come_are_told_by_segment_and_add_up(mornings):
    told = forecasts(mornings[1], {})["forecast"]
    rows = told.loc[told["measure"] == "milestones_reached"]
    keys = ["period", "period_start", "period_end"]
    whole = rows.loc[rows["segment"] == "all"].set_index(keys)["expected"]
    parts = rows.loc[rows["segment"] != "all"].groupby(keys)["expected"].sum()
    np.testing.assert_allclose(whole, parts.reindex(whole.index))
    assert (whole > 0).all()


def test_the_whole_book_is_told_alike_by_segment_and_by_owner(mornings):
    told = forecasts(mornings[1], {})
    keys = ["period", "period_start", "period_end", "measure"]
    wholes = [
        rows.loc[rows[part] == "all"].set_index(keys)[["low", "expected", "high"]]
        for rows, part in zip(told.values(), ("segment", "owner"), strict=True)
    ]
    assert "milestones_reached" in wholes[0].index.get_level_values("measure")
    pd.testing.assert_frame_equal(*wholes)


def test_the_next_cohort_reaches_a_first_milestone_about_as_soon_as_the_last_ones(company):
    low, middle, high = days_until(None, company.features, day=company.day, seed=1)
    assert 0 <= low <= middle <= high


def test_the_next_first_value_is_that_of_those_it_is_meant_for(company):
    """By hand: one segment reaches it at once, and everybody else on the fifth day."""
    first = company.features.snapshots.drop_duplicates("account_id")
    most, *others = first["segment"].value_counts().index
    value = first_value(company.configuration.playbook)
    value = value.model_copy(update={"segments": tuple(others)})
    after = np.where(first["segment"] == most, 0, 5)
    day = day_number(first["kickoff_at"]) + after
    told = pd.DataFrame({"account_id": first["account_id"], "day": day, "known_day": day})
    told = told.assign(milestone=value.slug).loc[day < company.day]
    reached = replace(company.features, reached=told)
    assert days_until(value, reached, day=company.day, seed=1) == (5, 5, 5)
    another = value.model_copy(update={"slug": "another"})
    assert days_until(another, reached, day=company.day, seed=1) is None


def test_where_nobody_reached_anything_nothing_is_said_of_the_next_cohort(company):
    nothing = replace(company.features, reached=company.features.reached.iloc[:0])
    assert days_until(None, nothing, day=company.day, seed=1) is None


def test_every_figure_has_a_file_with_its_numbers(mornings):
    figures = list(track(record_rows(mornings[1], {}), WORDS))
    (text,) = csv_files(figures).values()
    assert "made_on" in text.splitlines()[0].split(",")
    assert len(text.splitlines()) == len(figures[0].behind) + 1


def test_drawings_stay_within_their_frame_and_shades_within_their_scale():
    assert 'width="1.5"' in interval_bar(0.9, 0.9, 0.9, bottom=0.8)
    assert [heat_of(x, 8.0) for x in (0.0, 0.5, 4.0, 8.0)] == [0, 1, 3, 4]
