"""What made this folder: which data, which code, which models, and how long did it take?

``run.json`` answers, next to what was made. It is the only output that differs between two runs
on the same inputs: times live here and nowhere else.
"""

import json
import math
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

RUN = "run.json"
FILES = "files.json"
"""Where a folder that others go on from keeps which files it has, and how long each is."""
_ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Timings:
    """How long each step of a run took."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time what happens inside; a step done in several goes is added up."""
        start = time.perf_counter()
        try:
            yield
        finally:
            spent = self.seconds.get(name, 0.0) + time.perf_counter() - start
            self.seconds[name] = round(spent, 3)


def write_manifest(folder: Path, facts: Mapping[str, Any], *, file: str = RUN) -> Path:
    """Write what is known of a run as strict JSON: what is not a number is null."""
    path = folder / file
    text = json.dumps(_plain(facts), ensure_ascii=False, indent=1, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")
    return path


def read_manifest(folder: Path, *, file: str = RUN) -> dict[str, Any]:
    return dict(json.loads((folder / file).read_text(encoding="utf-8")))


def note_files(folder: Path) -> None:
    """Write down which files a finished folder has: ``is_whole`` holds them against it."""
    (folder / FILES).write_text(json.dumps(_lengths(folder), indent=1), encoding="utf-8")


def is_whole(folder: Path) -> bool:
    """Whether every file is there that was when the folder was finished, as long as it was."""
    try:
        noted = dict(json.loads((folder / FILES).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return False
    return noted.items() <= _lengths(folder).items()


def _lengths(folder: Path) -> dict[str, int]:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != FILES)
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in files}


def code_version(root: Path = _ROOT) -> str:
    """The release, and in a checkout the commit, marked where files differ from it."""
    release = version("milepost")
    if not (root / ".git").exists():
        return release
    describe = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        said = subprocess.run(describe, capture_output=True, text=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return release
    return f"{release}+{said.stdout.strip()}"


def _plain(value: Any) -> Any:
    """The value as JSON knows it; numbers of NumPy become numbers, days become text."""
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, date):
        return None if value != value else value.isoformat()  # NaT is unlike itself
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"{RUN} cannot hold {value!r}, a {type(value).__name__}")
