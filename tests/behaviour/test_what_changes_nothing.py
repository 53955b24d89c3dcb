"""What an account is called, and how its rows are kept, says nothing about it."""

import duckdb
import numpy as np
import pandas as pd

from tests.behaviour.variants import Frames, frames_of, risks, told_otherwise
from tests.company import Company, a_config


def same_features(one: Company, other: Company) -> None:
    for name in ("snapshots", "values", "steps", "standing", "exits", "reached", "usage"):
        pd.testing.assert_frame_equal(
            getattr(one.features, name), getattr(other.features, name)
        )


def test_renaming_accounts_changes_no_risk_and_no_rank(company, tmp_path):
    def renamed(frames: Frames) -> Frames:
        accounts = frames["accounts"]
        return frames | {"accounts": accounts.assign(name="A new name", owner="Somebody else")}

    told = told_otherwise(company, tmp_path, renamed)
    before = company.scores(company.speaking).accounts
    after = company.scores(company.speaking, features=told.features).accounts
    same = ["account_id", "rank", "churn_risk", "churn_risk_low", "churn_risk_high", "pace"]
    pd.testing.assert_frame_equal(before[same], after[same])
    assert set(after["name"]) == {"A new name"}


def test_other_account_ids_change_no_risk(company, tmp_path):
    ids = sorted(frames_of(company)["accounts"]["account_id"].unique())
    new = {old: f"customer {1000 - place}" for place, old in enumerate(ids)}

    def renumbered(frames: Frames) -> Frames:
        return {
            name: frame.assign(account_id=frame["account_id"].map(new))
            for name, frame in frames.items()
        }

    told = told_otherwise(company, tmp_path, renumbered)
    before, after = risks(company, company), risks(company, told)
    pd.testing.assert_series_equal(before.rename(index=new).sort_index(), after)


def test_a_column_nobody_knows_changes_nothing(company, tmp_path):
    def extended(frames: Frames) -> Frames:
        return {n: f.assign(colour="blue", score=range(len(f))) for n, f in frames.items()}

    same_features(company, told_otherwise(company, tmp_path, extended))


def test_the_order_of_rows_changes_nothing(company, tmp_path):
    def shuffled(frames: Frames) -> Frames:
        return {name: frame.sample(frac=1, random_state=5) for name, frame in frames.items()}

    same_features(company, told_otherwise(company, tmp_path, shuffled))


def test_rows_of_accounts_nobody_signed_up_change_nothing(company, tmp_path):
    def visited(frames: Frames) -> Frames:
        strangers = frames["activity"].sample(500, random_state=5).assign(account_id="stranger")
        return frames | {"activity": pd.concat([frames["activity"], strangers])}

    told = told_otherwise(company, tmp_path, visited)
    assert told.source.facts["activity"].rows_of_unknown_accounts == 500
    np.testing.assert_array_equal(told.features.values["active_days_28d"], of_use(company))
    pd.testing.assert_series_equal(risks(company, company), risks(company, told))


def of_use(company: Company) -> "pd.Series[float]":
    return company.features.values["active_days_28d"]


def test_the_same_tables_as_csv_say_the_same(company, tmp_path):
    (tmp_path / "tables").mkdir()
    for name, frame in frames_of(company).items():
        frame.to_csv(tmp_path / "tables" / f"{name}.csv", index=False)
    told = Company(tmp_path / "tables", a_config(tmp_path / "configs", tmp_path / "tables"))
    pd.testing.assert_series_equal(risks(company, company), risks(company, told))


def test_the_same_tables_in_a_database_say_the_same(company, tmp_path):
    with duckdb.connect(str(tmp_path / "cs.duckdb")) as connection:
        for path in company.tables.glob("*.parquet"):
            connection.execute(f"CREATE TABLE {path.stem} AS FROM '{path}'")
    config = a_config(tmp_path / "configs", tmp_path / "cs.duckdb")
    written = (config / "project.toml").read_text("utf-8")
    (config / "project.toml").write_text(written.replace('"files"', '"duckdb"'), "utf-8")
    same_features(company, Company(company.tables, config))
