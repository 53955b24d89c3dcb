"""How is a value written into a file that somebody wrote, so that all else stays as it was?

Line by line: comments, order and spaces are the owner's. What comes out is read again, and
where it says anything else than it should, the file is left alone and the change is said.
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from configs.errors import ConfigError

Numbers = Mapping[str, int | float]
_HEADER = re.compile(r"^\s*\[\[?\s*([A-Za-z0-9_.\"'-]+)\s*\]?\]\s*(#.*)?$")


def write_numbers(path: Path, section: str, values: Numbers) -> None:
    """Set numbers of one section of a TOML file; ConfigError where that cannot be done.

    Keys that are there keep their place and their comment; others join the section's end.
    """
    before = path.read_text(encoding="utf-8-sig")
    after = with_numbers(before, section, values)
    if not _says(after, before, section, values):
        wanted = ", ".join(f"{name} = {value!r}" for name, value in values.items())
        problem = f"[{section}] is written in a way that cannot be edited safely"
        raise ConfigError(str(path), problem, f"Write it by hand: {wanted}")
    unfinished = path.with_name(f".{path.name}.writing")
    unfinished.write_text(after, encoding="utf-8")
    unfinished.replace(path)


def with_numbers(text: str, section: str, values: Numbers) -> str:
    """Give the text with the numbers in it.

    >>> print(with_numbers("[models]\\nseed = 7 # mine\\n", "models", {"seed": 8}), end="")
    [models]
    seed = 8 # mine
    """
    lines = text.splitlines(keepends=True)
    start, end = _section(lines, section)
    if start is None:
        gap = (
            "" if not text or text.endswith("\n\n") else "\n" if text.endswith("\n") else "\n\n"
        )
        return text + gap + f"[{section}]\n" + "".join(map(_line, values.items()))
    own, left = lines[start:end], dict(values)
    for place, line in enumerate(own):
        name = line.partition("=")[0].strip()
        if name in left:
            own[place] = _replaced(line, left.pop(name))
    last = max((i for i, line in enumerate(own) if line.strip()), default=-1) + 1
    if left and own and not own[last - 1].endswith("\n"):
        own[last - 1] += "\n"
    own[last:last] = [_line(each) for each in left.items()]
    return "".join([*lines[:start], *own, *lines[end:]])


def _section(lines: list[str], section: str) -> tuple[int | None, int]:
    """Where a section's lines are: after its header, up to the next one."""
    start: int | None = None
    for place, line in enumerate(lines):
        header = _HEADER.match(line)
        if header and start is not None:
            return start, place
        if header and header[1] == section:
            start = place + 1
    return start, len(lines)


def _replaced(line: str, value: int | float) -> str:
    found = re.match(r"^(\s*[A-Za-z0-9_-]+\s*=\s*)([^#\n]*?)(\s*(?:#.*)?\n?)$", line)
    return line if found is None else f"{found[1]}{value!r}{found[3]}"


def _line(named: tuple[str, int | float]) -> str:
    return f"{named[0]} = {named[1]!r}\n"


def _says(after: str, before: str, section: str, values: Numbers) -> bool:
    """Whether the new text says the old and the numbers, and nothing else."""
    try:
        found, wanted = tomllib.loads(after), tomllib.loads(before)
    except tomllib.TOMLDecodeError:
        return False
    held = wanted.get(section, {})
    if not isinstance(held, dict):
        return False
    return found == {**wanted, section: {**held, **values}}
