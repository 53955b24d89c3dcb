"""The figures at the top of the front page, added up by hand."""

from types import SimpleNamespace
from typing import Any

from configs.phrases import load_phrases
from serving.report.totals import totals
from tests.company import DEMO

WORDS = load_phrases(DEMO).words


def a_row(
    risk: float | None, *, arr: float | None = None, hue: str = "low", held_out: bool = False
) -> Any:
    at_risk = None if risk is None or arr is None else risk * arr
    return SimpleNamespace(
        risk=risk,
        arr=arr,
        arr_at_risk=at_risk,
        tag=SimpleNamespace(hue=hue),
        is_held_out=held_out,
    )


def figures(*rows: Any, has_arr: bool = True) -> dict[str, tuple[str, str]]:
    book = SimpleNamespace(words=WORDS, horizon=90, currency="USD", has_arr=has_arr)
    told = totals(rows, book)
    return {each.term: (each.figure, each.note.replace("\u00a0", " ")) for each in told}


def test_what_all_accounts_come_to_is_added_up_by_hand():
    rows = (
        a_row(0.5, arr=1000.0, hue="high"),
        a_row(0.25),
        a_row(0.0, arr=2000.0),
        a_row(None, arr=3000.0, hue="high"),
    )
    told = figures(*rows)
    assert told["account"] == ("4", "live; 1 not scored")
    assert told["expected_losses"] == ("0.8", "within 90 days: 25 %")
    assert told["high_risk"][0] == "1"
    assert told["arr"][0] == "$6,000"
    assert told["arr_at_risk"] == ("$500", "within 90 days: 8.3 %")


def test_ten_or_more_are_told_in_whole_accounts():
    told = figures(*[a_row(0.6)] * 21, has_arr=False)
    assert told["account"] == ("21", "live, all scored")
    assert told["expected_losses"] == ("13", "within 90 days: 60 %")
    assert "arr" not in told


def test_of_no_account_there_is_no_share():
    assert figures(a_row(None), has_arr=False)["expected_losses"][1].endswith("\u2013")


def test_who_is_held_out_is_not_said_to_be_without_a_score():
    told = figures(a_row(0.5), a_row(None, held_out=True), a_row(None, held_out=True))
    assert told["account"] == ("3", "live; 2 held out")
    told = figures(a_row(None), a_row(None, held_out=True))
    assert told["account"] == ("2", "live; 1 held out, 1 not scored")
