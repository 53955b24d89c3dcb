"""What will retention be in the months and quarters to come, and how sure is that?

Every figure speaks of the accounts that are here this morning, not of those yet to come. A row
is a stretch of time, a part of the book and a measure; the parts add up to the whole. What is
compared is kept beside it: the rate of the stretch just before, and of a year ago.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from configs.load import Configuration
from features.asof import ordinal
from features.assemble import FeatureSet
from serving.adoption.climbing import first_value
from serving.morning import Morning
from serving.outlook.climbing import days_until, reached_between
from serving.outlook.prospects import Prospects, past_of, prospects
from serving.outlook.retention import (
    ALL,
    parts_of,
    rates_between,
    rates_of,
    sums_by,
    totals,
    with_the_whole,
)
from serving.outlook.simulation import simulated
from training.engine.followed import lag_known_by
from training.engine.periods import Floats

YEAR_DAYS = 365
HORIZON, MONTH, QUARTER = "horizon", "month", "quarter"
LOW, HIGH = 0.1, 0.9
COUNTS = ("accounts_at_start", "accounts_churned", "accounts_left_otherwise")
AMOUNTS = (
    "arr_at_start",
    "churned_arr",
    "left_arr",
    "contraction_arr",
    "expansion_arr",
    "arr_at_end",
)
REACHED = "milestones_reached"
FIRST_STEP, FIRST_VALUE = "days_to_first_milestone", "days_to_first_value"
RATES = ("logo_retention", "grr", "nrr")


@dataclass(frozen=True, slots=True, order=True)
class Stretch:
    """A stretch of days ahead of the morning: from the start of one to the start of another."""

    kind: str
    start: int
    end: int


def forecast_schema(_: Configuration) -> pa.Schema:
    """Give the columns of forecast.parquet; what comes after ``high`` is for reading along."""
    return _schema("segment")


def owners_schema(_: Configuration) -> pa.Schema:
    """Give the columns of forecast_owners.parquet: the same by owner."""
    return _schema("owner")


def segment_rows(morning: Morning, _: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Give the rows of forecast.parquet."""
    return _rows(morning, "segment")


def owner_rows(morning: Morning, _: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Give the rows of forecast_owners.parquet; none where nobody owns an account."""
    return _rows(morning, "owner")


def _rows(morning: Morning, part: str) -> pd.DataFrame:
    project = morning.configuration.project
    is_known = bool(morning.accounts[part].notna().any())
    ahead = prospects(morning) if is_known else None
    told = forecast(
        ahead,
        as_of=morning.as_of,
        horizons=project.outcomes.horizons_days,
        seed=project.models.seed,
        part=part,
    )
    told = with_rates_before(told, morning.features, as_of=morning.as_of, part=part)
    climbed = list(_climbing(morning, part)) if is_known else []
    return pd.concat([told, pd.DataFrame(climbed)], ignore_index=True) if climbed else told


def _climbing(morning: Morning, part: str) -> Iterator[dict[str, object]]:
    """Milestones to come, and how soon the next customers reach one, and first value."""
    project, features, models = morning.configuration.project, morning.features, morning.models
    if models is None or models.steps is None:
        return
    as_of, day, seed = morning.as_of, ordinal(morning.as_of), project.models.seed
    wanted = stretches(as_of, project.outcomes.horizons_days)
    past = past_of(features, project, day)
    spans = sorted({(each.start, each.end) for each in wanted})
    drawn = reached_between(features, models, past, day=day, spans=spans, seed=seed, part=part)
    for each in wanted if drawn else ():
        names, counts = drawn[each.start, each.end]
        for name, own in with_the_whole(names, [{REACHED: counts}]):
            said = _interval(own[REACHED], float(own[REACHED].mean()))
            yield {**_dates(each, as_of), part: name, "measure": REACHED, **said}
    primary = Stretch(HORIZON, 0, project.outcomes.primary_horizon_days)
    value = first_value(morning.configuration.playbook)
    for measure, milestone in ((FIRST_STEP, None), (FIRST_VALUE, value)):
        if found := days_until(milestone, features, day=day, seed=seed):
            said = dict(zip(("low", "expected", "high"), found, strict=True))
            yield {**_dates(primary, as_of), part: ALL, "measure": measure, **said}


def _schema(part: str) -> pa.Schema:
    return pa.schema(
        [
            ("period_start", pa.date32()),
            ("period_end", pa.date32()),
            (part, pa.string()),
            ("measure", pa.string()),
            ("low", pa.float64()),
            ("expected", pa.float64()),
            ("high", pa.float64()),
            ("period", pa.string()),
            ("last_period", pa.float64()),
            ("last_year", pa.float64()),
        ]
    )


def stretches(as_of: dt.date, horizons: Sequence[int]) -> list[Stretch]:
    """The horizons, then the calendar months and quarters that end within the last of them.

    The first month and quarter begin this morning, wherever in them it lies.

    >>> stretches(dt.date(2025, 3, 20), [30])
    [Stretch(kind='horizon', start=0, end=30), Stretch(kind='month', start=0, end=12)]
    """
    found = [Stretch(HORIZON, 0, days) for days in horizons]
    for kind, months in ((MONTH, 1), (QUARTER, 3)):
        start = as_of
        while (end := _next_start(start, months)) <= as_of + dt.timedelta(days=max(horizons)):
            found.append(Stretch(kind, (start - as_of).days, (end - as_of).days))
            start = end
    return found


def _next_start(day: dt.date, months: int) -> dt.date:
    """The first day of the next month or quarter after a day."""
    number = (day.year * 12 + day.month - 1) // months * months + months
    return dt.date(number // 12, number % 12 + 1, 1)


def forecast(
    ahead: Prospects | None,
    *,
    as_of: dt.date,
    horizons: Sequence[int],
    seed: int,
    part: str = "segment",
) -> pd.DataFrame:
    """Play the future and sum it up for every part of the book and the whole."""
    if ahead is None or not len(ahead.accounts):
        return pd.DataFrame(columns=_schema(part).names[:-2])
    wanted = stretches(as_of, horizons)
    names, groups = parts_of(ahead.accounts[part])
    cuts = sorted({day for each in wanted for day in (each.start, each.end)})
    drawn: dict[Stretch, list[dict[str, Floats]]] = {each: [] for each in wanted}
    for future in simulated(ahead, cuts, seed=seed):
        for each in wanted:
            sums = totals(future[each.start], future[each.end])
            drawn[each].append(
                {name: sums_by(groups, len(names), told) for name, told in sums.items()}
            )
    rows = [
        {**_dates(each, as_of), part: name, "measure": measure, **said}
        for each in wanted
        for name, sums in with_the_whole(names, drawn[each])
        for measure, said in _told(sums, has_arr=ahead.has_arr)
    ]
    return pd.DataFrame(rows)


def with_rates_before(
    told: pd.DataFrame, features: FeatureSet, *, as_of: dt.date, part: str
) -> pd.DataFrame:
    """Put beside each rate that of the stretch of the same length just before, and a year ago.

    Both are what a planner without a model would say; absent where nobody was here yet. Just
    before is the last stretch of which all is known: where exits are told late, those of the
    last days are still to come, and nearly everybody would seem to have stayed.
    """
    today = ordinal(as_of)
    until = today - lag_known_by(today, features.exits)
    spans = told[["period_start", "period_end"]].drop_duplicates()
    known = []
    for start, end in zip(spans["period_start"], spans["period_end"], strict=True):
        length = (end - start).days
        span = {"period_start": start, "period_end": end}
        last = rates_between(features, until - length, until, part=part)
        year = rates_between(
            features, ordinal(start) - YEAR_DAYS, ordinal(end) - YEAR_DAYS, part=part
        )
        before = pd.DataFrame({"last_period": last, "last_year": year}).reset_index()
        known.append(before.assign(**span))
    if not known:
        return told.assign(last_period=np.nan, last_year=np.nan)
    before = pd.concat(known, ignore_index=True)
    keys = ["period_start", "period_end", part, "measure"]
    return told.merge(before, on=keys, how="left")


def _told(
    sums: Mapping[str, Floats], *, has_arr: bool
) -> Iterator[tuple[str, dict[str, float]]]:
    """Sum up the draws of a part: additive measures by their mean, rates by those means."""
    means = {name: np.array(drawn.mean()) for name, drawn in sums.items()}
    rates, expected = rates_of(sums), rates_of(means)
    for name in COUNTS if not has_arr else (*COUNTS, *AMOUNTS):
        yield name, _interval(sums[name], float(means[name]))
    for name in RATES if has_arr else RATES[:1]:
        if np.isfinite(expected[name]):
            yield name, _interval(rates[name], float(expected[name]))


def _interval(drawn: Floats, expected: float) -> dict[str, float]:
    """Give the middle of the draws; where they are rarely anything but 0, up to their mean."""
    low, high = np.nanquantile(drawn, [LOW, HIGH])
    return {
        "low": min(float(low), expected),
        "expected": expected,
        "high": max(float(high), expected),
    }


def _dates(each: Stretch, as_of: dt.date) -> dict[str, object]:
    return {
        "period_start": as_of + dt.timedelta(days=each.start),
        "period_end": as_of + dt.timedelta(days=each.end),
        "period": each.kind,
    }
