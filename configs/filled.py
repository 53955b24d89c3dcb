"""What may a text ask for in curly brackets, and who sees that it asks for nothing else?"""

from abc import abstractmethod
from collections.abc import Iterator
from string import Formatter
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from configs.nearest import did_you_mean

NAMED = ("account", "accounts", "milestone", "milestones")
MEANT = frozenset({"horizon", "capacity", *NAMED, *map(str.capitalize, NAMED)})
"""What the meanings of words may ask for: settings, and what one and many are called."""

Text = Annotated[str, Field(min_length=1)]


class Strict(BaseModel):
    """A section of the file: read once, never changed, no key we do not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Filled(Strict):
    """A section whose texts may ask only for what is there."""

    @model_validator(mode="after")
    def _asks_only_for_what_is_there(self) -> Self:
        mistakes = [
            f"`{key}` {wrong}"
            for key, text, allowed in self._texts()
            for wrong in _misfilled(text, allowed)
        ]
        if mistakes:
            raise ValueError("; ".join(mistakes))
        return self

    @abstractmethod
    def _texts(self) -> Iterator[tuple[str, str, frozenset[str]]]:
        """Give each text with its key and the placeholders it may ask for."""


def _misfilled(text: str, allowed: frozenset[str]) -> Iterator[str]:
    try:
        asked = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
    except ValueError:
        yield "has a curly bracket without its partner"
        return
    for name in asked:
        if name not in allowed:
            yield f"asks for {{{name}}}, which is unknown here{did_you_mean(name, allowed)}"
