"""What do the known subscription lines say: what is paid, for how many seats, until when?

The end of the commitment is the latest end among the subscription lines known that morning: a
renewal that was signed early counts as soon as it is known.
"""

from dataclasses import dataclass

import numpy as np

from features.asof import NEVER, Floats, Ints
from features.history import History

TERM_BASE = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class Commitments:
    """What the known subscription lines say on each snapshot's morning."""

    arr: Floats
    """ARR in force; NaN where no line in force has one."""
    seats: Floats
    ends_day: Ints
    """Last day of the commitment; NEVER without a contract."""
    term_days: Floats
    lines: Floats


def commitments(history: History, *, days_ago: int = 0) -> Commitments | None:
    """Read the lines in force so many days ago, as known on the morning itself."""
    rows = history.tables.get("contracts")
    if rows is None:
        return None
    snapshots = history.snapshots
    starts, ends = rows.day("starts_on"), rows.day("ends_on")
    enter = np.maximum(rows.seen_from, snapshots.mornings.first_from(starts + days_ago))
    leave = snapshots.mornings.first_from(ends + days_ago)

    def in_force(column: str) -> Floats:
        amount = rows.frame[column].to_numpy(dtype=np.float64, na_value=np.nan)
        said = ~np.isnan(amount)
        summed = snapshots.total(
            rows.account, enter=enter, leave=leave, amount=np.where(said, amount, 0.0)
        )
        told = snapshots.total(
            rows.account, enter=enter, leave=leave, amount=said.astype(np.float64)
        )
        return np.where(told > 0.5, summed, np.nan)

    term = np.clip(ends - starts, 0, TERM_BASE - 1)
    latest = snapshots.latest(rows.account, enter=rows.seen_from, value=ends * TERM_BASE + term)
    known = latest > NEVER
    return Commitments(
        arr=in_force("arr"),
        seats=in_force("seats"),
        ends_day=np.where(known, latest // TERM_BASE, NEVER),
        term_days=np.where(known, latest % TERM_BASE, np.nan),
        lines=snapshots.total(rows.account, enter=enter, leave=leave),
    )
