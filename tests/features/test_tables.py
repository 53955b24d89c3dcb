from datetime import UTC, datetime, timedelta, timezone

import ibis
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.sources.duckdb import embedded_engine
from features.tables import TABLES, exits_from_contracts, normalised

NOON = datetime(2024, 3, 1, 12)
ACCOUNTS = pa.table(
    {
        "account_id": ["a1", "a2"],
        "signed_up_at": [NOON, NOON + timedelta(days=1)],
        "kickoff_at": pa.array([None, NOON + timedelta(days=9)], pa.timestamp("us")),
        "plan": ["team", "enterprise"],
        "seats": [5, 500],
    }
)


@pytest.fixture(scope="module")
def engine():
    return embedded_engine()


def read(engine, table: pa.Table, name: str) -> pd.DataFrame:
    rows = engine.create_table("given", table, temp=True, overwrite=True)
    return (
        normalised(rows, TABLES[name]).to_pandas().sort_values("account_id", ignore_index=True)
    )


@settings(deadline=None, max_examples=25)
@given(order=st.permutations(ACCOUNTS.column_names))
def test_the_order_of_columns_changes_nothing(engine, order):
    pd.testing.assert_frame_equal(
        read(engine, ACCOUNTS.select(list(order)), "accounts"),
        read(engine, ACCOUNTS, "accounts"),
    )


own_times = st.one_of(
    st.none(), st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(pd.Timestamp)
)


@settings(deadline=None, max_examples=40)
@given(known_at=own_times, signed_at=own_times)
def test_a_row_is_known_when_it_says_so_else_at_its_own_time(engine, known_at, signed_at):
    contracts = pa.table(
        {
            "account_id": ["a1"],
            "starts_on": [NOON.date()],
            "ends_on": [NOON.date()],
            "signed_at": pa.array([signed_at], pa.timestamp("us")),
            "known_at": pa.array([known_at], pa.timestamp("us")),
        }
    )
    known = read(engine, contracts, "contracts")["known_at"].iloc[0]
    assert known == (known_at or signed_at or pd.Timestamp(NOON.date()))


@pytest.mark.parametrize(
    ("name", "own_time"),
    [
        ("accounts", "signed_up_at"),
        ("users", "created_at"),
        ("activity", "occurred_at"),
        ("achievements", "achieved_at"),
        ("exits", "exited_at"),
        ("touches", "occurred_at"),
    ],
)
def test_each_table_has_its_own_time(engine, name, own_time):
    texts = {c.name: ["x"] for c in TABLES[name].columns.values() if c.kind == "text"}
    rows = read(engine, pa.table({**texts, own_time: [NOON]}), name)
    assert rows["known_at"].tolist() == [pd.Timestamp(NOON)]


def test_a_plan_is_always_known(engine):
    plans = pa.table({"account_id": ["a1"], "milestone": ["m"], "due_on": [NOON.date()]})
    assert read(engine, plans, "plans")["known_at"].tolist() == [pd.Timestamp("1970-01-01")]


def test_a_user_without_a_creation_date_is_always_known(engine):
    users = pa.table({"account_id": ["a1"], "user_id": ["u1"]})
    assert read(engine, users, "users")["known_at"].tolist() == [pd.Timestamp("1970-01-01")]


def test_the_clock_starts_at_sign_up_unless_kickoff_is_known(engine):
    accounts = read(engine, ACCOUNTS, "accounts")
    assert accounts["kickoff_at"].tolist() == [
        pd.Timestamp(NOON),
        pd.Timestamp(NOON + timedelta(days=9)),
    ]


def test_attributes_of_accounts_are_kept_and_other_strangers_are_not(engine):
    assert {"plan", "seats"} <= set(read(engine, ACCOUNTS, "accounts").columns)
    activity = pa.table(
        {"account_id": ["a1"], "capability": ["run"], "occurred_at": [NOON], "browser": ["x"]}
    )
    assert set(read(engine, activity, "activity").columns) == set(TABLES["activity"].columns)


def test_what_holds_several_values_or_a_span_of_time_is_no_attribute(engine):
    counts = pa.array([[("run", 3)], None], pa.map_(pa.string(), pa.int64()))
    accounts = ACCOUNTS.append_column("tags", [[["a", "b"], None]])
    accounts = accounts.append_column("counts", counts)
    accounts = accounts.append_column("wait", [[timedelta(days=3), None]])
    assert set(read(engine, accounts, "accounts").columns) == set(
        read(engine, ACCOUNTS, "accounts").columns
    )


def test_gaps_are_filled_as_the_contract_says(engine):
    activity = pa.table(
        {
            "account_id": ["a1", "a2", "a3"],
            "capability": ["run"] * 3,
            "occurred_at": [NOON] * 3,
            "quantity": [2.0, None, float("nan")],
        }
    )
    assert read(engine, activity, "activity")["quantity"].tolist() == [2.0, 1.0, 1.0]
    exits = pa.table(
        {"account_id": ["a1", "a2"], "exited_at": [NOON] * 2, "cause": ["x", None]}
    )
    assert read(engine, exits, "exits")["cause"].tolist() == ["x", "churn"]


@settings(deadline=None, max_examples=25)
@given(hours=st.integers(-12, 14))
def test_moments_with_a_zone_become_utc_without_one(engine, hours):
    there = NOON.replace(tzinfo=UTC).astimezone(timezone(timedelta(hours=hours)))
    zoned = pa.table(
        {
            "account_id": ["a1", "a2"],
            "capability": ["run", "run"],
            "occurred_at": pa.array([there, there], pa.timestamp("ms", "UTC")),
        }
    )
    written = zoned.set_column(2, "occurred_at", pa.array([there.isoformat()] * 2))
    for table in (zoned, written):
        rows = read(engine, table, "activity")
        assert rows["occurred_at"].tolist() == [pd.Timestamp(NOON)] * 2
        assert rows["occurred_at"].dtype == "datetime64[us]"


def test_a_date_serves_as_a_moment_and_a_moment_as_a_date(engine):
    signed = read(
        engine, pa.table({"account_id": ["a1"], "signed_up_at": [NOON.date()]}), "accounts"
    )
    assert signed["signed_up_at"].tolist() == [pd.Timestamp("2024-03-01")]
    plans = pa.table({"account_id": ["a1"], "milestone": ["m"], "due_on": [NOON]})
    assert read(engine, plans, "plans")["due_on"].tolist() == [pd.Timestamp("2024-03-01")]


@pytest.mark.parametrize("ids", [[7, 12], [7.0, 12.0], ["7", "12"]])
def test_identifiers_kept_as_numbers_are_the_same_accounts(engine, ids):
    users = pa.table({"account_id": ids, "user_id": ids})
    assert sorted(read(engine, users, "users")["user_id"]) == ["12", "7"]


DAY = datetime(2024, 1, 1)


def contracts_of(engine, *lines: tuple[int, int, int]) -> pd.DataFrame:
    """Exits of one account from lines (starts, ends, signed), in days since the new year."""
    rows = pa.table(
        {
            "account_id": ["a1"] * len(lines),
            "starts_on": [DAY + timedelta(days=starts) for starts, _, _ in lines],
            "ends_on": [DAY + timedelta(days=ends) for _, ends, _ in lines],
            "signed_at": [DAY + timedelta(days=signed) for _, _, signed in lines],
        }
    )
    given_lines = engine.create_table("lines", rows, temp=True, overwrite=True)
    contracts = normalised(given_lines, TABLES["contracts"])
    return exits_from_contracts(contracts, grace_days=30).to_pandas().sort_values("exited_at")


def in_days(moments: pd.Series) -> list[int | None]:
    return [None if pd.isna(m) else (m - pd.Timestamp(DAY)).days for m in moments]


def test_an_account_leaves_when_its_last_contract_ends_and_we_know_after_the_grace(engine):
    exits = contracts_of(engine, (0, 365, 0), (365, 730, 360))
    assert in_days(exits["exited_at"]) == [730]
    assert in_days(exits["known_at"]) == [760]
    assert exits["cause"].tolist() == ["churn"]


def test_a_renewal_within_the_grace_is_no_exit(engine):
    assert in_days(contracts_of(engine, (0, 100, 0), (120, 200, 125))["exited_at"]) == [200]


def test_an_account_that_comes_back_later_was_gone_in_between(engine):
    exits = contracts_of(engine, (0, 100, 0), (300, 400, 300))
    assert in_days(exits["exited_at"]) == [100, 400]
    assert in_days(exits["returned_at"]) == [300, None]


def test_an_old_line_recorded_late_brings_nobody_back(engine):
    exits = contracts_of(engine, (0, 100, 0), (0, 50, 300))
    assert in_days(exits["exited_at"]) == [100]
    assert in_days(exits["returned_at"]) == [None]


lines = st.tuples(st.integers(0, 300), st.integers(1, 200), st.integers(-30, 200)).map(
    lambda line: (line[0], line[0] + line[1], max(line[0] + line[2], 0))
)


@settings(deadline=None, max_examples=60)
@given(st.lists(lines, min_size=1, max_size=5), lines, st.integers(0, 700))
def test_a_contract_learnt_later_changes_no_earlier_morning(engine, known, later, morning):
    known = [line for line in known if line[2] < morning] or [(0, 1, 0)]
    later = (later[0], later[1], max(later[2], morning))

    def seen(*all_lines):
        exits = contracts_of(engine, *all_lines)
        then = exits[exits["known_at"] < pd.Timestamp(DAY + timedelta(days=morning))]
        returned = then["returned_at"].where(
            then["returned_at"] < pd.Timestamp(DAY + timedelta(days=morning))
        )
        return in_days(then["exited_at"]), in_days(returned)

    assert seen(*known, later) == seen(*known)


def test_every_required_column_is_typed_and_every_key_is_a_column():
    for contract in TABLES.values():
        assert set(contract.key) <= set(contract.columns)
        assert set(contract.own_time) <= set(contract.columns)
        assert "known_at" in contract.columns


def test_a_column_that_cannot_be_read_becomes_null_rather_than_wrong(engine):
    rows = engine.create_table(
        "given",
        pa.table({"account_id": ["a1"], "signed_up_at": [3]}),
        temp=True,
        overwrite=True,
    )
    assert isinstance(rows, ibis.Table)
    assert normalised(rows, TABLES["accounts"]).to_pandas()["signed_up_at"].isna().all()
