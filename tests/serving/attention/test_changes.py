"""What changed since last time: parts that sum up, each holding only what belongs to it."""

import re
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.asof import ordinal
from features.assemble import FeatureSet, build_features
from features.families.account import EARLY_DAYS
from serving.attention.changes import (
    GROWING,
    PARTS,
    aged,
    changes,
    changes_schema,
    with_dates_passed,
)
from serving.morning import Morning
from serving.reasons.sentences import Teller
from serving.risks import chances_told
from serving.scorecard import as_table
from serving.views import values_on
from tests.builders import AnAccount, a_world, at
from tests.company import Company, with_skill
from tests.serving.mornings import Memory, a_morning

POINTS = [f"{part}_points" for part in PARTS]


def built(company: Company, as_of: date, *also: date) -> FeatureSet:
    tables = company.source.tables
    return build_features(tables, company.configuration, as_of=as_of, also=also)


@pytest.fixture(scope="module")
def before(company) -> date:
    """A morning that the weekly grid does not hold."""
    return company.as_of - timedelta(days=10)


@pytest.fixture(scope="module")
def today(company, before) -> FeatureSet:
    return built(company, company.as_of, before)


@pytest.fixture(scope="module")
def past(company, before) -> Memory:
    then = built(company, before)
    first = a_morning(before, then, company.speaking, company.configuration)
    return Memory({before: {"accounts": first.accounts}}, {before: then})


@pytest.fixture(scope="module")
def morning(company, today, past) -> Morning:
    return a_morning(company.as_of, today, company.speaking, company.configuration, past=past)


@pytest.fixture(scope="module")
def told(morning) -> pd.DataFrame:
    return changes(morning, {})


def test_the_parts_sum_to_the_move(told):
    assert len(told) > 50
    moved = told["churn_risk"] - told["previous_churn_risk"]
    np.testing.assert_allclose(told[POINTS].sum(axis=1), moved, atol=1e-9)
    assert told["churn_risk"].notna().all()


def test_the_table_is_as_promised(morning, told):
    schema = changes_schema(morning.configuration)
    assert as_table(told, schema).schema.equals(schema)


def test_the_same_model_on_rows_that_came_in_time_adds_nothing(told):
    assert (told["model_points"].abs() < 1e-12).all()


def test_todays_facts_give_todays_risk(company, morning, told):
    now = values_on(morning.features, morning.as_of).loc[told["account_id"]]
    risk = chances_told(company.speaking, now, source="model", horizon_days=90)
    np.testing.assert_allclose(risk, told["churn_risk"], atol=1e-12)


def test_the_main_part_is_the_largest_and_is_named(told):
    largest = told[POINTS].abs().to_numpy().argmax(axis=1)
    assert told["main_part"].tolist() == [PARTS[i] for i in largest]
    moved = told.loc[(told["churn_risk"] - told["previous_churn_risk"]).abs() > 0.001]
    by_clock = moved.loc[moved["main_part"] == "clock", "text"]
    assert by_clock.str.endswith("mainly time passing").all()
    by_itself = moved.loc[moved["main_part"] == "own", "text"]
    assert by_itself.str.contains("mainly its own doing: .+ → .+").any()
    rises = (moved["churn_risk"] > moved["previous_churn_risk"]).tolist()
    assert moved["text"].str.startswith("Up").tolist() == rises
    assert not told["text"].str.contains(r"[{}_]|\bnan\b|None").any()


def test_what_is_said_of_an_input_is_what_it_was_and_what_it_is(morning, told, past):
    (since,) = past.mornings()
    then, now = (values_on(morning.features, day) for day in (since, morning.as_of))
    said = told.set_index("account_id")["text"].str.extract(
        r"people active in the last 4 weeks (\d+) → (\d+)$"
    )
    for account, (old, new) in said.dropna().iterrows():
        assert float(old) == then.loc[account, "active_users_28d"]
        assert float(new) == now.loc[account, "active_users_28d"]


def test_another_model_is_told_apart_from_what_happened(company, today, past):
    milder = with_skill(company.models)
    hazards = {c: h.shifted(-0.5) for c, h in milder.exits.hazards.items()}
    milder = replace(milder, exits=replace(milder.exits, hazards=hazards))
    morning = a_morning(
        company.as_of, today, milder, company.configuration, past=past, version="v2"
    )
    told = changes(morning, {})
    moved = told["churn_risk"] - told["previous_churn_risk"]
    np.testing.assert_allclose(told[POINTS].sum(axis=1), moved, atol=1e-9)
    assert (told["model_points"] < 0).all()
    assert (told["data_points"].abs() < 0.01).mean() > 0.9


def test_rows_that_were_put_right_are_told_apart_from_what_happened(
    company, before, today, past
):
    """The very same morning, but of half of the people's use nothing had been known then."""
    kept = past.built[before]
    poorer = kept.values.assign(active_days_28d=0.0, active_users_28d=0.0, weeks_streak=0.0)
    then = replace(kept, values=poorer)
    first = a_morning(before, then, company.speaking, company.configuration)
    known_less = Memory({before: {"accounts": first.accounts}}, {before: then})
    told = changes(
        a_morning(
            company.as_of, today, company.speaking, company.configuration, past=known_less
        ),
        {},
    )
    moved = told["churn_risk"] - told["previous_churn_risk"]
    np.testing.assert_allclose(told[POINTS].sum(axis=1), moved, atol=1e-9)
    assert (told["data_points"] < 0).mean() > 0.5
    assert (told["model_points"].abs() < 1e-12).all()


STILL = [f"{part}_points" for part in ("own", "others", "clock", "model")]
some_accounts = st.sets(st.integers(0, 10_000), min_size=1, max_size=60)
quick = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))


def seen_late(features: FeatureSet, since: date, accounts: set[str]) -> FeatureSet:
    """The same, but of what some accounts did before a morning little was known by then."""
    rows = features.snapshots["account_id"].isin(accounts)
    rows &= features.snapshots["day"] == ordinal(since)
    unseen = dict.fromkeys(("active_days_28d", "active_users_28d", "weeks_streak"), 0.0)
    values = features.values.assign(
        **{n: features.values[n].mask(rows.to_numpy(), v) for n, v in unseen.items()}
    )
    return replace(features, values=values)


@given(some_accounts)
@quick
def test_what_came_late_is_no_doing_of_the_account(company, before, today, past, told, chosen):
    """Had it come in time, the same would have been said of everything but the data."""
    ids = sorted(told["account_id"])
    accounts = {ids[place % len(ids)] for place in chosen}
    true = values_on(today, before)
    known_then = seen_late(past.built[before], before, accounts)
    first = a_morning(before, known_then, company.speaking, company.configuration)
    memory = Memory(
        {before: {"accounts": first.accounts}},
        {before: known_then},
        late=true.loc[sorted(accounts)].reset_index(),
    )
    now = seen_late(today, before, accounts)
    found = changes(
        a_morning(company.as_of, now, company.speaking, company.configuration, past=memory), {}
    ).set_index("account_id")
    expected = told.set_index("account_id").loc[found.index]
    moved = found["churn_risk"] - found["previous_churn_risk"]
    np.testing.assert_allclose(found[POINTS].sum(axis=1), moved, atol=1e-9)
    np.testing.assert_allclose(found[STILL], expected[STILL], atol=1e-9)
    came = expected["previous_churn_risk"] - found["previous_churn_risk"]
    np.testing.assert_allclose(found["data_points"], came, atol=1e-9)
    assert (came[~came.index.isin(accounts)].abs() < 1e-12).all()
    by_data = found.loc[(found["main_part"] == "data") & (moved.abs() >= 0.001), "text"]
    assert by_data.str.endswith("mainly data that came late or were put right").all()


def test_another_version_does_not_hide_what_came_late(company, before, today, past):
    accounts = set(past.tables[before]["accounts"]["account_id"])
    then = seen_late(past.built[before], before, accounts)
    first = a_morning(before, then, company.speaking, company.configuration)
    late = values_on(today, before).reset_index()
    memory = Memory(
        {before: {"accounts": first.accounts}}, {before: then}, is_alike=False, late=late
    )
    now = seen_late(today, before, accounts)
    morning = a_morning(
        company.as_of, now, company.speaking, company.configuration, past=memory
    )
    found = changes(morning, {})
    assert (found["data_points"] < 0).mean() > 0.5
    assert (found["model_points"].abs() < 1e-12).all()


def test_features_that_were_not_kept_or_built_otherwise_blame_the_right_part(morning, past):
    lost = changes(replace(morning, past=replace(past, built={})), {})
    assert (lost["model_points"] == 0).all()
    otherwise = changes(replace(morning, past=replace(past, is_alike=False)), {})
    assert (otherwise["data_points"] == 0).all()
    for told in (lost, otherwise):
        moved = told["churn_risk"] - told["previous_churn_risk"]
        np.testing.assert_allclose(told[POINTS].sum(axis=1), moved, atol=1e-9)


def test_the_first_morning_has_nothing_to_compare_with(company, today):
    first = a_morning(company.as_of, today, company.speaking, company.configuration)
    assert changes(first, {}).empty


def test_a_simple_rule_moves_in_parts_too(company, today, past, before):
    silent = replace(
        company.models,
        meta={
            **company.models.meta,
            "skill": {**company.models.meta["skill"], "churn": {"has_skill": False}},
        },
    )
    first = a_morning(before, past.built[before], silent, company.configuration)
    ruled = Memory({before: {"accounts": first.accounts}}, past.built)
    told = changes(
        a_morning(company.as_of, today, silent, company.configuration, past=ruled), {}
    )
    moved = told["churn_risk"] - told["previous_churn_risk"]
    np.testing.assert_allclose(told[POINTS].sum(axis=1), moved, atol=1e-9)
    assert not told["text"].str.contains("→").any()


def test_what_time_alone_does_is_what_the_build_of_a_later_morning_says():
    """An account to which nothing happens is, two weeks later, its earlier self, aged."""
    quiet = (
        AnAccount("quiet")
        .signed_up(300, kickoff=120)
        .was_active(60, user="ann")
        .has_contract(300, -100)
        .was_touched(50)
        .reached("kicked_off", 70)
    )
    fresh = AnAccount("fresh").signed_up(40, kickoff=EARLY_DAYS - 5).was_active(39)
    steps = [{"slug": "kicked_off", "name": "Kicked off", "done_when": "recorded"}]
    slow = {"slug": "slow", "name": "Slow", "expected_days": 30, "done_when": "recorded"}
    features = a_world(quiet, fresh, steps=[*steps, slow]).build()
    earlier, later = (values_on(features, at(days).date()) for days in (14, 0))
    after = aged(earlier, features.catalogue, days=14)
    clocks = [n for n, f in features.catalogue.items() if f.is_clock or f.measure in GROWING]
    assert {"tenure_days", "days_to_renewal", "days_late", "days_since_touch_call"} <= {*clocks}
    pd.testing.assert_frame_equal(after[clocks], later[clocks])
    rest = [name for name in earlier if name not in clocks]
    pd.testing.assert_frame_equal(after[rest], earlier[rest])


def test_what_others_did_and_the_season_are_not_its_own_doing(morning, told):
    catalogue = morning.features.catalogue
    others = {n for n, f in catalogue.items() if f.family in ("cohort", "parent", "calendar")}
    names = {
        Teller(catalogue[n], morning.phrases, catalogue=catalogue, currency="USD").name
        for n in others
    }
    assert len(names) > 2
    own = told.loc[told["main_part"] == "own", "text"]
    assert not any(f"own doing: {name} " in text for name in names for text in own)


def test_no_sentence_claims_a_cause(told):
    assert not told["text"].str.contains("because|due to", flags=re.IGNORECASE).any()


def test_a_due_date_that_went_by_is_time_passing_and_a_step_reached_is_not():
    later = pd.DataFrame({"days_to_next_due": [-5.0, -5.0], "milestones_done": [1.0, 1.0]})
    now = pd.DataFrame({"days_to_next_due": [30.0, 30.0], "milestones_done": [1.0, 2.0]})
    told = with_dates_passed(later, now)
    assert told["days_to_next_due"].tolist() == [30.0, -5.0]
    assert with_dates_passed(told[["milestones_done"]], now).columns.tolist() == [
        "milestones_done"
    ]
