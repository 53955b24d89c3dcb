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
from serving.next_steps.expectations import CHANGES
from serving.next_steps.verdict import is_filler, verdict
from training.effects.effect import Effect, Effects

ENOUGH = 20
"""Accounts that reached it, from which on its place is spoken of."""
LEARNT = ("learnt_days", "learnt_low", "learnt_high", "expected_days", "in_time_share")
"""What is told of its time, as in expectations.parquet."""
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


def audit(morning: Morning, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Look at every milestone in every segment, in the playbook's order."""
    told = tables["expectations"].set_index(["milestone", "segment"])
    learnt: dict[Any, dict[str, Any]] = told.to_dict("index")  # type: ignore[assignment]
    effects = morning.models.effects if morning.models else Effects()
    playbook = morning.configuration.playbook
    rows = [
        _row(
            step,
            group,
            effects.of(group.segment, step.slug),
            playbook,
            learnt=learnt.get((step.slug, group.segment), {}),
        )
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
            ("learnt_days", number),
            ("learnt_low", number),
            ("learnt_high", number),
            ("expected_days", number),
            ("in_time_share", number),
            ("points", number),
            ("low", number),
            ("high", number),
            ("lent", number),
            ("robustness", number),
            ("robustness_low", number),
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
    )
    for segment, own in lines.groupby("segment"):
        wide = own.set_index(["account_id", "milestone"])
        days, at = (wide[name].unstack() for name in ("days", "at"))
        yield Group(str(segment), pd.DataFrame(days), pd.DataFrame(at))


def _row(
    step: Milestone,
    group: Group,
    effect: Effect | None,
    playbook: Playbook,
    *,
    learnt: Mapping[str, Any],
) -> dict[str, Any]:
    days = _column(group.days, step.slug)
    took = days.dropna()
    shown = effect if effect is not None and effect.is_shown else None
    proposals = [*_expectation(learnt), *_order(step, group, playbook)]
    proposals += _filler(step, effect, playbook)
    return {
        "milestone": step.slug,
        "segment": group.segment,
        "accounts": len(days),
        "reached": len(took),
        "reached_share": len(took) / len(days) if len(days) else None,
        **{name: learnt.get(name) for name in LEARNT},
        "points": shown.points if shown else None,
        "low": shown.low if shown else None,
        "high": shown.high if shown else None,
        "lent": effect.lent if effect else None,
        "robustness": shown.robustness if shown else None,
        "robustness_low": shown.robustness_low if shown else None,
        "evidence": effect.evidence if effect else "too_few",
        "verdict": verdict(effect),
        "remark": effect.remark if effect else "",
        "proposal": "; ".join(proposals),
    }


def _column(table: pd.DataFrame, slug: str) -> "pd.Series[Any]":
    return table[slug] if slug in table else pd.Series(np.nan, index=table.index)


def _expectation(learnt: Mapping[str, Any]) -> list[str]:
    if learnt.get("verdict") not in CHANGES:
        return []
    ends = " to ".join(formats.count(learnt[end]) for end in ("learnt_low", "learnt_high"))
    usual = f"expect {formats.days(learnt['proposed_days'])} (95 %: {ends})"
    expected = formats.count(learnt["expected_days"])
    return [usual if expected == formats.NOTHING else f"{usual} instead of {expected}"]


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
    if not is_filler(step, effect, playbook):
        return []
    return ["ask whether it is needed: it opens nothing, and no effect of it can be measured"]
