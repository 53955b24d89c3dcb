"""How do the reasons lead from the average account's risk to this one's, figure by figure?"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from configs.phrases import Phrases
from serving import formats
from serving.reasons.timing import TIMING
from serving.report.charts import step_bar
from serving.scorecard import Reason

SMALL = 0.02
"""Risks below this are shown to a hundredth of a point, others to a tenth."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the way: a family, its sentence, its points as written, and its bar."""

    family: str
    title: str
    text: str
    figure: str
    direction: str
    bar: Markup


@dataclass(frozen=True, slots=True)
class Way:
    """The lines from the average account to this one; the figures sum as they are written."""

    start: Step
    steps: tuple[Step, ...]
    end: Step
    unfelt: str
    """The families without a visible effect, as a list in words."""


def way(
    reasons: Sequence[Reason], *, base_risk: float, risk: float, phrases: Phrases
) -> Way | None:
    """Lay out the reasons one after the other; None where there are none.

    A timing that holds no number, and so nothing that a CSM could check, comes last.
    """
    if not reasons:
        return None
    decimals = 2 if max(base_risk, risk) < SMALL else 1
    unit = 10.0 ** -(decimals + 2)
    start, end = round(base_risk / unit), round(risk / unit)
    whole = whole_steps([r.points / unit for r in reasons], total=end - start)
    felt = [(r, w) for r, w in zip(reasons, whole, strict=True) if w]
    felt.sort(key=lambda each: each[0].family == TIMING and each[0].value is None)
    top = _top(start, [w for _, w in felt]) * 1.02
    steps, at = [], start
    for reason, units in felt:
        steps.append(
            Step(
                family=reason.family,
                title=phrases.family_name(reason.family),
                text=formats.unbroken(reason.text),
                figure=formats.points(units * unit, decimals=decimals),
                direction="up" if units > 0 else "down",
                bar=step_bar(at, at + units, top=top, kind="up" if units > 0 else "down"),
            )
        )
        at += units
    unfelt = [
        phrases.family_name(r.family) for r, w in zip(reasons, whole, strict=True) if not w
    ]
    return Way(
        start=_whole(start, unit=unit, decimals=decimals, top=top),
        steps=tuple(steps),
        end=_whole(end, unit=unit, decimals=decimals, top=top),
        unfelt=", ".join(unfelt),
    )


def whole_steps(points: Sequence[float], *, total: int) -> list[int]:
    """Round the points so that they sum to the total: the largest remainders go up.

    >>> whole_steps([4.4, 3.4, -1.8], total=6)
    [5, 3, -2]
    """
    floors = [int(p // 1) for p in points]
    missing = total - sum(floors)
    by_remainder = sorted(range(len(points)), key=lambda i: (-(points[i] % 1), i))
    for i in by_remainder[: max(missing, 0)]:
        floors[i] += 1
    for i in by_remainder[::-1][: max(-missing, 0)]:
        floors[i] -= 1
    return floors


def _top(start: int, steps: Sequence[int]) -> float:
    heights = [start]
    for units in steps:
        heights.append(heights[-1] + units)
    return float(max(*heights, 1))


def _whole(units: int, *, unit: float, decimals: int, top: float) -> Step:
    return Step(
        family="",
        title="",
        text="",
        figure=f"{units * unit * 100:.{decimals}f}\u00a0%",
        direction="whole",
        bar=step_bar(0, units, top=top, kind="whole"),
    )
