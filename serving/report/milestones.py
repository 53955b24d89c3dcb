"""Which milestones of the playbook earn their place? The audit, as a page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from configs.phrases import Words
from serving import formats
from serving.next_steps.verdict import DRIVES
from serving.report.labels import evidence_in_words, segment_name
from serving.report.material import Material

HEADS = ("audit_segment", "audit_reached", "audit_time", "audit_in_time", "audit_effect")


@dataclass(frozen=True, slots=True)
class Line:
    """One segment's view of a milestone."""

    segment: str
    reached: str
    time: str
    in_time: str
    effect: str
    verdict: str
    drives: bool
    why: str
    proposal: str


@dataclass(frozen=True, slots=True)
class Step:
    """One milestone and its segments."""

    name: str
    purpose: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Audit:
    """What the page says."""

    summary: str
    steps: tuple[Step, ...]
    heads: tuple[str, ...] = HEADS


def milestone_audit(material: Material) -> Audit | None:
    """Decide what the page says; nothing where there is no audit."""
    table = material.tables.get("audit")
    if table is None or table.empty:
        return None
    steps = []
    for milestone in material.configuration.playbook.milestones:
        own = table.loc[table["milestone"] == milestone.slug]
        rows: list[dict[str, Any]] = own.to_dict("records")  # type: ignore[assignment]
        lines = tuple(_line(row, material.phrases.words) for row in rows)
        steps.append(Step(milestone.name, milestone.purpose, lines))
    return Audit(_summary(table), tuple(step for step in steps if step.lines))


def _summary(table: pd.DataFrame) -> str:
    driving = int((table["verdict"] == DRIVES).sum())
    proposed = int((table["proposal"] != "").sum())
    shown = f"{driving or 'none'} can be shown to keep customers; {proposed} have a proposal."
    return f"Of {len(table)} pairs of milestone and segment, {shown}"


def _line(row: Mapping[str, Any], words: Words) -> Line:
    reached, accounts = formats.count(row["reached"]), formats.count(row["accounts"])
    return Line(
        segment=segment_name(row["segment"]),
        reached=f"{formats.percent(row['reached_share'])} ({reached} of {accounts})",
        time=_time(row),
        in_time=formats.percent(row["in_time_share"]),
        effect=_effect(row),
        verdict=str(row["verdict"]),
        drives=row["verdict"] == DRIVES,
        why=_why(row, words),
        proposal=str(row["proposal"] or ""),
    )


def _why(row: Mapping[str, Any], words: Words) -> str:
    """Why it is called what it is; of an effect from history, what could explain it away."""
    said = str(row["remark"] or evidence_in_words(row["evidence"], words))
    if row["evidence"] != "adjusted" or pd.isna(row.get("robustness")):
        return said
    times, least = (f"{row[name]:.1f}" for name in ("robustness", "robustness_low"))
    return (
        f"{said}; to explain it away, something unseen would have to make both reaching it "
        f"and staying {times} times as likely ({least} times for the nearer end)"
    )


def _time(row: Mapping[str, Any]) -> str:
    took = formats.days(row["learnt_days"])
    if formats.known(row["learnt_low"]):
        took += f" [{formats.count(row['learnt_low'])} to {formats.count(row['learnt_high'])}]"
    if pd.isna(row["expected_days"]):
        return took
    return f"{took} (expected {formats.count(row['expected_days'])})"


def _effect(row: Mapping[str, Any]) -> str:
    if pd.isna(row["points"]):
        return formats.percent(None)
    low, high = formats.points(row["low"]), formats.points(row["high"])
    return f"{formats.points(row['points'])} points ({low} to {high})"
