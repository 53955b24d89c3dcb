"""The pages of uncommon books: tiny ones, silent ones, ones with more or less to tell."""

import datetime as dt
import re
import time

import numpy as np
import pandas as pd
import pytest

from serving.outlook.forecast import AMOUNTS
from serving.report.render import write_report
from serving.scorecard import accounts_schema, as_table
from tests.serving.pages import Page, pages
from tests.serving.report_settings import a_configuration, students
from tests.serving.report_world import AS_OF, a_world
from tests.serving.test_outlook_in_print import a_forecast


def test_roles_are_shown_where_they_are_known(tmp_path):
    world = a_world(a_configuration(tmp_path), count=6)
    roles = pd.DataFrame(
        {
            "account_id": ["acc-0001"] * 3,
            "role": ["admin", "power_user", "viewer"],
            "active_people": [0, 4, 0],
            "quarter_people": [2.0, 5.0, 0.0],
            "last_active_on": [None, pd.Timestamp("2025-03-02"), pd.Timestamp("2024-03-02")],
        }
    )
    write_report(tmp_path, **world, roles=roles)
    text = Page(tmp_path / "accounts" / "acc-0001.html").text
    assert "Power user 4 active in the last 4 weeks, 5 in the last 13 last 2 Mar 2025" in text
    assert "Admin nobody active in the last 4 weeks, 2 in the last 13" in text
    assert "Viewer nobody active in the last 13 weeks last 2 Mar 2024" in text


def test_an_effect_is_told_with_its_interval_and_how_it_is_known(tmp_path):
    world = a_world(a_configuration(tmp_path), count=12)
    world["accounts"] = world["accounts"].assign(
        next_effect_points=-0.031, next_effect_low=-0.05, next_effect_high=-0.01
    )
    write_report(tmp_path, **world)
    index = world["accounts"].loc[world["accounts"]["next_milestone"].notna(), "account_id"]
    text = Page(tmp_path / "accounts" / f"{index.iloc[0]}.html").text
    days = world["configuration"].project.outcomes.horizons_days[-1]
    does = "\u22123.1 points (between \u22125.0 and \u22121.0)"
    assert f"Reaching it changes the risk of leaving within {days} days by {does}" in text
    assert "no effect that could be told from chance" in text


@pytest.mark.parametrize("pays", [0.0, 1.0])
def test_where_nobody_pays_anything_there_is_no_arr_to_follow(tmp_path, pays):
    told = a_forecast()
    ends = ["low", "expected", "high"]
    told.loc[told["measure"].isin(AMOUNTS), ends] *= pays
    write_report(
        tmp_path, **a_world(a_configuration(tmp_path), count=6), tables={"forecast": told}
    )
    said = Page(tmp_path / "outlook.html").text
    assert ("Where the ARR goes" in said) is bool(pays)
    assert "Next 90 days" in said


@pytest.mark.parametrize("count", [0, 1])
def test_the_smallest_books_have_a_page_too(tmp_path, count):
    world = a_world(a_configuration(tmp_path), count=6)
    kept = world["accounts"].nsmallest(count, "rank")
    mine = kept["account_id"]
    world["accounts"] = kept
    for table in ("milestones", "usage"):
        world[table] = world[table][world[table]["account_id"].isin(mine)]
    write_report(tmp_path, **world)
    assert f"Accounts {count} " in Page(tmp_path / "index.html").text


def test_what_arrow_gave_back_reads_like_what_was_written(tmp_path):
    configuration = a_configuration(tmp_path)
    world = a_world(configuration, count=8)
    write_report(tmp_path / "before", **world)
    schema = accounts_schema(configuration.project.outcomes.horizons_days)
    world["accounts"] = as_table(world["accounts"], schema).to_pandas()
    write_report(tmp_path / "after", **world)
    for path in pages(tmp_path / "before"):
        twin = tmp_path / "after" / path.relative_to(tmp_path / "before")
        assert twin.read_text("utf-8") == path.read_text("utf-8")


def test_six_hundred_pages_take_seconds(tmp_path):
    world = a_world(a_configuration(tmp_path), count=600)
    before = time.process_time()
    write_report(tmp_path, **world)
    assert time.process_time() - before < 10
    assert len(list((tmp_path / "accounts").iterdir())) == 600


def test_the_inputs_are_left_as_they_were(tmp_path):
    world = a_world(a_configuration(tmp_path), count=8)
    before = world["accounts"].copy(deep=True)
    write_report(tmp_path, **world)
    assert world["accounts"].columns.equals(before.columns)
    assert np.array_equal(world["accounts"]["rank"], before["rank"])


def test_a_book_without_any_score_says_so_and_shows_the_rest(tmp_path):
    world = a_world(a_configuration(tmp_path), count=6)
    risks = [name for name in world["accounts"] if "churn_risk" in name]
    world["accounts"][[*risks, "base_risk", "arr_at_risk"]] = np.nan
    world["accounts"] = world["accounts"].assign(
        status="not_enough_data", risk_source=None, reasons=[[]] * 6
    )
    write_report(tmp_path, **world)
    text = Page(tmp_path / "index.html").text
    assert "Nothing is scored." in text
    assert "none of these accounts has a score" in text
    assert "Data source connected" in Page(tmp_path / "accounts" / "acc-0001.html").text


def test_the_number_of_people_is_not_drawn_where_each_account_is_one_person(tmp_path):
    world = a_world(a_configuration(tmp_path), count=6)
    write_report(tmp_path / "many", **world)
    world["usage"] = world["usage"].assign(active_users=1)
    write_report(tmp_path / "one", **world)
    assert "People active per week" in Page(tmp_path / "many/accounts/acc-0001.html").text
    assert "People active per week" not in Page(tmp_path / "one/accounts/acc-0001.html").text


def at_the_top(world, *, state: str):
    """Let the first account have reached everything, the last milestone being in a state."""
    first = world["accounts"]["account_id"].eq("acc-0001")
    world["accounts"].loc[first, ["next_milestone", "next_action", "nudge"]] = None
    world["accounts"].loc[first, "pace"] = "done"
    told = world["milestones"]
    own = told["account_id"].eq("acc-0001")
    told.loc[own, "state"] = "done"
    told.loc[own[own].index[-1], "state"] = state
    return world


def test_at_the_top_of_the_ladder_nothing_is_open(tmp_path):
    world = at_the_top(a_world(a_configuration(tmp_path), count=6), state="done")
    write_report(tmp_path, **world)
    assert "Nothing open" in Page(tmp_path / "accounts" / "acc-0001.html").text


def test_a_term_that_has_run_out_is_told_as_past(tmp_path):
    world = a_world(a_configuration(tmp_path), count=6)
    world["accounts"]["renews_on"] = AS_OF - dt.timedelta(days=5)
    write_report(tmp_path, **world)
    ended = f"nded {AS_OF.day - 5} {AS_OF:%b %Y}"
    front = Page(tmp_path / "index.html").text
    assert f"e{ended}" in front
    assert "renews" not in front
    own = Page(tmp_path / "accounts" / "acc-0001.html").text
    assert f"E{ended} 5 days ago" in own


def test_a_refused_model_that_tells_more_than_the_rule_is_not_said_to_have_no_skill(tmp_path):
    world = a_world(a_configuration(tmp_path), count=6)
    world["accounts"]["risk_source"] = "baseline"
    world["run"]["skill"]["churn"]["has_skill"] = True
    write_report(tmp_path, **world)
    own = Page(tmp_path / "accounts" / "acc-0001.html").text
    assert "did not pass all of its tests and is not in use. The risks on this page" in own
    assert "No skill" not in own


def test_the_outlook_says_what_the_risks_of_the_first_page_sum_to(tmp_path):
    world = a_world(a_configuration(tmp_path), count=30)
    write_report(tmp_path, **world, tables={"forecast": a_forecast()})
    at_risk = f"${world['accounts']['arr_at_risk'].sum():,.0f} of ARR at risk"
    said = Page(tmp_path / "outlook.html").text
    assert f"and {at_risk}" in said
    assert "hears more than the one rule" not in said
    assert at_risk.split()[0] in Page(tmp_path / "index.html").text


def test_where_nothing_is_open_a_renewal_at_risk_is_still_to_be_worked(tmp_path):
    world = at_the_top(a_world(a_configuration(tmp_path), count=6), state="done")
    first = world["accounts"]["account_id"].eq("acc-0001")
    world["accounts"].loc[first, "next_action"] = "Book the renewal conversation"
    write_report(tmp_path, **world)
    page = Page(tmp_path / "accounts" / "acc-0001.html")
    assert re.search(r"Nothing open.*reached\..*Do Book the renewal conversation", page.text)


@pytest.mark.parametrize(
    ("chances", "words"),
    [
        ((0.003, 0.4), "Hardly likely within 90 days (0.3 %); likelier: “.+”, 40 %"),
        ((0.003, 0.001), "Hardly likely within 90 days (0.3 %), and nothing else that is open"),
        ((0.3, 0.4), None),
        ((np.nan, np.nan), None),
    ],
)
def test_a_step_that_will_hardly_be_reached_is_called_so(tmp_path, chances, words):
    world = a_world(a_configuration(tmp_path), count=6)
    told, mine = world["milestones"], world["milestones"]["account_id"].eq("acc-0001")
    first, second = told.index[mine][:2]
    told.loc[mine, "state"] = "done"
    told.loc[[first, second], "state"] = "open"
    told.loc[[first, second], "chance_90d"] = chances
    own = world["accounts"]["account_id"].eq("acc-0001")
    world["accounts"].loc[own, "next_milestone"] = told.loc[first, "milestone"]
    write_report(tmp_path, **world)
    text = Page(tmp_path / "accounts" / "acc-0001.html").text.replace("\u00a0", " ")
    if words is None:
        assert "Hardly likely" not in text
    else:
        assert re.search(words.replace("(", r"\(").replace(")", r"\)"), text)


def test_what_was_lost_again_is_to_be_won_back(tmp_path):
    world = at_the_top(a_world(a_configuration(tmp_path), count=6), state="lost")
    write_report(tmp_path, **world)
    page = Page(tmp_path / "accounts" / "acc-0001.html")
    assert "1 lost again" in page.text
    assert "Lost again:" in page.text
    assert "Nothing open" not in page.text


def test_a_week_without_any_use_by_anybody_is_drawn_as_silence(tmp_path):
    world = a_world(a_configuration(tmp_path), count=6)
    recent = AS_OF - dt.timedelta(days=14)
    world["usage"] = world["usage"][world["usage"]["week_on"] < recent]
    write_report(tmp_path, **world)
    page = Page(tmp_path / "accounts" / "acc-0001.html").text
    assert page.count("0 in the last week;") == 2
    assert "2 Mar 2025" in page


def test_a_milestone_that_is_merely_recorded_shows_no_progress(tmp_path):
    world = a_world(students(tmp_path), count=6, has_arr=False)
    write_report(tmp_path, **world)
    assert "of the way</span>" not in "".join(p.read_text("utf-8") for p in pages(tmp_path))


def test_a_band_that_is_written_like_its_risk_is_left_out(tmp_path):
    world = a_world(a_configuration(tmp_path), count=12)
    scored = world["accounts"]["churn_risk"].notna()
    first = world["accounts"].loc[scored, "account_id"].iloc[0]
    for low, high, is_told in ((0.0012, 0.0013, False), (0.0012, 0.0019, True)):
        world["accounts"] = world["accounts"].assign(churn_risk_low=low, churn_risk_high=high)
        write_report(tmp_path, **world)
        text = Page(tmp_path / "accounts" / f"{first}.html").text
        assert ("between 0.1" in text) == is_told
