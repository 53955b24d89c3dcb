"""What does a page draw, and how is it drawn so that it also reads in print and without colour?

Every chart is inline SVG without text to translate or fonts to load; the numbers stand beside
it as words. What raises the risk is filled, what lowers it is an outline.
"""

from collections.abc import Sequence

from markupsafe import Markup

WIDTH, HEIGHT = 400, 20


def step_bar(start: float, end: float, *, top: float, kind: str) -> Markup:
    """Draw one step from the base risk to the account's, on a scale from 0 to top."""
    left, right = (max(0.0, min(x / top, 1.0)) * WIDTH for x in sorted((start, end)))
    at = _number(min(max(end / top, 0.0), 1.0) * WIDTH)
    width = _number(max(right - left, 1.5))
    return Markup(
        f'<svg class="bar {kind}" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none"'
        ' aria-hidden="true">'
        f'<rect x="{_number(left)}" y="3" width="{width}" height="14"/>'
        f'<path d="M{at} 0V{HEIGHT}"/></svg>'
    )


def share_bar(share: float) -> Markup:
    """Draw a share of one as a filled part of a line."""
    filled = _number(max(0.0, min(share, 1.0)) * WIDTH)
    return Markup(
        f'<svg class="share" viewBox="0 0 {WIDTH} 8" preserveAspectRatio="none"'
        f' aria-hidden="true"><rect class="all" width="{WIDTH}" height="8"/>'
        f'<rect class="part" width="{filled}" height="8"/></svg>'
    )


def week_columns(amounts: Sequence[float]) -> Markup:
    """Draw one column per week, oldest first, on a scale from nothing to the busiest week."""
    top = max(amounts, default=0.0) or 1.0
    slot = WIDTH / max(len(amounts), 1)
    columns = "".join(
        f'<rect x="{_number(i * slot + slot * 0.12)}" y="{_number(72 - 70 * a / top)}"'
        f' width="{_number(slot * 0.76)}" height="{_number(70 * a / top)}"/>'
        for i, a in enumerate(amounts)
        if a > 0
    )
    return Markup(
        f'<svg class="weeks" viewBox="0 0 {WIDTH} 74" preserveAspectRatio="none"'
        f' aria-hidden="true">{columns}<path d="M0 73H{WIDTH}"/></svg>'
    )


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
