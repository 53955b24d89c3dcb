"""From history, what does reaching each milestone do to leaving, in each segment?

Where too few accounts tell, no figure is given. What hidden engagement lends to an estimate is
taken off, as far as it shows (``bridge.py``). Where the interval covers zero, the milestone as
a whole shows no effect beside all that were looked at, the two sides cannot be compared, or a
placebo still seems to work, the figures are kept for comparison, never called an effect.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from configs.project import Project
from features.assemble import FeatureSet
from training.effects.bridge import Bridge, bridge, lent, without_lent
from training.effects.contrast import (
    Contrast,
    contrast,
    e_value,
    later_contrast,
    probe_contrast,
)
from training.effects.crossfit import Expected, cross_fit
from training.effects.effect import Effect, Effects
from training.effects.landmarks import Book, Landmarks, landmark_book
from training.effects.randomised import with_trials
from training.effects.together import Cell, drawn_together, proven_together

LEAST_REACHED, LEAST_LEFT = 40, 30
"""Fewer accounts that reached it, or that left, cannot tell anything: with a dozen leavers none
may happen to be among those who reached it, and an interval made for many calls that certain.
"""
LEAST_EFFECTIVE = 30.0
MOST_PAST_USE = 0.1
"""Standard deviations of past use by which the two sides may differ: the usual mark of balance.
"""
SEED = 11
DIGITS = 6

FEW = "too few accounts reached it or left"
COVERS_ZERO = "its interval covers zero"
ALL_LENT = "its interval covers zero once what hidden engagement lends is taken off"
NOT_TOGETHER = "all segments together show no effect beyond luck among so many milestones"
NO_OVERLAP = "those who reached it and those who did not are too unlike"
NO_BRIDGE = "what hidden engagement lends to it cannot be told"
PLACEBO_WORKS = "a busy month, which causes nothing, seems to work as well in this segment"
UNBALANCED = "the two sides used the product differently already before"


def estimate_effects(features: FeatureSet, project: Project, *, training_day: int) -> Effects:
    """Estimate every effect from what was known on the training day."""
    horizon = project.outcomes.horizons_days[-1]
    book = landmark_book(
        features,
        training_day=training_day,
        horizon_days=horizon,
        min_events=project.models.min_events,
    )
    over = bridges(book)
    placebo = [cell.effect for cell in compared(book.busy_months(), over)]
    found = [cell for landmarks in book.milestones() for cell in compared(landmarks, over)]
    told = with_trials(
        judged_together(found, placebo),
        features,
        training_day=training_day,
        horizon_days=horizon,
    )
    return Effects(
        found=tuple(_rounded(one) for one in told),
        placebo=tuple(_rounded(one) for one in placebo),
        horizon_days=horizon,
        window_days=book.window_days,
    )


def bridges(book: Book) -> dict[str, Bridge]:
    """By segment, what hidden engagement does; none where a busy week tells little."""
    weeks = book.busy_weeks()
    told: dict[str, Bridge] = {}
    expected: Expected | None = None
    for segment, rows in _segments(weeks):
        if _counted(weeks, rows, segment).evidence == "too_few":
            continue
        expected = cross_fit(weeks, seed=SEED) if expected is None else expected
        over = bridge(contrast(weeks, expected, rows), later_contrast(weeks, expected, rows))
        if over is not None:
            told[segment] = over
    return told


def compared(
    landmarks: Landmarks, over: Mapping[str, Bridge], expected: Expected | None = None
) -> list[Cell]:
    """Estimate a milestone (or the placebo) in every segment in which it was ever open.

    What is to be expected is learnt where it is not given and enough accounts tell.
    """
    cells: list[Cell] = []
    for segment, rows in _segments(landmarks):
        counted = _counted(landmarks, rows, segment)
        if counted.evidence == "too_few":
            cells.append(Cell(counted, np.nan))
            continue
        expected = cross_fit(landmarks, seed=SEED) if expected is None else expected
        found = contrast(landmarks, expected, rows)
        if segment in over:
            later = later_contrast(landmarks, expected, rows)
            counted = replace(counted, lent=lent(later, over[segment]))
            found = without_lent(found, later, over[segment])
        past_use = probe_contrast(landmarks, expected, rows)
        cells.append(Cell(_measured(counted, found, past_use), found.error))
    return cells


def judged_together(found: Sequence[Cell], placebo: Sequence[Effect]) -> list[Effect]:
    """Decide what every estimate may be called, beside all others and the placebo."""
    proven, in_segment = proven_together(found), {each.segment: each for each in placebo}
    return [
        judge(
            replace(cell.effect, best=best),
            in_segment.get(cell.effect.segment),
            is_proven=cell.effect.milestone in proven,
        )
        for cell, best in zip(found, drawn_together(found), strict=True)
    ]


def seems_to_work(placebo: Effect | None) -> bool:
    """Whether the placebo shows an effect that it cannot have."""
    if placebo is None or placebo.low is None or placebo.high is None:
        return False
    return not placebo.low <= 0 <= placebo.high


def judge(effect: Effect, placebo: Effect | None, *, is_proven: bool) -> Effect:
    """Decide what an estimate may be called, and why.

    ``is_proven`` says that all segments of the milestone together are, beside all others.
    """
    if effect.evidence == "too_few":
        return effect
    low, high, taken = effect.low or 0.0, effect.high or 0.0, effect.lent or 0.0
    covers, covered = low <= 0 <= high, low + taken <= 0 <= high + taken
    reasons = (
        (covers, COVERS_ZERO if covered else ALL_LENT),
        (not covers and not is_proven, NOT_TOGETHER),
        (effect.lent is None, NO_BRIDGE),
        (effect.effective < LEAST_EFFECTIVE, NO_OVERLAP),
        (seems_to_work(placebo), PLACEBO_WORKS),
        (abs(effect.past_use or 0.0) > MOST_PAST_USE, UNBALANCED),
    )
    against = [remark for applies, remark in reasons if applies]
    if against:
        return replace(effect, evidence="descriptive", remark="; ".join(against))
    return replace(effect, evidence="adjusted")


def _segments(landmarks: Landmarks) -> Iterator[tuple[str, np.ndarray]]:
    for segment in sorted({str(name) for name in landmarks.segment}):
        yield segment, landmarks.segment == segment


def _counted(landmarks: Landmarks, rows: np.ndarray, segment: str) -> Effect:
    reached = len(np.unique(landmarks.account[rows & landmarks.is_reached]))
    left = len(np.unique(landmarks.account[rows & (landmarks.left > 0)]))
    waited = len(np.unique(landmarks.account[rows & ~landmarks.is_reached]))
    enough = min(reached, waited) >= LEAST_REACHED and left >= LEAST_LEFT
    return Effect(
        segment=segment,
        milestone=landmarks.milestone,
        evidence="descriptive" if enough else "too_few",
        reached=reached,
        left=left,
        remark="" if enough else FEW,
    )


def _measured(counted: Effect, found: Contrast, past_use: Contrast) -> Effect:
    low, high = found.interval
    nearest = 0.0 if low <= 0 <= high else min(low, high, key=abs)
    return replace(
        counted,
        points=found.points,
        low=low,
        high=high,
        risk_without=found.without,
        effective=found.effective,
        overlap=found.overlap,
        robustness=e_value(found.without, found.points),
        robustness_low=e_value(found.without, nearest),
        past_use=past_use.points,
    )


def _rounded(effect: Effect) -> Effect:
    """Round, so that every machine writes the same digits."""
    numbers: dict[str, Any] = {
        name: round(value, DIGITS)
        for name in Effect.__slots__
        if isinstance(value := getattr(effect, name), float)
    }
    return replace(effect, **numbers)
