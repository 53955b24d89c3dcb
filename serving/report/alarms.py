"""What was raised this morning, what stands, and how much of what was raised came true?"""

from collections import Counter
from dataclasses import dataclass

import pandas as pd

from serving import formats
from serving.attention.alerts import HELD, RAISED, STANDING
from serving.attention.alerts_record import ALL
from serving.records import Record, by_account, records
from serving.report.labels import spelt
from serving.report.material import Material
from serving.report.news import told_once


@dataclass(frozen=True, slots=True)
class Line:
    """One alert in a list."""

    title: str
    page: str | None
    owner: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Held:
    """Why alerts were held back, and how many."""

    note: str
    count: str


@dataclass(frozen=True, slots=True)
class Kept:
    """How one kind of alert has fared."""

    name: str
    raised: str
    matured: str
    came_true: str
    base: str
    lead: str
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Alarms:
    """Everything on the page of alerts."""

    new: tuple[Line, ...]
    standing: str
    held: tuple[Held, ...]
    record: tuple[Kept, ...]
    verdict: str


def alarms(material: Material) -> Alarms | None:
    """Decide what the page of alerts says; None where no alerts were made."""
    told = material.tables.get("alerts")
    if told is None:
        return None
    names = _names(material.tables["accounts"])
    raised = by_account(told.loc[told["state"] == RAISED])
    new = [_line(one, names, material) for own in raised.values() for one in told_once(own)]
    held = Counter(told.loc[told["state"] == HELD, "note"])
    stand = int((told["state"] == STANDING).sum())
    kept = [_kept(one, material) for one in records(material.tables["alerts_record"])]
    return Alarms(
        new=tuple(sorted(new, key=lambda one: (one.owner, one.title))),
        standing=formats.count(stand),
        held=tuple(Held(_why(note), formats.count(n)) for note, n in held.most_common()),
        record=tuple(kept),
        verdict=_verdict(kept),
    )


def _why(note: str) -> str:
    """Give the reason alone: the heading above it says already that these are held."""
    return spelt(note.removeprefix(f"{HELD}: "))


def _names(accounts: pd.DataFrame) -> dict[str, str]:
    return {
        str(one["account_id"]): str(one["name"] or one["account_id"])
        for one in records(accounts[["account_id", "name"]])
    }


def _line(one: Record, names: dict[str, str], material: Material) -> Line:
    account_id = str(one["account_id"])
    return Line(
        title=names[account_id],
        page=material.book.pages.get(account_id),
        owner=str(one["owner"] or ""),
        name=getattr(material.phrases.alerts, one["kind"]).name,
        text=formats.unbroken(one["text"]),
    )


def _kept(one: Record, material: Material) -> Kept:
    kind = str(one["kind"])
    name = "All together" if kind == ALL else getattr(material.phrases.alerts, kind).name
    return Kept(
        name=name,
        raised=formats.count(one["raised"]),
        matured=formats.count(one["matured"]),
        came_true=formats.unbroken(formats.percent(one["precision"])),
        base=formats.unbroken(formats.percent(one["base_rate"])),
        lead=formats.days(one["median_lead_days"]),
        is_whole=kind == ALL,
    )


def _verdict(kept: list[Kept]) -> str:
    whole = next((one for one in kept if one.is_whole), None)
    if whole is None:
        return "No alert was raised on an earlier morning."
    if whole.matured == "0":
        return f"Of the {whole.raised} alerts raised so far none is old enough to be judged."
    return (
        f"Of {whole.matured} alerts whose time has passed, {whole.came_true} came true; "
        f"of all that were live then, {whole.base} left."
    )
