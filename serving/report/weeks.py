"""What does each owner do this week?"""

from collections.abc import Sequence
from dataclasses import dataclass

from serving import formats
from serving.report.facts import Book, Row
from serving.report.labels import counted


@dataclass(frozen=True, slots=True)
class OwnersWeek:
    """What one owner does this week."""

    owner: str
    accounts: str
    stake: str
    rows: tuple[Row, ...]
    idle: str
    """Why there is nothing to do, where there is nothing."""
    also: tuple[Row, ...]
    """Those not on the list of which an alert was raised this morning."""
    aside: tuple[Row, ...]
    """Those that somebody took off the list."""


def weeks_of_owners(rows: Sequence[Row], book: Book) -> tuple[OwnersWeek, ...]:
    """Give every owner's list for the week; whoever has most at stake comes first."""
    by_owner: dict[str, list[Row]] = {}
    for one in rows:
        by_owner.setdefault(one.owner, []).append(one)
    told = []
    for owner, theirs in by_owner.items():
        listed = [one for one in theirs if one.is_this_week]
        now = tuple(sorted(listed, key=lambda one: (one.place, one.rank)))
        also = tuple(one for one in theirs if one.alarm and not one.is_this_week)
        aside = tuple(one for one in theirs if one.set_aside)
        name = owner or ("Without an owner" if book.has_owners else "First to work")
        idle = _idle(theirs, book)
        stake = _at_stake(now, book)
        week = OwnersWeek(name, _of(now, theirs, book), stake, now, idle, also, aside)
        told.append((_stake(now, book), week))
    return tuple(week for _, week in sorted(told, key=lambda pair: (-pair[0], pair[1].owner)))


def _of(now: Sequence[Row], theirs: Sequence[Row], book: Book) -> str:
    return f"{formats.count(len(now))} of {counted(len(theirs), book.words.account)}"


def _stake(rows: Sequence[Row], book: Book) -> float:
    return sum((one.arr_at_risk if book.has_arr else one.risk) or 0.0 for one in rows)


def _at_stake(now: Sequence[Row], book: Book) -> str:
    stake = _stake(now, book)
    if book.has_arr:
        return f"{formats.money(stake, book.currency)} at risk"
    return f"{formats.count(round(stake, 1))} expected to leave"


def _idle(theirs: Sequence[Row], book: Book) -> str:
    many = book.words.account[1]
    if all(one.risk is None for one in theirs):
        return f"Nothing to work: none of these {many} has a score."
    return f"Nothing to work: all of these {many} can wait."
