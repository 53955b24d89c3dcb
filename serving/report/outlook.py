"""What may leadership plan on: how much is kept, how sure is that, and what does it rest on?"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import pandas as pd

from serving import formats
from serving.outlook.retention import ALL
from serving.prioritise import held_out
from serving.records import Record, records
from serving.report.book_at_risk import adoption, heat_map, rests_on, targets, what_if
from serving.report.charts import step_bar
from serving.report.earned import earned, in_words
from serving.report.figures import Cell, Figure, Line, csv_files, interval_bar
from serving.report.labels import counted, month_name, segment_name
from serving.report.material import Material
from serving.report.recorded import NAMES, rate_names, track, verdict
from serving.report.steps_ahead import steps_ahead
from serving.report.totals import Total
from serving.report.units import with_units

FLOWS = (
    ("churned_arr", "Churned", -1),
    ("left_arr", "Left otherwise", -1),
    ("contraction_arr", "Shrunk", -1),
    ("expansion_arr", "Grown", 1),
)
SHORTEST = 7
"""Of the rest of a month that is shorter than this there is nothing to plan."""
AHEAD = (
    "Of those that are here this morning; a period that begins later starts from those still "
    "here then. The bar is the 80 % interval, the stroke what is expected, the thin line all "
    "that there is to keep. In brackets: the stretch of the same length just before."
)

Rows = Mapping[str, Record]
"""The rows of one stretch and part, by measure."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """All that the page says."""

    words: str
    totals: tuple[Total, ...]
    beside: str | None
    """What the risks of the first page sum to, and why that is another figure."""
    figures: tuple[Figure, ...]


def outlook(material: Material) -> Outlook | None:
    """Gather the page; None where nothing was forecast."""
    told = material.tables.get("forecast")
    if told is None or told.empty or not (told["measure"] == "logo_retention").any():
        return None
    figures = [
        _ahead(told, rate_names(material.book.words)),
        *_waterfall(told, material),
        *_parts(told, material),
        *track(material.tables.get("forecast_record"), material.book.words),
        *earned(material),
        *heat_map(material),
        *rests_on(material),
        *targets(material),
        *what_if(material),
        *adoption(material),
        *steps_ahead(told),
    ]
    named = tuple(
        replace(each, behind=with_units(each.behind, currency=material.book.currency))
        for each in figures
    )
    totals = tuple(_totals(told, material))
    return Outlook(_words(told, material), totals, _beside(material), named)


def outlook_files(said: object) -> Mapping[str, str]:
    """Give the files behind the figures."""
    return csv_files(said.figures) if isinstance(said, Outlook) else {}


def at_horizon(told: pd.DataFrame, days: int) -> Rows:
    """The rows of one horizon for the whole book, by measure."""
    return by_part(told.loc[told["segment"] == ALL], days).get(ALL, {})


def by_part(told: pd.DataFrame, days: int) -> Mapping[str, Rows]:
    """The rows of one horizon, part by part, each by measure."""
    wait = pd.to_datetime(told["period_end"]) - pd.to_datetime(told["period_start"])
    own = told.loc[(told["period"] == "horizon") & (wait.dt.days == days)]
    found: dict[str, dict[str, Record]] = {}
    for row in records(own):
        found.setdefault(str(row["segment"]), {})[str(row["measure"])] = row
    return found


def _words(told: pd.DataFrame, material: Material) -> str:
    """Say it in one paragraph that can be read aloud."""
    book = material.book
    now = at_horizon(told, book.horizon)
    lost, kept = now["accounts_churned"], now["logo_retention"]
    said = [
        f"Of {counted(now['accounts_at_start']['expected'], book.words.account)}, "
        f"we expect {formats.about(lost['expected'])} to leave within "
        f"{formats.days(book.horizon)} ({formats.about(lost['low'])} to "
        f"{formats.about(lost['high'])}, four times out of five): "
        f"{formats.percent(kept['expected'])} stay."
    ]
    if "nrr" in now:
        gross, net = now["grr"], now["nrr"]
        said.append(
            f"They keep {formats.percent(gross['expected'])} of the ARR ({_range(gross)}); "
            f"with growth it comes to {formats.percent(net['expected'])} ({_range(net)})."
        )
    rate, name = (now["grr"], "Gross retention") if "grr" in now else (kept, "The share kept")
    if rate["last_period"] is not None:
        said.append(
            f"{name} was {formats.percent(rate['last_period'])} over the last "
            f"{formats.days(book.horizon)} of which all is known"
            + (
                f", and {formats.percent(rate['last_year'])} a year ago."
                if rate["last_year"] is not None
                else "."
            )
        )
    said.append(verdict(material.tables.get("forecast_record")))
    said.append(in_words(material.tables.get("programme"), book.words))
    return formats.unbroken(" ".join(filter(None, said)))


def _range(row: Record) -> str:
    return f"{formats.percent(row['low'])} to {formats.percent(row['high'])}"


def _totals(told: pd.DataFrame, material: Material) -> Iterator[Total]:
    now = at_horizon(told, material.book.horizon)
    for measure, name in rate_names(material.book.words).items():
        if measure in now:
            note = f"{_range(now[measure])} within {formats.days(material.book.horizon)}"
            figure = formats.percent(now[measure]["expected"])
            yield Total(measure, name, formats.unbroken(figure), formats.unbroken(note))
    if "churned_arr" in now:
        row, currency = now["churned_arr"], material.book.currency
        low, high = (formats.money(row[end], currency) for end in ("low", "high"))
        figure = formats.money(row["expected"], currency)
        yield Total("churned_arr", "ARR that churns", figure, f"{low} to {high}")


def _beside(material: Material) -> str | None:
    """Hold the first page's sums beside: two figures of one thing are asked about."""
    accounts, book = material.tables["accounts"], material.book
    shown = accounts.loc[~held_out(accounts)]
    if not shown["churn_risk"].notna().any():
        return None
    sums = f"{formats.about(float(shown['churn_risk'].sum()))} leaving"
    if book.has_arr:
        at_risk = formats.money(float(shown["arr_at_risk"].sum()), book.currency)
        sums += f" and {at_risk} of ARR at risk"
    rule = " It also hears more than the one rule behind those risks."
    return (
        f"The risks on the first page, each told by itself, sum to {sums}. The forecast starts "
        "from the same facts and goes on from what came of all together in the quarters behind "
        f"us, and from when terms end.{rule if book.shows_baseline else ''}"
    )


def _ahead(told: pd.DataFrame, names: Mapping[str, str]) -> Figure:
    rates = told.loc[(told["segment"] == ALL) & told["measure"].isin(list(NAMES))]
    wait = pd.to_datetime(rates["period_end"]) - pd.to_datetime(rates["period_start"])
    rates = rates.loc[wait.dt.days >= SHORTEST]
    known = [name for name in NAMES if (rates["measure"] == name).any()]
    bottom = max(0.0, float(rates["low"].min()) - 0.02)
    stretches: dict[tuple[str, dt.date, dt.date], dict[str, Record]] = {}
    for row in records(rates):
        key = (row["period"], row["period_start"], row["period_end"])
        stretches.setdefault(key, {})[row["measure"]] = row
    lines = [
        Line(
            _named(*key),
            tuple(_rate(own[name], bottom) for name in known if name in own),
            is_whole=key[0] == "quarter",
        )
        for key, own in stretches.items()
    ]
    heads = ("", *(names[name] for name in known))
    return Figure("retention_ahead", "What will be kept", AHEAD, heads, tuple(lines), rates)


def _rate(row: Record, bottom: float) -> Cell:
    drawing = interval_bar(row["low"], row["expected"], row["high"], bottom=bottom)
    was = row["last_period"]
    before = f" [{formats.percent(was)}]" if was is not None else ""
    note = formats.unbroken(_range(row) + before)
    return Cell(formats.unbroken(formats.percent(row["expected"])), drawing, note=note)


def _named(kind: str, start: dt.date, end: dt.date) -> str:
    if kind == "horizon":
        return f"Next {formats.days((end - start).days)}"
    if kind == "quarter":
        return f"Quarter to {formats.day(end - dt.timedelta(days=1))}"
    return month_name(start)


def _waterfall(told: pd.DataFrame, material: Material) -> Iterator[Figure]:
    now = at_horizon(told, material.book.horizon)
    if "arr_at_start" not in now:
        return
    currency, within = material.book.currency, formats.days(material.book.horizon)
    level, end = now["arr_at_start"]["expected"], now["arr_at_end"]["expected"]
    top = max(level, end) * 1.02
    if top <= 0:
        return
    lines = [_whole("ARR this morning", level, top, currency)]
    for measure, name, way in FLOWS:
        row = now[measure]
        if row["expected"]:
            to = level + way * row["expected"]
            lines.append(_flow(name, row, (level, to), top, currency))
            level = to
    lines.append(_whole(f"ARR in {within}", end, top, currency))
    yield Figure(
        "arr_waterfall",
        f"Where the ARR goes within {within}",
        "What is expected, with its 80 % interval. New customers are not part of it.",
        ("", "", ""),
        tuple(lines),
        pd.DataFrame(list(now.values())),
    )


def _whole(name: str, amount: float, top: float, currency: str) -> Line:
    drawn = Cell("", step_bar(0.0, amount, top=top, kind="whole"))
    return Line(name, (Cell(formats.money(amount, currency)), drawn), is_whole=True)


def _flow(name: str, row: Record, ends: tuple[float, float], top: float, currency: str) -> Line:
    grows = ends[1] > ends[0]
    amount = formats.money(ends[1] - ends[0], currency)
    note = " to ".join(formats.money(row[end], currency) for end in ("low", "high"))
    drawn = Cell("", step_bar(*ends, top=top, kind="down" if grows else "up"))
    return Line(name, (Cell(f"+{amount}" if grows else amount, note=note), drawn))


def _parts(told: pd.DataFrame, material: Material) -> Iterator[Figure]:
    horizon = material.book.horizon
    tables = {"segment": told, "owner": material.tables.get("forecast_owners")}
    for part, rows in tables.items():
        if rows is None or rows.empty:
            continue
        own = rows.rename(columns={part: "segment"})
        found = by_part(own, horizon)
        names = (*(name for name in found if name != ALL), ALL)
        lines = [_part(found[name], name, part) for name in names if name in found]
        rates = rate_names(material.book.words)
        known = [name for measure, name in rates.items() if (own["measure"] == measure).any()]
        yield Figure(
            f"by_{part}",
            f"By {part}, within {formats.days(horizon)}",
            "Expected, with the 80 % interval; the parts add up to the whole.",
            (part.capitalize(), "Here now", "Expected to leave", *known),
            tuple(lines),
            rows.loc[rows["period"] == "horizon"],
        )


def _part(now: Rows, name: str, part: str) -> Line:
    left = now["accounts_churned"]
    interval = f"{formats.about(left['low'])} to {formats.about(left['high'])}"
    rates = [
        Cell(
            formats.unbroken(formats.percent(now[measure]["expected"])),
            note=formats.unbroken(_range(now[measure])),
        )
        for measure in NAMES
        if measure in now
    ]
    at_start = Cell(formats.count(now["accounts_at_start"]["expected"]))
    shown = "All" if name == ALL else (segment_name(name) if part == "segment" else name)
    cells = (at_start, Cell(formats.about(left["expected"]), note=interval), *rates)
    return Line(shown or "Without an owner", cells, is_whole=name == ALL)
