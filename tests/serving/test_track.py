"""The track record's page: every figure from the backtest, in words and with its definition."""

import re

import pandas as pd
import pytest

from configs.phrases import load_phrases
from serving.report.render import write_report
from serving.report.site import site
from serving.report.track import TrackRecord
from tests.serving.pages import Page
from tests.serving.report_settings import a_configuration
from tests.serving.report_world import a_world
from training.proof.measures import measures_of


@pytest.fixture(scope="module")
def measures(company) -> pd.DataFrame:
    return measures_of(company.tested, company.configuration.project.outcomes.horizons_days)


def chapters(folder, **tables: pd.DataFrame) -> dict[str, object]:
    world = a_world(a_configuration(folder))
    told = site(**world, roles=None, phrases=load_phrases(folder), tables=tables)
    return {chapter.name: facts for chapter, facts in told.chapters}


@pytest.fixture(scope="module")
def record(measures, tmp_path_factory) -> TrackRecord:
    return chapters(tmp_path_factory.mktemp("record"), backtest=measures)["track"]


def the_table(record: TrackRecord, section: int, title: str):
    (found,) = [t for t in record.sections[section].tables if t.title.startswith(title)]
    return found


def test_the_model_stands_first_beside_every_rule_with_the_figures_of_the_table(
    record, measures
):
    table = the_table(record, 0, "Beside the simple rules")
    asked = measures.query("question == 'churn' and origin == 'all' and group_kind == 'all'")
    at = asked.loc[asked["horizon_days"] == 90]
    assert table.rows[0].label == "Model"
    assert len(table.rows) == at["predictor"].nunique()
    for row, predictor in zip(table.rows[:1], ["model"], strict=True):
        value = at.loc[(at["predictor"] == predictor) & (at["measure"] == "auc"), "value"]
        assert row.figures[table.heads.index("auc") - 1] == f"{value.item():.2f}"


def test_every_row_has_a_figure_for_every_head(record):
    for section in record.sections:
        for table in section.tables:
            assert all(len(row.figures) == len(table.heads) - 1 for row in table.rows)


def test_the_verdict_counts_what_was_expected_and_what_came(record):
    said = re.fullmatch(
        r"Over all past mornings together the model expected ([\d,]+) accounts to leave "
        r"within 90 days; ([\d,]+) did\.",
        record.sections[0].verdict,
    )
    assert said
    assert int(said[2]) > 0


def test_groups_with_few_events_are_marked_and_the_mark_is_explained(record):
    table = the_table(record, 0, "For whom")
    events = [int(row.figures[1].replace(",", "")) for row in table.rows]
    assert [row.label.endswith("*") for row in table.rows] == [count < 10 for count in events]
    assert bool(table.note) == any(count < 10 for count in events)


def test_what_was_listed_in_time_is_told_of_the_model_and_the_rules(record):
    table = the_table(record, 0, "In time?")
    assert table.rows[0].is_ours
    assert all(re.fullmatch(r"[\d.]+\u00a0%", row.figures[0]) for row in table.rows)


def test_the_auc_of_past_mornings_stands_beside_the_one_expected_and_how_many_count(
    record, measures
):
    table = the_table(record, 0, "By horizon")
    assert table.heads[2:5] == ("auc", "auc_expected_today", "mornings_counted")
    told = measures.loc[measures["measure"] == "mornings_counted", "value"]
    assert [row.figures[3] for row in table.rows] == [f"{count:.0f}" for count in told]
    other = the_table(record, 1, "By horizon")
    assert "auc_expected_today" not in other.heads


def test_without_a_backtest_there_is_no_page(tmp_path):
    assert "track" not in chapters(tmp_path)
    assert "track" not in chapters(tmp_path, backtest=pd.DataFrame())


def test_the_page_is_in_the_menu_and_every_head_leads_to_its_definition(measures, tmp_path):
    world = a_world(a_configuration(tmp_path))
    write_report(tmp_path, **world, tables={"backtest": measures})
    page = Page(tmp_path / "track.html")
    anchors = Page(tmp_path / "definitions.html").anchors
    linked = [a for a in page.addresses if a.startswith("definitions.html#")]
    assert len(linked) > 20
    assert all(address.partition("#")[2] in anchors for address in linked)
    assert "track.html" in Page(tmp_path / "index.html").addresses
    assert "nan" not in page.text.lower().split()
