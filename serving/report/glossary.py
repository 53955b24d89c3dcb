"""What does each word on the pages mean, in plain language?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from configs.filled import NAMED
from configs.phrases import Phrases
from configs.playbook import Milestone
from serving import formats
from serving.report.facts import Book
from serving.report.labels import spelt
from serving.report.ladder import criterion

OF_ARR = ("arr", "arr_at_risk", "expansion", "grr", "nrr", "churned_arr")
"""Words that only a book with ARR needs."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A word, where it stands on its page, and what it means."""

    anchor: str
    name: str
    text: str


def terms(phrases: Phrases, *, book: Book) -> Mapping[str, Entry]:
    """Give every term of the pages with its meaning under this configuration's settings."""
    fill = _fill(book)
    return {
        key: Entry(key, told.name.format(**fill), told.text.format(**fill))
        for key, told in phrases.definitions.items()
    }


def shown(entries: Mapping[str, Entry], *, book: Book) -> tuple[Entry, ...]:
    """Leave out the words that no page uses, because the tables do not tell of them."""
    unused = {
        *(() if book.has_arr else OF_ARR),
        *(() if book.has_owners else ("owner",)),
        *(() if book.has_renewals else ("renewal",)),
        *(() if book.has_segments else ("segment",)),
    }
    return tuple(entry for key, entry in entries.items() if key not in unused)


def families(phrases: Phrases, *, book: Book) -> Mapping[str, Entry]:
    """Give the families of inputs, as the reasons are called."""
    fill = _fill(book)
    return {
        key: Entry(f"family-{key}", told.name, told.means.format(**fill))
        for key, told in phrases.families.items()
    }


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


def _fill(book: Book) -> Mapping[str, str]:
    one, many = book.words.account, book.words.milestone
    named = dict(zip(NAMED, (*one, *many), strict=True))
    return {
        "horizon": str(book.horizon),
        "capacity": formats.count(book.capacity),
        **named,
        **{name.capitalize(): word.capitalize() for name, word in named.items()},
    }
