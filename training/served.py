"""What does MLflow run when somebody else loads a model of ours from its registry?

This script, copied next to the bundle (MLflow's "models from code"), so that loading needs no
pickle. It hands out the bundle's texts; ``training.bundle.Bundle(texts)`` is what we score by.
"""

from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel, PythonModelContext


class ServedBundle(PythonModel):  # type: ignore[misc]
    """A bundle, as MLflow wants a model to look."""

    def load_context(self, context: PythonModelContext) -> None:
        folder = Path(context.artifacts["bundle"])
        self.parts = {path.name: path.read_text("utf-8") for path in sorted(folder.iterdir())}

    def predict(
        self,
        context: PythonModelContext,
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> dict[str, str]:
        return self.parts


set_model(ServedBundle())
