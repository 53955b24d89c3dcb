"""What does one training run leave behind for whoever asks later how a model came about?"""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Item = TypeVar("Item")
_AT_ONCE = 100
"""As many parameters, tags or metrics as MLflow takes in one go."""


@dataclass(frozen=True, slots=True)
class TrackedRun:
    """A run being recorded; everything it is told is kept, also if it fails later."""

    id: str
    client: Any
    entities: Any
    """``mlflow.entities``, handed in: only the registry imports MLflow."""

    def params(self, values: Mapping[str, object]) -> None:
        """Record what the run was asked to do."""
        said = [self.entities.Param(_lawful(k), str(v)) for k, v in values.items()]
        for some in _batches(said):
            self.client.log_batch(self.id, params=some)

    def metrics(self, values: Mapping[str, float], *, step: int = 0) -> None:
        """Record what came out; the same name at rising steps draws a curve."""
        now = int(time.time() * 1000)
        said = [
            self.entities.Metric(_lawful(k), float(v), now, step) for k, v in values.items()
        ]
        for some in _batches(said):
            self.client.log_batch(self.id, metrics=some)

    def tags(self, values: Mapping[str, object]) -> None:
        """Record where the run came from: prints of data and configuration, code version."""
        said = [self.entities.RunTag(_lawful(k), str(v)) for k, v in values.items()]
        for some in _batches(said):
            self.client.log_batch(self.id, tags=some)

    def figure(self, figure: "Figure", name: str) -> None:
        """Keep a drawing, as `name` with its ending (``curves/reliability.png``)."""
        self.client.log_figure(self.id, figure, name)

    def text(self, text: str, name: str) -> None:
        self.client.log_text(self.id, text, name)

    def artifact(self, path: Path, *, folder: str | None = None) -> None:
        """Keep a file, or a folder with all that is in it."""
        self.client.log_artifact(self.id, str(path), artifact_path=folder)


@dataclass(frozen=True, slots=True)
class KeptRun:
    """A run as it can be read later."""

    id: str
    name: str
    """The experiment it belongs to."""
    tags: Mapping[str, str]
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    """The newest value of each."""


def _lawful(name: str) -> str:
    """A name without the characters MLflow refuses: segments may be called anything."""
    return re.sub(r"[^\w\-. :/]", "_", name)


def _batches(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), _AT_ONCE):
        yield items[start : start + _AT_ONCE]
