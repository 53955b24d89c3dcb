"""The pages say what is new about an account, with figures that sum as they are written."""

import re

import pandas as pd

from serving.attention.changes import PARTS
from serving.formats import MINUS
from serving.report.render import write_report
from tests.serving.pages import Page
from tests.serving.report_settings import a_configuration
from tests.serving.report_world import AS_OF, a_world


def a_move(*parts: float, before: float = 0.2) -> pd.DataFrame:
    """The first account's risk moved by these parts, in the order of PARTS."""
    points = {f"{part}_points": [p] for part, p in zip(PARTS, parts, strict=True)}
    told = {
        "account_id": ["acc-0000"],
        "as_of": [AS_OF],
        "since": [AS_OF.replace(day=2)],
        "previous_churn_risk": [before],
        "churn_risk": [before + sum(parts)],
        "main_part": ["own"],
        "text": ["Up since 2 Mar 2025, mainly its own doing"],
    }
    return pd.DataFrame(told | points)


def pages_with(tmp_path, **tables: pd.DataFrame) -> tuple[str, str]:
    """The words of the front page and of the first account's."""
    world = a_world(a_configuration(tmp_path), count=12)
    accounts = world["accounts"].copy()
    if "changes" in tables:
        own = accounts["account_id"] == "acc-0000"
        for name in ("churn_risk", "previous_churn_risk"):
            accounts.loc[own, name] = tables["changes"][name].iloc[0]
    write_report(tmp_path, **(world | {"accounts": accounts}), tables=tables)
    front = Page(tmp_path / "index.html").text
    return front, Page(tmp_path / "accounts" / "acc-0000.html").text


def test_the_parts_of_a_move_are_written_so_that_they_sum(tmp_path):
    front, own = pages_with(tmp_path, changes=a_move(0.0404, -0.0006, 0.0112, 0.0, 0.0))
    assert "What changed since 2 Mar 2025" in own
    section = own.partition("What changed since")[2].partition("All together")
    figures = [
        float(f.replace(MINUS, "-")) for f in re.findall(rf"[+{MINUS}]\d+\.\d", section[0])
    ]
    whole = float(re.search(r"\+\d+\.\d", section[2])[0])
    assert round(sum(figures), 1) == whole == 5.1
    assert "Its own doing" in section[0]
    assert "Time passing" in section[0]
    assert "Late or corrected data" not in section[0]
    assert "Up since 2 Mar 2025, mainly its own doing" in front


def test_a_move_of_less_than_a_point_is_told_only_on_the_accounts_page(tmp_path):
    front, own = pages_with(tmp_path, changes=a_move(0.004, 0.0, 0.0, 0.0, 0.0))
    assert "mainly its own doing" not in front
    assert "mainly its own doing" in own


def test_without_an_earlier_morning_nothing_is_said_of_a_change(tmp_path):
    front, own = pages_with(tmp_path)
    assert "What changed since" not in own
    assert "mainly" not in front


def an_alert(account: str, kind: str, state: str, **more: object) -> dict[str, object]:
    told = {"account_id": account, "as_of": AS_OF, "owner": "Ana", "kind": kind, "subject": ""}
    told |= {"state": state, "text": f"{kind} of {account}", "began_on": AS_OF, "note": ""}
    return told | {"raised_on": AS_OF if state == "raised" else None} | more


def test_alerts_are_on_the_list_on_their_page_and_on_the_accounts_own(tmp_path):
    told = [
        an_alert("acc-0000", "stuck", "raised"),
        an_alert("acc-0000", "high", "standing", raised_on=AS_OF.replace(day=3)),
        an_alert("acc-0001", "behind", "held", note="held: little risk and little at stake"),
        an_alert("acc-0000", "lost", "ended"),
    ]
    line = {"raised": 8, "matured": 4, "left": 1, "precision": 0.25, "base_rate": 0.05}
    record = pd.DataFrame([line | {"kind": "all", "as_of": AS_OF, "median_lead_days": 30.0}])
    front, own = pages_with(tmp_path, alerts=pd.DataFrame(told), alerts_record=record)
    assert "Stuck: stuck of acc-0000" in front
    assert "behind of acc-0001" not in front
    assert "Stuck. stuck of acc-0000. new this morning" in own
    assert "high of acc-0000. raised on 3 Mar 2025, still so" in own
    assert "lost of acc-0000" not in own
    page = Page(tmp_path / "alerts.html").text
    assert "1 new this morning" in page
    assert "Of 4 alerts whose time has passed, 25 % came true" in page.replace("\u00a0", " ")
    assert "Held back Little risk and little at stake 1" in page


def test_what_a_graver_alert_tells_already_is_not_told_again(tmp_path):
    risk = {"text": "The risk is 40 %"}
    near = {"text": "Renews in 9 days, and is not ready: the risk is 40 %"}
    told = [
        an_alert("acc-0000", "renewal", "raised", **near),
        an_alert("acc-0000", "high", "raised", **risk),
        an_alert("acc-0000", "raised", "standing", **risk),
        an_alert("acc-0001", "renewal", "standing", **near),
        an_alert("acc-0001", "high", "raised", **risk),
    ]
    front, own = pages_with(tmp_path, alerts=pd.DataFrame(told), alerts_record=pd.DataFrame())
    assert own.replace("\u00a0", " ").count("he risk is 40 %") == 1
    assert "Renewal near, not ready: Renews in 9 days" in front
    assert "Risk high: The risk is 40" in front
    assert "2 new this morning" in Page(tmp_path / "alerts.html").text


def test_messages_and_answers_are_on_the_accounts_own_page(tmp_path):
    line = {
        "account_id": "acc-0000",
        "occasion": "stalled",
        "channel": "email",
        "roles": "admin",
    }
    nudge = line | {"text": "Shall we?", "decision": "hold", "reason": "too soon"}
    answer = {"account_id": "acc-0000", "kind": "wrong", "because": "They moved", "until": None}
    answer |= {"by": "Ana", "about": AS_OF, "known_at": pd.Timestamp("2025-03-09")}
    front, own = pages_with(
        tmp_path, nudges=pd.DataFrame([nudge]), feedback=pd.DataFrame([answer])
    )
    assert "On stall, by email to admin Shall we? Waits: too soon" in own
    assert "Ana, of the scores of 9 Mar 2025: wrong: They moved" in own
    assert "Shall we?" not in front


def test_the_week_is_in_the_order_of_the_priorities_and_says_who_was_set_aside(tmp_path):
    ids = [f"acc-{i:04d}" for i in range(12)]
    told = pd.DataFrame({"account_id": ids, "place": range(12, 0, -1), "set_aside": None})
    told["is_this_week"] = told["account_id"].isin(["acc-0002", "acc-0003"])
    told.loc[0, "set_aside"] = "snoozed until 1 Apr 2025"
    front, own = pages_with(tmp_path, priorities=told)
    assert "Off this week's list: snoozed until 1 Apr 2025." in own
    week = front.partition("This week")[2].partition("Find")[0]
    assert "snoozed until 1 Apr 2025" in week
