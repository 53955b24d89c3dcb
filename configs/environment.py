"""How do secrets and machine-dependent paths get into a configuration without being in a file?

``${VAR}`` in any text is read from the environment; ``${VAR:-otherwise}`` has something to fall
back on. What came from outside is remembered by its place, so that neither a message nor the
fingerprint ever shows it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from configs.climb import Mistake

Location = tuple[str | int, ...]
WORTH_HIDING = 4
VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


@dataclass(slots=True)
class Expanded:
    """A file's content with the environment filled in."""

    content: Any
    mistakes: list[Mistake] = field(default_factory=list)
    as_written: dict[Location, str] = field(default_factory=dict)
    """The text of the file at every place that holds something from outside."""
    hidden: dict[str, str] = field(default_factory=dict)
    """What was read from the environment, and what to show instead."""

    def without_secrets(self, text: str) -> str:
        """Put ``${VAR}`` back wherever a value of the environment would show."""
        for value in sorted(self.hidden, key=len, reverse=True):
            text = text.replace(value, self.hidden[value])
        return text


def expand(content: Any, environment: Mapping[str, str]) -> Expanded:
    """Fill in every ``${VAR}`` of every text; a variable that is not set is a mistake."""
    expanded = Expanded(content=None)
    expanded.content = _expand(content, (), environment, expanded)
    return expanded


def place_in_words(location: Location) -> str:
    """Write a place as people do: ``milestones[2].done_when.measure``."""
    words = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in location)
    return words.removeprefix(".")


def _expand(found: Any, at: Location, environment: Mapping[str, str], into: Expanded) -> Any:
    if isinstance(found, dict):
        return {k: _expand(v, (*at, k), environment, into) for k, v in found.items()}
    if isinstance(found, list):
        return [_expand(v, (*at, i), environment, into) for i, v in enumerate(found)]
    if not isinstance(found, str) or "${" not in found:
        return found
    return _fill(found, at, environment, into)


def _fill(text: str, at: Location, environment: Mapping[str, str], into: Expanded) -> str:
    into.as_written[at] = text

    def value_of(match: re.Match[str]) -> str:
        name, otherwise = match.groups()
        value = environment.get(name)
        if otherwise is not None and not value:
            return str(otherwise)
        if value is None:
            what = f"reads ${{{name}}}, which the environment does not set"
            into.mistakes.append(Mistake(place_in_words(at), what))
            return match.group()
        if len(value) >= WORTH_HIDING:
            into.hidden[value] = f"${{{name}}}"
        return value

    if "${" in VARIABLE.sub("", text):
        what = "holds a ${ that begins no ${VARIABLE} or ${VARIABLE:-otherwise}"
        into.mistakes.append(Mistake(place_in_words(at), what))
    return VARIABLE.sub(value_of, text)
