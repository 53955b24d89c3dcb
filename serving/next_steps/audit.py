"""Which milestones carry an account on, which are mere motion, which stand in a wrong place?

The table audit.parquet: for every milestone and segment, how many of the live accounts reached
it and when, what reaching it does to leaving and how far that is known, a verdict, and what
might be changed in the playbook. Proposals are for people to weigh; nothing changes by itself.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from configs.load import Configuration
from configs.playbook import Milestone, Playbook
from serving import formats
from serving.morning import Morning
from training.effects.effect import Effect, Effects

DRIVES, NOTHING_MEASURED, TOO_FEW = "drives retention", "no measurable effect", "too few"
ENOUGH = 20
"""Accounts that reached it, from which on its time and its place are spoken of."""
MUCH_LONGER, MUCH_SHORTER = 1.5, 0.5
"""Times the expected days from which on, or up to which, they are said to be wrong."""
MOSTLY = 0.7
"""Share of accounts that go another way round, from which on the order is doubted."""


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """One segment's accounts on the ladder: a row per account, a column per milestone."""

    segment: str
    days: pd.DataFrame
    """Days from opening to reaching; absent where it was not reached."""
    at: pd.DataFrame
    """When it was reached."""
    waiting: pd.DataFrame
    """Days since opening of those that have not reached it."""


def audit(morning: Morning, _: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Look at every milestone in every segment, in the playbook's order."""
    effects = morning.models.effects if morning.models else Effects()
    playbook = morning.configuration.playbook
    rows = [
        _row(step, group, effects.of(group.segment, step.slug), playbook)
        for step in playbook.milestones
        for group in groups(morning.milestones, morning.accounts)
        if step.applies_to(group.segment)
    ]
    return pd.DataFrame(rows).assign(as_of=morning.as_of)


def audit_schema(_: Configuration) -> pa.Schema:
    """Give the columns of audit.parquet: one row per milestone and segment."""
    text, number, whole = pa.string(), pa.float64(), pa.int32()
    return pa.schema(
        [
            ("as_of", pa.date32()),
            ("milestone", text),
            ("segment", text),
            ("accounts", whole),
            ("reached", whole),
            ("reached_share", number),
            ("median_days", number),
            ("expected_days", number),
            ("in_time_share", number),
            ("points", number),
            ("low", number),
            ("high", number),
            ("evidence", text),
            ("verdict", text),
            ("remark", text),
            ("proposal", text),
        ]
    )


def groups(standing: pd.DataFrame, accounts: pd.DataFrame) -> Iterator[Group]:
    """Lay the ladders of each segment's live accounts side by side."""
    segments = accounts.set_index("account_id")["segment"]
    lines = standing.assign(segment=standing["account_id"].map(segments))
    is_reached = lines["state"].isin(["done", "lost"])
    lines = lines.assign(
        days=lines["days_open"].where(is_reached).astype(np.float64),
        at=pd.to_datetime(lines["achieved_at"]).where(is_reached),
        waiting=lines["days_open"].where(lines["state"] == "open").astype(np.float64),
    )
    for segment, own in lines.groupby("segment"):
        wide = own.set_index(["account_id", "milestone"])
        days, at, waiting = (wide[name].unstack() for name in ("days", "at", "waiting"))
        yield Group(str(segment), pd.DataFrame(days), pd.DataFrame(at), pd.DataFrame(waiting))


def verdict(effect: Effect | None) -> str:
    """Say in a word what is known of an effect."""
    if effect is None or effect.evidence == "too_few":
        return TOO_FEW
    return DRIVES if effect.keeps else NOTHING_MEASURED


def _row(
    step: Milestone, group: Group, effect: Effect | None, playbook: Playbook
) -> dict[str, Any]:
    days, waiting = _column(group.days, step.slug), _column(group.waiting, step.slug)
    expected = step.expected_days_in(group.segment)
    took = days.dropna()
    shown = effect if effect is not None and effect.is_shown else None
    proposals = [*_expectation(took, expected), *_order(step, group, playbook)]
    proposals += _filler(step, effect, playbook)
    return {
        "milestone": step.slug,
        "segment": group.segment,
        "accounts": len(days),
        "reached": len(took),
        "reached_share": len(took) / len(days) if len(days) else None,
        "median_days": float(took.median()) if len(took) else None,
        "expected_days": expected,
        "in_time_share": in_time(took, waiting.dropna(), expected),
        "points": shown.points if shown else None,
        "low": shown.low if shown else None,
        "high": shown.high if shown else None,
        "evidence": effect.evidence if effect else "too_few",
        "verdict": verdict(effect),
        "remark": effect.remark if effect else "",
        "proposal": "; ".join(proposals),
    }


def in_time(
    took: "pd.Series[float]", waiting: "pd.Series[float]", expected: int | None
) -> float | None:
    """Share that reached it within the expected days, of those for which it has been open so
    long; None where nobody has had the time.

    >>> in_time(pd.Series([10.0, 40.0]), pd.Series([5.0, 50.0]), 30)
    0.3333333333333333
    """
    if expected is None:
        return None
    soon, late = int((took <= expected).sum()), int((took > expected).sum())
    asked = soon + late + int((waiting >= expected).sum())
    return soon / asked if asked else None


def _column(table: pd.DataFrame, slug: str) -> "pd.Series[Any]":
    return table[slug] if slug in table else pd.Series(np.nan, index=table.index)


def _expectation(took: "pd.Series[float]", expected: int | None) -> list[str]:
    if expected is None or len(took) < ENOUGH:
        return []
    half = float(took.median())
    if MUCH_SHORTER * expected <= half <= MUCH_LONGER * expected:
        return []
    usual = formats.days(round(half))
    return [f"expect {usual} instead of {expected}: half of those that reached it took no more"]


def _order(step: Milestone, group: Group, playbook: Playbook) -> list[str]:
    """Earlier steps of the ladder before which this one is mostly reached."""
    said = []
    mine = pd.to_datetime(_column(group.at, step.slug))
    for other in playbook.milestones:
        if other.slug == step.slug:
            break
        both = other.applies_to(group.segment) & mine.notna()
        theirs = pd.to_datetime(_column(group.at, other.slug))
        before = both & (theirs.isna() | (mine < theirs))
        if both.sum() >= ENOUGH and before.sum() >= MOSTLY * both.sum():
            share = formats.percent(float(before.sum() / both.sum()))
            said.append(f"place it before {other.name}: {share} reached it first")
    return said[:1]


def _filler(step: Milestone, effect: Effect | None, playbook: Playbook) -> list[str]:
    opens = any(step.slug in other.requires for other in playbook.milestones)
    if opens or verdict(effect) != NOTHING_MEASURED:
        return []
    return ["ask whether it is needed: it opens nothing, and no effect of it can be measured"]
