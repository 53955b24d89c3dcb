"""Morning after morning: each thing is said once, to no owner and no customer too often."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from features.assemble import build_features
from serving.attention.alerts import ENDED, HELD, RAISED, STANDING, alerts
from serving.attention.changes import PARTS, changes
from serving.attention.priorities import priorities
from serving.next_steps.queue import SEND, queue
from tests.company import Company
from tests.serving.mornings import Memory, a_morning

MORNINGS = 4
POINTS = [f"{part}_points" for part in PARTS]
RISKS = ["previous_churn_risk", "churn_risk"]
CONDITION = ["account_id", "kind", "subject"]


@dataclass(frozen=True)
class Lived:
    """What was said on every morning, by table; and of whom somebody spoke on the second."""

    days: list[date]
    past: Memory
    handled: str
    snoozed: str
    until: date

    def told(self, table: str) -> pd.DataFrame:
        return pd.concat(self.past.tables[day][table] for day in self.days)


def _live(company: Company) -> Lived:
    days = [company.as_of - timedelta(days=back) for back in range(MORNINGS - 1, -1, -1)]
    past, tables = Memory(), company.source.tables
    until, spoken = days[-1], ["", ""]
    for day in days:
        past.today = day
        also = tuple(past.mornings()[-1:])
        features = build_features(tables, company.configuration, as_of=day, also=also)
        morning = a_morning(day, features, company.speaking, company.configuration, past=past)
        rung = alerts(morning, {})
        made = {
            "accounts": morning.accounts,
            "changes": changes(morning, {}),
            "alerts": rung,
            "nudges": queue(morning, {}),
            "priorities": priorities(morning, {"alerts": rung}),
        }
        past.tables[day], past.built[day] = made, features
        if day == days[1]:
            listed = made["priorities"].query("is_this_week")["account_id"]
            quiet = [one for one in listed if one not in set(rung["account_id"])]
            spoken = quiet[:2]
            said = {"because": None, "by": "Ana", "about": day, "known_at": pd.Timestamp(day)}
            past.said = [
                said | {"account_id": spoken[0], "kind": "handled", "until": None},
                said | {"account_id": spoken[1], "kind": "snoozed", "until": until},
            ]
    return Lived(days, past, *spoken, until)


@pytest.fixture(scope="module")
def lived(company) -> Lived:
    return _live(company)


def test_an_alert_is_raised_once_and_then_stands_or_ends(lived):
    told = lived.told("alerts").fillna({"subject": ""})
    raised = told.loc[told["state"] == RAISED]
    assert len(raised) > 0
    assert not raised.duplicated(CONDITION).any()
    for day, following in zip(lived.days, lived.days[1:], strict=False):
        rung = raised.loc[raised["as_of"] == day, CONDITION]
        states = rung.merge(told.loc[told["as_of"] == following], on=CONDITION)["state"]
        assert len(states) == len(rung)
        assert set(states) <= {STANDING, ENDED}


def test_no_owner_is_alerted_of_more_accounts_in_a_week_than_can_be_worked(lived, company):
    told = lived.told("alerts")
    raised = told.loc[told["state"] == RAISED]
    most = company.configuration.project.serving.capacity_per_owner
    assert (raised.groupby("owner")["account_id"].nunique() <= most).all()
    assert told.loc[told["state"] == HELD, "note"].str.startswith("held: ").all()


def test_a_customer_hears_once_a_week_and_of_one_milestone(lived):
    told = lived.told("nudges")
    sent = told.loc[told["decision"] == SEND]
    assert len(sent) > 0
    assert not sent.duplicated("account_id").any()
    assert sent["text"].notna().all()


def test_what_changed_adds_up_for_every_account_every_morning(lived):
    told = lived.told("changes").astype(dict.fromkeys([*POINTS, *RISKS], float))
    assert len(told) > 50 * (MORNINGS - 1)
    moved = told["churn_risk"] - told["previous_churn_risk"]
    np.testing.assert_allclose(told[POINTS].sum(axis=1), moved, atol=1e-9)
    # One model, one configuration, and no row that was put right.
    assert (told[["model_points", "data_points"]].abs() < 1e-9).all(axis=None)
    before = lived.told("accounts").set_index(["account_id", "as_of"])["churn_risk"]
    since = pd.MultiIndex.from_frame(told[["account_id", "since"]])
    np.testing.assert_array_equal(told["previous_churn_risk"], before.reindex(since))


def test_the_list_is_nearly_the_same_the_next_morning_and_never_too_long(lived, company):
    told = lived.told("priorities").query("is_this_week")
    lists = {day: set(own["account_id"]) for day, own in told.groupby("as_of")}
    spoken = {lived.handled, lived.snoozed}
    for day, following in zip(lived.days, lived.days[1:], strict=False):
        kept = lists[following] & lists[day]
        assert len(kept) >= 0.8 * len(lists[day] - spoken)
    most = company.configuration.project.serving.capacity_per_owner
    assert (told.groupby(["as_of", "owner"]).size() <= most).all()


def test_what_people_said_is_heeded_from_the_next_morning_on(lived):
    told = lived.told("priorities").set_index(["account_id", "as_of"])
    for account in (lived.handled, lived.snoozed):
        own = told.loc[account]
        assert own.loc[lived.days[1], "is_this_week"]
        for day in lived.days[2:]:
            is_over = account == lived.snoozed and day >= lived.until
            assert own.loc[day, "is_this_week"] == is_over
            assert pd.isna(own.loc[day, "set_aside"]) == is_over
