"""How far does one get with a simple rule?

A model earns its place only against what a CSM could do with a pencil: sort by days since last
use, or look up how accounts of that segment usually fare. The rules predict like a model, are
fitted on the same training rows, and speak in its place where it shows no skill beyond them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from configs.errors import DataError
from training.engine.periods import Floats, FollowUp, Periods
from training.rules.cox import CoxRegression, fit_cox
from training.rules.tables import Evidence, IncidenceBySegment, IncidenceByValue, Question

__all__ = ["Baseline", "Baselines", "Evidence", "baseline_from_dict", "fit_baselines"]


class Baseline(Protocol):
    """A rule that tells each row's chance of a cause by each horizon."""

    @property
    def name(self) -> str: ...

    @property
    def overall(self) -> tuple[float, ...]:
        """The chance by each horizon over everybody it was fitted on."""

    def predict(self, evidence: Evidence) -> Floats:
        """Chances, one row per row of the evidence and one column per horizon."""

    def to_dict(self) -> dict[str, Any]:
        """Everything it knows, fit for JSON."""


@dataclass(frozen=True, slots=True)
class Baselines:
    """The rules that could be fitted, and why each of the others could not."""

    fitted: tuple[Baseline, ...]
    absent: Mapping[str, str]


def fit_baselines(
    evidence: Evidence,
    followup: FollowUp,
    *,
    cause: int,
    periods: Periods,
    horizons: Sequence[int],
    by_value: Mapping[str, str],
    cox_columns: Sequence[str],
    seed: int,
) -> Baselines:
    """Fit every rule on the training rows.

    ``by_value`` names rules and the input each looks at: ``{"days since last use":
    "days_since_active"}``. Of ``cox_columns`` the first eight that vary are used.
    """
    question = Question(followup, cause, tuple(horizons))
    names = evidence.matrix.names
    fitted: list[Baseline] = [
        IncidenceByValue.fit(name, column, evidence, question)
        for name, column in by_value.items()
        if column in names
    ]
    absent = {n: f"there is no input {c!r}" for n, c in by_value.items() if c not in names}
    fitted.append(IncidenceBySegment.fit(evidence, question))
    cox = fit_cox(evidence, question, columns=cox_columns, periods=periods, seed=seed)
    if isinstance(cox, str):
        return Baselines(tuple(fitted), {**absent, CoxRegression.name: cox})
    return Baselines((*fitted, cox), absent)


def baseline_from_dict(parts: Mapping[str, Any]) -> Baseline:
    """Rebuild a rule from what its ``to_dict`` gave."""
    kinds: dict[str, Callable[[Mapping[str, Any]], Baseline]] = {
        IncidenceByValue.kind: IncidenceByValue.from_dict,
        IncidenceBySegment.kind: IncidenceBySegment.from_dict,
        CoxRegression.kind: CoxRegression.from_dict,
    }
    if parts.get("kind") not in kinds:
        raise DataError(
            "the model bundle",
            f"it holds a rule of the unknown kind {parts.get('kind')!r}",
            "Train again with this version of milepost",
        )
    return kinds[parts["kind"]](parts)
