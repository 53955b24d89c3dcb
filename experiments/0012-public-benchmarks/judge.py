"""How well did a method say who ends when, and by what? The same measures for everyone.

The integrated Brier score weighs what is known by one over the chance of still being followed.
Where people entered in different years and were all followed to the same closing day, that
chance hangs on the year: a score that takes it as everybody's rewards whoever foretells more
ends to late entrants, of whom, near the closing day, only those that ended are known. So tables
with a year of entry are judged a second time, each year by its own censoring, and no further
than every year was followed.
"""

from dataclasses import dataclass

import numpy as np
from folds import CENSORED, Task

from training.engine.periods import FollowUp
from training.proof.metrics import integrated_brier

_ROUNDING = 1e-9


@dataclass(frozen=True)
class Verdict:
    """What came of one method's answer to one task; lists are by cause."""

    brier: list[float]
    brier_by_year: list[float]
    """Empty where the table has no year of entry."""
    concordance: list[float]
    violations: int
    """People whose chance falls as the horizon grows, or whose chances sum to more than one."""


def judged(incidence: np.ndarray, task: Task) -> Verdict:
    """Hold an answer (chances by cause, person and day of the grid) against what came."""
    came = FollowUp(task.test.days, task.test.cause)
    causes = range(task.causes)
    at = np.searchsorted(task.grid, task.horizons)
    by_year: list[float] = []
    if task.years is not None:
        early = np.searchsorted(task.grid, task.early_horizons)
        by_year = [_by_year(incidence[c][:, early], came, task, c) for c in causes]
    horizons = task.horizons.tolist()
    falls = (np.diff(incidence, axis=2) < -_ROUNDING).any(axis=(0, 2))
    exceeds = (incidence.sum(axis=0) > 1 + _ROUNDING).any(axis=1)
    return Verdict(
        brier=[
            integrated_brier(incidence[c][:, at], came, cause=c, horizons=horizons)
            for c in causes
        ],
        brier_by_year=by_year,
        concordance=[concordance_in_time(incidence[c], came, task.grid, c) for c in causes],
        violations=int((falls | exceeds).sum()),
    )


def concordance_in_time(
    chances: np.ndarray, came: FollowUp, grid: np.ndarray, cause: int
) -> float:
    """Chance that whoever ended by a cause was, by that day, held likelier to than who had not.

    The C^td of Antolini, Boracchi and Biganzoli (2005), over the ends before the grid's last
    day; those that ended by another cause count as never ending by this one (Wolbers 2014).
    """
    days, by_cause = came.days, came.cause == cause
    lasting = np.where(by_cause | (came.cause == CENSORED), days, np.inf)
    struck = np.flatnonzero(by_cause & (days < grid[-1]))
    right = pairs = 0.0
    for row in struck:
        place = int(np.searchsorted(grid, days[row], side="right"))
        share = (days[row] - grid[place - 1]) / (grid[place] - grid[place - 1])
        said = chances[:, place - 1] * (1 - share) + chances[:, place] * share
        later = (lasting > days[row]) | ((lasting == days[row]) & ~by_cause)
        right += (said[row] > said[later]).sum() + (said[row] == said[later]).sum() / 2
        pairs += later.sum()
    return float(right / pairs) if pairs else float("nan")


def _by_year(chances: np.ndarray, came: FollowUp, task: Task, cause: int) -> float:
    """The integrated Brier score of each year of entry by itself, and their mean by people."""
    assert task.years is not None
    horizons, total = task.early_horizons.tolist(), 0.0
    for year in np.unique(task.years):
        own = np.flatnonzero(task.years == year)
        score = integrated_brier(chances[own], came.take(own), cause=cause, horizons=horizons)
        total += score * len(own)
    return total / len(came)
