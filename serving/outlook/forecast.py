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
from serving.outlook.intervals import beside_the_whole, interval_of, means_of
from serving.outlook.prospects import Prospects, past_of, prospects
from serving.outlook.retention import (
    ALL,
    parts_of,
    rates_between,
    rates_of,
    sums_by,
    totals,
)
from serving.outlook.simulation import simulated
from training.engine.followed import lag_known_by
from training.engine.periods import Floats

YEAR_DAYS = 365
HORIZON, MONTH, QUARTER = "horizon", "month", "quarter"
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


def forecasts(morning: Morning, _: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Give the rows of forecast.parquet and forecast_owners.parquet, told of the same futures.

    Of owners there are none where nobody owns an account.
    """
    project = morning.configuration.project
    tables = {"segment": "forecast", "owner": "forecast_owners"}
    known = [part for part in tables if morning.accounts[part].notna().any()]
    told = forecast_by(
        known,
        prospects(morning) if known else None,
        as_of=morning.as_of,
        horizons=project.outcomes.horizons_days,
        seed=project.models.seed,
    )
    climbed = _climbing(morning, known)
    found = {}
    for part, table in tables.items():
        rows = told.get(part, _nothing(part))
        rows = with_rates_before(rows, morning.features, as_of=morning.as_of, part=part)
        more = climbed.get(part)
        found[table] = (
            pd.concat([rows, pd.DataFrame(more)], ignore_index=True) if more else rows
        )
    return found


def _climbing(morning: Morning, parts: Sequence[str]) -> dict[str, list[dict[str, object]]]:
    """Milestones to come, and how soon the next customers reach one, and first value."""
    project, features, models = morning.configuration.project, morning.features, morning.models
    if models is None or models.steps is None or not parts:
        return {}
    as_of, day, seed = morning.as_of, ordinal(morning.as_of), project.models.seed
    wanted = stretches(as_of, project.outcomes.horizons_days)
    past = past_of(features, project, day)
    spans = sorted({(each.start, each.end) for each in wanted})
    cells, drawn = reached_between(features, models, past, day=day, spans=spans, seed=seed)
    soon = list(_soonest(morning))
    return {
        part: [
            {**_dates(each, as_of), part: name, "measure": REACHED, **said}
            for each in (wanted if drawn else ())
            for name, said in _counted(cells[part], drawn[each.start, each.end])
        ]
        + [{**line, part: ALL} for line in soon]
        for part in parts
    }


def _counted(part: "pd.Series[str]", counts: Floats) -> Iterator[tuple[str, dict[str, float]]]:
    names, groups = parts_of(part)
    everybody = beside_the_whole(sums_by(groups, len(names), counts))
    said = interval_of(everybody, means_of(everybody))
    for number, name in enumerate((ALL, *names)):
        yield name, {end: float(values[number]) for end, values in said.items()}


def _soonest(morning: Morning) -> Iterator[dict[str, object]]:
    project, day = morning.configuration.project, ordinal(morning.as_of)
    primary = Stretch(HORIZON, 0, project.outcomes.primary_horizon_days)
    value = first_value(morning.configuration.playbook)
    for measure, milestone in ((FIRST_STEP, None), (FIRST_VALUE, value)):
        if found := days_until(milestone, morning.features, day=day, seed=project.models.seed):
            said = dict(zip(("low", "expected", "high"), found, strict=True))
            yield {**_dates(primary, morning.as_of), "measure": measure, **said}


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

    >>> stretches(dt.date(2025, 2, 20), [30])
    [Stretch(kind='horizon', start=0, end=30), Stretch(kind='month', start=0, end=9)]
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
    return forecast_by([part], ahead, as_of=as_of, horizons=horizons, seed=seed)[part]


def forecast_by(
    parts: Sequence[str],
    ahead: Prospects | None,
    *,
    as_of: dt.date,
    horizons: Sequence[int],
    seed: int,
) -> dict[str, pd.DataFrame]:
    """Play the future once, and sum it up for the whole and for parts of more than one kind."""
    if ahead is None or not len(ahead.accounts):
        return {part: _nothing(part) for part in parts}
    wanted = stretches(as_of, horizons)
    cut = {part: parts_of(ahead.accounts[part]) for part in parts}
    cuts = sorted({day for each in wanted for day in (each.start, each.end)})
    drawn: dict[tuple[str, Stretch], list[dict[str, Floats]]] = {
        (part, each): [] for part in parts for each in wanted
    }
    for future in simulated(ahead, cuts, seed=seed):
        for each in wanted:
            sums = totals(future[each.start], future[each.end])
            for part, (names, groups) in cut.items():
                by_part = {n: sums_by(groups, len(names), told) for n, told in sums.items()}
                drawn[part, each].append(by_part)
    return {
        part: pd.DataFrame(
            [
                {**_dates(each, as_of), part: name, "measure": measure, **said}
                for each in wanted
                for name, measure, said in _told(
                    names, drawn[part, each], has_arr=ahead.has_arr
                )
            ]
        )
        for part, (names, _) in cut.items()
    }


def _nothing(part: str) -> pd.DataFrame:
    return pd.DataFrame(columns=_schema(part).names[:-2])


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
    names: Sequence[str], drawn: Sequence[Mapping[str, Floats]], *, has_arr: bool
) -> Iterator[tuple[str, str, dict[str, float]]]:
    """Sum up the draws of every part: additive measures by their mean, rates by those means."""
    sums = {n: beside_the_whole(np.vstack([each[n] for each in drawn])) for n in drawn[0]}
    means = {name: means_of(by_part) for name, by_part in sums.items()}
    drawn_rates, rates = rates_of(sums), rates_of(means)
    counted = COUNTS if not has_arr else (*COUNTS, *AMOUNTS)
    said = {name: interval_of(sums[name], means[name]) for name in counted}
    said |= {
        name: interval_of(drawn_rates[name], rates[name])
        for name in (RATES if has_arr else RATES[:1])
    }
    for number, part in enumerate((ALL, *names)):
        for measure, ends in said.items():
            if np.isfinite(ends["expected"][number]):
                yield part, measure, {end: float(each[number]) for end, each in ends.items()}


def _dates(each: Stretch, as_of: dt.date) -> dict[str, object]:
    return {
        "period_start": as_of + dt.timedelta(days=each.start),
        "period_end": as_of + dt.timedelta(days=each.end),
        "period": each.kind,
    }
