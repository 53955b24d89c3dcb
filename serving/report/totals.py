"""What does the front page say of all accounts together?"""

from collections.abc import Sequence
from dataclasses import dataclass

from serving import formats
from serving.report.facts import Book, Row


@dataclass(frozen=True, slots=True)
class Total:
    """One figure of the front page; ``term`` is its entry in the definitions."""

    term: str
    title: str
    figure: str
    note: str


def totals(rows: Sequence[Row], book: Book) -> tuple[Total, ...]:
    """Add up what the front page says of all accounts together."""
    scored = [one for one in rows if one.risk is not None]
    expected = sum(one.risk or 0.0 for one in scored)
    figures = [
        Total(
            "account",
            book.words.account[1].capitalize(),
            formats.count(len(rows)),
            _how_many_are_told(rows),
        ),
        Total(
            "expected_losses",
            "Expected to leave",
            formats.count(round(expected, 1) if expected < 10 else round(expected)),
            f"within {formats.days(book.horizon)}: {_share(expected, len(scored))}",
        ),
        Total(
            "high_risk",
            "At high risk",
            formats.count(sum(one.tag.hue == "high" for one in scored)),
            book.words.account[1],
        ),
    ]
    return (*figures, *(_money_totals(rows, book) if book.has_arr else ()))


def _how_many_are_told(rows: Sequence[Row]) -> str:
    held_out = sum(one.is_held_out for one in rows)
    unscored = sum(one.risk is None and not one.is_held_out for one in rows)
    counted = ((held_out, "held out"), (unscored, "not scored"))
    left_out = [f"{formats.count(count)} {what}" for count, what in counted if count]
    return f"live; {', '.join(left_out)}" if left_out else "live, all scored"


def _money_totals(rows: Sequence[Row], book: Book) -> tuple[Total, ...]:
    arr = sum(one.arr or 0.0 for one in rows)
    at_risk = sum(one.arr_at_risk or 0.0 for one in rows)
    return (
        Total(
            "arr",
            "ARR",
            formats.money(arr, book.currency),
            f"of all live {book.words.account[1]}",
        ),
        Total(
            "arr_at_risk",
            "ARR at risk",
            formats.money(at_risk, book.currency),
            f"within {formats.days(book.horizon)}: {_share(at_risk, arr)}",
        ),
    )


def _share(part: float, whole: float) -> str:
    return formats.unbroken(formats.percent(part / whole if whole else None))
