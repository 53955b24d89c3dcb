"""The configuration for the CRM vendor against the data it is for."""

import os
from pathlib import Path

import duckdb
import pytest

from configs.load import load

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("MILEPOST_DATA", ROOT / "../shared/data")).resolve() / "crm5"

DAYS_UNTIL_TRIED = """
SELECT median(days) FROM (
    SELECT min(date_diff('day', signed_up_at, occurred_at)) AS days
    FROM '{data}/activity.parquet' JOIN '{data}/accounts.parquet' USING (account_id)
    WHERE capability = $capability GROUP BY account_id
)
"""


@pytest.fixture(scope="module")
def playbook():
    if not DATA.is_dir():
        pytest.fail(f"{DATA} is absent: set MILEPOST_DATA to the folder of the shared data")
    return load(ROOT / "configs/crm5").playbook


def test_every_milestone_is_decided_from_use_that_the_data_hold(playbook):
    rows = duckdb.sql(f"SELECT DISTINCT capability FROM '{DATA}/activity.parquet'").fetchall()
    used = {name for (name,) in rows}
    assert {m.done_when.capability for m in playbook.milestones} <= used


def test_half_of_the_accounts_have_tried_a_step_before_it_is_expected_to_be_done(playbook):
    for milestone in playbook.milestones:
        asked = {"capability": milestone.done_when.capability}
        ((tried,),) = duckdb.execute(DAYS_UNTIL_TRIED.format(data=DATA), asked).fetchall()
        assert tried < milestone.expected_days["default"], milestone.slug


def test_the_ladder_raises_no_warning(playbook):
    assert playbook.warnings() == ()
