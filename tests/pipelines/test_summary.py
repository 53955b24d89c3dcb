"""Whoever ran the job reads the head of the list in the terminal."""

import pytest

from configs.phrases import load_phrases
from pipelines.lake import Lake, write_parquet
from pipelines.summary import newest_scores
from serving.scorecard import accounts_schema, as_table
from tests.serving.report_settings import a_configuration, students
from tests.serving.report_world import AS_OF, a_world


@pytest.fixture
def told(tmp_path):
    """Tell the summary of some accounts under a configuration."""

    def tell(accounts, configuration) -> list[str]:
        lake = Lake(tmp_path / "lake", configuration.project.name)
        schema = accounts_schema(configuration.project.outcomes.horizons_days)
        with lake.replace("scores", AS_OF) as folder:
            table = as_table(accounts.sort_values("rank"), schema)
            write_parquet(table, folder / "accounts.parquet")
        phrases = load_phrases(configuration.folder)
        return list(newest_scores(lake, AS_OF, project=configuration.project, phrases=phrases))

    return tell


def test_the_first_ten_stand_in_columns_with_what_raises_their_risk(tmp_path, told):
    configuration = a_configuration(tmp_path)
    accounts = a_world(configuration, count=30)["accounts"]
    head, names, *rows, report, tables = told(accounts, configuration)
    assert head == "30 live accounts as of 9 Mar 2025, first to work:"
    assert names.split() == ["Risk", "At", "risk", "Account", "Owner", "Why"]
    assert len(rows) == 10
    first = accounts.loc[accounts["rank"].eq(1)].iloc[0]
    for cell in (first["name"], first["owner"], "%", "▲"):
        assert cell in rows[0]
    assert len({row.index(mark) for row in rows for mark in "▲▼" if mark in row}) == 1
    assert report.endswith("index.html")
    assert str(AS_OF) in tables


def test_people_without_names_owners_or_amounts_are_told_by_their_id(tmp_path, told):
    configuration = students(tmp_path)
    own_words = '[words]\naccount = ["student", "students"]\n'
    (configuration.folder / "phrases.toml").write_text(own_words, encoding="utf-8")
    accounts = a_world(configuration, count=12, has_arr=False)["accounts"]
    head, names, *rows, _, _ = told(accounts, configuration)
    assert head.startswith("12 live students")
    assert names.split() == ["Risk", "Student", "Why"]
    assert "acc-" in rows[0]
    assert not any(word in row for row in rows for word in ("nan", "None"))


def test_an_account_without_a_score_says_why(tmp_path, told):
    configuration = a_configuration(tmp_path)
    accounts = a_world(configuration, count=4)["accounts"]
    rows = told(accounts, configuration)[2:-2]
    assert rows[-1].endswith(("not scored: too new", "not scored: not enough data"))


def test_one_account_is_one(tmp_path, told):
    configuration = a_configuration(tmp_path)
    accounts = a_world(configuration, count=5)["accounts"].query("rank == 1")
    assert told(accounts, configuration)[0].startswith("1 live account as of")
