"""Dates and leads, by cases that can be counted by hand."""

import numpy as np
import pandas as pd
import pytest

from training.engine.periods import CENSORED, FollowUp
from training.proof.judged import ASKED, DATES, Backtest, Judged
from training.proof.punctuality import date_measures, lead_measures


def steps(*, p10, p50, p90, reached, due, watched=180.0) -> Backtest:
    """Milestones with the dates that were named and the day they were reached (None: not)."""
    count = len(reached)
    days = np.array([watched if day is None else day for day in reached], dtype=float)
    cause = np.array([CENSORED if day is None else ASKED for day in reached])
    ids = [f"a{i}" for i in range(count)]
    about = pd.DataFrame(
        {"account_id": ids, "family": ids, "segment": "one", "is_new": False, "milestone": "m"}
    ).assign(due_days=np.array(due, float), playbook_days=np.array(due, float) + 10)
    named = dict(zip(DATES, (np.array(q, dtype=float) for q in (p10, p50, p90)), strict=True))
    judged = Judged(
        origin_day=100,
        horizons=(30, 180),
        about=about.assign(**named),
        followup=FollowUp(days, cause),
        said=np.zeros((count, 2)),
        rules={},
    )
    return Backtest({"milestones": [judged]})


def told(tested: Backtest) -> dict[tuple[str, str], float]:
    found = pd.DataFrame(date_measures(tested, "milestones"))
    found = found.loc[found["group_kind"] == "all"]
    return {(row.predictor, row.measure): row.value for row in found.itertuples()}


def test_days_off_are_counted_on_the_same_reached_milestones_for_all_dates():
    found = told(
        steps(
            p10=[5, 5, 5],
            p50=[12, 18, 30],
            p90=[20, 40, 90],
            reached=[10, 20, None],
            due=[20, 20, 20],
        )
    )
    assert found["model", "days_off"] == 2
    assert found["due date", "days_off"] == 5
    assert found["playbook date", "days_off"] == 15


def test_a_reached_milestone_without_a_named_date_is_held_to_the_last_day():
    nan = np.nan
    found = told(steps(p10=[nan], p50=[nan], p90=[nan], reached=[100], due=[100]))
    assert found["model", "days_off"] == 80
    assert ("model", "coverage_80") not in found


def test_coverage_counts_what_was_named_early_enough_whether_it_came_or_not():
    found = told(
        steps(
            p10=[10, 10, 10, 10],
            p50=[20, 20, 20, 20],
            p90=[30, 30, 30, np.nan],
            reached=[10, 30, None, 15],
            due=[0, 0, 0, 0],
        )
    )
    assert found["model", "coverage_80"] == pytest.approx(2 / 3)
    assert found["model", "by_p10"] == pytest.approx(1 / 4)
    assert found["model", "before_p50"] == pytest.approx(2 / 4)
    assert found["model", "by_p50"] == pytest.approx(2 / 4)
    assert found["model", "by_p90"] == pytest.approx(2 / 3)


def test_who_reaches_it_on_the_middle_day_itself_is_by_it_and_not_before_it():
    found = told(
        steps(p10=[10] * 4, p50=[20] * 4, p90=[30] * 4, reached=[15, 20, 20, None], due=[0] * 4)
    )
    assert found["model", "before_p50"] == pytest.approx(1 / 4)
    assert found["model", "by_p50"] == pytest.approx(3 / 4)


def test_the_lead_is_from_the_first_list_to_the_exit_and_the_missed_count():
    leavers = pd.DataFrame(
        {
            "account_id": ["a", "b", "c"],
            "segment": "one",
            "exited_on": pd.to_datetime(["2025-03-01", "2025-03-01", "2025-03-01"]),
            "seen_on": pd.to_datetime(["2025-01-01"] * 3),
            "a rule": pd.to_datetime([None, None, "2025-01-30"]),
            "model": pd.to_datetime(["2025-01-01", "2025-02-27", None]),
        }
    )
    found = {(f["predictor"], f["measure"]): f["value"] for f in lead_measures(leavers)}
    assert found["model", "leavers_listed"] == pytest.approx(2 / 3)
    assert found["model", "leavers_listed_early"] == pytest.approx(1 / 3)
    assert found["model", "lead_days"] == (59 + 2) / 2
    assert found["a rule", "lead_days"] == 30


def test_without_leavers_or_dates_nothing_is_said():
    assert not list(lead_measures(None))
    assert not list(lead_measures(pd.DataFrame()))
    assert not list(date_measures(Backtest({"churn": []}), "churn"))
