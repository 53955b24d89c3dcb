from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from configs.sections import Programme
from features.asof import day_number
from features.holdout import held_out
from serving.outlook.before_after import Surprise, surprises
from serving.outlook.before_after import _held_against as held_against
from serving.outlook.cohort import came_in, has_left, learnt_before
from serving.outlook.programme import (
    FEWER,
    LOOK_DAYS,
    MORE,
    NO_CLAIM,
    NO_EFFECT,
    RAISES,
    REDUCES,
    Look,
    before_and_after,
    judged,
    missing,
    programme,
    told_apart,
)
from serving.outputs import outputs_of
from tests.serving.mornings import a_morning
from training.effects.arms import Arms, gap

YEAR = 4 * LOOK_DAYS


def with_programme(configuration, **settings):
    project = configuration.project
    return replace(
        configuration,
        project=project.model_copy(update={"programme": Programme(**settings)}),
    )


def held_arms(count, *, treated_left, held_left, share=0.5):
    """The first accounts are held out; of each arm a share has left, one in so many."""
    order = np.arange(count)
    is_treated = order >= share * count
    rate = np.where(is_treated, treated_left, held_left)
    left = (np.floor((order + 1) * rate) > np.floor(order * rate)).astype(float)
    return Arms(is_treated, order, left, np.zeros(count), np.ones(count))


def verdict_of(arms, *, is_due=True, worthwhile=0.25):
    seen = Look(0, LOOK_DAYS, is_due=is_due)
    return judged(arms, gap(arms), seen, worthwhile=worthwhile)


def test_far_fewer_leaving_than_of_those_held_out_is_an_effect_and_far_more_is_one_too():
    few, many = 0.05, 0.25
    assert verdict_of(held_arms(800, treated_left=few, held_left=many))["verdict"] == REDUCES
    assert verdict_of(held_arms(800, treated_left=many, held_left=few))["verdict"] == RAISES


def test_no_difference_is_no_effect_only_where_a_worthwhile_one_would_have_been_seen():
    alike = {"treated_left": 0.2, "held_left": 0.2}
    assert verdict_of(held_arms(20_000, **alike))["verdict"] == NO_EFFECT
    told = verdict_of(held_arms(200, **alike))
    assert told["verdict"] == NO_CLAIM
    assert "it would need" in told["remark"]


def test_before_the_first_quarter_is_over_nothing_is_claimed():
    told = verdict_of(held_arms(800, treated_left=0.05, held_left=0.25), is_due=False)
    assert told["verdict"] == NO_CLAIM
    assert "1970-04-02" in told["remark"]


def test_a_handful_of_leavers_is_no_ground_for_a_claim():
    told = verdict_of(held_arms(60, treated_left=0.0, held_left=0.3))
    assert told["verdict"] == NO_CLAIM


def test_twice_as_fine_takes_four_times_as_many_accounts_or_four_times_as_long():
    assert missing(2.0, accounts=300, days=91) == (
        "too small to tell: it would need 1,200 accounts, or 9 more months"
    )


@pytest.fixture(scope="module")
def year(company):
    """A year of the company, by a model that knew nothing of it."""
    since = company.day - YEAR
    cohort = came_in(company.features, since=since, until=company.day)
    project = company.configuration.project
    eager = project.model_copy(
        update={"models": project.models.model_copy(update={"min_events": 5})}
    )
    return since, cohort, learnt_before(company.features, eager, day=since), eager


def test_an_effect_put_in_by_hand_is_within_its_interval_and_none_is_rarely_called_one(
    company, year
):
    _, cohort, model, _ = year
    ids = cohort.accounts["account_id"].to_numpy()
    left = has_left(company.features, cohort, until=company.day)
    held, called = [], []
    for prevented in (0.0, 0.6):
        for lot in range(40):
            treated = ~held_out(cohort.accounts, 0.3, salt=f"lot {lot}")
            luck = np.random.default_rng(lot).random(len(ids)) < prevented
            kept = ids[treated & luck]
            exits = company.features.exits
            features = company.told(exits=exits.loc[~exits["account_id"].isin(kept)])
            told = told_apart(features, cohort, treated, model, until=company.day)
            low, high = told["left"][1].interval
            truth = -prevented * left.mean()
            held.append(low <= truth <= high)
            if not prevented:
                called.append(not low <= 0 <= high)
    assert np.mean(held) >= 0.93
    assert np.mean(called) <= 0.07


def test_what_was_expected_of_the_time_since_knows_nothing_of_it(company, year):
    since, _, model, project = year
    start = int(
        company.features.snapshots["day"][company.features.snapshots["day"] <= since].max()
    )
    span = {"since": start, "until": start + 90, "share_held_out": 0.0}
    told = surprises(company.features, model, project, **span)["left"]
    exits = company.features.exits
    before = company.told(exits=exits.loc[day_number(exits["known_at"]) < start])
    blind = surprises(before, model, project, **span)["left"]
    assert blind.expected == told.expected
    assert blind.happened == 0.0
    assert told.low < told.points < told.high


def test_what_came_of_those_who_are_not_held_out_is_what_the_raw_rows_tell(company, year):
    _, _, model, project = year
    features = company.features
    mornings = features.snapshots["day"]
    start = int(mornings[mornings <= company.day - 120].max())
    span = {"since": start, "until": start + 90, "share_held_out": 0.3}
    told = surprises(features, model, project, **span)
    book = features.snapshots.loc[mornings == start]
    mine = set(book.loc[~held_out(book, 0.3), "account_id"])
    first, last = (pd.Timestamp(day, unit="D") for day in (start, start + 90))
    left = features.exits.loc[features.exits["exited_at"].between(first, last, "left")]
    left = left.loc[left["account_id"].isin(mine)]
    churned = set(left.loc[left["cause"] == "churn", "account_id"])
    paid = kept = 0.0
    for account_id, own in features.arr.loc[features.arr["account_id"].isin(mine)].groupby(
        "account_id"
    ):
        before, after = (
            own.loc[own["day"] <= day, "arr"].iloc[-1:].sum() for day in (start, start + 90)
        )
        paid += before
        kept += 0.0 if account_id in set(left["account_id"]) else min(before, after)
    assert {each.accounts for each in told.values()} == {len(mine)}
    assert 0 < len(churned) < len(mine) < len(book)
    assert told["left"].happened == pytest.approx(len(churned) / len(mine))
    assert told["arr_kept"].happened == pytest.approx(kept / paid)


def test_what_came_is_held_against_all_that_might_have_come():
    """Of shares foreseen evenly from 0 to 1, half is the mean, and all but 1.82 in a hundred,
    as is asked where one looks every quarter, lie between .0091 and .9909. Their standard
    deviation is .289, and 2.361 of it the half of such an interval."""
    told = held_against(0.3, np.linspace(0, 1, 100_001), 200)
    assert (told.accounts, told.points) == (200, pytest.approx(-0.2))
    assert (told.low, told.high) == pytest.approx((0.3 - 0.9909, 0.3 - 0.0091))
    assert told.smallest == pytest.approx((2.361 + 0.842) * 0.2887, rel=0.001)


@pytest.mark.parametrize(("low", "high", "said"), [(-0.2, -0.1, FEWER), (0.1, 0.2, MORE)])
def test_of_before_and_after_no_effect_is_ever_claimed(low, high, said):
    one = Surprise(200, 0.1, 0.1, low=low, high=high, smallest=0.05)
    told = before_and_after(one, worthwhile=0.25, seen=Look(0, 90, is_due=True))
    assert told["verdict"] == said
    assert "whatever else changed" in told["remark"]


def test_without_a_programme_there_is_nothing_to_tell(company):
    morning = a_morning(company.as_of, company.features, company.models, company.configuration)
    assert programme(morning, {}).empty


@pytest.fixture(scope="module")
def morning(company):
    """A morning a year into a programme that leaves three in ten out."""
    began = company.as_of - timedelta(days=YEAR)
    configuration = with_programme(company.configuration, started_on=began, holdout_share=0.3)
    return a_morning(company.as_of, company.features, company.speaking, configuration)


def test_the_table_tells_both_comparisons_and_claims_of_leaving_alone(morning):
    told = programme(morning, {}).set_index(["comparison", "measure"])
    assert set(told.loc["holdout"].index) == {"left", "milestones_reached", "arr_kept"}
    own = told.loc[("holdout", "left")]
    assert own["verdict"] in (REDUCES, RAISES, NO_EFFECT, NO_CLAIM)
    assert told.loc[("holdout", "arr_kept"), ["verdict"]].isna().all()
    assert (told["low"] <= told["effect"]).all()
    assert (told["effect"] <= told["high"]).all()
    longest = {
        (until - since).days
        for since, until in told.loc["before_after", ["since", "until"]].to_numpy()
    }
    assert longest == {180}
    cohort = own["accounts"] + own["accounts_compared"]
    assert 0.15 <= own["accounts_compared"] / cohort <= 0.45


def test_whoever_is_held_out_is_scored_and_on_no_list(morning):
    accounts = morning.accounts.set_index("account_id")
    out = accounts.index[accounts["is_held_out"]]
    assert 0.15 <= len(out) / len(accounts) <= 0.45
    assert accounts.loc[out, "churn_risk"].notna().any()
    for column in ("next_milestone", "next_action", "nudge", "next_effect_points"):
        assert accounts.loc[out, column].isna().all()
    listed = accounts.loc[~accounts["is_held_out"]]
    assert listed["next_milestone"].notna().any()
    scored = listed.loc[listed["churn_risk"].notna(), "rank"]
    assert scored.max() < accounts.loc[out, "rank"].min()
    made = {name: table.to_pandas() for name, table in outputs_of(morning).items()}
    nudges, alerts = made["nudges"], made["alerts"]
    assert not nudges.loc[nudges["decision"] == "send", "account_id"].isin(out).any()
    assert not alerts.loc[alerts["state"] == "raised", "account_id"].isin(out).any()
    assert not made["next_steps"]["account_id"].isin(out).any()
    assert not made["expansion"]["account_id"].isin(out).any()
    week = made["priorities"].set_index("account_id")
    assert not week.loc[out, "is_this_week"].any()
    assert week.loc[out, "set_aside"].str.startswith("held out").all()
    assert not week.loc[listed.index, "set_aside"].fillna("").str.startswith("held out").any()
