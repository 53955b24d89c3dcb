"""Laws that every simulated company keeps, whatever the seed."""

from datetime import date
from pathlib import Path

import pandas as pd

from features.simulated import LAST_DAY, simulate
from tests.features.simulated.conftest import MORNING, World, read

CAPABILITIES = {
    *("login", "source_synced", "workflow_edited", "workflow_run", "report_viewed"),
    *("dashboard_edited", "api_call", "export", "invite_sent", "comment"),
}


def contents(folder: Path) -> dict[str, bytes]:
    files = sorted(folder.rglob("*.parquet"))
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def small(folder: Path, *, seed: int = 5, price_shock_on: date | None = None) -> Path:
    simulate(folder, accounts=25, seed=seed, months=14, price_shock_on=price_shock_on)
    return folder


def test_the_same_arguments_give_the_same_bytes(tmp_path):
    assert contents(small(tmp_path / "one")) == contents(small(tmp_path / "other"))


def test_another_seed_gives_another_company(tmp_path):
    one, other = contents(small(tmp_path / "one")), contents(small(tmp_path / "other", seed=6))
    assert not any(one[name] == other[name] for name in ("accounts.parquet", "exits.parquet"))


def test_a_company_of_one_account_can_be_simulated(tmp_path):
    simulate(tmp_path, accounts=1, seed=1, months=3)
    assert len(read(tmp_path).first_accounts) == 1


def test_the_data_end_on_the_last_day(world):
    activity = world.tables["activity"]
    assert activity["occurred_at"].max().date() == LAST_DAY
    for name in ("activity", "touches", "accounts"):
        assert (world.tables[name]["known_at"] < MORNING).all()


def test_every_capability_is_used_by_somebody(world):
    assert set(world.tables["activity"]["capability"]) == CAPABILITIES


def test_nothing_happens_before_sign_up_or_after_exit(world):
    exits = world.tables["exits"][["account_id", "exited_at"]]
    signed = world.first_accounts[["signed_up_at"]].reset_index()
    for name in ("activity", "touches"):
        rows = world.tables[name].merge(signed).merge(exits, how="left")
        assert (rows["occurred_at"] > rows["signed_up_at"]).all()
        assert not (rows["occurred_at"] >= rows["exited_at"]).any()


def test_people_act_only_in_their_own_account_and_after_they_were_created(world):
    activity, users = world.tables["activity"], world.tables["users"]
    rows = activity.merge(users, on=["account_id", "user_id"], how="left")
    assert rows["role"].notna().all()
    assert (rows["occurred_at"] >= rows["created_at"]).mean() == 1.0
    assert not users["user_id"].duplicated().any()


def test_some_administrators_fall_silent_for_weeks_while_others_work_on(world):
    activity = world.tables["activity"].merge(world.tables["users"])
    week = activity["occurred_at"].dt.to_period("W")
    by_role = activity.groupby(["account_id", week, activity["role"] == "admin"]).size()
    weeks = by_role.unstack(fill_value=0)
    busy = weeks[weeks[False] >= 10]
    assert 0.05 < (busy[True] == 0).mean() < 0.5


def test_about_two_rows_in_a_hundred_arrive_days_late(world):
    activity = world.tables["activity"]
    lag = activity["known_at"] - activity["occurred_at"]
    late = lag > pd.Timedelta(days=1)
    assert 0.015 < late.mean() < 0.025
    assert lag[late].max() < pd.Timedelta(days=11)
    assert lag[~late].max() < pd.Timedelta(hours=4)
    assert (lag > pd.Timedelta(0)).all()


def test_weekends_and_christmas_are_quiet(world):
    day = world.tables["activity"]["occurred_at"].dt.normalize()
    per_day = day.value_counts()
    workday = per_day.index.dayofweek < 5
    assert per_day[~workday].mean() < 0.2 * per_day[workday].mean()
    year = per_day[workday & (per_day.index.year == 2025)]
    christmas = (year.index.month == 12) & (year.index.day >= 24)
    november = year.index.month == 11
    assert year[christmas].mean() < 0.7 * year[november].mean()


def test_terms_tile_from_kickoff_on(world):
    terms = world.tables["contracts"]
    platform = terms[terms["product"] == "platform"].sort_values(["account_id", "starts_on"])
    following = platform.groupby("account_id")["starts_on"].shift(-1)
    continued = following.notna()
    assert (platform["ends_on"][continued] == following[continued]).all()
    kickoff = world.first_accounts["kickoff_at"].dt.normalize()
    begins = platform.groupby("account_id")["starts_on"].min()
    assert (begins == kickoff.reindex(begins.index)).all()


def test_annual_renewals_are_signed_before_they_begin(world):
    terms = world.tables["contracts"]
    length = (terms["ends_on"] - terms["starts_on"]).dt.days
    annual = terms[length > 360]
    assert (annual["signed_at"] < annual["starts_on"]).all()
    assert set(length) <= {28, 29, 30, 31, 365, 366}


def test_whoever_churns_leaves_on_the_day_a_term_ends(world):
    exits, terms = world.tables["exits"], world.tables["contracts"]
    churned = exits[exits["cause"] == "churn"]
    last_end = terms.groupby("account_id")["ends_on"].max().reindex(churned["account_id"])
    assert (churned["exited_at"].dt.normalize().to_numpy() == last_end.to_numpy()).all()


def test_whoever_stays_is_under_contract_on_the_last_morning(world):
    gone = set(world.tables["exits"]["account_id"])
    last_end = world.tables["contracts"].groupby("account_id")["ends_on"].max()
    assert (last_end[~last_end.index.isin(gone)] >= MORNING).all()


def test_the_newest_row_of_an_account_has_the_seats_of_its_contract(world):
    accounts = world.tables["accounts"].sort_values("known_at")
    newest = accounts.drop_duplicates("account_id", keep="last").set_index("account_id")
    terms = world.tables["contracts"]
    in_force = terms[(terms["product"] == "platform") & (terms["starts_on"] < MORNING)]
    seats = in_force.sort_values("starts_on").groupby("account_id")["seats"].last()
    assert (newest["seats"].reindex(seats.index) == seats).all()
    assert (accounts.groupby("account_id").size() > 1).any()


def test_groups_have_at_least_two_accounts(world):
    sizes = world.first_accounts["parent_id"].dropna().value_counts()
    assert sizes.between(2, 6).all()


def test_names_are_unique(world):
    assert world.first_accounts["name"].is_unique


def test_a_csm_looks_after_about_fifty_accounts(world):
    assert world.first_accounts["owner"].value_counts().between(30, 70).all()


def test_tickets_rise_before_an_exit_over_trouble(world):
    exits = world.tables["exits"]
    touches = world.tables["touches"]
    tickets = touches[touches["kind"] == "ticket"]
    near = tickets.merge(exits[exits["reason"].str.startswith("Support")], on="account_id")
    before = (near["exited_at"] - near["occurred_at"]).dt.days
    assert (before < 35).sum() / 5 > (before.between(70, 210)).sum() / 20


def test_enough_accounts_leave_to_learn_from(world: World):
    causes = world.tables["exits"]["cause"].value_counts()
    assert causes["churn"] >= 0.25 * len(world.first_accounts)
    assert 0 < causes["acquired"] < 0.4 * causes["churn"]
