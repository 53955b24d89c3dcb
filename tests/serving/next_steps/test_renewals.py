"""What is to be done where nothing is open: the renewal, if it is near and at risk."""

from datetime import timedelta

import pandas as pd

from configs.phrases import load_phrases
from serving.next_steps.renewals import renewal_actions
from tests.builders import MORNING

TODAY = MORNING.date()
PHRASES = load_phrases()


def actions(*accounts: tuple[int | None, float | None]) -> list[str | None]:
    """Days to the renewal, and the risk, of each account."""
    frame = pd.DataFrame(
        {
            "renews_on": [
                None if d is None else TODAY + timedelta(days=d) for d, _ in accounts
            ],
            "churn_risk": pd.Series([risk for _, risk in accounts], dtype=float),
        }
    )
    return renewal_actions(frame, PHRASES, as_of=TODAY, near_days=60).tolist()


def test_a_renewal_that_is_near_and_at_several_times_the_mean_risk_is_to_be_talked_about():
    """The mean of the five is 6 %; the first is at five times that."""
    told = actions((21, 0.3), (21, 0.0), (61, 0.0), (None, 0.0), (10, 0.0))
    assert told == [
        "Book the renewal conversation: it renews on 31 Mar 2025, in 21 days, "
        "at 5 times the mean risk",
        *[None] * 4,
    ]


def test_a_renewal_far_off_or_past_or_of_no_high_risk_or_unknown_asks_for_nothing():
    rest = [(5, 0.01)] * 9
    assert actions((61, 0.4), (-1, 0.4), (None, 0.4), *rest)[:3] == [None] * 3
    assert actions((30, 0.012), *rest)[0] is None
    assert actions((30, None), *rest)[0] is None
    assert actions((30, None)) == [None]


def test_today_is_called_today():
    assert ", today, at " in str(actions((0, 0.4), *[(5, 0.01)] * 9)[0])
