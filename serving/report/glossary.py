"""What does each word on the pages mean, in plain language?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from configs.phrases import Phrases
from configs.playbook import Milestone
from serving import formats
from serving.report.facts import Book
from serving.report.labels import spelt
from serving.report.ladder import criterion


@dataclass(frozen=True, slots=True)
class Entry:
    """A word, where it stands on its page, and what it means."""

    anchor: str
    name: str
    text: str


def terms(phrases: Phrases, *, book: Book) -> Mapping[str, Entry]:
    """Give every term of the pages with its meaning under this configuration's settings."""
    settings = {"horizon": str(book.horizon), "capacity": formats.count(book.capacity)}
    return {
        key: Entry(key, definition.name, _filled(definition.text, settings))
        for key, definition in phrases.definitions.items()
    }


def families(phrases: Phrases) -> tuple[Entry, ...]:
    """Give the families of inputs, as the reasons are called."""
    return tuple(
        Entry(f"family-{key}", family.name, family.means)
        for key, family in phrases.families.items()
    )


def ladder(playbook: Iterable[Milestone]) -> tuple[Entry, ...]:
    """Give the milestones: when each counts as reached, and how long it is expected to take."""
    return tuple(Entry(f"milestone-{m.slug}", m.name, " ".join(_told(m))) for m in playbook)


def _told(milestone: Milestone) -> Iterable[str]:
    if milestone.purpose:
        yield milestone.purpose.rstrip(".") + "."
    yield criterion(milestone)
    if milestone.segments:
        yield f"For {', '.join(spelt(s).lower() for s in milestone.segments)}."
    if milestone.expected_days:
        each = "; ".join(
            formats.days(days)
            + ("" if segment == "default" else f" for {spelt(segment).lower()}")
            for segment, days in milestone.expected_days.items()
        )
        yield f"Expected within {each}."


def _filled(text: str, settings: Mapping[str, str]) -> str:
    for name, value in settings.items():
        text = text.replace("{" + name + "}", value)
    return text
