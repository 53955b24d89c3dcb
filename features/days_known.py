"""From which day on have the rows that a build knew changed since?

Every table is printed by the day on which its rows became known. What a morning says follows
from the rows known before it: up to the first day whose print differs, every morning stands.
An account's return is known of its exit only once it has come, and is printed with that day.
"""

from collections.abc import Iterator, Mapping

import ibis
import ibis.expr.types as ir

from features.asof import NEVER
from features.reduce import day_of
from features.sources.prints import sums_of_rows

DayPrints = Mapping[str, Mapping[str, list[int]]]
"""Per table and day (as text): how many rows became known, and their print."""


def prints_by_day(tables: Mapping[str, ir.Table], *, before_day: int) -> DayPrints:
    """Print the rows known before a morning, table by table and day by day."""
    return {name: _printed(rows, before_day) for name, rows in _dated(tables)}


def changed_from(then: DayPrints, now: DayPrints, *, as_of_day: int) -> int:
    """The first day whose rows are others than a build of an earlier morning had known.

    Nothing is asked of what became known on that morning or later: it is new.
    """
    days = [as_of_day]
    for name in {*then, *now}:
        was, is_now = then.get(name, {}), now.get(name, {})
        differing = (day for day in {*was, *is_now} if was.get(day) != is_now.get(day))
        days += [int(day) for day in differing]
    return min(days)


def _dated(tables: Mapping[str, ir.Table]) -> Iterator[tuple[str, ir.Table]]:
    for name, rows in sorted(tables.items()):
        known = day_of(rows.known_at).fill_null(NEVER)
        if "returned_at" in rows.columns:
            back = rows.filter(rows.returned_at.notnull())
            later = ibis.greatest(day_of(back.known_at), day_of(back.returned_at))
            yield f"{name} returned", back.mutate(day=later)
            rows = rows.drop("returned_at")
        yield name, rows.mutate(day=known)


def _printed(rows: ir.Table, before_day: int) -> Mapping[str, list[int]]:
    known = rows.filter(rows.day < before_day)
    counted = known.group_by("day").agg(rows=known.count(), **sums_of_rows(known))
    told = counted.order_by("day").to_pyarrow().to_pylist()
    return {str(row.pop("day")): [int(sum_) for sum_ in row.values()] for row in told}
