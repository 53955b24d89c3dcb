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

DayPrint = Mapping[str, list[int]]
"""Per day (as text): how many rows of a table became known, and their print."""
DayPrints = Mapping[str, DayPrint]


def printed(rows: ir.Table) -> DayPrint:
    """Print the rows of a table of which ``parts_by_day`` has told the day."""
    by_day = rows.group_by("day").agg(rows=rows.count(), **sums_of_rows(rows))
    told = {
        row.pop("day"): list(map(int, row.values())) for row in by_day.to_pyarrow().to_pylist()
    }
    return {str(day): told[day] for day in sorted(told)}


def added(one: DayPrint, other: DayPrint) -> DayPrint:
    """The prints of both together, which have no row in common."""
    days = {day: list(told) for day, told in one.items()}
    for day, told in other.items():
        days[day] = [a + b for a, b in zip(days.get(day, [0] * len(told)), told, strict=True)]
    return dict(sorted(days.items(), key=lambda item: int(item[0])))


def rows_between(days: DayPrint, first: int, last: int) -> int:
    """How many rows became known from a day on and before another."""
    return sum(told[0] for day, told in days.items() if first <= int(day) < last)


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


def parts_by_day(name: str, rows: ir.Table) -> Iterator[tuple[str, ir.Table]]:
    """The parts of a table that are printed, each with the day on which a row was known."""
    known = day_of(rows.known_at).fill_null(NEVER)
    if name == "activity":
        # A row dated after it was known (a clock set wrong) counts from the day it is dated.
        known = ibis.greatest(known, day_of(rows.occurred_at))
    if "returned_at" in rows.columns:
        back = rows.filter(rows.returned_at.notnull())
        later = ibis.greatest(day_of(back.known_at), day_of(back.returned_at))
        yield f"{name} returned", back.mutate(day=later)
        rows = rows.drop("returned_at")
    yield name, rows.mutate(day=known)
