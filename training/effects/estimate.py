"""From history, what does reaching each milestone do to leaving, in each segment?

Where too few accounts tell, no figure is given. Where the interval covers zero, the two sides
cannot be compared, or a placebo seems to work, the figures are kept for comparison and never
called an effect. To compare steps with each other, what the placebo seems to do is taken off
first: hidden engagement lends it to every step alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from configs.project import Project
from features.assemble import FeatureSet
from training.effects.contrast import Contrast, contrast, e_value, probe_contrast
from training.effects.crossfit import Expected, cross_fit
from training.effects.effect import Effect, Effects
from training.effects.landmarks import Landmarks, landmark_book
from training.effects.randomised import with_trials
from training.engine.periods import Floats

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
NO_OVERLAP = "those who reached it and those who did not are too unlike"
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
    placebo = compared(book.busy_months())
    in_segment = {cell.effect.segment: cell.effect for cell in placebo}
    found = [cell for landmarks in book.milestones() for cell in compared(landmarks)]
    judged = [
        replace(cell, effect=judge(cell.effect, in_segment.get(cell.effect.segment)))
        for cell in drawn_together(found)
    ]
    told = with_trials(
        [cell.effect for cell in judged],
        features,
        training_day=training_day,
        horizon_days=horizon,
    )
    return Effects(
        found=tuple(_rounded(one) for one in told),
        placebo=tuple(_rounded(cell.effect) for cell in placebo),
        horizon_days=horizon,
        window_days=book.window_days,
    )


@dataclass(frozen=True, slots=True)
class Cell:
    """One segment's estimate of one milestone, with the standard error of its points."""

    effect: Effect
    error: float


def compared(landmarks: Landmarks, expected: Expected | None = None) -> list[Cell]:
    """Estimate a milestone (or the placebo) in every segment in which it was ever open.

    What is to be expected is learnt where it is not given and enough accounts tell.
    """
    cells: list[Cell] = []
    for segment in sorted({str(name) for name in landmarks.segment}):
        rows = landmarks.segment == segment
        counted = _counted(landmarks, rows, segment)
        if counted.evidence == "too_few":
            cells.append(Cell(counted, np.nan))
            continue
        expected = cross_fit(landmarks, seed=SEED) if expected is None else expected
        found = contrast(landmarks, expected, rows)
        past_use = probe_contrast(landmarks, expected, rows)
        cells.append(Cell(_measured(counted, found, past_use), found.error))
    return cells


def seems_to_work(placebo: Effect | None) -> bool:
    """Whether the placebo shows an effect that it cannot have."""
    if placebo is None or placebo.low is None or placebo.high is None:
        return False
    return not placebo.low <= 0 <= placebo.high


def judge(effect: Effect, placebo: Effect | None) -> Effect:
    """Decide what an estimate may be called beside the placebo of its segment, and why."""
    if effect.evidence == "too_few":
        return effect
    low, high = effect.low or 0.0, effect.high or 0.0
    works, borrowed = seems_to_work(placebo), (placebo.points if placebo else None) or 0.0
    if effect.best is not None:
        effect = replace(effect, best=effect.best - borrowed)
    reasons = (
        (low <= 0 <= high, COVERS_ZERO),
        (effect.effective < LEAST_EFFECTIVE, NO_OVERLAP),
        (works, PLACEBO_WORKS),
        (abs(effect.past_use or 0.0) > MOST_PAST_USE, UNBALANCED),
    )
    against = [remark for applies, remark in reasons if applies]
    if against:
        return replace(effect, evidence="descriptive", remark="; ".join(against))
    return replace(effect, evidence="adjusted")


def drawn_together(cells: Sequence[Cell]) -> list[Cell]:
    """Draw each milestone's segments together, by how little each is known.

    Empirical Bayes: the segments' true effects are taken as a draw around their mean, with the
    variance that the estimates show beyond their errors (DerSimonian and Laird 1986).
    """
    best: dict[int, float] = {}
    for milestone in {cell.effect.milestone for cell in cells}:
        at = [
            i
            for i, cell in enumerate(cells)
            if cell.effect.milestone == milestone and cell.effect.points is not None
        ]
        points = np.array([cells[i].effect.points for i in at], dtype=np.float64)
        errors = np.array([cells[i].error for i in at])
        best |= dict(zip(at, shrunk(points, errors).tolist(), strict=True))
    return [
        replace(cell, effect=replace(cell.effect, best=best.get(i)))
        for i, cell in enumerate(cells)
    ]


def shrunk(points: Floats, errors: Floats) -> Floats:
    """Draw estimates towards their mean.

    >>> shrunk(np.array([-0.02, -0.04]), np.array([0.01, 0.01])).round(3).tolist()
    [-0.025, -0.035]
    """
    if len(points) < 2:
        return points
    weights = 1 / errors**2
    mean = (weights * points).sum() / weights.sum()
    beyond = (weights * (points - mean) ** 2).sum() - (len(points) - 1)
    scale = weights.sum() - (weights**2).sum() / weights.sum()
    variance = max(beyond / scale, 0.0)
    kept = variance / (variance + errors**2)
    drawn: Floats = mean + kept * (points - mean)
    return drawn


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
