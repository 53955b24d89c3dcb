"""Which model is in use, which one wanted its place, and why did it get it or not?

MLflow keeps the answer under ``<lake>/mlflow``: every training run with what went in and came
out, every bundle as a version, and the aliases ``champion`` (in use) and ``challenger`` (the
newest that is not). Whoever can write there can choose what runs, but not slip code into it.
"""

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any, NamedTuple

from configs.errors import LakeError
from training.bundle import Bundle
from training.tracking import KeptRun, TrackedRun

_MOST_RUNS = 1000
CHAMPION, CHALLENGER = "champion", "challenger"
ROLLED_BACK = "rolled_back"
_SERVED = Path(__file__).with_name("served.py")
_NEEDED_BY_A_BUNDLE = ("lightgbm", "numpy", "pandas")
_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_RECORD_ENV_VARS_IN_MODEL_LOGGING": "false",
}


class Registered(NamedTuple):
    """A bundle that has a version."""

    bundle: Bundle
    version: int


@dataclass(frozen=True, slots=True)
class Version:
    """One registered bundle and what was decided about it."""

    version: int
    aliases: tuple[str, ...]
    promoted: bool | None
    """None until somebody decided."""
    reasons: tuple[str, ...]
    run_id: str
    fingerprint: str
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def was_rolled_back(self) -> bool:
        """Whether somebody took it out of use, and nobody has put it back since."""
        return self.promoted is False and ROLLED_BACK in self.tags


class Registry:
    """The tracked runs and registered bundles of one lake. A name stands for one model."""

    def __init__(self, lake: Path) -> None:
        self.home = lake.absolute() / "mlflow"
        self.store = f"sqlite:///{self.home / 'mlflow.db'}"

    @contextmanager
    def track(
        self,
        name: str,
        *,
        tags: Mapping[str, str] | None = None,
        parent: TrackedRun | None = None,
    ) -> Iterator[TrackedRun]:
        """Record what happens inside as one run of the experiment `name`, or inside another.

        A run that raises is kept, marked as failed.
        """
        client = self._client
        inside = {} if parent is None else {"mlflow.parentRunId": parent.id}
        run = client.create_run(self._experiment(name), tags={**(tags or {}), **inside})
        status = "FAILED"
        try:
            yield TrackedRun(run.info.run_id, client=client, entities=_mlflow().entities)
            status = "FINISHED"
        finally:
            client.set_terminated(run.info.run_id, status=status)

    def every_run(self) -> list[KeptRun]:
        """Every run of every experiment."""
        known = self._client.search_experiments()
        return [run for each in known for run in self.runs(each.name)]

    def runs(self, name: str) -> list[KeptRun]:
        """Every run of the experiment `name`, newest first."""
        found = self._client.get_experiment_by_name(name)
        if found is None:
            return []
        runs = self._client.search_runs([found.experiment_id], max_results=_MOST_RUNS)
        return [
            KeptRun(
                r.info.run_id,
                name,
                dict(r.data.tags),
                dict(r.data.params),
                dict(r.data.metrics),
            )
            for r in runs
        ]

    def register(self, name: str, *, bundle: Bundle, run: TrackedRun) -> int:
        """Keep a bundle as the next version of `name`, and as its challenger."""
        client, mlflow = self._client, _mlflow()
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "bundle"
            bundle.write(folder)
            mlflow.set_tracking_uri(self.store)
            mlflow.set_registry_uri(self.store)
            with mlflow.start_run(run_id=run.id):
                logged = mlflow.pyfunc.log_model(
                    name="bundle",
                    python_model=str(_SERVED),
                    artifacts={"bundle": str(folder)},
                    pip_requirements=[
                        f"{each}=={installed(each)}" for each in _NEEDED_BY_A_BUNDLE
                    ],
                )
        if self._model(name) is None:
            client.create_registered_model(name)
        made = client.create_model_version(
            name, logged.model_uri, run_id=run.id, tags={"fingerprint": bundle.fingerprint}
        )
        client.set_registered_model_alias(name, CHALLENGER, made.version)
        return int(made.version)

    def nominate(self, name: str, *, version: int) -> None:
        """Make a version that was registered before the challenger again."""
        self._version(name, version)
        if self._aliases(name).get(CHAMPION) != version:
            self._client.set_registered_model_alias(name, CHALLENGER, str(version))

    def champion(self, name: str) -> Registered | None:
        """The bundle in use, or None before the first one was promoted."""
        version = self._aliases(name).get(CHAMPION)
        return (
            None if version is None else Registered(self.bundle(name, version=version), version)
        )

    def bundle(self, name: str, *, version: int) -> Bundle:
        return self._bundle(self._version(name, version))

    def versions(self, name: str) -> list[Version]:
        """Every version of `name`, oldest first."""
        aliases = self._aliases(name)
        found = self._client.search_model_versions(f"name = '{name}'")
        said = [_in_our_words(each, aliases=aliases) for each in found]
        return sorted(said, key=lambda each: each.version)

    def promote(self, name: str, *, version: int, reasons: Sequence[str]) -> None:
        """Put a version to use, and write down why."""
        self._decide(name, version, promoted=True, reasons=reasons)
        reigns = self._reigns(name)
        if reigns[-1:] != [version]:
            self._write_reigns(name, [*reigns, version])
        self._client.set_registered_model_alias(name, CHAMPION, str(version))
        if self._aliases(name).get(CHALLENGER) == version:
            self._client.delete_registered_model_alias(name, CHALLENGER)

    def approve(self, name: str, *, version: int, reasons: Sequence[str]) -> None:
        """Let a version speak of mornings that the champion knows too much about."""
        self._decide(name, version, promoted=True, reasons=reasons)

    def decline(self, name: str, *, version: int, reasons: Sequence[str]) -> None:
        """Leave the champion where it is, and write down why this version is not it."""
        self._decide(name, version, promoted=False, reasons=reasons)

    def rollback(self, name: str, *, reasons: Sequence[str]) -> int:
        """Put the champion before this one back to use, and say which it is."""
        reigns = self._reigns(name)
        if len(reigns) < 2:
            raise LakeError(f"model {name!r}", "has no earlier champion", "Train a better one")
        self._decide(name, reigns[-1], promoted=False, reasons=reasons)
        self._client.set_model_version_tag(name, str(reigns[-1]), ROLLED_BACK, "true")
        self._client.set_registered_model_alias(name, CHAMPION, str(reigns[-2]))
        self._write_reigns(name, reigns[:-1])
        return reigns[-2]

    @cached_property
    def _client(self) -> Any:
        from sqlalchemy.exc import DatabaseError

        self.home.mkdir(parents=True, exist_ok=True)
        mlflow = _mlflow()
        try:
            return mlflow.MlflowClient(tracking_uri=self.store, registry_uri=self.store)
        except (mlflow.MlflowException, DatabaseError) as wrong:
            problem = str(wrong).strip().splitlines()[0].split(". ")[0].rstrip(".")
            remedy = f"Back it up, then run `mlflow db upgrade {self.store}`"
            raise LakeError(f"{self.home}/mlflow.db", problem, remedy) from wrong

    def _experiment(self, name: str) -> str:
        """The experiment's id; one of a lake that has since moved keeps its runs aside."""
        ours = str(self.home / "artifacts" / name)
        found = self._client.get_experiment_by_name(name)
        if found is not None and found.artifact_location == ours:
            return str(found.experiment_id)
        if found is not None:
            aside = f"{name} (files at {found.artifact_location})"
            self._client.rename_experiment(found.experiment_id, aside)
        return str(self._client.create_experiment(name, artifact_location=ours))

    def _bundle(self, found: Any) -> Bundle:
        """Read the version's files where the lake is now; its records know where it was."""
        model_id = found.source.removeprefix("models:/")
        inside = f"artifacts/*/models/{model_id}/artifacts/artifacts/bundle"
        folder = next(self.home.glob(inside), self.home / inside)
        bundle = Bundle.read(folder)
        if bundle.fingerprint != found.tags.get("fingerprint"):
            problem = f"version {found.version} is not what was registered"
            raise LakeError(str(folder), problem, "Roll back, or train again")
        return bundle

    def _decide(
        self, name: str, version: int, *, promoted: bool, reasons: Sequence[str]
    ) -> None:
        self._version(name, version)
        tags = {"promoted": str(promoted).lower(), "reasons": "\n".join(reasons)}
        for key, value in tags.items():
            self._client.set_model_version_tag(name, str(version), key, value)

    def _reigns(self, name: str) -> list[int]:
        """Who was champion, oldest first, ending with the one that is."""
        current = self._aliases(name).get(CHAMPION)
        if current is None:
            return []
        reigns = [int(each) for each in self._model(name).tags.get("champions", "").split()]
        while reigns and reigns[-1] != current:
            reigns.pop()
        return reigns or [current]

    def _write_reigns(self, name: str, reigns: Sequence[int]) -> None:
        text = " ".join(map(str, reigns))
        self._client.set_registered_model_tag(name, "champions", text)

    def _aliases(self, name: str) -> dict[str, int]:
        model = self._model(name)
        return {} if model is None else {a: int(v) for a, v in model.aliases.items()}

    def _model(self, name: str) -> Any:
        return next(iter(self._client.search_registered_models(f"name = '{name}'")), None)

    def _version(self, name: str, version: int) -> Any:
        try:
            return self._client.get_model_version(name, str(version))
        except _mlflow().MlflowException as wrong:
            known = ", ".join(str(each.version) for each in self.versions(name)) or "none"
            problem = f"there is no version {version} (there is: {known})"
            raise LakeError(f"model {name!r}", problem, "Name one of these") from wrong


def _in_our_words(found: Any, *, aliases: Mapping[str, int]) -> Version:
    tags = dict(found.tags)
    decided = tags.pop("promoted", None)
    return Version(
        version=int(found.version),
        aliases=tuple(sorted(a for a, v in aliases.items() if v == int(found.version))),
        promoted=None if decided is None else decided == "true",
        reasons=tuple(filter(None, tags.pop("reasons", "").split("\n"))),
        run_id=found.run_id,
        fingerprint=tags.pop("fingerprint", ""),
        tags=tags,
    )


def _mlflow() -> Any:
    """MLflow, told before it is imported to keep still and, whoever asks, to load no pickle."""
    os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] = "false"
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    import mlflow
    import mlflow.pyfunc

    return mlflow
