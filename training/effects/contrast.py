"""How do alike accounts that reached a milestone differ from those that did not?

Augmented inverse-probability weighting (Robins, Rotnitzky and Zhao 1994), with overlap weights
(Li, Morgan and Zaslavsky 2018): a landmark counts by the chance that it could have gone either
way, so that nobody whose path was certain is compared with anybody. It is right where either
the chance of reaching or the chance of leaving is expected rightly.
"""

from dataclasses import dataclass

import numpy as np

from features.asof import Bools, Ints
from training.effects.crossfit import Expected
from training.effects.landmarks import Landmarks
from training.engine.periods import Floats

TWO_SIDED_95 = 1.959964
PLAUSIBLE = 0.02
"""Reaching it counts as plausible from this chance on, and not reaching it too."""


@dataclass(frozen=True, slots=True, eq=False)
class Contrast:
    """A difference of means between reaching and not reaching, with its standard error."""

    points: float
    parts: Floats
    """What each account (or parent), by its number, adds to the error of the points."""
    without: float
    """The mean of the same landmarks, not reaching."""
    effective: float
    """Accounts of the smaller side, at equal weights."""
    overlap: float

    @property
    def error(self) -> float:
        """The standard error, accounts (or parents) drawn as wholes."""
        drawn = np.count_nonzero(self.parts)
        return float(np.sqrt((self.parts**2).sum() * drawn / max(drawn - 1, 1)))

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval."""
        reach = TWO_SIDED_95 * self.error
        return self.points - reach, self.points + reach


def overlap_weights(reaching: Floats) -> Floats:
    """Highest where it could have gone either way, nothing where it was certain."""
    return reaching * (1 - reaching)


def contrast(landmarks: Landmarks, expected: Expected, rows: Bools) -> Contrast:
    """The change in the chance of leaving, over some of the landmarks."""
    told = expected.leaving_with, expected.leaving_without
    return _over(rows, landmarks, expected, landmarks.left, told=told)


def probe_contrast(landmarks: Landmarks, expected: Expected, rows: Bools) -> Contrast:
    """The change in what came before the landmark: none, where alike is compared with alike."""
    told = expected.probe, expected.probe
    return _over(rows, landmarks, expected, landmarks.probe, told=told)


def later_contrast(landmarks: Landmarks, expected: Expected, rows: Bools) -> Contrast:
    """The change in the use of the product after the window, of those of whom it is known."""
    told = expected.later, expected.later
    rows = rows & np.isfinite(landmarks.later)
    return _over(rows, landmarks, expected, landmarks.later, told=told)


def _over(
    rows: Bools,
    landmarks: Landmarks,
    expected: Expected,
    outcome: Floats,
    *,
    told: tuple[Floats, Floats],
) -> Contrast:
    return _contrast(
        outcome[rows],
        landmarks.is_reached[rows],
        reaching=expected.reaching[rows],
        told=(told[0][rows], told[1][rows]),
        cluster=landmarks.cluster[rows],
    )


def _contrast(
    outcome: Floats,
    reached: Bools,
    *,
    reaching: Floats,
    told: tuple[Floats, Floats],
    cluster: Ints,
) -> Contrast:
    with_it, without_it = told
    weight = overlap_weights(reaching)
    total = weight.sum()
    on_with = np.where(reached, (1 - reaching) * (outcome - with_it), 0.0)
    on_without = np.where(reached, 0.0, reaching * (outcome - without_it))
    gains = weight * (with_it - without_it) + on_with - on_without
    points = gains.sum() / total
    own = np.unique(cluster, return_inverse=True)[1]
    sides = (
        _effective(own, np.where(reached, 1 - reaching, 0.0)),
        _effective(own, np.where(reached, 0.0, reaching)),
    )
    return Contrast(
        points=float(points),
        parts=np.bincount(cluster, weights=gains - weight * points) / total,
        without=float((weight * without_it + on_without).sum() / total),
        effective=float(min(sides)),
        overlap=float(((reaching > PLAUSIBLE) & (reaching < 1 - PLAUSIBLE)).mean()),
    )


def _effective(cluster: Ints, weights: Floats) -> float:
    """Kish's effective number of clusters."""
    summed = np.bincount(cluster, weights=weights)
    squares = (summed**2).sum()
    return float(summed.sum() ** 2 / squares) if squares > 0 else 0.0


def e_value(without: float, points: float) -> float:
    """How strong a hidden cause must be, as a risk ratio, to explain a change of risk away.

    VanderWeele and Ding 2017.

    >>> round(e_value(0.10, -0.05), 2)
    3.41
    """
    low = 1e-4
    before = float(np.clip(without, low, 1 - low))
    after = float(np.clip(without + points, low, 1 - low))
    ratio = max(before / after, after / before)
    return ratio + float(np.sqrt(ratio * (ratio - 1)))
