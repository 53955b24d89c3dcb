"""What was said of a milestone is known from the morning after it reached us."""

from datetime import timedelta

import pandas as pd

from features.nudged import last_nudges
from tests.builders import MORNING, AnAccount, a_world


def nudged(*accounts: AnAccount, days_later: int = 0) -> list[tuple[str, str, int]]:
    as_of = MORNING.date() + timedelta(days=days_later)
    told = last_nudges(a_world(*accounts).tables, as_of)
    ago = pd.Timestamp(as_of) - told["nudged_at"].dt.normalize()
    return list(zip(told["account_id"], told["milestone"], ago.dt.days, strict=True))


def test_the_newest_nudge_about_each_milestone_counts():
    account = AnAccount("a1").signed_up(90)
    account.was_touched(20, kind="nudge", milestone="first_report")
    account.was_touched(7, kind="nudge", milestone="first_report")
    account.was_touched(3, kind="call", milestone="first_report").was_touched(2, kind="nudge")
    assert nudged(account) == [("a1", "first_report", 7)]


def test_a_company_without_touches_was_nudged_about_nothing():
    assert nudged(AnAccount("a1").signed_up(90).was_active(3)) == []
