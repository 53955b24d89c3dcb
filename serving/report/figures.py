"""What is a figure of a page: its table, its drawing, and the file behind it?

Whoever doubts a figure, or wants to go on from it, finds its numbers as CSV beside the page.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from serving.report.charts import WIDTH


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell; ``heat`` from 0 (none) to 4 shades it."""

    text: str
    drawing: Markup | None = None
    heat: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a figure's table."""

    label: str
    cells: tuple[Cell, ...]
    is_whole: bool = False
    page: str | None = None
    """The account's own page, where there is one."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A table that reads without its drawings; ``name`` is its file's."""

    name: str
    title: str
    note: str
    heads: tuple[str, ...]
    lines: tuple[Line, ...]
    behind: pd.DataFrame

    @property
    def file(self) -> str:
        return f"{self.name}.csv"


def csv_files(figures: Sequence[Figure]) -> dict[str, str]:
    """Give the text of the file behind each figure, by name."""
    return {
        figure.file: figure.behind.to_csv(index=False, lineterminator="\n", float_format="%.6g")
        for figure in figures
    }


def interval_bar(low: float, expected: float, high: float, *, bottom: float) -> Markup:
    """Draw an interval and what is expected, on a scale from ``bottom`` to the best."""
    top = max(1.0, high)
    span = max(top - bottom, 1e-9)
    left, at, right = (
        max(0.0, min((x - bottom) / span, 1.0)) * WIDTH for x in (low, expected, high)
    )
    whole = (1.0 - bottom) / span * WIDTH
    return Markup(
        f'<svg class="span" viewBox="0 0 {WIDTH} 20" preserveAspectRatio="none"'
        f' aria-hidden="true"><path class="axis" d="M0 10H{WIDTH}M{whole:.1f} 2V18"/>'
        f'<rect x="{left:.1f}" y="6" width="{max(right - left, 1.5):.1f}" height="8"/>'
        f'<path class="at" d="M{at:.1f} 2V18"/></svg>'
    )


def heat_of(amount: float, most: float) -> int:
    """Shade an amount from 0 to 4, by its share of the largest."""
    if not amount > 0 or not most > 0:
        return 0
    return min(4, 1 + int(4 * amount / most))
