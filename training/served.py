"""What does MLflow run when somebody else loads a model of ours from its registry?

This script, copied next to the bundle (MLflow's "models from code"), so that loading needs no
pickle. It needs this project to be installed where it is loaded.
"""

from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel, PythonModelContext

from training.bundle import Bundle
from training.engine.followed import CHURN
from training.models import Models


class ServedModels(PythonModel):  # type: ignore[misc]
    """Feature values in, one row per account; its chance of churn by each horizon out."""

    def load_context(self, context: PythonModelContext) -> None:
        self.models = Models.from_bundle(Bundle.read(Path(context.artifacts["bundle"])))

    def predict(
        self,
        context: PythonModelContext,
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> pd.DataFrame:
        """What the model says, or the rule where the model has not shown skill."""
        horizons = self.models.meta["horizons"]
        names = [f"churn_risk_{days}d" for days in horizons]
        if not self.models.has_skill:
            by_rule = self.models.rule_chances(model_input)
            return pd.DataFrame(by_rule, columns=names, index=model_input.index)
        curves = self.models.exits.curves(model_input)
        said = {
            name: curves.incidence_at(CHURN, days)
            for name, days in zip(names, horizons, strict=True)
        }
        return pd.DataFrame(said, index=model_input.index)


set_model(ServedModels())
