"""``milepost check`` tells in advance what can be learnt, and how much is missing."""

from datetime import timedelta

import pandas as pd

from pipelines.check import readiness


def told(company, *, ago: int = 0) -> list[str]:
    day = company.as_of - timedelta(days=ago)
    return list(readiness(company.config, day, today=company.as_of))


def test_a_segment_too_small_alone_is_named_with_how_many_more_it_needs(company):
    exits, accounts = (
        pd.read_parquet(company.tables / f"{name}.parquet") for name in ("exits", "accounts")
    )
    assert (exits["cause"] == "churn").sum() >= 30
    small = [line for line in told(company) if line.startswith("  too small: segment ")]
    assert small
    assert all("its risks borrow from all accounts" in line for line in small)
    assert len(small) <= accounts["plan"].nunique()


def test_too_few_exits_in_all_are_told_with_how_many_more_are_needed(company):
    lines = told(company, ago=500)
    (said,) = [line for line in lines if "a model needs 30" in line]
    count = int(said.split()[2])
    assert f"{30 - count} more, and until then simple rates are shown" in said
    assert not [line for line in lines if "too small: segment" in line]


def test_a_milestone_few_have_reached_tells_how_many_more_are_needed(company):
    lines = [line for line in told(company, ago=600) if "too small to learn from:" in line]
    assert lines
    for line in lines:
        reached, more = int(line.split("reached by ")[1].split()[0]), line.split(": ")[-1]
        assert more == f"{30 - reached} more)"


def test_what_a_holdout_could_show_is_told_before_anybody_is_held_out(company):
    (said,) = [line for line in told(company) if "a holdout of 10%" in line]
    assert "`programme.holdout_share`" in said
