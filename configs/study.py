"""What does a study need to be run again by anybody: a command, a morning, a seed, the data?

``study.toml`` beside it answers; every key has a default, and a study without the file is run
as its ``study.py`` stands. Where the file names the print of the data it was written about,
a run on other data says so.
"""

import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from configs.complaints import complaints
from configs.errors import ConfigError
from configs.nearest import did_you_mean
from configs.sections import Strict, Text

MANIFEST, SCRIPT, TEMPLATE = "study.toml", "study.py", "template"
NAMED = re.compile(r"^\d{4}-[a-z0-9-]+$")
REMEDY = "experiments/README.md explains every key"


class Study(Strict):
    """All of ``study.toml``."""

    question: str = ""
    command: Annotated[tuple[Text, ...], Field(min_length=1)] = (SCRIPT,)
    """Python's arguments; ``{lake}``, ``{config}``, ``{as_of}``, ``{seed}`` are filled in."""
    config: Text | None = None
    """The configuration whose data it reads, from the top of the project."""
    as_of: date | None = None
    seed: Annotated[int, Field(strict=True, ge=0)] | None = None
    data_print: Text | None = None


def studies(experiments: Path) -> list[str]:
    """Give the names of all studies, in their order."""
    return sorted(path.name for path in experiments.glob("*/") if NAMED.match(path.name))


def find_study(experiments: Path, name: str) -> Path:
    """Find a study by its name or its number; ConfigError where there is none."""
    known = studies(experiments)
    found = [each for each in known if each == name or each.split("-")[0] == name]
    if len(found) == 1:
        return experiments / found[0]
    problem = f"there is no study {name!r}{did_you_mean(name, known)}"
    remedy = f"Name one of {', '.join(known)}" if known else "Begin one with --new"
    raise ConfigError(str(experiments), problem, remedy)


def load_study(folder: Path) -> Study:
    """Read a study's manifest, or the one it would have; ConfigError where it says nonsense."""
    path = folder / MANIFEST
    if not path.is_file():
        return Study()
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        return Study.model_validate(content)
    except tomllib.TOMLDecodeError as wrong:
        said = " ".join(str(wrong).split())
        raise ConfigError(str(path), f"is not TOML: {said}", REMEDY) from wrong
    except ValidationError as wrong:
        told = "; ".join(f"`{m.place}` {m.what}" for m in complaints(wrong, Study, content))
        raise ConfigError(str(path), told, REMEDY) from wrong
