"""What of an earlier build stands, so that only new mornings are computed?

A morning's inputs follow from the rows known before it. Where those are the same, and the
configuration, the code and the columns are, so is every byte; its part is taken over. All else
is computed as if nothing had been there.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np
import pandas as pd

from features.arrived import Seen
from features.asof import Ints
from features.columns import StoredColumns
from features.days_known import changed_from
from features.parts import LONG_AGO, Parts
from features.plan import Plan
from features.store import ACROSS, CATALOGUES, GROWN

MORNINGS = "mornings.json"


@dataclass(frozen=True, slots=True)
class Stands:
    """The parts of an earlier build that stand, or why none does."""

    folder: Path
    parts: tuple[str, ...] = ()
    why_not: str | None = None
    rows_read_anew_because: str | None = None
    tables_read_because: Mapping[str, str] = field(default_factory=dict)
    """Why each small table that was not taken over was not."""
    criteria_decided_anew_because: str | None = None


def write_mornings(folder: Path, parts: Parts, seen: Seen) -> None:
    """Write what the next build asks: which mornings are in which part, from which rows."""
    told = {field.name: getattr(seen, field.name) for field in fields(seen)}
    told_in_full = json.dumps({"parts": parts.days_of, **told})
    (folder / MORNINGS).write_text(told_in_full, encoding="utf-8")


def seen_before(before: Path | None) -> Seen | None:
    """What an earlier build knew of the tables."""
    if before is None or not (before / MORNINGS).is_file():
        return None
    return Seen.read(before / MORNINGS)


def what_stands(before: Path, parts: Parts, then: Seen | None, now: Seen) -> Stands:
    """Hold an earlier build against what this one is made of; the last morning is new."""
    if then is None:
        return Stands(before, why_not="no earlier build of this configuration and code")
    was_in = json.loads((before / MORNINGS).read_text("utf-8"))["parts"]
    changed = changed_from(then.prints, now.prints, as_of_day=then.as_of_day)
    stand = tuple(
        name
        for name, days in parts.days_of.items()
        if list(days) == was_in.get(name)
        and all(day <= changed for day in days)
        and name != parts.names[-1]
    )
    if LONG_AGO not in stand:
        why = "a quarter has begun, or rows known before it have changed"
        return Stands(before, why_not=why)
    return Stands(before, stand)


def take_over(stands: Stands, folder: Path) -> None:
    """Let the parts that stand be in the new folder too."""
    for part in stands.parts:
        for name in (*GROWN, *(f"{name}{ACROSS}" for name in GROWN[1:])):
            os.link(stands.folder / f"{name}{part}.parquet", folder / f"{name}{part}.parquet")


def with_earlier(
    reached: pd.DataFrame, stands: Stands, plan: Plan, parts: Parts
) -> pd.DataFrame:
    """What the mornings that stand knew to be reached, and what the others add."""
    lasting = set(plan.mornings.days[plan.is_lasting].tolist())
    kept_days = {day for part in stands.parts for day in parts.days_of[part]} & lasting
    before = pd.DataFrame(dict(StoredColumns(stands.folder / "reached.parquet")))
    before = before.loc[(before["known_day"] + 1).isin(kept_days)]
    both = [frame for frame in (before, reached) if len(frame)] or [reached]
    told = pd.concat(both, ignore_index=True).astype(dict(reached.dtypes))
    told = told.sort_values(["account_id", "known_day"], kind="stable")
    return told.drop_duplicates(["account_id", "milestone"], ignore_index=True)


def new_days(plan: Plan, stands: Stands, parts: Parts) -> Ints:
    """The mornings to compute."""
    stand = [day for part in stands.parts for day in parts.days_of[part]]
    return plan.mornings.days[~np.isin(plan.mornings.days, stand)]


def same_catalogues(before: Path, folder: Path) -> bool:
    """Whether the mornings computed have the very columns of those that stand."""
    files = [f"{name}.json" for name in CATALOGUES]
    return all((before / f).read_bytes() == (folder / f).read_bytes() for f in files)
