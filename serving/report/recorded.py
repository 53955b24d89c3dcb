"""How right were the forecasts that were made before, and would something simpler have been?"""

from collections.abc import Iterator

import pandas as pd

from configs.phrases import Words
from serving import formats
from serving.outlook.retention import ALL
from serving.report.figures import Cell, Figure, Line

NAMES = {"logo_retention": "{Accounts} kept", "grr": "Gross retention", "nrr": "Net retention"}
RIVALS = ("last_period", "last_year")
FEWEST = 5
"""With fewer matured forecasts than this, nothing is said of how often they hold."""
HEADS = (
    "Forecast",
    "How many",
    "Held by the interval",
    "Mean error",
    "Error of \u201cno change\u201d",
    "Error of last year\u2019s rate",
)


def rate_names(words: Words) -> dict[str, str]:
    """Call the rates what people call the accounts."""
    many = words.account[1].capitalize()
    return {measure: name.format(Accounts=many) for measure, name in NAMES.items()}


def track(record: pd.DataFrame | None, words: Words) -> Iterator[Figure]:
    """Sum up the matured forecasts of the whole book by measure and by days ahead."""
    whole = _whole(record)
    note = "Every forecast is kept as it was said, and held against what came of those in it."
    if whole.empty:
        note = "No forecast has come due yet: what is said today is kept, to be judged here."
    lines = []
    for name, shown in rate_names(words).items():
        own = whole.loc[whole["measure"] == name]
        for days in sorted(set(own["days_ahead"].tolist())):
            rows = own.loc[own["days_ahead"] == days]
            lines.append(Line(f"{shown}, {formats.days(days)} ahead", tuple(_figures(rows))))
    yield Figure("track_record", "How right it was", note, HEADS, tuple(lines), whole)


def verdict(record: pd.DataFrame | None) -> str:
    """Say in a sentence how far the intervals held so far."""
    whole = _whole(record)
    if len(whole) < FEWEST:
        return "Too few forecasts have come due to say how often they hold."
    return (
        f"Of {formats.count(len(whole))} forecasts of the whole book that have come due, the "
        f"interval held {formats.percent(float(_held(whole).mean()))}; it means to hold 80 %."
    )


def _whole(record: pd.DataFrame | None) -> pd.DataFrame:
    if record is None or record.empty:
        return pd.DataFrame(columns=["measure", "days_ahead", "happened", "low", "high"])
    return record.loc[(record["segment"] == ALL) & (record["period"] == "horizon")]


def _held(rows: pd.DataFrame) -> "pd.Series[bool]":
    return rows["happened"].between(rows["low"] - 1e-9, rows["high"] + 1e-9)


def _figures(rows: pd.DataFrame) -> Iterator[Cell]:
    yield Cell(formats.count(len(rows)))
    yield Cell(formats.unbroken(formats.percent(float(_held(rows).mean()))))
    for said in ("expected", *RIVALS):
        error = (rows[said] - rows["happened"]).abs().mean()
        told = formats.points(float(error)).lstrip("+") if formats.known(float(error)) else ""
        yield Cell(f"{told} points" if told else formats.NOTHING)
