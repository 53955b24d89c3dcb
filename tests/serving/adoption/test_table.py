import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from configs.playbook import Playbook
from features.asof import NEVER, day_number, ordinal
from serving.adoption.climbing import Climb, climbing_rows, first_value
from serving.adoption.cohorts import ALL, Cohorts, cohorts_of
from serving.adoption.early import early_rows, tried_rows
from serving.adoption.measures import Figure, share
from serving.adoption.rows import Row
from serving.adoption.table import adoption_schema, changes, pooled
from serving.scorecard import as_table
from tests.builders import a_configuration, a_step

TODAY = ordinal(dt.date(2025, 12, 1))


def cohorts(*kickoffs: dt.date, exits: dict[int, int] | None = None) -> Cohorts:
    """Accounts a0, a1, .. that began on these days; some left so many days after it."""
    started = np.array([ordinal(day) for day in kickoffs])
    gone = np.full(len(started), -NEVER)
    for place, after in (exits or {}).items():
        gone[place] = started[place] + after
    return Cohorts(
        account_id=np.array([f"a{i}" for i in range(len(started))], dtype=object),
        segment=np.full(len(started), "everyone", dtype=object),
        cohort=np.array([f"{day:%Y-%m}" for day in kickoffs], dtype=object),
        kickoff_day=started,
        exit_day=gone,
        today=TODAY,
    )


@pytest.fixture(scope="module")
def told(company) -> pd.DataFrame:
    from serving.adoption.table import adoption
    from serving.morning import Morning

    morning = Morning(
        company.as_of, company.features, None, company.configuration, None, None, None, None
    )
    rows = adoption(morning, {})
    return as_table(rows, adoption_schema(company.configuration)).to_pandas()


def test_reached_within_90_days_is_what_counting_one_by_one_finds(company, told):
    features, playbook = company.features, company.configuration.playbook
    last = features.snapshots.drop_duplicates("account_id", keep="last").set_index("account_id")
    kickoff = pd.Series(day_number(last["kickoff_at"]), index=last.index)
    left = features.exits.set_index("account_id")["exited_at"]
    milestone = next(m for m in playbook.milestones if m.slug == "first_workflow_automated")
    reached = features.completed.set_index(["account_id", "milestone"])["day"]
    hits = of = 0
    for account in last.index:
        if kickoff[account] + 90 > company.day:
            continue
        of += 1
        day = reached.get((account, milestone.slug))
        gone = ordinal(left[account].date()) if account in left else 10**6
        hits += day is not None and day <= gone and day - kickoff[account] < 90
    line = told.set_index(["segment", "cohort", "subject", "metric"]).loc[
        (ALL, ALL, milestone.slug, "reached_within_90d")
    ]
    assert (line["value"], line["accounts"]) == (pytest.approx(hits / of), of)


def test_longer_takes_more_along_in_every_group_that_is_watched_as_long(told):
    shares = told.pivot_table(
        index=["segment", "cohort", "subject"], columns="metric", values="value"
    )
    counted = told.pivot_table(
        index=["segment", "cohort", "subject"], columns="metric", values="accounts"
    )
    same = counted["reached_within_30d"] == counted["reached_within_180d"]
    assert same.sum() > 5
    both = shares.loc[same]
    assert (both["reached_within_30d"] <= both["reached_within_180d"]).all()


def test_segments_and_months_are_parts_of_the_whole(told):
    asked = told.loc[told["metric"] == "reached_within_30d"]
    whole = asked.loc[(asked["segment"] == ALL) & (asked["cohort"] == ALL)]
    for part in (
        asked.loc[(asked["segment"] != ALL) & (asked["cohort"] == ALL)],
        asked.loc[(asked["segment"] == ALL) & (asked["cohort"] != ALL)],
    ):
        hits = (part["value"] * part["accounts"]).groupby(part["subject"]).sum()
        together = whole.set_index("subject")
        expected = together["value"] * together["accounts"]
        pd.testing.assert_series_equal(
            hits, expected.loc[hits.index].sort_index(), check_names=False
        )


def test_who_left_before_a_milestone_never_reached_it(company):
    early = dt.date(2025, 1, 1)
    some = cohorts(early, early, exits={0: 20})
    milestone = first_value(company.configuration.playbook)
    reached = pd.DataFrame(
        {
            "account_id": ["a0", "a1"],
            "milestone": milestone.slug,
            "day": ordinal(early) + 25,
        }
    )
    climb = Climb(some, reached, company.configuration.playbook)
    assert climb.wait(milestone).tolist() == [np.inf, 25]
    on_the_day = Climb(cohorts(early, early, exits={0: 25}), reached, climb.playbook)
    assert on_the_day.wait(milestone).tolist() == [25, 25]


def test_the_first_value_lies_beyond_onboarding_where_anything_does():
    first, second, third = (
        a_step(slug, stage=stage)
        for slug, stage in (("a", "onboarding"), ("b", "implementation"), ("c", "onboarding"))
    )
    both = Playbook.model_validate({"milestones": [first, second, third]})
    assert first_value(both).slug == "b"
    assert first_value(Playbook.model_validate({"milestones": [first, third]})).slug == "a"


def test_who_takes_a_step_and_who_goes_on_from_it_is_counted_by_hand():
    """Four accounts; a fifth is of a segment of which the first step is not asked."""
    steps = [a_step("one", segments=["large"]), a_step("two", requires=["one"])]
    sections = {"segments": {"large": {"plan": ["big"]}}}
    playbook = a_configuration(*steps, **sections).playbook
    began = dt.date(2025, 1, 1)
    some = cohorts(*[began] * 5)
    segment = np.array(["large"] * 4 + ["everyone"], dtype=object)
    after = [("a0", "one", 10), ("a1", "one", 20), ("a2", "one", 100), ("a4", "one", 1)]
    after += [("a0", "two", 50), ("a1", "two", 200), ("a4", "two", 5)]
    reached = pd.DataFrame(after, columns=["account_id", "milestone", "day"])
    reached["day"] += ordinal(began)
    rows = climbing_rows(Climb(replace(some, segment=segment), reached, playbook))
    told = {(r.segment, r.cohort, r.subject, r.metric): r.figure[::3] for r in rows}
    one = {metric: figure for (*of, metric), figure in told.items() if of == [ALL, ALL, "one"]}
    assert one["taken_within_90d"] == (2 / 4, 4)
    assert one["followed_up_within_90d"] == (pytest.approx(1 / 3), 3)
    assert one["median_days"] == (20, 4)
    # Two of the four in time; the fourth has not been opened yet, and the fifth needs no first.
    assert told[ALL, ALL, "two", "taken_within_90d"] == (2 / 4, 4)


def test_a_step_counts_only_once_it_has_been_open_long_enough(company):
    playbook = company.configuration.playbook
    some = cohorts(dt.date(2025, 1, 1), dt.date(2025, 11, 15))
    reached = pd.DataFrame({"account_id": [], "milestone": [], "day": []})
    rows = list(climbing_rows(Climb(some, reached, playbook)))
    first = playbook.milestones[0].slug
    taken = [r.figure for r in rows if (r.subject, r.metric) == (first, "taken_within_90d")]
    assert [(f.value, f.accounts) for f in taken] == [(0.0, 1)]


def test_silence_in_the_first_days_counts_as_nothing_done():
    some = cohorts(dt.date(2025, 1, 1), dt.date(2025, 1, 9))
    used = pd.DataFrame(
        {"account_id": ["a0"], "third": ["early"], "active_days": [6], "active_users": [2]}
    )
    rows = early_rows(some, used)
    told = {(r.cohort, r.subject, r.metric): r.figure for r in rows}
    assert told[ALL, "early", "first_active_days"][::3] == (3.0, 2)
    assert told["2025-01", "late", "first_active_users"][::3] == (0.0, 2)


def test_only_who_tried_a_capability_can_come_back_to_it():
    some = cohorts(*[dt.date(2025, 1, 1)] * 4)
    tried = pd.DataFrame(
        {"account_id": ["a0", "a1", "a2"], "capability": "report", "weeks": [1, 2, 5]}
    )
    told = {r.metric: r.figure[::3] for r in tried_rows(some, tried)}
    assert told["tried"] == (0.75, 4)
    assert told["came_back"] == (pytest.approx(2 / 3), 3)
    assert told["made_a_habit"] == (pytest.approx(1 / 3), 3)


def test_a_capability_that_nobody_tried_is_told_of_as_well():
    some = cohorts(*[dt.date(2025, 1, 1)] * 4)
    nothing = pd.DataFrame({"account_id": [], "capability": [], "weeks": []})
    told = list(tried_rows(some, nothing, capabilities=["report"]))
    counted = [(row.subject, row.metric, *row.figure[::3]) for row in told[:2]]
    assert counted[0] == ("report", "tried", 0.0, 4)
    # There is nobody who could have come back.
    assert counted[1][3] == 0


def test_three_months_are_held_against_the_three_before_them():
    months = [f"2025-0{m}" for m in range(1, 8)]
    hits = [0, 10, 10, 10, 40, 40, 40]
    rows = [
        Row(ALL, month, "step", "reached_within_90d", share(h, 100))
        for month, h in zip(months, hits, strict=True)
    ]
    # All months together are no month, one of which nothing is known yet is not compared, and
    # neither is what else is told of the months.
    for other, figure in (("2025-08", share(0, 0)), (ALL, share(1, 1))):
        rows.append(Row(ALL, other, "step", "reached_within_90d", figure))
    rows += [Row(ALL, month, "step", "reached_within_30d", share(1, 2)) for month in months]
    (change,) = changes(rows)
    assert (change.cohort, change.metric) == (
        "2025-05 to 2025-07",
        "change_in_reached_within_90d",
    )
    assert change.figure.value == pytest.approx(0.3)
    assert change.figure.low > 0.2


def test_pooling_equal_parts_keeps_the_value_and_narrows_the_interval():
    one = Figure(0.4, 0.3, 0.5, 50)
    both = pooled([one, one])
    assert both.value == pytest.approx(0.4)
    assert both.high - both.low == pytest.approx((one.high - one.low) / np.sqrt(2))


def test_every_account_that_was_ever_live_is_in_one_cohort(company):
    some = cohorts_of(company.features, company.as_of)
    assert sorted(some.account_id) == sorted(company.features.snapshots["account_id"].unique())
    assert (some.exit_day < -NEVER).any()
