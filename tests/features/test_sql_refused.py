"""What a database holds and Milepost cannot is refused in one line, as a file's is."""

import psycopg
import pytest

from configs.errors import DataError
from tests.features.given_tables import as_postgres, in_postgres


@pytest.mark.parametrize(
    ("table", "column", "kind", "value", "told"),
    [
        ("activity", "occurred_at", "timestamp", "infinity", "is not a timestamp"),
        ("activity", "occurred_at", "timestamp", "-infinity", "is not a timestamp"),
        ("activity", "occurred_at", "timestamptz", "infinity", "is not a timestamp"),
        ("activity", "occurred_at", "date", "infinity", "is not a timestamp"),
        ("accounts", "signed_up_at", "timestamp", "infinity", "is not a timestamp"),
        ("activity", "known_at", "timestamp", "-infinity", "is not a timestamp"),
        ("plans", "due_on", "date", "infinity", "is not a date"),
        ("activity", "quantity", "numeric", "NaN", "is not a number"),
        ("activity", "quantity", "numeric", "Infinity", "is not a number"),
        ("activity", "quantity", "float8", "inf", "is not a number"),
    ],
)
def test_what_the_database_holds_and_no_calendar_does_is_refused_and_shown(
    postgres, table, column, kind, value, told
):
    as_postgres(postgres)
    for statement in (
        "CREATE TABLE cs.plans (account_id text, milestone text, due_on date)",
        "INSERT INTO cs.plans VALUES ('007', 'live', '2024-05-01')",
        f"ALTER TABLE cs.{table} ADD COLUMN IF NOT EXISTS {column} {kind}",
        f"ALTER TABLE cs.{table} ALTER {column} TYPE {kind}",
        f"UPDATE cs.{table} SET {column} = '{value}' WHERE account_id = '007'",
    ):
        with psycopg.connect(postgres) as connection:
            connection.execute(statement)
    with pytest.raises(DataError) as refused:
        in_postgres(postgres).check()
    said = str(refused.value)
    assert "\n" not in said
    assert f"{table}.{column}: 1 row {told} (it is: [" in said
    assert f"{column}={value}" in said
