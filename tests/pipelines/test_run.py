import json
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from pipelines.lake import Lake
from serving.scorecard import accounts_schema, milestones_schema

HORIZONS = (30, 60, 90, 180)


@pytest.fixture(scope="module")
def scores(company, first_run) -> Path:
    lake, _ = first_run
    return Lake(lake, "acme").path("scores", company.as_of)


@pytest.fixture(scope="module")
def accounts(scores) -> pd.DataFrame:
    return pd.read_parquet(scores / "accounts.parquet")


@pytest.fixture(scope="module")
def manifest(scores) -> dict:
    return json.loads((scores / "run.json").read_text("utf-8"))


def parquet_of(lake: Path) -> dict[str, bytes]:
    """The bytes of every Parquet file that a run leaves behind."""
    files = sorted((lake / "acme").rglob("*.parquet"))
    return {path.relative_to(lake).as_posix(): path.read_bytes() for path in files}


def test_one_command_does_all_of_it_and_says_where_to_look(company, first_run, scores):
    lake, said = first_run
    assert said.status == 0
    assert said.complaints == []
    steps = ["connect and check the tables", "build features", "backtest on past mornings"]
    assert all(step in said.err for step in [*steps, "fit models", "score accounts"])
    assert str(scores / "report" / "index.html") in said.out
    assert Lake(lake, "acme").dates("scores") == [company.as_of]


def test_the_tables_are_as_promised(scores):
    for file, schema in {
        "accounts.parquet": accounts_schema(HORIZONS),
        "milestones.parquet": milestones_schema(HORIZONS),
    }.items():
        assert pq.read_schema(scores / file).equals(schema)


def test_every_scored_account_has_a_risk_that_its_reasons_explain(company, accounts):
    assert accounts["rank"].tolist() == list(range(1, len(accounts) + 1))
    assert set(accounts["as_of"]) == {company.as_of}
    assert set(accounts["status"]) == {"scored"}
    points = [sum(reason["points"] for reason in own) for own in accounts["reasons"]]
    np.testing.assert_allclose(
        accounts["base_risk"] + points, accounts["churn_risk"], atol=1e-6
    )
    risks = accounts[[f"churn_risk_{days}d" for days in HORIZONS]].to_numpy()
    assert (np.diff(risks, axis=1) >= 0).all()
    assert set(accounts["pace"]) <= {"on_track", "behind", "stuck", "done"}


def test_milestones_are_told_of_every_account_that_is_told_of(scores, accounts):
    ladder = pd.read_parquet(scores / "milestones.parquet")
    assert set(ladder["account_id"]) == set(accounts["account_id"])
    assert not ladder.duplicated(["account_id", "milestone"]).any()
    told = ladder.assign(up=ladder["state"].isin(["done", "lost"])).groupby("account_id")["up"]
    by_account = accounts.set_index("account_id").sort_index()
    assert by_account["milestones_done"].tolist() == told.sum().tolist()
    assert by_account["milestones_total"].tolist() == told.size().tolist()
    for days in HORIZONS:
        both = ladder[f"chance_{days}d"] + ladder[f"exit_first_{days}d"]
        assert (both.dropna() <= 1).all()


def test_run_json_tells_what_it_was_made_of(company, manifest, accounts):
    assert manifest["as_of"] == company.as_of.isoformat()
    assert manifest["configuration"] == {
        "name": "acme",
        "fingerprint": company.configuration.fingerprint,
    }
    assert manifest["data"]["fingerprint"] == company.source.fingerprint()
    facts = company.source.facts
    assert {n: t["rows"] for n, t in manifest["data"]["tables"].items()} == {
        name: told.rows for name, told in facts.items()
    }
    newest = datetime.fromisoformat(manifest["data"]["newest_activity_at"])
    assert newest == company.source.newest_known(company.as_of)["activity"]
    assert manifest["rows"]["accounts"] == len(accounts)
    assert manifest["seeds"] == {"models": 7}
    assert manifest["timings"].keys() >= {"score accounts"}
    assert manifest["code_version"]


def test_run_json_tells_how_far_to_trust_it(manifest, accounts):
    models = manifest["models"]
    assert models["trained_on"] == manifest["as_of"]
    assert set(accounts["model_version"]) == {models["churn"]} == {models["milestones"]}
    assert models["gate"]["reasons"]
    for question in ("churn", "milestones"):
        told = manifest["skill"][question]
        assert {"has_skill", "best_baseline", "margin", "low", "high"} <= told.keys()
        assert {row["origin"] for row in manifest["backtest"][question]} > {"all"}
    source = "model" if models["gate"]["promoted"] else "baseline"
    assert set(accounts["risk_source"]) == {source}


def test_the_report_has_a_page_for_every_account(scores, accounts):
    pages = list((scores / "report" / "accounts").glob("*.html"))
    assert len(pages) == len(accounts)
    assert accounts["name"].iloc[0] in (scores / "report" / "index.html").read_text("utf-8")


def test_the_same_inputs_give_the_same_bytes_elsewhere_and_again(
    company, first_run, lake, prefect_server
):
    from pipelines.run import run

    assert run(str(company.config), str(lake)) == company.as_of
    once = parquet_of(lake)
    assert len(once) > 5
    assert once == parquet_of(first_run[0])
    run(str(company.config), str(lake))
    assert parquet_of(lake) == once
