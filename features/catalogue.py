"""What does each model input mean, in which unit, and what does it mean when it is absent?

Every column that a model may read has exactly one entry here; an input without an entry cannot
reach a model, and an entry is all that training, wording and the documentation need to know.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Self

Unit = Literal["count", "days", "share", "ratio", "money", "flag", "label"]


@dataclass(frozen=True, slots=True)
class Feature:
    """One model input: its name, and everything a reader may ask about it."""

    name: str
    family: str
    """What it is told together with: one reason, one bar on the account page."""
    measure: str
    """What is measured, without window or subject: the key of its phrase in phrases.toml."""
    meaning: str
    unit: Unit
    absence: str
    """What a null says about the account; a count is never null, because silence is a fact."""
    window_days: int | None = None
    subject: str | None = None
    """The capability, role, kind of touch or attribute measured, where there is one."""
    is_clock: bool = False
    """Whether its value at a future day is known today: it falls by one a day (days to
    renewal).
    """


class Catalogue(Mapping[str, Feature]):
    """Features by name, in the order in which matrices hold them."""

    def __init__(self, features: Iterable[Feature]) -> None:
        self._features: dict[str, Feature] = {}
        for feature in features:
            if feature.name in self._features:
                raise ValueError(f"two features are named {feature.name!r}")
            self._features[feature.name] = feature

    def __getitem__(self, name: str) -> Feature:
        return self._features[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._features)

    def __len__(self) -> int:
        return len(self._features)

    def only(self, names: Iterable[str]) -> Self:
        """Keep the named features, in this catalogue's order."""
        wanted = set(names)
        return type(self)(f for f in self._features.values() if f.name in wanted)
