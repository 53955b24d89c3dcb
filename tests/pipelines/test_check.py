"""``milepost check`` tells in advance what can be learnt, and how much is missing."""

import os
from datetime import timedelta

import pandas as pd
import pytest

from configs.errors import ConfigError, DataError
from pipelines.check import readiness
from tests.behaviour.variants import Frames, told_otherwise
from tests.features.damaged import damaged
from tests.pipelines.commands import run_alone


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


def test_who_left_of_accounts_we_do_not_know_is_nothing_to_learn_from(company, tmp_path):
    def fewer(frames: Frames) -> Frames:
        left = frames["exits"]["account_id"].head(5)
        accounts = frames["accounts"]
        return frames | {"accounts": accounts.loc[~accounts["account_id"].isin(left)]}

    def left(lines: list[str]) -> int:
        return sum(int(line.split()[0]) for line in lines if "accounts left by" in line)

    assert left(told(told_otherwise(company, tmp_path, fewer))) == left(told(company)) - 5


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (lambda rows: rows.drop(columns="industry"), "names what accounts lacks: `industry`"),
        (
            lambda rows: rows.drop(columns="plan"),
            "reads the column `plan`, which accounts lacks",
        ),
        (lambda rows: rows.assign(seats="many"), "accounts holds 'many' there"),
    ],
)
def test_what_a_build_would_refuse_of_the_accounts_is_refused_before_anything_is_said(
    company, tmp_path, change, wrong
):
    def few(frames: Frames) -> Frames:
        return frames | {
            "accounts": change(frames["accounts"]),
            "exits": frames["exits"].head(3),
        }

    other = told_otherwise(company, tmp_path, few)
    with pytest.raises(ConfigError, match=wrong):
        next(readiness(other.config, None, today=other.as_of))


@pytest.fixture(scope="module")
def harmed(company, tmp_path_factory):
    """The same company, one file of which is damaged where nothing else looks."""
    told = told_otherwise(company, tmp_path_factory.mktemp("harmed"), lambda frames: frames)
    damaged(told.tables / "touches.parquet", "user_id")
    return told


def test_checking_says_nothing_is_in_order_before_everything_was_read(company, harmed):
    lines = readiness(harmed.config, company.as_of, today=company.as_of)
    with pytest.raises(DataError, match=r"touches cannot be read \(touches\.parquet: "):
        next(lines)


def test_a_build_that_stumbles_over_damage_says_so_in_one_line_and_writes_nothing(
    company, harmed, tmp_path
):
    damaged(harmed.tables / "activity.parquet", "account_id")
    bare = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    words = ("--config", harmed.config, "--lake", tmp_path, "--as-of", company.as_of)
    told = run_alone("build", *words, environment=bare).the_error()
    assert "activity cannot be read (activity.parquet: " in told
    assert not list((tmp_path / "acme").glob("builds/*"))
