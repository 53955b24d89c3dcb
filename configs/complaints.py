"""What is wrong at which place of a file, said so that its author can mend it?

Pydantic finds the mistakes; here they become sentences with the nearest known key.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from configs.climb import Mistake
from configs.environment import Location, place_in_words
from configs.nearest import did_you_mean, nearest

SENTENCES: Mapping[str, str] = {
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list",
    "dict_type": "must be a table of keys",
    "model_type": "must be a table of keys",
    "model_attributes_type": "must be a table of keys",
    "greater_than": "must be above {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than_equal": "must be at most {le:g}",
    "string_too_short": "must not be empty",
    "too_short": "needs at least {min_length} of them",
    "finite_number": "must be a finite number",
}
DATES = "must be a date such as 2024-01-31"
PATTERNS: Mapping[str, str] = {
    r"^[a-z][a-z0-9_]*$": "takes lower-case letters, digits and _ only, a letter first",
    r"^[a-z0-9][a-z0-9_-]*$": "takes lower-case letters, digits, - and _ only",
    r"^[A-Z]{3}$": "must be a currency's three capitals, such as USD",
    r"^\S+( \S+){4}$": "must be a cron line of five fields, such as 0 5 * * *",
}


def complaints(wrong: ValidationError, model: type[BaseModel], content: Any) -> list[Mistake]:
    """Turn what pydantic found in ``content`` into sentences, in the order of the file."""
    errors = wrong.errors(include_url=False)
    return [m for error in errors for m in _said(error, model, content)]


def _said(error: ErrorDetails, model: type[BaseModel], content: Any) -> Iterator[Mistake]:
    kind = error["type"]
    location, found = _location_in_file(error["loc"], content)
    place = place_in_words(location)
    if kind == "missing":
        yield Mistake(place_in_words((*location, error["loc"][-1])), "is missing")
    elif kind == "extra_forbidden":
        yield Mistake(place, _unknown_key(location, model))
    elif kind == "value_error":
        yield from _own_words(place, str(error["ctx"]["error"]))
    elif kind == "literal_error":
        is_key = error["loc"][-1] == "[key]"
        known = re.findall(r"'([^']*)'", error["ctx"]["expected"])
        yield Mistake(place, _not_among(known, error["input"], is_key=is_key))
    elif kind != "too_short" or not found:
        yield Mistake(place, f"{_sentence(error)}; found {shown(error['input'])}")


def _own_words(place: str, text: str) -> Iterator[Mistake]:
    """Move a key that one of our own checks names in front into the place."""
    for part in re.split(r"; (?=`)", text):
        named = re.match(r"`([^`]*)` ", part)
        if named is None:
            yield Mistake(place, part)
        else:
            yield Mistake(f"{place}.{named[1]}".removeprefix("."), part[named.end() :])


def shown(value: Any) -> str:
    """Show what a file holds, shortly and on one line."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."


def _sentence(error: ErrorDetails) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "string_pattern_mismatch":
        return PATTERNS.get(context["pattern"], f"must look like {context['pattern']}")
    if kind.startswith("date"):
        return DATES
    return SENTENCES.get(kind, error["msg"]).format(**context)


def _not_among(known: list[str], found: Any, *, is_key: bool) -> str:
    if is_key:
        return f"is not a key here{did_you_mean(str(found), known)}"
    if len(known) == 1:
        return f"must be {known[0]!r} or a table of keys; found {shown(found)}"
    close = nearest(str(found), known)
    hint = f" (did you mean {close!r}?)" if close else ""
    return f"must be one of {', '.join(map(repr, known))}; found {shown(found)}{hint}"


def _location_in_file(location: Location, content: Any) -> tuple[Location, Any]:
    """Drop the parts that pydantic adds, which no author wrote; give what stands there."""
    kept: list[str | int] = []
    for part in location:
        is_there = part in content if isinstance(content, dict) else isinstance(part, int)
        if is_there and isinstance(content, dict | list):
            content = content[part]  # type: ignore[index]
            kept.append(part)
    return tuple(kept), content


def _unknown_key(location: Location, model: type[BaseModel]) -> str:
    key = str(location[-1])
    known = list(
        dict.fromkeys(key for m in _models_at(location[:-1], model) for key in _keys(m))
    )
    homes = [home for home, fields in _sections(model) if key in fields]
    if homes and nearest(key, known) is None:
        return f"is not a key here (it belongs to {homes[0]})"
    return f"is not a key here{did_you_mean(key, known)}"


def _models_at(location: Location, model: type[BaseModel]) -> list[type[BaseModel]]:
    """Find which section's keys are known at a place."""
    models = [model]
    for part in location:
        inner = [_keys(m)[str(part)] for m in models if part in _keys(m)]
        if inner:
            models = [m for annotation in inner for m in _models_in(annotation)]
    return models


def _keys(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)


def _sections(model: type[BaseModel], name: str = "") -> Iterable[tuple[str, dict[str, Any]]]:
    yield f"[{name}]" if name else "the top of the file", _keys(model)
    for key, annotation in _keys(model).items():
        for inner in _models_in(annotation):
            yield from _sections(inner, f"{name}.{key}".removeprefix("."))
