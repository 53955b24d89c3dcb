"""Which settings of the models suit this company's past, and are they worth writing down?

A study lives in ``<lake>/<name>/tuning/study.db`` and goes on where it was stopped, as long as
the data, the morning and everything but the settings themselves are the same. Every trial is a
run of its own in MLflow, inside the run of the command.

A study may take a night. Its trials are therefore no part of a flow: they need no server, only
the two databases in the lake, and each is safe there as soon as it is done. A server is asked
for before (to build the features) and after (to keep what was found for an operator), and what
was found is said and written down before that.
"""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.artifacts import create_markdown_artifact

from configs.edit import write_numbers
from configs.load import Configuration, load
from features.asof import ordinal
from features.plan import origins
from pipelines.build import build, built
from pipelines.lake import Lake
from pipelines.manifest import read_manifest
from pipelines.progress import Progress
from pipelines.train import prints_of
from training.registry import Registry
from training.tracking import TrackedRun
from training.tuning import Origin, Settings, Trial, Tuned, origins_to_judge, tune


def study_name(configuration: Configuration, manifest: Mapping[str, Any], day: date) -> str:
    """Name a study by all that decides what a trial of it scores, besides its settings."""
    project = configuration.project.model_dump(mode="json", exclude={"models"})
    seed = configuration.project.models.seed
    told = json.dumps(
        [project, seed, manifest["data"]["fingerprint"], manifest["features_code"]]
    )
    return f"as of {day}, {hashlib.sha256(told.encode()).hexdigest()[:12]}"


class Study:
    """One command's trials: said aloud as they end, and each a run inside the command's."""

    def __init__(
        self, registry: Registry, name: str, *, parent: TrackedRun, progress: Progress, of: int
    ) -> None:
        self._registry, self._name = registry, name
        self._parent, self._progress, self._of = parent, progress, of
        self._done, self._began = 0, time.monotonic()
        self.best: float | None = None

    def tell(self, trial: Trial) -> None:
        """Record a trial that is done."""
        tags = {"kind": "trial", "gave_up": str(trial.gave_up).lower()}
        with self._registry.track(self._name, tags=tags, parent=self._parent) as run:
            run.params({f"models.{name}": value for name, value in trial.settings.items()})
            for step, score in enumerate(trial.scores):
                run.metrics({"integrated_brier_by_origin": score}, step=step)
            run.metrics({"integrated_brier": trial.value})
        if not trial.gave_up and (self.best is None or trial.value < self.best):
            self.best = trial.value
        best = "" if self.best is None else f", best of this run {self.best:.5f}"
        said = f"given up after {len(trial.scores)}" if trial.gave_up else "judged"
        self._done += 1
        minutes = (time.monotonic() - self._began) / 60
        how_far = f"{self._done} of at most {self._of}, {minutes:.1f} min"
        self._progress.say(f"trial {trial.number}: {said}, {trial.value:.5f}{best}; {how_far}")


def tune_models(
    config: str,
    lake: str,
    as_of: str | None = None,
    *,
    trials: int = 40,
    timeout: float | None = None,
    promote: bool = False,
) -> Iterator[str]:
    """Go on with the study, and say what it found; with `promote`, also write it down."""
    configuration = load(Path(config))
    day = build(config, lake, as_of)
    found, judged = searched(configuration, Path(lake), day, trials=trials, timeout=timeout)
    said = (*told(found, judged), *promoted(configuration, found, promote=promote))
    yield from said
    remember(said)


@flow(name="tune")
def remember(said: Sequence[str]) -> None:
    """Keep what a study found where an operator looks for it."""
    create_markdown_artifact("\n".join(f"- {line}" for line in said), key="tune")


def searched(
    configuration: Configuration,
    lake: Path,
    day: date,
    *,
    trials: int,
    timeout: float | None,
) -> tuple[Tuned, tuple[Origin, ...]]:
    """Go on with the study; every trial is kept as it ends."""
    project = configuration.project
    store, registry = Lake(lake, project.name), Registry(lake)
    features = built(store, day, project)
    manifest = read_manifest(store.path("builds", day))
    days = [ordinal(each) for each in origins(project, features.exits, day)]
    judged = origins_to_judge(features, project, days)
    tags = {"kind": "tuning", **prints_of(manifest)}
    # Scores must not wait for a study: it has a lock of its own.
    room = Lake(store.home, "tuning")
    with room.lock(), registry.track(project.name, tags=tags) as run:
        study = Study(registry, project.name, parent=run, progress=Progress(), of=trials)
        found = tune(
            features,
            project,
            judged,
            store=f"sqlite:///{room.home / 'study.db'}",
            study=study_name(configuration, manifest, day),
            trials=trials,
            timeout=timeout,
            told=study.tell,
        )
        record(run, found)
    return found, judged


def record(run: TrackedRun, found: Tuned) -> None:
    """Write down what the study has found so far."""
    run.params({f"models.{name}": value for name, value in found.best.settings.items()})
    run.tags({"is_better": found.is_better})
    measured = {"margin": found.margin, "margin_low": found.low, "margin_high": found.high}
    run.metrics({**measured, "integrated_brier": found.best.value})


def told(found: Tuned, judged: tuple[Origin, ...]) -> Iterator[str]:
    """Say what was tried, what was best, and whether it is better where it was not chosen."""
    gave_up = sum(trial.gave_up for trial in found.trials)
    yield (
        f"{len(found.trials)} trials at {len(judged) - 1} origins, {gave_up} of them given up; "
        "the newest origin took no part in choosing"
    )
    yield f"current: {in_words(found.current.settings)}: {found.current.value:.5f}"
    if found.best.settings == found.current.settings:
        yield "nothing better was found"
        return
    yield f"best:    {in_words(found.best.settings)}: {found.best.value:.5f}"
    verdict = "better" if found.is_better else "not better beyond chance"
    yield (
        f"at the newest origin it is {verdict}: integrated Brier score smaller by "
        f"{found.margin:+.2%} ({found.low:+.2%} to {found.high:+.2%})"
    )


def in_words(settings: Settings) -> str:
    """The settings as project.toml holds them."""
    return ", ".join(f"{name} = {value!r}" for name, value in settings.items())


def promoted(configuration: Configuration, found: Tuned, *, promote: bool) -> Iterator[str]:
    """Write down what was found, if it is better and that is wanted; say what was done."""
    path = configuration.folder / "project.toml"
    if not promote:
        if found.is_better:
            yield f"Add --promote to write it into {path}."
        return
    if not found.is_better:
        yield f"{path} stays as it is: what was found is not better beyond chance"
        return
    changed = {
        name: value
        for name, value in found.best.settings.items()
        if value != found.current.settings[name]
    }
    write_numbers(path, "models", changed)
    yield f"{path} now says, under [models]: {in_words(changed)}"
