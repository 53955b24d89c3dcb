"""Which figures does a study's page hold, so that two runs of it can be laid side by side?

A study prints Markdown; its tables are its figures. Each number is named by its table's
heading, its row and its column, and an interval (``0.71 to 0.73``) belongs to the number on its
left, or to the one it stands behind.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

NUMBER = r"[-+\u2212]?\d[\d,]*\.?\d*(?:e[-+]?\d+)?"
ALONE = re.compile(rf"^({NUMBER})\s*(?:%|s|x|\u00d7|ms|GiB|MiB|points)?$")
INTERVAL = re.compile(rf"^\(?({NUMBER})\s*%?\s*(?:to|\u2013|\.\.)\s*({NUMBER})\s*%?\)?$")
BOTH = re.compile(rf"^({NUMBER})\s*%?\s*\(({NUMBER})\s*%?\s*(?:to|\u2013)\s*({NUMBER})\s*%?\)$")
LOW, HIGH = " low", " high"


@dataclass(slots=True)
class _Table:
    heading: str
    head: list[str]
    rows: list[list[str]] = field(default_factory=list)


def figures_of(printed: str) -> dict[str, float]:
    """Give every number of every table, by name.

    >>> figures_of("| days | AUC |\\n|---|---|\\n| 30 | **0.71** |")
    {'30: AUC': 0.71}
    """
    found: dict[str, float] = {}
    for table in _tables(printed):
        keys = _keys(table.rows)
        for row in table.rows:
            label = " ".join(cell for cell in row[:keys] if cell)
            name = ", ".join(filter(None, (table.heading, label)))
            for column, value in _numbers(table.head, row, start=keys):
                found.setdefault(f"{name}: {column}", value)
    return found


def _tables(printed: str) -> Iterator[_Table]:
    heading, table = "", None
    for line in [*printed.splitlines(), ""]:
        if line.startswith("#"):
            heading = line.strip("# ").strip()
        if not line.lstrip().startswith("|"):
            if table is not None and table.rows:
                yield table
            table = None
        elif table is None:
            table = _Table(heading, _cells(line))
        elif set(line) - set("|-: "):
            table.rows.append(_cells(line))


def _cells(line: str) -> list[str]:
    return [cell.strip().strip("*`").strip() for cell in line.strip().strip("|").split("|")]


def _keys(rows: Sequence[Sequence[str]]) -> int:
    """How many columns, from the left, it takes to tell the rows apart."""
    width = max(len(row) for row in rows)
    for count in range(1, width):
        if len({tuple(row[:count]) for row in rows}) == len(rows):
            return count
    return 1


def _numbers(
    head: Sequence[str], row: Sequence[str], *, start: int
) -> Iterator[tuple[str, float]]:
    before = ""
    for column, cell in list(zip(head, row, strict=False))[start:]:
        if both := BOTH.match(cell):
            yield column, _number(both[1])
            yield column + LOW, _number(both[2])
            yield column + HIGH, _number(both[3])
        elif interval := INTERVAL.match(cell):
            of = before or column
            yield of + LOW, _number(interval[1])
            yield of + HIGH, _number(interval[2])
        elif alone := ALONE.match(cell):
            yield column, _number(alone[1])
        before = column


def _number(text: str) -> float:
    return float(text.replace(",", "").replace("\u2212", "-"))
