"""Which pages does the report have besides the list and the accounts?

A chapter is a template and the function that decides what it says; to add one, write both and
name it in ``CHAPTERS``. It stands in the menu of every page.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from serving.report.adoption import adoption_page
from serving.report.alarms import alarms
from serving.report.health import health_page
from serving.report.material import Material
from serving.report.milestones import milestone_audit
from serving.report.outlook import outlook, outlook_files
from serving.report.track import track_record


@dataclass(frozen=True, slots=True)
class Chapter:
    """A page: ``name`` is its file's and its template's, without the ending."""

    name: str
    title: str
    facts: Callable[[Material], object | None]
    """What it says; None where there is nothing to say, and then there is no page."""
    files: Callable[[object], Mapping[str, str]] = lambda _: {}
    """What stands beside the page, by file name, given what it says."""

    @property
    def file(self) -> str:
        return f"{self.name}.html"


CHAPTERS: tuple[Chapter, ...] = (
    Chapter("alerts", "Alerts", alarms),
    Chapter("adoption", "Adoption", adoption_page),
    Chapter("milestones", "Milestones", milestone_audit),
    Chapter("outlook", "Outlook", outlook, outlook_files),
    Chapter("track", "Track record", track_record),
    Chapter("health", "Health", health_page),
)


def written_chapters(material: Material) -> Iterator[tuple[Chapter, object]]:
    """Give each chapter that has something to say, with what it says."""
    for chapter in CHAPTERS:
        facts = chapter.facts(material)
        if facts is not None:
            yield chapter, facts
