"""The playbook for the Open University against the dates that were really agreed there."""

import os
from pathlib import Path

import duckdb
import pytest

from configs.load import load

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("MILEPOST_DATA", ROOT / "../shared/data")).resolve() / "oulad"

AGREED = """
SELECT a.module, p.milestone,
       CAST(median(date_diff('day', coalesce(q.due_on, a.kickoff_at), p.due_on)) AS INT)
FROM '{data}/plans.parquet' p JOIN '{data}/accounts.parquet' a USING (account_id)
LEFT JOIN '{data}/plans.parquet' q ON q.account_id = p.account_id AND q.milestone = $before
WHERE p.milestone = $milestone GROUP BY ALL
"""


@pytest.fixture(scope="module")
def playbook():
    if not DATA.is_dir():
        pytest.fail(f"{DATA} is absent: set MILEPOST_DATA to the folder of the shared data")
    return load(ROOT / "configs/oulad").playbook


def test_each_module_has_the_assignments_that_its_students_were_given(playbook):
    rows = duckdb.sql(
        f"SELECT DISTINCT module, milestone FROM '{DATA}/plans.parquet'"
        f" JOIN '{DATA}/accounts.parquet' USING (account_id)"
    ).fetchall()
    assert {(s, m.slug) for m in playbook.milestones for s in m.segments} == set(rows)


def test_the_expected_days_are_the_medians_of_the_agreed_dates(playbook):
    for milestone in playbook.milestones:
        named = {"milestone": milestone.slug, "before": (*milestone.requires, "nothing")[0]}
        rows = duckdb.execute(AGREED.format(data=DATA), named).fetchall()
        assert milestone.expected_days == {module: days for module, _, days in rows}


def test_the_ladder_raises_no_warning(playbook):
    assert playbook.warnings() == ()
