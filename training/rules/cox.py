"""What would the textbook say? A proportional-hazards regression on a handful of inputs.

The survival field's workhorse (Cox 1972), and the baseline to beat: it does not always lose.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import numpy as np

from training.engine.curves import IncidenceCurves
from training.engine.matrix import Matrix
from training.engine.periods import CENSORED, Floats, FollowUp, Periods
from training.engine.weighing import weighed
from training.rules.tables import Evidence, Question

_MOST_COLUMNS = 8
_MOST_ROWS = 6_000
_LEAST_EVENTS = 10
# Beyond three spreads an input says "much" and no more; a whale must not set a coefficient.
_FAR_OUT = 3.0
_BEYOND_BELIEF = 10.0
_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Scale:
    """How inputs are made comparable: absent values take the median, then mean 0, spread 1."""

    columns: tuple[str, ...]
    median: tuple[float, ...]
    mean: tuple[float, ...]
    spread: tuple[float, ...]

    @classmethod
    def of(cls, matrix: Matrix, columns: Sequence[str]) -> Self:
        """Measure the first eight of ``columns`` that are there and vary."""
        usable = [name for name in columns if name in matrix.names and _varies(matrix, name)]
        usable = usable[:_MOST_COLUMNS]
        values = [matrix.column(name) for name in usable]
        median = [float(np.nanmedian(value)) for value in values]
        filled = [np.where(np.isnan(v), m, v) for v, m in zip(values, median, strict=True)]
        mean = tuple(float(value.mean()) for value in filled)
        spread = tuple(float(value.std()) for value in filled)
        return cls(tuple(usable), tuple(median), mean, spread)

    def applied(self, matrix: Matrix) -> Floats:
        values = np.empty((len(matrix), len(self.columns)))
        for number, name in enumerate(self.columns):
            value = matrix.column(name)
            filled = np.where(np.isnan(value), self.median[number], value)
            values[:, number] = (filled - self.mean[number]) / self.spread[number]
        return np.clip(values, -_FAR_OUT, _FAR_OUT)


@dataclass(frozen=True, slots=True)
class CoxRegression:
    """Proportional hazards of one cause, over a rate that is constant within each period.

    The other causes compete at one rate for everybody: an approximation, since nobody asks
    which accounts they take.
    """

    kind: ClassVar[str] = "cox"
    name: ClassVar[str] = "Cox regression"
    overall: tuple[float, ...]
    horizons: tuple[int, ...]
    scale: Scale
    log_ratio: tuple[float, ...]
    """Change of the log hazard for one spread more of each input."""
    edges: tuple[float, ...]
    rate: tuple[float, ...]
    other_rate: tuple[float, ...]

    def predict(self, evidence: Evidence) -> Floats:
        matrix = evidence.matrix
        ratio = np.exp(weighed(self.scale.applied(matrix), np.array(self.log_ratio)))
        rates = {
            "cause": ratio[:, None] * np.array(self.rate),
            "other": np.tile(self.other_rate, (len(matrix), 1)),
        }
        curves = IncidenceCurves.from_rates(rates, self.edges)
        return np.column_stack([curves.incidence_at("cause", day) for day in self.horizons])

    def to_dict(self) -> dict[str, Any]:
        return {"kind": self.kind, **asdict(self)}

    @classmethod
    def from_dict(cls, parts: Mapping[str, Any]) -> Self:
        scale = Scale(**{name: tuple(values) for name, values in parts["scale"].items()})
        rest = {k: tuple(v) for k, v in parts.items() if k not in ("kind", "scale")}
        return cls(scale=scale, **rest)


def fit_cox(
    evidence: Evidence,
    question: Question,
    *,
    columns: Sequence[str],
    periods: Periods,
    seed: int,
) -> CoxRegression | str:
    """Fit the regression, on a sample of rows where there are many; else say why it cannot be.

    The baseline rates are then those at which all rows together have as many events as came.
    """
    followup, cause = question.followup, question.cause
    rows = np.random.default_rng(seed).permutation(len(followup))[:_MOST_ROWS]
    scale = Scale.of(evidence.matrix.take(rows), columns)
    if not scale.columns:
        return "none of its inputs varies"
    if (followup.cause[rows] == cause).sum() < _LEAST_EVENTS:
        return f"it was fitted on fewer than {_LEAST_EVENTS} events"
    log_ratio = _log_ratios(
        scale.applied(evidence.matrix.take(rows)), followup.take(rows), cause
    )
    if not (np.abs(log_ratio) < _BEYOND_BELIEF).all():
        return "it did not converge"
    ratio = np.exp(weighed(scale.applied(evidence.matrix), log_ratio))
    exposure = periods.exposure(followup.days)
    struck, other = followup.cause == cause, followup.cause != CENSORED
    return CoxRegression(
        overall=question.incidence(),
        horizons=question.horizons,
        scale=scale,
        log_ratio=tuple(log_ratio.tolist()),
        edges=periods.edges,
        rate=_rates(followup.days[struck], exposure * ratio[:, None], periods),
        other_rate=_rates(followup.days[other & ~struck], exposure, periods),
    )


def _varies(matrix: Matrix, name: str) -> bool:
    present = matrix.column(name)
    present = present[~np.isnan(present)]
    return len(present) > 0 and bool(present.std() > 0)


def _log_ratios(inputs: Floats, followup: FollowUp, cause: int) -> Floats:
    """Maximise the partial likelihood; NaN where it has no maximum."""
    from statsmodels.duration.hazard_regression import PHReg

    try:
        model = PHReg(followup.days, inputs, status=followup.cause == cause, ties="breslow")
        with np.errstate(all="ignore"):
            fitted: Floats = np.asarray(model.fit(disp=0).params, dtype=np.float64)
    except (np.linalg.LinAlgError, ValueError, FloatingPointError):
        return np.full(inputs.shape[1], np.nan)
    # What follows hangs on the processor, not on the data.
    return fitted.round(_DECIMALS)


def _rates(struck: Floats, exposure: Floats, periods: Periods) -> tuple[float, ...]:
    """Events per day of exposure in each period (Breslow's estimate, smoothed within it)."""
    period = periods.period_of(struck)
    events = np.bincount(period, minlength=periods.count + 1)[: periods.count]
    days = exposure.sum(axis=0)
    rates = np.divide(events, days, out=np.zeros(periods.count), where=days > 0)
    return tuple(rates.tolist())
