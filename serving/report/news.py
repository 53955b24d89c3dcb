"""What is new about an account since the morning before?"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from configs.phrases import Phrases, Words
from serving import formats
from serving.changes import PARTS
from serving.report.records import Record, by_account
from serving.report.steps import SMALL, whole_steps

TABLES = ("changes",)
"""The outputs of a morning that tell of single accounts."""


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
class News:
    """Everything that is new about one account."""

    move: Move | None


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
        return News(move=_move(moved[0], self._phrases) if moved else None)

    def _of(self, table: str, account_id: str) -> Sequence[Record]:
        return self._told.get(table, {}).get(account_id, ())


def _move(told: Record, phrases: Phrases) -> Move:
    before, now = told["previous_churn_risk"], told["churn_risk"]
    decimals = 2 if max(before, now) < SMALL else 1
    unit = 10.0 ** -(decimals + 2)
    total = round(now / unit) - round(before / unit)
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
