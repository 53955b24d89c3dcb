"""Two small tables, written to disk in each way that a customer may keep them."""

from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pytest
from adbc_driver_postgresql import dbapi

from configs.errors import ConfigError, DataError
from configs.project import Project
from features.sources import Source, open_source

NOON = datetime(2024, 3, 1, 12)
ACCOUNTS = pd.DataFrame(
    {
        "account_id": ["007", "a2", "a3"],
        "signed_up_at": [NOON] * 3,
        "plan": ["team", "team", None],
        "seats": [5, 500, 20],
        "zip": ["01234", "99999", "00001"],
    }
)
ACTIVITY = pd.DataFrame(
    {
        "account_id": ["007", "a2", "a2", "stranger"],
        "capability": ["run", "sync", "run", "run"],
        "occurred_at": [NOON + timedelta(days=day) for day in range(4)],
        "user_id": ["u1", None, "u2", "u3"],
        "quantity": [1.0, 2.5, None, 1.0],
    }
)
TABLES = {"accounts": ACCOUNTS, "activity": ACTIVITY}


def a_project(path: Path, **source: object) -> Project:
    return Project.model_validate({"name": "acme", "source": {"path": str(path), **source}})


def opened(path: Path, **source: object) -> Source:
    return open_source(a_project(path, **source), path.parent)


def as_csv(folder: Path, **tables: pd.DataFrame) -> Path:
    for name, rows in (TABLES | tables).items():
        rows.to_csv(folder / f"{name}.csv", index=False)
    return folder


def as_parquet(folder: Path, **tables: pd.DataFrame) -> Path:
    for name, rows in (TABLES | tables).items():
        rows.to_parquet(folder / f"{name}.parquet")
    return folder


def as_duckdb(folder: Path, **tables: pd.DataFrame) -> Path:
    with duckdb.connect(str(folder / "cs.duckdb")) as connection:
        for name, rows in (TABLES | tables).items():
            connection.register("rows", rows)
            connection.execute(f'CREATE TABLE "{name}" AS SELECT * FROM rows')
    return folder / "cs.duckdb"


def as_postgres(url: str, schema: str = "cs", **tables: pd.DataFrame | pa.Table) -> str:
    """Write tables into a schema of their own, in the types that PostgreSQL has for them."""
    with dbapi.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '5s'")
        cursor.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        cursor.execute(f"CREATE SCHEMA {schema}")
        for name, rows in (TABLES | tables).items():
            table = rows if isinstance(rows, pa.Table) else pa.Table.from_pandas(rows)
            cursor.adbc_ingest(name, table, mode="create", db_schema_name=schema)
        connection.commit()
    return schema


def in_postgres(url: str, **source: object) -> Source:
    where = {"kind": "sql", "url": url, "schema": "cs", **source}
    return open_source(a_project(Path("unread"), **where), Path())


def in_order(source: Source, name: str) -> pd.DataFrame:
    rows = source.tables[name].to_pandas()
    return rows.sort_values(list(rows.columns), ignore_index=True)


def complaint(path: Path, **source: object) -> str:
    with pytest.raises((DataError, ConfigError)) as told:
        opened(path, **source).check()
    assert "\n" not in str(told.value)
    return str(told.value)
