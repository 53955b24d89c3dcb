"""Which word stands on the page for a state, a pace, a risk, a change?

A risk is a word and a number before it is a hue, so that the page reads in black and white.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from configs.phrases import Words
from configs.project import EVERYONE
from serving import formats
from serving.bands import band

PACE_ORDER = ("stuck", "behind", "lost", "on_track", "done")
"""Whoever needs help first comes first."""
PACE: Mapping[str, str] = {
    "on_track": "On track",
    "behind": "Behind",
    "stuck": "Stuck",
    "done": "All done",
}
STATE: Mapping[str, str] = {"done": "Done", "open": "Open", "locked": "Locked", "lost": "Lost"}
STATUS: Mapping[str, str] = {
    "held_out": "Held out, so that what the programme earns can be seen: no list, no message.",
    "too_new": "Too new to score: it has not been with us long enough to say.",
    "not_enough_data": "Not scored: there is not enough data about it to say.",
}
EVIDENCE: Mapping[str, str] = {
    "randomised": "shown in a trial",
    "adjusted": "estimated from history, adjusted for differences between {accounts}",
    "descriptive": "descriptive: history shows no effect that could be told from chance "
    "or from how engaged the {accounts} were",
    "too_few": "too few {accounts} to say what it does",
}
UNSEEN = 0.0005
"""A difference in risk that rounds to 0.0 points."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A word to show, and the name of its hue."""

    word: str
    hue: str


HELD_OUT = Tag("held out", "none")


def evidence_in_words(evidence: str | None, words: Words) -> str | None:
    """Say how we know what a milestone does; None where nothing is to be said of it."""
    told = EVIDENCE.get(str(evidence))
    return None if told is None else told.format(accounts=words.account[1])


def risk_tag(risk: float | None, *, average: float | None) -> Tag:
    """Say a risk in a word, beside the mean of all accounts."""
    if risk is None:
        return Tag("not scored", "none")
    name = band(risk, average=average)
    return Tag(name, name)


def change_tag(moved: float | None) -> Tag | None:
    """Say how a risk moved since it was last told; None where there is nothing to compare."""
    if moved is None:
        return None
    if abs(moved) < UNSEEN:
        return Tag("unchanged", "usual")
    word = f"{'▲' if moved > 0 else '▼'} {formats.points(moved)} pts"
    return Tag(word, "high" if moved > 0 else "low")


def pace_shown(pace: str | None, *, lost: int) -> str | None:
    """Call nobody done who has lost a milestone again."""
    return "lost" if pace == "done" and lost else pace


def pace_tag(pace: str | None, *, lost: int = 0) -> Tag | None:
    """Say a pace in a word."""
    if pace is None:
        return None
    if pace_shown(pace, lost=lost) == "lost":
        return Tag(f"{lost} lost again", "raised")
    hue = {"behind": "raised", "stuck": "high", "done": "low"}.get(pace, "usual")
    return Tag(PACE.get(pace, spelt(pace)), hue)


def climbed(done: float | None, total: float | None, *, lost: int) -> str:
    """Say how far an account has climbed; nothing where no milestone applies."""
    if not total:
        return ""
    reached = f"{formats.count(done or 0)} of {formats.count(total)} reached"
    return f"{reached}, {lost} lost again" if lost else reached


def segment_name(segment: str | None) -> str:
    """Say a segment; that of the accounts which match no rule is the rest."""
    return "" if segment is None else "Other" if segment == EVERYONE else spelt(segment)


def counted(number: float, words: tuple[str, str]) -> str:
    """Write how many there are of what has a name for one and one for many.

    >>> counted(1.0, ("account", "accounts")), counted(0, ("account", "accounts"))
    ('1 account', '0 accounts')
    """
    return f"{formats.count(number)} {words[0] if number == 1 else words[1]}"


def month_name(start: dt.date) -> str:
    """Name a month, or what is left of it from a day on.

    >>> month_name(dt.date(2025, 3, 1)), month_name(dt.date(2025, 3, 20))
    ('March 2025', 'Rest of March 2025')
    """
    return f"{start:%B %Y}" if start.day == 1 else f"Rest of {start:%B %Y}"


def spelt(word: str) -> str:
    """Write a name from a file as words."""
    text = word.replace("_", " ").strip()
    return text[:1].upper() + text[1:]
