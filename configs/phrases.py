"""How is a model input said to a customer-success manager, and who may change the words?

Whoever owns the words edits ``phrases.toml``; a configuration may lay its own over it. The
grammar of a phrase is explained at the top of that file.
"""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from configs.complaints import complaints
from configs.errors import ConfigError
from configs.filled import MEANT, Filled, Strict, Text
from configs.notices import Advice, Alerts, Changes, Messages

FILE = "phrases.toml"
SUBJECTS = frozenset({"subject", "subjects"})
SENTENCE = SUBJECTS | {"value", "window", "days", "peers"}


class Words(Filled):
    """With whom an account is compared, and how; what one and many are called."""

    peers: Text
    beside: Text
    rule: Text
    account: tuple[Text, Text]
    milestone: tuple[Text, Text]

    def _texts(self) -> Iterator[tuple[str, str, frozenset[str]]]:
        compared = frozenset({"text", "peers", "typical"})
        yield "beside", self.beside, compared
        yield "rule", self.rule, frozenset({"rule", "peers", "accounts", "own", "all"})


class Family(Filled):
    """A family of inputs, as its bar on the account page is called."""

    name: Text
    means: Text

    def _texts(self) -> Iterator[tuple[str, str, frozenset[str]]]:
        yield from (("name", self.name, frozenset()), ("means", self.means, MEANT))


class Timing(Filled):
    """The family that holds no input: when in the horizon the risk falls, and other exits."""

    renewal_within: Text
    renewal_beyond: Text
    as_others: Text
    unlike_others: Text
    other_days: Text
    ends_before: Text
    other_end: Text
    no_other_end: Text
    none: Text

    def _texts(self) -> Iterator[tuple[str, str, frozenset[str]]]:
        asked = {key: {"chance"} for key in ("other_end", "no_other_end")}
        asked |= {"other_days": {"own", "others"}, "ends_before": {"renewal"}}
        asked |= {key: {"renewal"} for key in ("renewal_within", "renewal_beyond")}
        for key, text in self:
            yield key, text, frozenset({"horizon", "accounts"} | asked.get(key, set()))


class Sign(Strict):
    """How a value is said above zero, at zero and below it."""

    above: Text
    zero: Text
    below: Text


class ThenAndNow(Strict):
    """The input that holds what is now, and the sentence about then and now."""

    now: Text
    text: Text


class Equals(Strict):
    """Another sentence where the value is that of another input."""

    input: Text
    text: Text


class Turned(Strict):
    """Other sentences where another input is above zero, and where it is below."""

    input: Text
    above: Text
    below: Text


class Place(Strict):
    """Where a value stands among the peers': the share of them that it is ahead of."""

    first: Text
    ahead: Text
    middle: Text
    behind: Text


class Measure(Filled):
    """The phrase of one measure."""

    name: Text
    text: Text
    zero: Text | None = None
    absent: Text | None = None
    nouns: tuple[Text, Text] | None = None
    value: Sign | None = None
    labels: dict[str, Text] = Field(default_factory=dict)
    compare: bool = True
    equals: Equals | None = None
    turned: Turned | None = None
    then_and_now: dict[int, ThenAndNow] = Field(default_factory=dict)
    place: Place | None = None

    def _texts(self) -> Iterator[tuple[str, str, frozenset[str]]]:
        yield "name", self.name, SUBJECTS
        yield "text", self.text, SENTENCE
        silent = SENTENCE - {"value"}
        yield from ((k, t, silent) for k in ("zero", "absent") if (t := getattr(self, k)))
        yield from (("nouns", noun, SUBJECTS) for noun in self.nouns or ())
        if self.value:
            yield from ((f"value.{k}", t, frozenset("n")) for k, t in self.value)
        if self.equals:
            yield "equals", self.equals.text, SENTENCE
        if self.turned:
            yield "turned.above", self.turned.above, SENTENCE
            yield "turned.below", self.turned.below, SENTENCE
        for days, pair in self.then_and_now.items():
            yield f"then_and_now.{days}", pair.text, silent | {"change"}
        if self.place:
            placed = silent | {"own", "share"}
            yield from ((f"place.{key}", text, placed) for key, text in self.place)


class Definition(Filled):
    """What a word or a column of the report means, in plain language."""

    name: Text
    text: Text

    def _texts(self) -> Iterator[tuple[str, str, frozenset[str]]]:
        yield from (("name", self.name, MEANT), ("text", self.text, MEANT))


class Phrases(Strict):
    """All of ``phrases.toml``."""

    words: Words
    families: dict[str, Family]
    timing: Timing
    changes: Changes
    alerts: Alerts
    advice: Advice
    messages: Messages
    measure: dict[str, Measure]
    subjects: dict[str, Text] = Field(default_factory=dict)
    """What capabilities, roles, touches and attributes are called whose own name is no word."""
    definitions: dict[str, Definition] = Field(default_factory=dict)

    def family_name(self, family: str) -> str:
        """Name a family; one that nobody named is called by its own word."""
        found = self.families.get(family)
        return found.name if found else family.replace("_", " ").capitalize()


def load_phrases(folder: Path | None = None) -> Phrases:
    """Read the phrases, with those of a configuration's folder laid over them, if it has any.

    Raises ConfigError with every mistake at once.
    """
    base = Path(__file__).with_name(FILE)
    own = folder / FILE if folder else None
    files = [base, own] if own is not None and own.is_file() else [base]
    content: dict[str, Any] = {}
    for path in files:
        content = _laid_over(content, _read(path))
    where = str(files[-1])
    try:
        return Phrases.model_validate(content)
    except ValidationError as wrong:
        told = "; ".join(f"`{m.place}` {m.what}" for m in complaints(wrong, Phrases, content))
        raise ConfigError(where, told, _REMEDY) from wrong


_REMEDY = "Mend the file; the grammar is at the top of configs/phrases.toml"


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise ConfigError(str(path), f"is not TOML ({wrong})", _REMEDY) from wrong


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    laid = dict(below)
    for key, value in above.items():
        under = laid.get(key)
        both = isinstance(under, Mapping) and isinstance(value, Mapping)
        laid[key] = _laid_over(under, value) if both else value  # type: ignore[arg-type]
    return laid
