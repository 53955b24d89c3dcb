"""How long does each milestone take, does the playbook expect that, and what should it say?

The table expectations.parquet: for every milestone, each segment and all together, the day by
which so many accounts have reached it as ``[expectations]`` asks for, counting those who left
and those who still wait, beside the playbook's expected days. Where history says otherwise, a
proposal. Proposals are for people to weigh; nothing changes by itself.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from configs.load import Configuration
from configs.playbook import Milestone
from configs.sections import Expectations
from features.asof import ordinal
from features.assemble import FeatureSet
from serving.morning import Morning
from training.engine.incidence import LEFT, REACHED
from training.engine.periods import CENSORED
from training.questions.expectations import TOGETHER, Learnt, learnt

FITS, SOONER, LATER, UNSAID = "fits", "sooner", "later", "no expectation"
RARELY, TOO_FEW = "too rarely reached", "too few"
CHANGES = (SOONER, LATER, UNSAID)
LEAST_DAYS, LEAST_SHARE = 2, 0.1
"""Days, and share of what is expected, from which on a difference is worth a change."""


def expectations(morning: Morning, _: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Hold every expectation against history, in the playbook's order."""
    found = expected_and_learnt(
        morning.features, morning.configuration, day=ordinal(morning.as_of)
    )
    return found.assign(as_of=morning.as_of)


def expectations_schema(_: Configuration) -> pa.Schema:
    """Give the columns of expectations.parquet: one row per milestone and segment."""
    text, number, whole = pa.string(), pa.float64(), pa.int32()
    return pa.schema(
        [
            ("as_of", pa.date32()),
            ("milestone", text),
            ("segment", text),
            ("accounts", whole),
            ("reached", whole),
            ("left_first", whole),
            ("waiting", whole),
            ("expected_days", number),
            ("learnt_days", number),
            ("learnt_low", number),
            ("learnt_high", number),
            ("in_time_share", number),
            ("in_time_low", number),
            ("in_time_high", number),
            ("reached_share", number),
            ("followed_days", whole),
            ("verdict", text),
            ("missing", whole),
            ("proposed_days", number),
        ]
    )


def expected_and_learnt(
    features: FeatureSet, configuration: Configuration, *, day: int
) -> pd.DataFrame:
    """Look at every milestone in every segment that it applies to, and in all together."""
    project, playbook = configuration.project, configuration.playbook
    steps = {milestone.slug: milestone for milestone in playbook.milestones}
    found = learnt(features, playbook, day=day, late_days=project.snapshots.every_days)
    rows = [_row(steps[each.milestone], each, project.expectations) for each in found]
    columns = expectations_schema(configuration).names[1:]
    return pd.DataFrame(rows, columns=columns)


def proposed(table: pd.DataFrame, configuration: Configuration) -> dict[str, dict[str, int]]:
    """What should be written into the playbook: by slug, the days that change, by segment.

    Where all segments want a change, what is said of them in common (``default``) changes
    first, and a segment is named only where it differs from that.
    """
    wanted = {}
    for milestone in configuration.playbook.milestones:
        own = table.loc[table["milestone"] == milestone.slug].set_index("segment")
        days = own["proposed_days"].dropna().astype(int)
        if len(days.index.difference([TOGETHER])):
            wanted[milestone.slug] = _written(milestone, days, list(own.index))
    return wanted


def _written(
    milestone: Milestone, days: "pd.Series[int]", segments: list[str]
) -> dict[str, int]:
    changing = {str(name): int(n) for name, n in days.items() if name != TOGETHER}
    all_change = len(changing) == len([name for name in segments if name != TOGETHER])
    common = milestone.expected_days.get("default")
    told: dict[str, int] = {}
    if all_change and (common is not None or not milestone.expected_days):
        common = int(days[TOGETHER]) if TOGETHER in days else common
        told = {"default": common} if common is not None else {}
    for name, number in changing.items():
        if milestone.expected_days.get(name, common) != number:
            told[name] = number
    return told


def _row(milestone: Milestone, found: Learnt, asked: Expectations) -> dict[str, Any]:
    waits, incidence = found.waits, found.incidence
    segment = "default" if found.segment == TOGETHER else found.segment
    expected = milestone.expected_days_in(segment)
    days, low, high = (_or_nothing(end) for end in incidence.day_of(asked.share))
    in_time = (np.nan,) * 3 if expected is None else incidence.by(expected)
    reached = waits.ended(REACHED)
    missing = max(asked.least_reached - reached, 0)
    verdict = TOO_FEW if missing else _verdict(expected, days, low, high)
    return {
        "milestone": found.milestone,
        "segment": found.segment,
        "accounts": len(waits),
        "reached": reached,
        "left_first": waits.ended(LEFT),
        "waiting": waits.ended(CENSORED),
        "expected_days": expected,
        "learnt_days": days,
        "learnt_low": low,
        "learnt_high": high,
        **dict(zip(("in_time_share", "in_time_low", "in_time_high"), in_time, strict=True)),
        "reached_share": incidence.by(found.followed_days)[0],
        "followed_days": found.followed_days,
        "verdict": verdict,
        "missing": missing,
        "proposed_days": max(days, 1) if verdict in CHANGES and days is not None else None,
    }


def _or_nothing(day: float) -> float | None:
    return day if np.isfinite(day) else None


def _verdict(
    expected: int | None, days: float | None, low: float | None, high: float | None
) -> str:
    if days is None:
        return RARELY
    if expected is None:
        return UNSAID
    is_inside = (low or 0.0) <= expected and (high is None or expected <= high)
    if is_inside or abs(days - expected) < max(LEAST_DAYS, LEAST_SHARE * expected):
        return FITS
    return SOONER if days < expected else LATER
