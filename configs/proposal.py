"""How are other expected days written into a playbook, so that its owner sees what changes?

As a difference of the file, line by line: comments, order and spaces stay the owner's. It is
what ``patch`` and ``git apply`` read; nothing is written here.
"""

import difflib
import re
import tomllib
from collections.abc import Mapping
from typing import Any

from configs.errors import ConfigError

Days = Mapping[str, int]
"""Expected days by segment, ``default`` among them."""
KEY, MILESTONES, VERSION = "expected_days", "milestones", "version"
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_HEADER = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_.\"' -]+?)\s*\]\]?\s*(#.*)?$")
_VALUE = re.compile(rf"^(\s*{KEY}\s*=\s*)(\d[\d_]*|\{{[^}}]*\}})(\s*(?:#.*)?\r?\n?)$")
_PLACES = ("stage", "name", "slug")
"""After which of these a key is written that was not there."""


def with_expected_days(text: str, wanted: Mapping[str, Days], *, where: str) -> str:
    """Give the playbook's text with other expected days, and its version one higher.

    ``wanted`` holds, by slug, only what changes. ConfigError where the text is written in a way
    in which that cannot be done safely.

    >>> before = '[[milestones]]\\nslug = "first"\\nexpected_days = 9 # mine\\n'
    >>> print(with_expected_days(before, {"first": {"default": 12}}, where="it"), end="")
    [[milestones]]
    slug = "first"
    expected_days = 12 # mine
    """
    if not wanted:
        return text
    lines, said = _LINE.findall(text), tomllib.loads(text)
    starts = [place for place, line in enumerate(lines) if _header(line) == ("[[", MILESTONES)]
    slugs = [milestone.get("slug") for milestone in said.get(MILESTONES, [])]
    if len(starts) == len(slugs):
        # From the last to the first, so that no place moves before its turn.
        for start, slug in reversed(list(zip(starts, slugs, strict=True))):
            if slug in wanted:
                _write(lines, start + 1, wanted[slug])
    _count_up(lines)
    after = "".join(lines)
    if not _says(after, said, wanted):
        told = "; ".join(f"{slug}: {_inline(days)}" for slug, days in wanted.items())
        problem = "is written in a way in which expected days cannot be changed safely"
        raise ConfigError(where, problem, f"Write them by hand: {told}")
    return after


def difference(before: str, after: str, *, path: str) -> str:
    """Give two texts of one file as a unified diff; empty where they are the same."""
    told = difflib.unified_diff(
        _LINE.findall(before), _LINE.findall(after), f"a/{path}", f"b/{path}"
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
        for line in told
    )


def _header(line: str) -> tuple[str, str] | None:
    found = _HEADER.match(line.rstrip("\r\n"))
    return (found[1], found[2]) if found else None


def _write(lines: list[str], start: int, days: Days) -> None:
    """Change one milestone, whose lines begin at ``start``, in place."""
    end = next((i for i in range(start, len(lines)) if _header(lines[i])), len(lines))
    for place in range(start, end):
        if found := _VALUE.match(lines[place]):
            lines[place] = found[1] + _changed(found[2], days) + found[3]
            return
    table = ("[", f"{MILESTONES}.{KEY}")
    if end < len(lines):
        for place in range(end, len(lines)):
            if _header(lines[place]) == table:
                _write_table(lines, place + 1, days)
                return
            if _header(lines[place]) == ("[[", MILESTONES):
                break
    names = [line.partition("=")[0].strip() for line in lines[start:end]]
    after = next((start + names.index(name) for name in _PLACES if name in names), start)
    ending = "\r\n" if lines[after].endswith("\r\n") else "\n"
    lines.insert(after + 1, f"{KEY} = {_value(days)}{ending}")


def _write_table(lines: list[str], start: int, days: Days) -> None:
    """Change a table of its own, ``[milestones.expected_days]``."""
    for name, number in days.items():
        entry = re.compile(rf"^(\s*{_quoted(name)}\s*=\s*)\d[\d_]*")
        end = next((i for i in range(start, len(lines)) if _header(lines[i])), len(lines))
        for place in range(start, end):
            if entry.match(lines[place]):
                lines[place] = entry.sub(rf"\g<1>{number}", lines[place])
                break
        else:
            lines.insert(start, f"{_name(name)} = {number}\n")


def _changed(value: str, days: Days) -> str:
    """A number or an inline table, with what changes in it."""
    if not value.startswith("{"):
        return _value({"default": int(value.replace("_", "")), **days})
    for name, number in days.items():
        entry = re.compile(rf"((?:^|[{{,])\s*{_quoted(name)}\s*=\s*)\d[\d_]*")
        if entry.search(value):
            value = entry.sub(rf"\g<1>{number}", value)
        else:
            value = f"{value[:-1].rstrip()}, {_name(name)} = {number} }}"
    return value


def _value(days: Days) -> str:
    return str(days["default"]) if set(days) == {"default"} else _inline(days)


def _inline(days: Days) -> str:
    return "{ " + ", ".join(f"{_name(name)} = {number}" for name, number in days.items()) + " }"


def _name(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else f'"{name}"'


def _quoted(name: str) -> str:
    return rf"[\"']?{re.escape(name)}[\"']?"


def _count_up(lines: list[str]) -> None:
    """Let the version be the next, where one is written."""
    for place, line in enumerate(lines):
        if _header(line):
            return
        if found := re.match(rf"^(\s*{VERSION}\s*=\s*)(\d+)", line):
            lines[place] = f"{found[1]}{int(found[2]) + 1}{line[found.end() :]}"
            return


def _says(after: str, before: dict[str, Any], wanted: Mapping[str, Days]) -> bool:
    """Whether the new text says the old, the wanted days and the next version, no more."""
    try:
        found = tomllib.loads(after)
    except tomllib.TOMLDecodeError:
        return False
    steps = [_expecting(step, wanted.get(step.get("slug"), {})) for step in before[MILESTONES]]
    version = {VERSION: before[VERSION] + 1} if VERSION in before else {}
    return found == {**before, **version, MILESTONES: steps}


def _expecting(step: dict[str, Any], days: Days) -> dict[str, Any]:
    if not days:
        return step
    held = step.get(KEY, {})
    held = held if isinstance(held, dict) else {"default": held}
    told = {**held, **days}
    is_number = set(told) == {"default"} and not isinstance(step.get(KEY), dict)
    return {**step, KEY: told["default"] if is_number else told}
