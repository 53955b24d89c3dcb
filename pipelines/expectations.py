"""What does history say of the playbook's expected days, and how would it be written there?"""

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from configs.load import PLAYBOOK, load
from configs.proposal import difference, with_expected_days
from features.asof import ordinal
from features.store import read_features
from pipelines.lake import Lake
from serving import formats
from serving.next_steps.expectations import TOO_FEW, expected_and_learnt, proposed

HEADS = ("milestone", "segment", "playbook", "history", "95 %", "in time", "verdict")


def told(config: Path, lake: Path, as_of: date | None) -> Iterator[str]:
    """Say of every milestone and segment how long it takes, a line each."""
    table, day = _looked_at(config, lake, as_of)
    lines = [HEADS, *(_line(row) for _, row in table.iterrows())]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    yield f"Days from a milestone's opening to reaching it, as known on {day}"
    for line in lines:
        padded = (word.ljust(width) for word, width in zip(line, widths, strict=True))
        yield "  ".join(padded).rstrip()


def proposal(config: Path, lake: Path, as_of: date | None) -> str:
    """Give what should change in the playbook as a unified diff; empty where nothing should."""
    table, _ = _looked_at(config, lake, as_of)
    path = config / PLAYBOOK
    # As bytes, since reading as text would lose how its lines end.
    before = path.read_bytes().decode("utf-8")
    wanted = proposed(table, load(config))
    after = with_expected_days(before, wanted, where=str(path))
    return difference(before, after, path=_from_here(path))


def _looked_at(config: Path, lake: Path, as_of: date | None) -> tuple[pd.DataFrame, date]:
    configuration = load(config)
    store = Lake(lake, configuration.project.name)
    day = store.found("builds", as_of)
    # All that is asked of mornings before is as what accounts were known on them.
    features = read_features(store.path("builds", day), np.array([ordinal(day)]))
    return expected_and_learnt(features, configuration, day=ordinal(day)), day


def _line(row: "pd.Series[float]") -> tuple[str, ...]:
    ends = [formats.count(row[end]) for end in ("learnt_low", "learnt_high")]
    verdict = str(row["verdict"])
    if verdict == TOO_FEW:
        needed = formats.count(row["missing"])
        verdict = (
            f"too few: {formats.count(row['reached'])} reached it, {needed} more are needed"
        )
    return (
        str(row["milestone"]),
        str(row["segment"]),
        formats.count(row["expected_days"]),
        formats.count(row["learnt_days"]),
        " to ".join(ends) if set(ends) != {formats.NOTHING} else formats.NOTHING,
        formats.percent(row["in_time_share"]),
        verdict,
    )


def _from_here(path: Path) -> str:
    """The path as seen from where the tool will be called, else its bare name."""
    there = os.path.relpath(path)
    return path.name if there.startswith("..") else Path(there).as_posix()
