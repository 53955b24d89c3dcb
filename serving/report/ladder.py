"""Where does an account stand on its ladder, and by when will the next rungs be reached?"""

import datetime as dt
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from markupsafe import Markup

from configs.playbook import DoneWhen, Milestone
from serving import formats
from serving.records import Record
from serving.report.charts import share_bar
from serving.report.facts import Book, milestone_name
from serving.report.labels import STATE, Tag, pace_tag, spelt

MARKS: Mapping[str, str] = {"done": "✓", "open": "", "locked": "·", "lost": "✕"}


@dataclass(frozen=True, slots=True)
class Rung:
    """One milestone of one account."""

    name: str
    purpose: str
    state: str
    word: str
    mark: str
    is_next: bool
    pace: Tag | None
    facts: tuple[str, ...]
    """Short statements, one after the other."""
    progress: float | None
    bar: Markup | None
    chance: float | None
    exit_first: float | None
    eta: dt.date | None
    eta_low: dt.date | None
    eta_high: dt.date | None
    is_ahead: bool
    """Whether there is anything to foretell: not yet reached, or lost."""


def rungs(
    told: Sequence[Record], playbook: Sequence[Milestone], *, next_slug: str | None, book: Book
) -> tuple[Rung, ...]:
    """Give the account's milestones in the playbook's order."""
    steps = {m.slug: m for m in playbook}
    place = {slug: position for position, slug in enumerate(steps)}
    ordered = sorted(
        told, key=lambda t: (place.get(t["milestone"], len(place)), t["milestone"])
    )
    asked = frozenset(one["milestone"] for one in told)
    return tuple(
        _rung(one, steps.get(one["milestone"]), next_slug, asked, book) for one in ordered
    )


def _rung(
    told: Record, step: Milestone | None, next_slug: str | None, asked: Set[str], book: Book
) -> Rung:
    """One milestone; ``asked`` are all that are asked of its account."""
    state = str(told["state"])
    is_measured = step is not None and isinstance(step.done_when, DoneWhen)
    progress = told.get("progress") if state == "open" and is_measured else None
    is_ahead = state != "done"
    return Rung(
        name=milestone_name(told["milestone"], book),
        purpose=step.purpose if step else "",
        state=state,
        word=STATE.get(state, spelt(state)),
        mark=MARKS.get(state, "·"),
        is_next=told["milestone"] == next_slug,
        pace=pace_tag(told.get("pace")) if state == "open" else None,
        facts=tuple(_facts(told, step, asked, book)),
        progress=progress,
        bar=share_bar(progress) if progress is not None else None,
        chance=told.get(f"chance_{book.horizon}d") if is_ahead else None,
        exit_first=told.get(f"exit_first_{book.horizon}d") if is_ahead else None,
        eta=told.get("eta_p50_on"),
        eta_low=told.get("eta_p10_on"),
        eta_high=told.get("eta_p90_on"),
        is_ahead=is_ahead,
    )


def _facts(told: Record, step: Milestone | None, asked: Set[str], book: Book) -> list[str]:
    state, due = told["state"], told.get("due_on")
    # A step may require one that its segment is spared.
    first = [] if step is None else [slug for slug in step.requires if slug in asked]
    said: list[str] = []
    if reached := told.get("achieved_at"):
        said.append(f"reached {formats.day(reached)}")
        if state == "done" and due is not None:
            said.append(_against_due(reached, due))
    if state == "lost":
        said.append("the behaviour has stopped since")
    if state == "locked" and first:
        said.append("after " + " and ".join(milestone_name(slug, book) for slug in first))
    if state == "open" and told.get("days_open") is not None:
        said.append(f"open for {formats.days(told['days_open'])}")
    if state in ("open", "locked") and due is not None:
        said.append(_due(due, book.as_of))
    return said


def _due(due: dt.date, as_of: dt.date) -> str:
    over = (as_of - due).days
    written = f"due {formats.day(due)}"
    return f"{written}, {formats.days(over)} ago" if over > 0 else written


def _against_due(reached: dt.date, due: dt.date) -> str:
    late = (reached - due).days
    if late == 0:
        return "on the day it was due"
    return f"{formats.days(abs(late))} {'after' if late > 0 else 'before'} it was due"


def criterion(milestone: Milestone) -> str:
    """Say in words when a milestone counts as reached."""
    how = milestone.done_when
    if not isinstance(how, DoneWhen):
        return "Counts as reached when it is recorded as achieved."
    many = formats.percent(how.at_least) if how.measure == "share_of_seats" else None
    one, more = _MUCH[how.measure]
    much = (one if how.at_least == 1 else more).format(n=many or formats.count(how.at_least))
    by = "" if how.measure == "users" and how.at_least > 1 else " by people"
    who = f"{by} with the role {spelt(how.role).lower()}" if how.role else ""
    within = f" within {formats.days(how.within_days)}" if how.within_days else ""
    what = spelt(how.capability).lower()
    return f"Counts as reached once “{what}” is used {much}{who}{within}."


_MUCH: Mapping[str, tuple[str, str]] = {
    "count": ("once", "at least {n} times"),
    "quantity": ("with a volume of at least 1", "with a volume of at least {n}"),
    "users": ("by anybody", "by at least {n} people"),
    "days": ("on a day", "on at least {n} different days"),
    "weeks_in_a_row": ("in a week", "in at least {n} weeks in a row"),
    "share_of_seats": ("by all of the seats", "by at least {n} of the seats"),
}
