"""What did the programme earn, and how far is that known?"""

from collections.abc import Iterator

import pandas as pd

from configs.phrases import Words
from serving import formats
from serving.outlook.programme import (
    ARR_KEPT,
    BEFORE_AFTER,
    FEWER,
    HOLDOUT,
    LEFT,
    MORE,
    NO_CLAIM,
    NO_EFFECT,
    RAISES,
    REACHED,
    REDUCES,
)
from serving.records import Record, records
from serving.report.figures import Cell, Figure, Line
from serving.report.material import Material

MEASURES = {
    LEFT: "Left since",
    REACHED: "Milestones reached since, by each",
    ARR_KEPT: "Of their ARR, kept",
}
COMPARED = {HOLDOUT: "Held out by lot", BEFORE_AFTER: "Expected, by what was known before"}
VERDICTS = {
    REDUCES: "Fewer leave",
    RAISES: "More leave",
    NO_EFFECT: "No measurable effect",
    NO_CLAIM: "No claim",
    FEWER: "Fewer left than expected",
    MORE: "More left than expected",
}
FOUND = (REDUCES, RAISES, FEWER, MORE)
NOTE = (
    "Beside those held out by lot, the difference is that of the programme; beside what was "
    "expected before, whatever else changed since is part of it. What set both sides apart "
    "before is taken off the difference. The interval holds over four quarterly looks together "
    "95 times in a hundred; the smallest effect is what would be seen "
    "four times out of five. What is concluded is concluded of leaving alone."
)
HEADS = (
    "Compared with",
    "",
    "In the programme",
    "Compared",
    "Difference",
    "Smallest that would be seen",
    "Conclusion",
)


def earned(material: Material) -> Iterator[Figure]:
    """Tell both comparisons, measure by measure; nothing where there is no programme."""
    told = material.tables.get("programme")
    if told is None or told.empty:
        return
    lines = [_line(row, material.book.words) for row in records(told)]
    yield Figure("programme", "What the programme earned", NOTE, HEADS, tuple(lines), told)


def in_words(told: pd.DataFrame | None, words: Words) -> str:
    """Say in a sentence or two what is known of leaving; nothing without a programme."""
    rows = {} if told is None else {r["comparison"]: r for r in records(told) if r["verdict"]}
    return " ".join(_sentence(rows[name], words) for name in COMPARED if name in rows)


def _sentence(row: Record, words: Words) -> str:
    since, many = formats.day(row["since"]), words.account[1]
    if row["comparison"] == HOLDOUT:
        return f"{_beside_held_out(row, many)} since {since}: {_concluded(row)}."
    return (
        f"{formats.percent(row['happened'])} of the {many} that were here on {since} left by "
        f"{formats.day(row['until'])}, where {formats.percent(row['compared'])} were expected "
        f"to by what was known then: {_concluded(row)}."
    )


def _beside_held_out(row: Record, many: str) -> str:
    if row["happened"] is None:
        return (
            f"{formats.count(row['accounts_compared'])} {many} are held out of the programme "
            f"beside {formats.count(row['accounts'])} in it"
        )
    return (
        f"{formats.percent(row['happened'])} of the {many} in the programme left and "
        f"{formats.percent(row['compared'])} of those held out"
    )


def _concluded(row: Record) -> str:
    why = f" ({row['remark']})" if row["remark"] else ""
    size = f", by {_range(row)} points" if row["verdict"] in FOUND else ""
    return f"{VERDICTS[row['verdict']].lower()}{size}{why}"


def _line(row: Record, words: Words) -> Line:
    counted = formats.count(row["accounts"])
    if row["accounts_compared"] is not None:
        counted = f"{counted} beside {formats.count(row['accounts_compared'])}"
    span = f"{formats.day(row['since'])} to {formats.day(row['until'])}"
    first = Cell(MEASURES[row["measure"]], note=f"{counted} {words.account[1]}, {span}")
    if row["effect"] is None:
        nothing = [Cell(formats.NOTHING)] * 4
        return Line(COMPARED[row["comparison"]], (first, *nothing, _conclusion(row)))
    is_count = row["measure"] == REACHED
    cells = (
        Cell(_amount(row["happened"], is_count=is_count)),
        Cell(_amount(row["compared"], is_count=is_count)),
        Cell(_difference(row["effect"], is_count=is_count), note=_ends(row, is_count=is_count)),
        Cell(_size(row["smallest"], is_count=is_count)),
    )
    return Line(COMPARED[row["comparison"]], (first, *cells, _conclusion(row)))


def _conclusion(row: Record) -> Cell:
    if row["verdict"] is None:
        return Cell("")
    return Cell(VERDICTS[row["verdict"]], note=row["remark"] or "")


def _amount(amount: float, *, is_count: bool) -> str:
    return f"{amount:.2f}" if is_count else formats.unbroken(formats.percent(amount))


def _difference(amount: float, *, is_count: bool) -> str:
    if is_count:
        return formats.points(amount / 100, decimals=2)
    return f"{formats.points(amount)} points"


def _ends(row: Record, *, is_count: bool) -> str:
    if not is_count:
        return _range(row)
    low, high = (formats.points(row[end] / 100, decimals=2) for end in ("low", "high"))
    return f"{low} to {high}"


def _range(row: Record) -> str:
    return f"{formats.points(row['low'])} to {formats.points(row['high'])}"


def _size(amount: float, *, is_count: bool) -> str:
    return f"{amount:.2f}" if is_count else f"{formats.points(amount).lstrip('+')} points"
