"""How likely is it, day by day, that this is what happens next?

A daily rate for each account and each period of its future, for one cause, from LightGBM: a
piecewise-exponential survival model (Friedman 1982) is a Poisson regression of events on
exposure, one case per row and period, with the period as one more input. Censored rows tell
exactly what they know, and nothing is dropped or weighted for being young.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import lightgbm
import numpy as np
from numpy.typing import NDArray

from training.engine.cells import Cells, chosen_cells, watched
from training.engine.due import CountedDays
from training.engine.matrix import Matrix, clocks_in_period
from training.engine.periods import Floats, FollowUp, Periods
from training.engine.terms import TENURE, TermDays
from training.engine.trees import Tree, model_text, parse_trees
from training.engine.walk import Walk, lay_out, log_rates

__all__ = ["Hazard", "HazardSettings", "Matrix", "fit_hazard"]

# What stands in for history where there is none: half an event in a year of one account.
_PRIOR_EVENTS, _PRIOR_DAYS = 0.5, 365.0
_ROWS_AT_ONCE = 50_000
_LEAST_COUNT = 1e-6


@dataclass(frozen=True, slots=True)
class HazardSettings:
    """How large the trees are and how slowly they learn; small and slow has won everywhere."""

    trees: int = 200
    learning_rate: float = 0.05
    leaves: int = 8
    lambda_l2: float = 20.0
    feature_fraction: float = 0.5
    min_rows_in_leaf: int = 200
    quiet_share: float = 0.25
    doubt: float = 0.7
    """LightGBM takes each event for ``exp(doubt)`` when it says how far a leaf may move."""
    rising: tuple[str, ...] = ()
    """Inputs with which the rate may never fall; with those ``falling``, never rise."""
    falling: tuple[str, ...] = ()
    seed: int = 7
    threads: int = 1

    def as_lightgbm(self, names: Sequence[str]) -> dict[str, object]:
        """Give the parameters for a model of these inputs and the period."""
        ways = [(name in self.rising) - (name in self.falling) for name in names]
        return {
            **({"monotone_constraints": [*ways, 0]} if any(ways) else {}),
            "objective": "poisson",
            "learning_rate": self.learning_rate,
            "num_leaves": self.leaves,
            "lambda_l2": self.lambda_l2,
            "feature_fraction": self.feature_fraction,
            "min_data_in_leaf": self.min_rows_in_leaf,
            "poisson_max_delta_step": self.doubt,
            # A quarter of the bins, and of the sample that places them, loses nothing here.
            "max_bin": 63,
            "bin_construct_sample_cnt": 50_000,
            "feature_pre_filter": False,
            "seed": self.seed,
            "num_threads": self.threads,
            "deterministic": True,
            "force_row_wise": True,
            "verbosity": -1,
        }


@dataclass(frozen=True, eq=False)
class Hazard:
    """Daily rates of one cause: a LightGBM model, the inputs it reads, and its calibration.

    The last input of the model, after ``names``, is the day on which the period starts.
    ``log_shift`` is added to every log rate; ``terms`` says how the days around the end of a
    commitment count, None where they count like all others.
    """

    model: str
    names: tuple[str, ...]
    clocks: tuple[str, ...]
    periods: Periods
    log_shift: float = 0.0
    terms: TermDays | None = None

    @property
    def by_term(self) -> bool:
        return self.terms is not None

    def daily_rates(self, matrix: Matrix, *, threads: int = 1) -> Floats:
        """Expected events per day of exposure: one row per account, one column per period."""
        matrix.must_be(self.names, self.clocks)
        if self._walk is not None:
            rates = log_rates(self._walk, matrix.values, self.periods)
        else:
            rates = self._by_lightgbm(matrix, threads)
        daily = np.exp(rates + self.log_shift)
        return daily if self.terms is None else daily * self.terms.of(matrix, self.periods)

    def _by_lightgbm(self, matrix: Matrix, threads: int) -> Floats:
        rates = np.empty((len(matrix), self.periods.count))
        for start in range(0, len(matrix), _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            rates[rows] = self._log_rates(matrix.values[rows], matrix.clock_columns, threads)
        return rates

    def _log_rates(self, values: Floats, clocks: list[int], threads: int) -> Floats:
        inputs = np.hstack([values, np.zeros((len(values), 1))])
        log_rates = np.empty((len(values), self.periods.count))
        for period, (start, length) in enumerate(self.periods.spans):
            inputs[:, clocks] = clocks_in_period(values, clocks, start=start, length=length)
            inputs[:, -1] = start
            log_rates[:, period] = self._booster.predict(
                inputs, raw_score=True, num_threads=threads
            )
        return log_rates

    def shifted(self, by: float) -> Self:
        """Move every log rate, on top of what it was moved by before."""
        return replace(self, log_shift=self.log_shift + by)

    def to_parts(self) -> tuple[str, dict[str, Any]]:
        """Give the model as LightGBM's own text, and everything else fit for JSON."""
        return self.model, {
            "names": list(self.names),
            "clocks": list(self.clocks),
            "edges": list(self.periods.edges),
            "log_shift": self.log_shift,
            "terms": None if self.terms is None else self.terms.to_parts(),
        }

    @classmethod
    def from_parts(cls, model: str, rest: Mapping[str, Any]) -> Self:
        """Rebuild what ``to_parts`` gave; it predicts the same to the last bit."""
        periods = Periods(tuple(rest["edges"]))
        names, clocks = tuple(rest["names"]), tuple(rest["clocks"])
        told = rest["terms"]
        terms = None if told is None else TermDays.from_parts(told)
        return cls(model, names, clocks, periods, float(rest["log_shift"]), terms)

    @cached_property
    def _walk(self) -> Walk | None:
        """The trees laid out to be asked of all periods at once; None where too large."""
        clocks = [self.names.index(name) for name in self.clocks]
        return lay_out(parse_trees(self.model), inputs=len(self.names), clocks=clocks)

    @cached_property
    def _booster(self) -> lightgbm.Booster:
        return lightgbm.Booster(model_str=self.model)


def fit_hazard(
    matrix: Matrix,
    followup: FollowUp,
    *,
    cause: int,
    periods: Periods,
    settings: HazardSettings,
    by_term: bool = False,
    counted: CountedDays | None = None,
) -> Hazard:
    """Learn the daily rate of one cause; with ``counted``, its rate per day that counts.

    Where the cause never happened there is nothing to tell accounts apart by: all get one small
    rate, that of half an event more than was seen over a year more than was watched.
    """
    events, days = watched(followup, cause=cause, periods=periods)
    if events == 0:
        rate = _PRIOR_EVENTS / (days + _PRIOR_DAYS)
        model = model_text([Tree.constant(float(np.log(rate)))], inputs=len(matrix.names) + 1)
        return Hazard(model, matrix.names, matrix.clocks, periods)
    share, seed = settings.quiet_share, settings.seed
    cells = chosen_cells(followup, cause=cause, periods=periods, quiet_share=share, seed=seed)
    exposure, terms = cells.days, None
    if by_term:
        terms = _terms(matrix, followup, settings, cause=cause, periods=periods)
        exposure = exposure * terms.of(matrix, periods)[cells.row, cells.period]
    if counted is not None:
        exposure = _counted(counted, cells, followup, periods)
    asked = settings.as_lightgbm(matrix.names)
    cases = lightgbm.Dataset(
        _inputs(matrix, cells, periods),
        label=cells.events / exposure,
        weight=exposure,
        params=asked,
    )
    booster = lightgbm.train(asked, cases, num_boost_round=settings.trees)
    # What follows tells how it was fitted, even on how many threads, and decides nothing.
    model = booster.model_to_string().partition("\nparameters:")[0]
    hazard = Hazard(model, matrix.names, matrix.clocks, periods, terms=terms)
    return _settled(hazard, matrix, followup, cause=cause)


def _terms(
    matrix: Matrix,
    followup: FollowUp,
    settings: HazardSettings,
    *,
    cause: int,
    periods: Periods,
) -> TermDays:
    grows = TENURE in settings.rising
    return TermDays.learnt(matrix, followup, cause=cause, periods=periods, grows_with_age=grows)


def _settled(hazard: Hazard, matrix: Matrix, followup: FollowUp, *, cause: int) -> Hazard:
    """Let the trees' own rows come out right, by kind of term and period."""
    if hazard.terms is None:
        return hazard
    periods = hazard.periods
    expected = hazard.daily_rates(matrix) * periods.exposure(followup.days)
    terms = hazard.terms.held_against(expected, matrix, followup, cause=cause, periods=periods)
    return replace(hazard, terms=terms)


def _counted(
    counted: CountedDays, cells: Cells, followup: FollowUp, periods: Periods
) -> Floats:
    """What the days of each cell count.

    Of the day of an event counts what passes before it on average. That is half of an idle day
    and far less of a busy one: most of those who do it on a day that counts much do it early.
    """
    start = periods.starts[cells.period]
    came = np.floor(followup.days[cells.row])
    until = np.where(cells.events > 0, came, start + cells.watched)
    told = counted.take(cells.row).by(np.stack([start, until, came + 1], axis=1))
    whole = np.maximum(told[:, 2] - told[:, 1], _LEAST_COUNT)
    own_day = np.where(cells.events > 0, 1 - whole / np.expm1(whole), 0.0)
    days: Floats = (told[:, 1] - told[:, 0] + own_day) * cells.alike
    return days


def _inputs(matrix: Matrix, cells: Cells, periods: Periods) -> NDArray[np.float32]:
    """What the model sees in each cell: the row, its clocks in the period, and the period."""
    inputs = np.empty((len(cells), len(matrix.names) + 1), dtype=np.float32)
    edges_of_blocks = np.searchsorted(cells.period, np.arange(periods.count + 1))
    clocks = matrix.clock_columns
    for period, (start, length) in enumerate(periods.spans):
        block = slice(edges_of_blocks[period], edges_of_blocks[period + 1])
        seen = matrix.values[cells.row[block]]
        inputs[block, :-1] = seen
        inputs[block, clocks] = clocks_in_period(seen, clocks, start=start, length=length)
        inputs[block, -1] = start
    return inputs
