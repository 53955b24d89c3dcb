"""Where the risk sits, on whom it rests and how far the book has climbed, added up by hand."""

from types import SimpleNamespace
from typing import Any

import pandas as pd

from configs.phrases import load_phrases
from serving.report.book_at_risk import adoption, heat_map, rests_on
from tests.company import DEMO

PHRASES = load_phrases(DEMO)


def material(**tables: pd.DataFrame) -> Any:
    names = {"first": "First", "second": "Second"}
    book = SimpleNamespace(
        words=PHRASES.words, horizon=90, currency="USD", pages={}, milestone_names=names
    )
    return SimpleNamespace(book=book, tables=tables, phrases=PHRASES)


def a_book(*accounts: tuple[str, str | None, float | None, float | None]) -> pd.DataFrame:
    """Segment, day of renewal, ARR and risk of each account, all of one owner."""
    told = pd.DataFrame(accounts, columns=["segment", "renews_on", "arr", "churn_risk"])
    return told.assign(
        account_id=[f"a{place}" for place in range(len(told))],
        name=None,
        owner="Ana",
        renews_on=pd.to_datetime(told["renews_on"]).dt.date,
        arr=told["arr"].astype(float),
        churn_risk=told["churn_risk"].astype(float),
        arr_at_risk=told["arr"].astype(float) * told["churn_risk"].astype(float),
        base_risk=0.1,
        reasons=[()] * len(told),
    )


BOOK = (
    ("large", "2025-04-10", 1000.0, 0.5),
    ("large", "2025-06-30", 2000.0, 0.1),
    ("large", "2025-07-01", 4000.0, 0.1),
    ("small", "2025-05-05", 100.0, 0.2),
    ("small", None, 100.0, 0.9),
)


def cells(accounts: pd.DataFrame) -> dict[str, list[tuple[str, str, int]]]:
    (figure,) = heat_map(material(accounts=accounts))
    return {
        line.label: [(c.text, c.note.replace("\u00a0", " "), c.heat) for c in line.cells]
        for line in figure.lines
    }


def test_what_is_at_stake_is_summed_by_segment_and_quarter():
    told = cells(a_book(*BOOK))
    assert told["Large"] == [("$700", "2, 30 % risk", 4), ("$400", "1, 10 % risk", 3)]
    assert told["Small"] == [("$20", "1, 20 % risk", 1), ("\u2013", "", 0)]


def test_without_arr_the_accounts_expected_to_leave_are_summed():
    told = cells(a_book(*[(s, day, None, risk) for s, day, _, risk in BOOK]))
    assert [text for text, *_ in told["Large"]] == ["0.6", "0.1"]


def test_no_cell_tells_the_risk_of_whoever_is_held_out():
    book = a_book(*BOOK).assign(is_held_out=[False, False, True, False, False])
    assert cells(book)["Large"] == [("$700", "2, 30 % risk", 4)]


def test_where_nothing_renews_or_nothing_is_known_there_is_no_map():
    assert not list(heat_map(material(accounts=a_book(("large", None, 1.0, 0.5)))))
    assert not list(heat_map(material(accounts=a_book(("large", "2025-04-10", 1.0, None)))))


def test_those_it_rests_on_hold_their_share_of_what_is_expected_to_be_lost():
    book = a_book(*[("large", None, 100.0, 0.3)] * 12, ("large", None, 100.0, 0.9))
    (figure,) = rests_on(material(accounts=book))
    assert [line.label for line in figure.lines][:2] == ["a12", "a0"]
    assert len(figure.lines) == 10
    # 90 and nine times 30 of 90 and twelve times 30.
    assert figure.note.replace("\u00a0", " ").startswith("These 10 hold 80 % of all")


def test_the_funnel_counts_what_was_reached_and_not_lost_again():
    told = [("a", "first", "done"), ("b", "first", "lost"), ("c", "first", "done")]
    told += [("a", "second", "open"), ("c", "second", "done")]
    rows = pd.DataFrame(told, columns=["account_id", "milestone", "state"])
    (figure,) = adoption(material(milestones=rows))
    told = [(one.label, one.cells[1].text, one.cells[0].note) for one in figure.lines]
    assert told == [("First", "2 of 3", "1 lost again"), ("Second", "1 of 2", "")]
