"""What does the front page say: whom to work first, why, and what is at stake altogether?

Everything is decided here and merely inked by the templates: no page computes.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from configs.phrases import Words
from serving import formats
from serving.reasons.timing import TIMING
from serving.records import Record, reasons_of
from serving.report.labels import (
    HELD_OUT,
    PACE_ORDER,
    STATUS,
    Tag,
    change_tag,
    climbed,
    pace_shown,
    pace_tag,
    risk_tag,
    segment_name,
    spelt,
)
from serving.scorecard import Reason

SHOWN_REASONS = 2
MUCH_MOVED = 0.01
"""From a point on, the list says why a risk moved."""
FAR = float("-inf")
UNTOLD = ("churn_risk", "previous_churn_risk", "arr_at_risk", "base_risk", "expansion_chance")
"""What is kept from people of an account held out."""


@dataclass(frozen=True, slots=True)
class Book:
    """What is the same for every account on every page."""

    project: str
    as_of: dt.date
    horizon: int
    horizons: tuple[int, ...]
    capacity: int
    currency: str
    words: Words
    """What accounts and milestones are called."""
    shows_baseline: bool
    """Whether it is a simple rule that speaks, because the model has no skill beyond it."""
    shows_risks: bool
    average_risk: float | None
    """The mean of the scored accounts."""
    milestone_names: Mapping[str, str]
    pages: Mapping[str, str]
    """File name of each account that has a page."""
    etas: Mapping[tuple[str, str], Record]
    """What milestones.parquet tells of an account's milestone."""
    lost: Mapping[str, int]
    """How many milestones each account has lost again, where there are any."""
    has_arr: bool
    has_owners: bool
    has_renewals: bool
    has_segments: bool
    moves: Mapping[str, str]
    """Why each account's risk moved since it was last told."""
    places: Mapping[str, int]
    """Where in its owner's list each account stands that is on it."""
    alarms: Mapping[str, tuple[str, ...]]
    """What was raised this morning of each account, gravest first."""
    set_aside: Mapping[str, str]
    """Why somebody took an account off the list, where somebody did."""
    this_week: frozenset[str]
    """The accounts within their owner's capacity."""


@dataclass(frozen=True, slots=True)
class Said:
    """A reason as the list shows it: which way it pushes, and its sentence."""

    mark: str
    direction: str
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One account in a list."""

    rank: int
    account_id: str
    title: str
    page: str | None
    owner: str
    segment: str
    arr: float | None
    renews_on: dt.date | None
    has_run_out: bool
    """Whether its term has ended, and no other is known."""
    risk: float | None
    is_held_out: bool
    """Whether it is scored, and people are not told."""
    tag: Tag
    low: float | None
    high: float | None
    change: Tag | None
    moved: float | None
    moved_by: str | None
    """Why the risk moved, in a sentence, where it moved by much."""
    is_baseline: bool
    arr_at_risk: float | None
    why: tuple[Said, ...]
    note: str | None
    """Why there is no score, where there is none."""
    pace: Tag | None
    pace_order: int | None
    climbed: str
    """How much of the ladder is behind it."""
    next_milestone: str | None
    next_action: str | None
    eta: dt.date | None
    eta_low: dt.date | None
    eta_high: dt.date | None
    is_this_week: bool
    place: int
    """Where it stands in its owner's list; by rank where no list was made."""
    alarm: str | None
    """The gravest alert of this morning, and how many more there are."""
    set_aside: str | None


def row(account: Record, book: Book) -> Row:
    """Decide what a list says of one account."""
    account_id = str(account["account_id"])
    risk = account.get("churn_risk")
    moved = _moved(risk, account.get("previous_churn_risk"))
    slug, pace = account.get("next_milestone"), account.get("pace")
    lost = book.lost.get(account_id, 0)
    done, total = account.get("milestones_done"), account.get("milestones_total")
    shown = pace_shown(pace, lost=lost)
    eta = book.etas.get((account_id, slug), {}) if slug else {}
    return Row(
        rank=int(account["rank"]),
        account_id=account_id,
        title=str(account.get("name") or account_id),
        page=book.pages.get(account_id),
        owner=str(account.get("owner") or ""),
        segment=segment_name(account.get("segment")) if book.has_segments else "",
        arr=account.get("arr"),
        risk=risk,
        is_held_out=bool(account.get("is_held_out")),
        tag=_tag(account, book),
        change=change_tag(moved),
        moved=moved,
        moved_by=book.moves.get(account_id) if abs(moved or 0.0) >= MUCH_MOVED else None,
        is_baseline=risk is not None and account.get("risk_source") == "baseline",
        arr_at_risk=account.get("arr_at_risk"),
        why=why(reasons_of(account), risk=risk, base=account.get("base_risk")),
        note=None if risk is not None else _not_scored(account),
        pace=pace_tag(pace, lost=lost),
        pace_order=PACE_ORDER.index(shown) if shown in PACE_ORDER else None,
        climbed=climbed(done, total, lost=0 if shown == "lost" else lost),
        next_milestone=milestone_name(slug, book) if slug else None,
        next_action=account.get("next_action"),
        eta=eta.get("eta_p50_on"),
        eta_low=eta.get("eta_p10_on"),
        eta_high=eta.get("eta_p90_on"),
        **_band(account),
        **_term(account, book.as_of),
        **_in_the_week(account_id, int(account["rank"]), book),
    )


def _tag(account: Record, book: Book) -> Tag:
    if account.get("is_held_out"):
        return HELD_OUT
    return risk_tag(account.get("churn_risk"), average=book.average_risk)


def as_shown(account: Record) -> Record:
    """Keep from people what is known of an account held out: they would act on it."""
    if not account.get("is_held_out"):
        return account
    hidden = [name for name in account if name.startswith("churn_risk_")]
    nothing = dict.fromkeys((*UNTOLD, *hidden))
    return {**account, **nothing, "reasons": (), "status": "held_out"}


def milestone_name(slug: str, book: Book) -> str:
    """Call a milestone what the playbook calls it."""
    return book.milestone_names.get(slug, spelt(slug))


def why(
    reasons: Sequence[Reason], *, risk: float | None, base: float | None
) -> tuple[Said, ...]:
    """Pick the reasons that tell best why the risk is where it is.

    Those that push it the way it lies from the base risk come first, the strongest before the
    others, and timing last, which no CSM can act on; one without a visible effect is none.
    """
    if risk is None:
        return ()
    way = 1.0 if base is None or risk >= base else -1.0
    felt = [r for r in reasons if abs(r.points) >= 0.0005]
    best = sorted(felt, key=lambda r: (r.family == TIMING, r.points * way < 0, -abs(r.points)))
    return tuple(said(reason) for reason in best[:SHOWN_REASONS])


def said(reason: Reason) -> Said:
    """Mark a reason by the way it pushes."""
    mark, direction = ("▲", "up") if reason.points > 0 else ("▼", "down")
    return Said(mark, direction, formats.unbroken(reason.text))


def _term(account: Record, as_of: dt.date) -> dict[str, Any]:
    ends = account.get("renews_on")
    return {"renews_on": ends, "has_run_out": ends is not None and ends < as_of}


def _band(account: Record) -> dict[str, Any]:
    """Give the ends of the risk's band where they are written otherwise than each other."""
    low, high = account.get("churn_risk_low"), account.get("churn_risk_high")
    wide = formats.percent(low) != formats.percent(high)
    return {"low": low if wide else None, "high": high if wide else None}


def _in_the_week(account_id: str, rank: int, book: Book) -> dict[str, Any]:
    return {
        "is_this_week": account_id in book.this_week,
        "place": book.places.get(account_id, rank),
        "alarm": _gravest(book.alarms.get(account_id, ())),
        "set_aside": book.set_aside.get(account_id),
    }


def _gravest(alarms: Sequence[str]) -> str | None:
    if not alarms:
        return None
    more = len(alarms) - 1
    return f"{alarms[0]} (and {more} more)" if more else alarms[0]


def _moved(risk: float | None, before: float | None) -> float | None:
    return None if risk is None or before is None else risk - before


def _not_scored(account: Record) -> str:
    return STATUS.get(str(account.get("status")), STATUS["not_enough_data"])
