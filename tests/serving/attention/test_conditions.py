"""When did what stands badly with an account begin?"""

import pytest

from serving.attention.alerts import alerts
from serving.attention.conditions import conditions
from serving.bands import starts
from tests.builders import AnAccount, a_world
from tests.serving.attention.test_alerts import STEPS, states, told
from tests.serving.mornings import a_morning


@pytest.mark.parametrize(
    ("days_late", "renews_in", "behind", "renewal"),
    [(8, 57, "raised", "raised"), (9, 57, "standing", "raised"), (8, 50, "raised", "standing")],
)
def test_on_the_first_morning_a_week_is_counted_from_the_day_it_began(
    days_late, renews_in, behind, renewal
):
    """What was due eight days ago is late since seven; a renewal is near from 60 days on."""
    late = AnAccount("late").signed_up(20 + days_late).has_user("ann")
    late.has_contract(20, -renews_in)
    found = states(alerts(told(a_world(late, steps=STEPS)), {}))
    assert (found["late", "behind"], found["late", "renewal"]) == (behind, renewal)


def test_a_risk_that_stood_a_week_ago_by_the_same_model_is_not_new(company):
    morning = a_morning(
        company.as_of, company.features, company.speaking, company.configuration
    )
    week_ago = company.features.snapshots["day"] == company.day - 7
    ids = company.features.snapshots.loc[week_ago, "account_id"]
    curves = company.models.exits.curves(company.features.values.loc[week_ago])
    before = dict(zip(ids, curves.incidence_at("churn", 90), strict=True))
    average = morning.accounts["churn_risk"].mean()
    high = [one for one in conditions(morning) if one.kind == "high"]
    assert any(one.stood_before for one in high)
    for one in high:
        stood = before.get(one.account_id, 0.0) >= starts("high", average=average)
        assert one.stood_before == stood
