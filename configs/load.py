"""What does this folder configure, and what is wrong with it?

Every mistake of both files is told at once, so that nobody mends one to find the next.
"""

import hashlib
import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from configs.climb import Mistake, Step, climb_mistakes
from configs.complaints import complaints
from configs.environment import Expanded, Location, expand
from configs.errors import ConfigError
from configs.nearest import did_you_mean
from configs.playbook import Playbook
from configs.project import EVERYONE, Project

PROJECT, PLAYBOOK = "project.toml", "playbook.toml"
REMEDY = "Mend the file; configs/README.md explains every key"

Section = TypeVar("Section", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Configuration:
    """A folder read: whom we look after, and the ladder they climb."""

    folder: Path
    project: Project
    playbook: Playbook
    fingerprint: str
    """Changes when, and only when, what the files mean changes; no secret enters it."""

    def path(self, written: str) -> Path:
        """Resolve a path of project.toml, which is relative to the folder."""
        return (self.folder / Path(written).expanduser()).resolve()

    def warnings(self) -> tuple[str, ...]:
        """What is lawful in the playbook, yet probably not meant."""
        idle = tuple(
            f"no milestone applies to segment {name}"
            for name in self.project.segment_names
            if not any(m.applies_to(name) for m in self.playbook.milestones)
            and name != EVERYONE
        )
        return self.playbook.warnings() + idle


def load(folder: Path, environment: Mapping[str, str] | None = None) -> Configuration:
    """Read ``project.toml`` and ``playbook.toml`` of a folder, or say all that is wrong.

    ``environment`` (by default that of the process) fills in every ``${VAR}``.
    """
    environment = os.environ if environment is None else environment
    _must_be_there(folder)
    files = {name: _read(folder / name, environment) for name in (PROJECT, PLAYBOOK)}
    project, wrong = _validated(Project, files[PROJECT])
    playbook, wrong_steps = _validated(Playbook, files[PLAYBOOK])
    wrong_steps += _climb_mistakes_in(files[PLAYBOOK].content, files[PROJECT].content)
    told = [
        _told(PROJECT, wrong, files[PROJECT]),
        _told(PLAYBOOK, wrong_steps, files[PLAYBOOK]),
    ]
    if project is None or playbook is None or any(told):
        raise ConfigError(str(folder), ". ".join(filter(None, told)), REMEDY)
    return Configuration(
        folder=folder.resolve(),
        project=project,
        playbook=playbook,
        fingerprint=_fingerprint(
            _canonical(project, files[PROJECT]), _canonical(playbook, files[PLAYBOOK])
        ),
    )


def _must_be_there(folder: Path) -> None:
    if not folder.is_dir():
        around = folder.parent.glob(f"*/{PROJECT}") if folder.parent.is_dir() else []
        hint = did_you_mean(folder.name, sorted(found.parent.name for found in around))
        raise ConfigError(str(folder), f"there is no such folder{hint}", _FOLDER_REMEDY)
    lacking = [name for name in (PROJECT, PLAYBOOK) if not (folder / name).is_file()]
    if lacking:
        raise ConfigError(str(folder), f"lacks {' and '.join(lacking)}", _FOLDER_REMEDY)


_FOLDER_REMEDY = f"Name a folder that holds {PROJECT} and {PLAYBOOK}"


def _read(path: Path, environment: Mapping[str, str]) -> Expanded:
    """Read one file; one that is not TOML at all is a mistake among the others."""
    try:
        return expand(tomllib.loads(path.read_text(encoding="utf-8-sig")), environment)
    except tomllib.TOMLDecodeError as wrong:
        return Expanded(None, [Mistake("", f"is not TOML: {_one_line(wrong)}")])
    except UnicodeDecodeError as wrong:
        return Expanded(None, [Mistake("", f"is not UTF-8 text (byte {wrong.start})")])


def _validated(model: type[Section], file: Expanded) -> tuple[Section | None, list[Mistake]]:
    if file.content is None:
        return None, list(file.mistakes)
    try:
        return model.model_validate(file.content), list(file.mistakes)
    except ValidationError as wrong:
        return None, [*file.mistakes, *complaints(wrong, model, file.content)]


def _climb_mistakes_in(playbook: Any, project: Any) -> list[Mistake]:
    """Judge the order of the ladder from as much of the files as can be read."""
    if playbook is None:
        return []
    milestones = playbook.get("milestones")
    steps = [
        _step_in(milestone, f"milestones[{position}]")
        for position, milestone in enumerate(milestones if isinstance(milestones, list) else [])
        if isinstance(milestone, dict) and isinstance(milestone.get("slug"), str)
    ]
    segments = (project or {}).get("segments", {})
    known = (*segments, EVERYONE) if isinstance(segments, dict) and project else ()
    return climb_mistakes(steps, known)


def _step_in(milestone: Mapping[str, Any], place: str) -> Step:
    expected = milestone.get("expected_days")
    return Step(
        place=place,
        slug=milestone["slug"],
        requires=_texts(milestone.get("requires")),
        segments=_texts(milestone.get("segments")),
        expected_days=expected if isinstance(expected, dict) else {},
    )


def _texts(found: Any) -> tuple[str, ...]:
    return tuple(t for t in found if isinstance(t, str)) if isinstance(found, list) else ()


def _told(name: str, mistakes: list[Mistake], file: Expanded) -> str:
    """Say one file's mistakes in a row; what came from the environment stays hidden."""
    said = (f"`{m.place}` {m.what}" if m.place else m.what for m in dict.fromkeys(mistakes))
    return file.without_secrets(f"{name}: {'; '.join(said)}") if mistakes else ""


def _canonical(model: BaseModel, file: Expanded) -> Any:
    """Give what a file means, with every default spelt out and the environment left out."""
    content = model.model_dump(mode="json", by_alias=True)
    for location, written in file.as_written.items():
        _put_back(content, location, written)
    return content


def _put_back(content: Any, location: Location, written: str) -> None:
    *way, last = location
    for part in way:
        if isinstance(content, list) and not isinstance(part, int):
            return
        content = content[part]
    content[last] = [written] if isinstance(content[last], list) else written


def _fingerprint(project: Any, playbook: Any) -> str:
    project["segments"] = list(project["segments"].items())
    content = json.dumps([project, playbook], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()


def _one_line(wrong: Exception) -> str:
    return " ".join(str(wrong).split())
