"""Every score ever written is kept: nothing overwrites it, and nothing is kept twice."""

from datetime import date

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.errors import LakeError
from pipelines.lake import Lake
from pipelines.ledger import Ledger

MONDAY, TUESDAY, WEDNESDAY = date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 4)


def said(risk: float, account: str = "a") -> dict[str, pa.Table]:
    return {"accounts": pa.table({"account_id": [account], "churn_risk_90d": [risk]})}


@pytest.fixture
def lake(tmp_path) -> Lake:
    return Lake(tmp_path / "lake", "acme")


def parts(lake: Lake) -> list[str]:
    return sorted(p.relative_to(lake.ledger).as_posix() for p in lake.ledger.rglob("*.parquet"))


def risks(lake: Lake, **asked: object) -> list[float]:
    wanted = {"before": date(2027, 1, 1), "every_days": 1, **asked}
    rows = Ledger(lake).first_said("accounts", **wanted)
    return rows["churn_risk_90d"].tolist() if len(rows) else []


def test_a_part_that_was_cut_short_is_named_and_never_overwritten(lake):
    Ledger(lake).keep(MONDAY, said(0.1), version="aaa")
    part = lake.ledger / "accounts/as_of=2026-03-02/0001-aaa.parquet"
    part.write_bytes(part.read_bytes()[:-9])
    with pytest.raises(LakeError, match=r"0001-aaa\.parquet: is not whole .*\. Put it back"):
        Ledger(lake).keep(MONDAY, said(0.1), version="aaa")
    assert parts(lake) == ["accounts/as_of=2026-03-02/0001-aaa.parquet"]


def test_a_morning_scored_again_by_another_model_keeps_both_and_the_first_counts(lake):
    ledger = Ledger(lake)
    ledger.keep(MONDAY, said(0.1), version="aaa")
    first = (lake.ledger / "accounts/as_of=2026-03-02/0001-aaa.parquet").read_bytes()
    ledger.keep(MONDAY, said(0.2), version="bbb")
    ledger.keep(MONDAY, said(0.3), version="aaa")
    assert parts(lake) == [
        "accounts/as_of=2026-03-02/0001-aaa.parquet",
        "accounts/as_of=2026-03-02/0002-bbb.parquet",
        "accounts/as_of=2026-03-02/0003-aaa.parquet",
    ]
    assert (lake.ledger / parts(lake)[0]).read_bytes() == first
    assert risks(lake) == [0.1]


def test_the_same_scores_again_add_nothing(lake):
    ledger = Ledger(lake)
    for risk in (0.1, 0.2, 0.1, 0.2):
        ledger.keep(MONDAY, said(risk), version="aaa")
    assert len(parts(lake)) == 2


def test_only_mornings_before_the_one_asked_from_are_read(lake):
    ledger = Ledger(lake)
    for day, risk in ((MONDAY, 0.1), (TUESDAY, 0.2), (WEDNESDAY, 0.3)):
        ledger.keep(day, said(risk), version="aaa")
    assert sorted(risks(lake, before=WEDNESDAY)) == [0.1, 0.2]
    assert risks(lake, before=WEDNESDAY, every_days=7) == [0.2]
    assert Ledger(lake).mornings("accounts", before=WEDNESDAY) == [MONDAY, TUESDAY]


def test_an_empty_ledger_has_said_nothing(lake):
    assert risks(lake) == []
    assert Ledger(lake).first_said("milestones", before=MONDAY, every_days=1).empty


def test_parts_of_other_horizons_can_be_read_together(lake):
    ledger = Ledger(lake)
    ledger.keep(MONDAY, said(0.1), version="aaa")
    other = {"accounts": pa.table({"account_id": ["a"], "churn_risk_60d": [0.4]})}
    ledger.keep(TUESDAY, other, version="bbb")
    rows = ledger.first_said("accounts", before=WEDNESDAY, every_days=1).sort_values("day")
    assert rows["churn_risk_60d"].isna().tolist() == [True, False]
    assert pd.isna(rows["churn_risk_90d"].iloc[1])


@given(st.lists(st.sampled_from([0.1, 0.2, 0.3]), max_size=8))
def test_whatever_is_scored_nothing_once_said_is_ever_lost(tmp_path_factory, order):
    lake = Lake(tmp_path_factory.mktemp("ledger"), "acme")
    seen: list[bytes] = []
    for risk in order:
        Ledger(lake).keep(MONDAY, said(risk), version="aaa")
        now = [(lake.ledger / part).read_bytes() for part in parts(lake)]
        assert now[: len(seen)] == seen
        seen = now
    assert len(seen) == len(set(order))
