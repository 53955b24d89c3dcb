"""How is a study run so that anybody gets the same figures, or is told why not?

A study is a script in a folder of ``experiments/`` that prints Markdown. Running it through
here writes ``results.json`` beside it (the question, the command, the code, the data, and every
number of every table) and a run of the experiment ``studies`` in MLflow.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from configs.errors import ConfigError, DataError
from configs.load import load
from configs.study import SCRIPT, TEMPLATE, Study, find_study, load_study, studies
from features.sources import open_source
from pipelines.manifest import code_version, write_manifest
from pipelines.printed import figures_of
from training.registry import Registry

ROOT = Path(__file__).parents[1]
EXPERIMENTS = ROOT / "experiments"
RESULTS, STUDIES = "results.json", "studies"


@dataclass(frozen=True, slots=True)
class Basis:
    """What a study's figures depend on besides its code."""

    settings: dict[str, Any]
    data: str | None
    """The print of the data it reads; None where the manifest names no configuration."""
    expected: str | None

    @property
    def remark(self) -> str | None:
        """What to say where the data are not those that the manifest expects."""
        if self.expected is None or self.data == self.expected:
            return None
        found = "unknown: the manifest names no config" if self.data is None else self.data[:12]
        return (
            f"the data are not those it was written about ({found}, not {self.expected[:12]})"
        )


def run_study(
    name: str, lake: Path, *, heard: Callable[[str], None], experiments: Path = EXPERIMENTS
) -> Iterator[str]:
    """Run a study and keep what it printed; says afterwards where, and what differs.

    ``heard`` gets every line as it is printed.
    """
    folder = find_study(experiments, name)
    study = load_study(folder)
    basis = _basis(study)
    command = _command(study, folder, lake)
    printed = _printed(command, folder, heard)
    facts = {
        "study": folder.name,
        "question": study.question,
        "command": [Path(command[0]).name, *_relative(command[1:])],
        "code_version": code_version(),
        "data": {"fingerprint": basis.data, "expected": basis.expected},
        "settings": basis.settings,
        "figures": figures_of(printed),
    }
    write_manifest(folder, facts, file=RESULTS)
    _track(Registry(lake), facts, printed)
    if basis.remark:
        yield f"Beware: {basis.remark}; the figures may differ."
    yield f"{len(facts['figures'])} figures: {folder / RESULTS}"


def new_study(name: str, *, experiments: Path = EXPERIMENTS) -> Iterator[str]:
    """Begin a study from the template, under the next number."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        problem = f"{name!r} is no name for a study"
        raise ConfigError("study", problem, "Take lower-case words with - between them")
    taken = [int(each.partition("-")[0]) for each in studies(experiments)]
    folder = experiments / f"{max(taken, default=0) + 1:04d}-{name}"
    shutil.copytree(experiments / TEMPLATE, folder)
    number = folder.name.partition("-")[0]
    yield f"Begun in {folder}: the question in study.toml, the work in {SCRIPT}."
    yield f"Its line for {experiments / 'README.md'}:"
    yield f"| [{number}]({folder.name}/README.md) | … | not run yet |"


def _basis(study: Study) -> Basis:
    told: dict[str, Any] = {"as_of": study.as_of, "seed": study.seed, "config": study.config}
    settings = {name: value for name, value in told.items() if value is not None}
    if study.config is None:
        return Basis(settings, None, study.data_print)
    configuration = load(ROOT / study.config)
    source = open_source(configuration.project, configuration.folder)
    models = configuration.project.models.model_dump()
    settings |= {f"models.{name}": value for name, value in models.items()}
    settings["configuration"] = configuration.fingerprint
    return Basis(settings, source.fingerprint(), study.data_print)


def _command(study: Study, folder: Path, lake: Path) -> list[str]:
    places = {
        "lake": str(lake.absolute()),
        "config": "" if study.config is None else study.config,
        "as_of": "" if study.as_of is None else study.as_of.isoformat(),
        "seed": "" if study.seed is None else str(study.seed),
    }
    words = [
        re.sub(r"\{(lake|config|as_of|seed)\}", lambda m: places[m[1]], word)
        for word in study.command
    ]
    here = [str(folder / word) if (folder / word).is_file() else word for word in words]
    return [sys.executable, *here]


def _relative(words: list[str]) -> list[str]:
    return [word.removeprefix(f"{ROOT}/") for word in words]


def _printed(command: list[str], folder: Path, heard: Callable[[str], None]) -> str:
    """Everything the study says on standard output; DataError where it does not end well."""
    lines = []
    told = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, cwd=ROOT, env=told, stdout=subprocess.PIPE, text=True
    ) as running:
        for line in running.stdout or ():
            lines.append(line)
            heard(line.rstrip("\n"))
    if running.returncode:
        problem = f"ended with status {running.returncode}"
        raise DataError(f"study {folder.name}", problem, "What it printed says why")
    return "".join(lines)


def _track(registry: Registry, facts: dict[str, Any], printed: str) -> None:
    tags = {
        "kind": "study",
        "study": facts["study"],
        "code": facts["code_version"],
        "data": facts["data"]["fingerprint"] or "",
    }
    with registry.track(STUDIES, tags=tags) as run:
        run.params(facts["settings"])
        run.metrics(facts["figures"])
        run.text(printed, "printed.md")
