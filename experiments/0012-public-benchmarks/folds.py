"""Who teaches and who is judged, on which days, and where does every method write its answer?

Read by the project's engine and by its rivals alike; needs NumPy and pandas alone.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

CENSORED = -1
HORIZONS, STEPS = 30, 100
FEW, FEW_LOST = 70, 20
TOLD = ["days", "cause", "fold", "last"]


@dataclass(frozen=True, eq=False)
class People:
    """Their inputs, and what happened to them first."""

    inputs: pd.DataFrame
    days: np.ndarray
    cause: np.ndarray

    def take(self, rows: np.ndarray) -> "People":
        return People(self.inputs.iloc[rows], self.days[rows], self.cause[rows])


@dataclass(frozen=True, eq=False)
class Task:
    """One fold of one table: learn from some, and say when each of the others ends, and how."""

    train: People
    test: People
    causes: int
    horizons: np.ndarray
    """Days, evenly spaced, on which what was said is held against what came."""
    grid: np.ndarray
    """Days on which every method must say the chance of each cause: horizons and between."""
    years: np.ndarray | None
    """In which year each of those judged entered, where the table tells."""
    early_horizons: np.ndarray
    """As ``horizons``, but none later than people of every year were followed to."""


def read_task(folder: Path, table: str, fold: int) -> Task:
    """Read a fold; the days are the whole table's, so that all folds are judged alike."""
    told = pd.read_parquet(folder / f"{table}.parquet")
    everyone = People(
        told.drop(columns=TOLD),
        told["days"].to_numpy(dtype=np.float64),
        told["cause"].to_numpy(dtype=np.int64),
    )
    last = float(told["last"].iloc[0])
    horizons = np.linspace(0, last, HORIZONS + 1)[1:]
    ended = everyone.days[(everyone.cause != CENSORED) & (everyone.days < last)]
    years = _years(table, everyone.inputs)
    early = horizons[horizons <= _followed_to(everyone, years)]
    between = np.quantile(ended, np.linspace(0, 1, STEPS + 1))
    grid = np.unique(np.concatenate([[0.0], between, horizons]))
    is_judged = told["fold"].to_numpy() == fold
    return Task(
        train=everyone.take(np.flatnonzero(~is_judged)),
        test=everyone.take(np.flatnonzero(is_judged)),
        causes=int(everyone.cause.max()) + 1,
        horizons=horizons,
        grid=grid,
        years=None if years is None else years[is_judged],
        early_horizons=early,
    )


def _years(table: str, inputs: pd.DataFrame) -> np.ndarray | None:
    """The year of entry; late ones together, of whom each fold would have too few."""
    if table == "ebmt2":
        return inputs["year_1990-1994"].to_numpy() + 2 * inputs["year_1995-1998"].to_numpy()
    column = {"flchain": "sample.yr", "transplant": "year"}.get(table)
    return None if column is None else _pooled(inputs[column].to_numpy())


def _pooled(years: np.ndarray) -> np.ndarray:
    """Years, of which one with fewer people than FEW counts as the year before it."""
    pooled = years.copy()
    for year in np.unique(years)[::-1]:
        if (pooled == year).sum() < FEW and (years < year).any():
            pooled[pooled == year] = years[years < year].max()
    return pooled


def _followed_to(everyone: People, years: np.ndarray | None) -> float:
    """The day by which a quarter of those lost sight of in some year were lost sight of."""
    if years is None:
        return float("inf")
    lost = everyone.cause == CENSORED
    seen = [year for year in np.unique(years) if (lost & (years == year)).sum() >= FEW_LOST]
    return min(float(np.quantile(everyone.days[lost & (years == y)], 0.25)) for y in seen)


def chained(hazards: np.ndarray) -> np.ndarray:
    """Chance of each cause by each day of the grid, from every cause's cumulative hazard.

    Both are by cause, row and day. Within a step causes share what happens by their hazards.
    """
    steps = np.diff(hazards, axis=2, prepend=0.0)
    total = steps.sum(axis=0)
    left = np.exp(-np.cumsum(total, axis=1))
    before = np.hstack([np.ones((len(left), 1)), left[:, :-1]])
    share = np.divide(steps, total, out=np.zeros_like(steps), where=total > 0)
    return np.cumsum(share * before * -np.expm1(-total), axis=2)


def answer_path(folder: Path, table: str, fold: int, method: str) -> Path:
    """Where a method's answer to a task is kept, so that a stopped study can go on."""
    return folder / "answers" / f"{table}-{fold}-{method}.npz"


def write_answer(
    path: Path, incidence: np.ndarray, *, fit_seconds: float, **more: float
) -> None:
    """Keep chances by cause, row and day of the grid, and the CPU seconds of the fit."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part.npz")
    np.savez_compressed(part, incidence=incidence, fit_seconds=fit_seconds, **more)
    part.replace(path)
