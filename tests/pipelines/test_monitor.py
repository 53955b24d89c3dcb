"""``milepost monitor``: what was said is graded, and a model that has decayed learns anew."""

import json
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from features.asof import ordinal
from pipelines.lake import Lake
from pipelines.ledger import Ledger
from tests.company import SMALL, a_config
from tests.pipelines.commands import typed
from training.proof.gate import Decision
from training.record import record_run
from training.registry import Registry

PASSED = Decision(promoted=True, reasons=("beats the baselines",))


@pytest.fixture(scope="module")
def long_ago(company, laid_out, tmp_path_factory) -> Path:
    """A lake whose champion learnt a hundred days ago."""
    lake = Path(shutil.copytree(laid_out, tmp_path_factory.mktemp("long-ago") / "lake"))
    meta = {**company.models.meta, "training_day": company.day - 100}
    models = replace(company.models, meta=meta)
    record_run(Registry(lake), models, PASSED, company.configuration.project, prints={})
    return lake


@pytest.fixture
def lake(long_ago, tmp_path) -> Path:
    return Path(shutil.copytree(long_ago, tmp_path / "lake"))


def said(company, lake: Path, risk: float) -> None:
    """On four mornings, as long ago, everybody was told the same risk by the model."""
    snapshots = company.features.snapshots
    days = sorted(set(snapshots["day"]))
    for day in [d for d in days if company.day - d > 200][-4:]:
        accounts = snapshots.loc[snapshots["day"] == day, "account_id"]
        told = {f"churn_risk_{days}d": [risk] * len(accounts) for days in (30, 60, 90, 180)}
        source = ["model"] * len(accounts)
        rows = pa.table({"account_id": list(accounts), "risk_source": source, **told})
        morning = company.as_of - timedelta(days=int(company.day - day))
        Ledger(Lake(lake, "acme")).keep(morning, {"accounts": rows}, version="v")


def test_a_model_that_has_decayed_is_called_out_and_learns_anew(
    company, lake, prefect_server, tmp_path, capfd, monkeypatch
):
    said(company, lake, 0.9)
    few_will_do = SMALL.replace("[models]", "[models]\nmin_events = 10")
    config = a_config(tmp_path / "acme", company.tables, more=few_will_do)
    words = ("monitor", "--config", config, "--lake", lake)
    shown = typed(capfd, monkeypatch, *words)
    assert shown.status == 0
    assert f"as of {company.as_of}:" in shown.out
    assert "  decayed: within 180 days, " in shown.out
    assert "churn by the model, 180 days: " in shown.out
    learnt = [
        Registry(lake).bundle("acme", version=each.version).meta["training_day"]
        for each in Registry(lake).versions("acme")
    ]
    assert learnt == [company.day - 100, company.day]


def test_what_was_found_is_kept_beside_the_tables_behind_it(company, first_run):
    lake = Lake(first_run[0], "acme")
    folder = lake.path("monitor", company.as_of)
    names = {"run.json", "matured.parquet", "drift.parquet", "inflow.parquet"}
    assert {path.name for path in folder.iterdir()} == names
    told = json.loads((folder / "run.json").read_text("utf-8"))
    assert told["as_of"] == company.as_of.isoformat()
    assert {row["table"] for row in told["inflow"]} >= {"activity", "accounts"}
    assert told["drift"][0]["index"] >= told["drift"][-1]["index"]
    assert lake.read_json("scores", company.as_of)["health"] == told


def test_every_score_of_a_run_is_in_the_ledger(company, first_run):
    lake = Lake(first_run[0], "acme")
    scores = lake.read("scores", company.as_of, file="accounts.parquet")
    after = company.as_of + timedelta(days=1)
    kept = Ledger(lake).first_said("accounts", before=after, every_days=1)
    columns = ["account_id", "churn_risk_30d", "churn_risk_180d", "model_version"]
    pd.testing.assert_frame_equal(
        kept[columns], scores.sort_values("account_id", ignore_index=True)[columns]
    )
    steps = lake.read("scores", company.as_of, file="milestones.parquet")
    told = Ledger(lake).first_said("milestones", before=after, every_days=1)
    assert len(told) == steps["chance_180d"].notna().sum() > 0
    assert set(told["day"]) == {ordinal(company.as_of)}


def test_a_model_learns_anew_no_more_often_than_it_may(company, long_ago):
    from pipelines.monitor import may_learn_again

    project = company.configuration.project
    learnt = company.as_of - timedelta(days=100)
    assert not may_learn_again(Registry(long_ago), project, learnt + timedelta(days=6))
    assert may_learn_again(Registry(long_ago), project, learnt + timedelta(days=7))
