"""What is new about an account since the morning before?"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from configs.phrases import Phrases, Words
from serving import formats
from serving.attention.alerts import ENDED, RAISED, STANDING
from serving.attention.changes import PARTS
from serving.next_steps.queue import SEND
from serving.prioritise import held_out_ids
from serving.records import Record, by_account
from serving.report.steps import SMALL, whole_steps

TABLES = ("changes", "alerts", "nudges", "feedback", "priorities")
"""The outputs of a morning that tell of single accounts."""
TO_ACT_ON = ("changes", "alerts", "nudges")
OCCASIONS: Mapping[str, str] = {
    "achieved": "On achievement",
    "approaching": "On approach",
    "stalled": "On stall",
    "peers": "From its peers",
}
CHANNELS: Mapping[str, str] = {"in_app": "a note in the product", "email": "email"}
SAID: Mapping[str, str] = {
    "right": "right",
    "wrong": "wrong",
    "handled": "handled",
    "snoozed": "snoozed until {until}",
}


@dataclass(frozen=True, slots=True)
class Share:
    """What one thing did to the risk: its name, what it means, its points as written."""

    name: str
    means: str
    figure: str
    direction: str


@dataclass(frozen=True, slots=True)
class Move:
    """How the risk moved; the figures of the shares sum to that of the whole as written."""

    since: dt.date
    text: str
    whole: str
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alert: what it is called, its evidence, and since when it is known."""

    name: str
    text: str
    when: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class Letter:
    """One message to the customer, and whether it goes out."""

    head: str
    text: str
    decision: str


@dataclass(frozen=True, slots=True)
class News:
    """Everything that is new about one account."""

    move: Move | None
    alarms: tuple[Alarm, ...]
    letters: tuple[Letter, ...]
    answers: tuple[str, ...]
    """What people said of its scores."""
    set_aside: str | None
    """Why it is not on this week's list, where somebody took it off."""


def news_for_people(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Leave out what is new about accounts held out: whoever read it would act on it."""
    left_out = held_out_ids(tables["accounts"])
    return {
        name: rows.loc[~rows["account_id"].isin(left_out)] if name in TO_ACT_ON else rows
        for name, rows in tables.items()
    }


class NewsDesk:
    """Knows what the outputs of the morning tell of each account."""

    def __init__(self, tables: Mapping[str, pd.DataFrame], phrases: Phrases) -> None:
        self._told = {name: by_account(tables[name]) for name in TABLES if name in tables}
        self._phrases = phrases

    @property
    def words(self) -> Words:
        """What accounts and milestones are called."""
        return self._phrases.words

    def text_of_move(self, account_id: str) -> str | None:
        """Say in a sentence how an account's risk moved, if it was told before."""
        told = self._of("changes", account_id)
        return formats.unbroken(str(told[0]["text"])) if told else None

    def news(self, account_id: str) -> News:
        """Gather what is new about an account."""
        moved = self._of("changes", account_id)
        told = [one for one in self._of("alerts", account_id) if one["state"] != ENDED]
        letters = [one for one in self._of("nudges", account_id) if one["text"] is not None]
        return News(
            move=_move(moved[0], self._phrases) if moved else None,
            alarms=tuple(self._alarm(one) for one in told_once(told)),
            letters=tuple(self._letter(one) for one in letters),
            answers=tuple(_answer(one) for one in self._of("feedback", account_id)),
            set_aside=self.set_aside(account_id),
        )

    def place(self, account_id: str) -> int | None:
        """Where in its owner's list an account stands; None where it is not on it."""
        told = self._of("priorities", account_id)
        return told[0]["place"] if told else None

    def this_week(self) -> frozenset[str] | None:
        """The accounts of this week's lists; None where no list was made."""
        told = self._told.get("priorities")
        if told is None:
            return None
        return frozenset(name for name, rows in told.items() if rows[0]["is_this_week"])

    def set_aside(self, account_id: str) -> str | None:
        """Why an account was taken off the list, and until when."""
        told = self._of("priorities", account_id)
        return told[0]["set_aside"] if told else None

    def new_alarms(self, account_id: str) -> tuple[str, ...]:
        """The alerts raised this morning, gravest first, each in a line."""
        kinds = self._phrases.alerts
        raised = [one for one in self._of("alerts", account_id) if one["state"] == RAISED]
        return tuple(
            f"{getattr(kinds, one['kind']).name}: {formats.unbroken(one['text'])}"
            for one in told_once(raised)
        )

    def _alarm(self, one: Record) -> Alarm:
        name = getattr(self._phrases.alerts, one["kind"]).name
        is_new = one["state"] == RAISED
        when = "new this morning" if is_new else one["note"]
        if one["raised_on"] is not None and not is_new:
            when = f"raised on {formats.day(one['raised_on'])}, still so"
        return Alarm(name, formats.unbroken(one["text"]), when, is_new)

    def _letter(self, one: Record) -> Letter:
        whom = f" to {one['roles'].replace('_', ' ')}" if one["roles"] else ""
        head = (
            f"{OCCASIONS[one['occasion']]}, by {CHANNELS.get(one['channel'], one['channel'])}"
        )
        goes = "Goes out" if one["decision"] == SEND else "Waits"
        return Letter(f"{head}{whom}", one["text"], f"{goes}: {one['reason']}")

    def _of(self, table: str, account_id: str) -> Sequence[Record]:
        return self._told.get(table, {}).get(account_id, ())


def told_once(alerts: Sequence[Record]) -> list[Record]:
    """Leave out an alert whose evidence a graver one holds already, the gravest being first.

    A risk that is high is raised as well, and a renewal that is not ready tells why. What is
    new is left out only beside what is new.
    """
    told: list[Record] = []
    for one in alerts:
        beside = [each for each in told if one["state"] in (each["state"], STANDING)]
        if not any(str(one["text"])[1:] in each["text"] for each in beside):
            told.append(one)
    return told


def _answer(one: Record) -> str:
    who = one["by"] or "Somebody"
    told = SAID[one["kind"]].format(until=formats.day(one["until"]))
    because = f": {one['because']}" if one["because"] else ""
    return f"{who}, of the scores of {formats.day(one['about'])}: {told}{because}"


def _move(told: Record, phrases: Phrases) -> Move:
    before, now = told["previous_churn_risk"], told["churn_risk"]
    decimals = 2 if max(before, now) < SMALL else 1
    unit = 10.0 ** -(decimals + 2)
    total = round((now - before) / unit)
    points = [told[f"{part}_points"] / unit for part in PARTS]
    one, many = phrases.words.account
    called = {"account": one, "accounts": many, "milestone": phrases.words.milestone[0]}
    shares = []
    for part, units in zip(PARTS, whole_steps(points, total=total), strict=True):
        words = getattr(phrases.changes, part)
        if units:
            figure = formats.points(units * unit, decimals=decimals)
            means = words.means.format(**called)
            way = "up" if units > 0 else "down"
            shares.append(Share(words.name.format(**called), means, figure, way))
    return Move(
        since=told["since"],
        text=formats.unbroken(str(told["text"])),
        whole=formats.points(total * unit, decimals=decimals),
        shares=tuple(shares),
    )
