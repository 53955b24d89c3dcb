"""Which criteria had each account met by the last build, so that none is decided twice?

A criterion that was met stays met at its moment, whatever comes later: nothing that happened
after it counts. Only where a row comes that happened before, or where we learn the role of
somebody, is an account's criterion decided anew.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import ibis.expr.types as ir
import numba
import numpy as np
import pandas as pd
import pyarrow as pa

from features.arrived import Seen
from features.asof import Ints
from features.coded import Held
from features.criteria import NOT_YET
from features.days_known import changed_from, rows_between
from features.plan import Plan
from features.reduce import day_of
from features.sealed import are_whole, sealed
from features.taken import RowsByAccount

FOLDER = "met"
"""Where in a build's folder it is kept; no part of its features."""
FILE, TOLD = "met.arrow", "met.json"


@dataclass(frozen=True, slots=True, eq=False)
class Met:
    """When accounts (rows) met the criteria of milestones, as the last build knew it."""

    moments: Mapping[str, Ints]
    """By milestone, in microseconds since 1970-01-01; NOT_YET where it is to be decided."""

    @classmethod
    def by(cls, met: pd.DataFrame, account_ids: np.ndarray) -> "Met":
        """Put what was kept in the order of accounts; of new ones nothing was known."""
        place = pd.Index(met["account_id"]).get_indexer(pd.Index(account_ids))
        slugs = [str(name) for name in met if name != "account_id"]
        return cls(
            {
                slug: np.where(place >= 0, met[slug].to_numpy(np.int64)[place], NOT_YET)
                for slug in slugs
            }
        )

    def between(self, first: int, last: int) -> "Met":
        """Of the accounts from ``first`` to before ``last``."""
        return Met({slug: moment[first:last] for slug, moment in self.moments.items()})

    def before(self, earliest: Ints) -> "Met":
        """Only what was met before the earliest moment of what is new of each account."""
        return Met(
            {
                slug: np.where(moment < earliest, moment, NOT_YET)
                for slug, moment in self.moments.items()
            }
        )


def write_met(met: pd.DataFrame, folder: Path) -> None:
    """Keep when each account had met each criterion by the last morning."""
    (folder / FOLDER).mkdir()
    told = pa.Table.from_pandas(met, preserve_index=False)
    rows = told.replace_schema_metadata(None).combine_chunks()
    path = folder / FOLDER / FILE
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, rows.schema) as content:
        content.write_table(rows)
    (folder / FOLDER / TOLD).write_text(json.dumps(sealed([path])), encoding="utf-8")


def still_met(
    tables: Mapping[str, ir.Table],
    plan: Plan,
    *,
    before: Path | None,
    then: Seen | None,
    now: Seen,
    held: Held | None,
) -> tuple[Met | None, str | None]:
    """Give what was met before the mornings of a plan, or say why all is decided anew."""
    if before is None or then is None or held is None:
        return None, "activity is asked about where it is"
    found = _met_by(before, then, now, first_new=int(plan.mornings.days[0]))
    if isinstance(found, str):
        return None, found
    since, ids = then.as_of_day, plan.live.account_ids
    has_new_users = rows_between(now.prints.get("users", {}), since, now.as_of_day) > 0
    users = tables["users"] if has_new_users else None
    earliest = _earliest_news(held, users, ids, since_day=since)
    return Met.by(found, ids).before(earliest), None


def _met_by(before: Path, then: Seen, now: Seen, *, first_new: int) -> pd.DataFrame | str:
    """Read what a build of the same configuration knew to be met, or say why it does not do.

    ``first_new`` is the first morning to be computed.
    """
    changed = changed_from(then.prints, now.prints, as_of_day=then.as_of_day)
    if min(first_new, changed) < then.as_of_day:
        return "rows known before the last build have changed, or mornings before it are asked"
    folder = before / FOLDER
    try:
        seals = json.loads((folder / TOLD).read_text("utf-8"))
        is_whole = are_whole(folder, seals) and set(seals) == {FILE}
    except (OSError, ValueError):
        is_whole = False
    if not is_whole:
        return "what was kept of the criteria is damaged"
    with pa.memory_map(str(folder / FILE)) as content:
        met: pd.DataFrame = pa.ipc.open_file(content).read_all().to_pandas()
    return met


def _earliest_news(
    held: Held, users: ir.Table | None, account_ids: np.ndarray, *, since_day: int
) -> Ints:
    """The earliest moment of which something became known of each account from a day on.

    Somebody's role may be that of any row of the past.
    """
    earliest = np.full(len(account_ids), np.iinfo(np.int64).max, dtype=np.int64)
    ids = pd.Index(account_ids)
    for run, until in held.runs:
        if min(run.before_day, until) > since_day:
            place = ids.get_indexer(pd.Index(run.ids.to_pandas())).astype(np.int64)
            _earliest(earliest, place, run.rows, since_day, until)
    if users is not None:
        new = users.filter(day_of(users.known_at) >= since_day).select("account_id").distinct()
        place = ids.get_indexer(pd.Index(new.to_pandas()["account_id"]))
        earliest[place[place >= 0]] = NOT_YET
    return earliest


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _earliest(
    earliest: Ints, place: Ints, rows: RowsByAccount, since_day: int, until: int
) -> None:
    for one in range(len(place)):
        if place[one] < 0:
            continue
        for row in range(rows.first[one], rows.first[one + 1]):
            if since_day <= rows.known[row] < until:
                earliest[place[one]] = min(earliest[place[one]], rows.moment[row])
