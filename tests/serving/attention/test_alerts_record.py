"""Of what was raised, how much came true, and how long before."""

from dataclasses import replace
from datetime import timedelta

import pandas as pd
import pytest

from serving.attention.alerts_record import alerts_record, alerts_record_schema
from serving.morning import Morning
from serving.scorecard import as_table
from tests.builders import MORNING, AnAccount, a_world
from tests.serving.mornings import Memory, a_morning

TODAY = MORNING.date()
IDS = [f"a{number}" for number in range(6)]


@pytest.fixture(scope="module")
def bare() -> Morning:
    accounts = [AnAccount(i).signed_up(60).was_active(*range(1, 50, 3)) for i in IDS]
    world = a_world(*accounts)
    return a_morning(TODAY, world.build(MORNING), None, world.configuration)


def test_the_record_counts_what_came_true_and_how_long_before(bare):
    day = TODAY - timedelta(days=200)
    past = Memory()
    rows = pd.DataFrame(
        {"account_id": ["a0", "a1", "a1"], "kind": ["high", "high", "stuck"], "state": "raised"}
    )
    past.tables[day] = {"accounts": bare.accounts, "alerts": rows}
    recent = TODAY - timedelta(days=3)
    past.tables[recent] = {"accounts": bare.accounts, "alerts": rows.iloc[:1]}
    exits = pd.DataFrame(
        {
            "account_id": ["a1", "a2"],
            "exited_at": pd.to_datetime([day + timedelta(days=30), day + timedelta(days=60)]),
            "cause": ["churn", "churn"],
            "known_at": pd.to_datetime([day + timedelta(days=30), day + timedelta(days=60)]),
            "returned_at": pd.NaT,
        }
    )
    features = replace(bare.features, exits=exits)
    record = alerts_record(replace(bare, past=past, features=features), {})
    schema = alerts_record_schema(bare.configuration)
    assert as_table(record, schema).schema.equals(schema)
    by_kind = record.set_index("kind")
    assert by_kind.loc["all", ["raised", "matured", "left"]].tolist() == [3, 2, 1]
    assert by_kind.loc["high", ["raised", "matured", "left"]].tolist() == [3, 2, 1]
    assert by_kind.loc["stuck", "precision"] == 1.0
    assert by_kind.loc["all", "base_rate"] == pytest.approx(2 / 6)
    assert by_kind.loc["all", "median_lead_days"] == 30.0


def test_the_record_follows_an_account_from_each_alert_to_its_next_exit(bare):
    """Of ninety days the last is the eighty-ninth after the alert; who came back is followed
    to the exit that came next, and who had left by then, as nobody knew yet, leaves at once.
    """
    day = TODAY - timedelta(days=200)

    def exits(*told: tuple[str, int, int, str]) -> pd.DataFrame:
        ids, left, known, causes = zip(*told, strict=True)
        moments = [
            pd.to_datetime([day + timedelta(days=ahead) for ahead in each])
            for each in (left, known)
        ]
        frame = {"account_id": ids, "exited_at": moments[0], "known_at": moments[1]}
        return pd.DataFrame({**frame, "cause": causes, "returned_at": pd.NaT})

    features = replace(
        bare.features,
        exits=exits(
            ("a0", 89, 89, "churn"),
            ("a1", 90, 90, "churn"),
            ("a2", 20, 20, "churn"),
            ("a2", 150, 150, "churn"),
            ("a3", -5, 2, "churn"),
            ("a4", 10, 10, "acquired"),
            ("a4", 60, 60, "churn"),
            ("a5", -9, -2, "churn"),
        ),
    )
    rows = pd.DataFrame({"account_id": IDS, "kind": IDS, "state": "raised"})
    past = Memory()
    past.tables[day] = {"accounts": bare.accounts, "alerts": rows}
    record = alerts_record(replace(bare, past=past, features=features), {}).set_index("kind")
    assert record.loc[IDS, "left"].tolist() == [1, 0, 1, 1, 0, 0]
    assert record.loc[["a0", "a2", "a3"], "median_lead_days"].tolist() == [89, 20, 0]
    assert record.loc["all", "base_rate"] == record.loc["all", "precision"] == 3 / 6


def test_without_past_alerts_there_is_no_record(bare):
    assert alerts_record(bare, {}).empty
