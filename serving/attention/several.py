"""How are several milestones that stand alike told to a CSM: as one alert, with each in it?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from configs.phrases import Phrases

OF_MILESTONES = ("stuck", "lost", "behind")
"""The kinds of condition of which an account may have several, each of another milestone."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that stands badly with an account."""

    account_id: str
    kind: str
    subject: str
    """The milestones (in the ladder's order) or the role in question; empty without any."""
    text: str
    holds: bool
    """Whether it passes the tight test; else it only lingers."""
    began_on: date | None
    """The day it began, or the newest part of it did, where the facts tell."""
    stood_before: bool
    """Whether it stood a week ago, as far as can be told without having looked then."""
    each: str = ""
    """What is said of its milestone where others stand alike."""


def together(found: Iterable[Condition], phrases: Phrases) -> list[Condition]:
    """Put what several milestones of one account have in common into one condition."""
    alike: dict[tuple[str, str, str], list[Condition]] = {}
    for one in found:
        subject = "" if one.kind in OF_MILESTONES else one.subject
        alike.setdefault((one.account_id, one.kind, subject), []).append(one)
    return [_told(own, phrases) for own in alike.values()]


def joined(subjects: Iterable[str]) -> str:
    """Name several subjects as one."""
    return ", ".join(subjects)


def subjects_of(subject: str) -> frozenset[str]:
    """The subjects that are named as one.

    >>> sorted(subjects_of("first_report, weekly_use"))
    ['first_report', 'weekly_use']
    """
    return frozenset(subject.split(", "))


def _told(own: Sequence[Condition], phrases: Phrases) -> Condition:
    first, *others = own
    if not others:
        return first
    words = getattr(phrases.alerts, first.kind)
    began = [one.began_on for one in own if one.began_on is not None]
    return replace(
        first,
        subject=joined(one.subject for one in own),
        text=words.several.format(
            count=len(own),
            milestones=phrases.words.milestone[1],
            each="; ".join(one.each for one in own),
        ),
        began_on=max(began, default=None),
        stood_before=all(one.stood_before for one in own),
    )
