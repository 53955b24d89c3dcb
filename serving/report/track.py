"""What had been said on past mornings, and did it come true? The track record, as a page.

Every figure is one row of the backtest's ``measures.parquet``; here it is decided which of them
stand side by side, and what may be said of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from serving import formats
from serving.report.labels import segment_name, spelt
from serving.report.material import Material
from serving.report.trust import QUESTIONS, TOGETHER, as_day

MODEL = "model"
FEW_EVENTS = 10
"""With fewer events than this a figure tells of chance more than of the model."""
DECIMALS: Mapping[str, int] = {"brier": 4, "integrated_brier": 4}
COVERAGE = ("by_p10", "before_p50", "by_p50", "by_p90", "coverage_80")
SHARES = ("ece", "leavers_listed", "leavers_listed_early", *COVERAGE)
DAYS = ("lead_days", "days_off")
TITLES = {
    "churn": "Who leaves",
    "milestones": "When milestones are reached",
    "expansion": "Who will pay more",
    "contraction": "Who will pay less",
}
JUDGED_BY = ("auc", "average_precision", "brier", "ece", "predicted_over_observed")
WITH_LISTS = (*JUDGED_BY, "lift_at_capacity")
EXPECTED, COUNTED = "auc_expected_today", "mornings_counted"
OVER_TIME = ("auc", "predicted_over_observed", "integrated_brier", "c_index")
LISTS = ("leavers_listed", "leavers_listed_early", "lead_days")

Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table: what it is about, and its figures as they are written."""

    label: str
    figures: tuple[str, ...]
    is_ours: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Figures side by side; ``heads`` are terms of the definitions, the first the labels'."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[Row, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """One question: a sentence, and its tables."""

    title: str
    verdict: str
    tables: tuple[Table, ...]


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """All that the page says."""

    sections: tuple[Section, ...]


def track_record(material: Material) -> TrackRecord | None:
    """Gather the page from the backtest's figures; None where there are none."""
    measures = material.tables.get("backtest")
    if measures is None or measures.empty:
        return None
    sections = [
        _section(question, measures.loc[measures["question"] == question], material)
        for question in QUESTIONS
        if (measures["question"] == question).any()
    ]
    return TrackRecord(tuple(sections))


def _section(question: str, asked: pd.DataFrame, material: Material) -> Section:
    primary = material.book.horizon
    everybody = asked.loc[asked["group_kind"] == "all"]
    whole = everybody.loc[everybody["origin"] == TOGETHER]
    tables = (
        _beside_rules(question, whole, primary),
        _by_horizon(whole),
        _for_whom(asked, primary, material),
        _by_morning(everybody, primary),
        _in_lists(whole, material),
        _dates(whole),
        _coverage(asked, material),
    )
    verdict = _verdict(question, whole, primary, material)
    return Section(TITLES[question], verdict, tuple(t for t in tables if t.rows))


def _verdict(question: str, whole: pd.DataFrame, primary: int, material: Material) -> str:
    at = whole.loc[(whole["horizon_days"] == primary) & (whole["predictor"] == MODEL)]
    found = _by_measure(at)
    if "predicted_over_observed" not in found:
        return "Nothing could be judged yet: too little has come true since."
    line = found["predicted_over_observed"]
    came = formats.count(line["events"])
    said = formats.count(round(line["value"] * line["events"]))
    words = material.phrases.words
    accounts = words.account[1]
    whom, did = {
        "churn": (f"{accounts} to leave", "did"),
        "expansion": (f"{accounts} to pay more", "did"),
        "contraction": (f"{accounts} to pay less", "did"),
    }.get(question, (f"{words.milestone[1]} to be reached", "were"))
    within = f"within {formats.days(primary)}; {came} {did}."
    return f"Over all past mornings together the model expected {said} {whom} {within}"


def _beside_rules(question: str, whole: pd.DataFrame, primary: int) -> Table:
    at = whole.loc[whole["horizon_days"] == primary]
    shown = WITH_LISTS if "lift_at_capacity" in set(at["measure"]) else JUDGED_BY
    return Table(
        f"Beside the simple rules, within {formats.days(primary)}",
        ("predictor", *shown),
        tuple(_rows_by(at, "predictor", shown)),
    )


def _by_horizon(whole: pd.DataFrame) -> Table:
    ours = whole.loc[(whole["predictor"] == MODEL) & whole["horizon_days"].notna()]
    looks_ahead = COUNTED in set(ours["measure"])
    shown = ("auc", EXPECTED, COUNTED, *JUDGED_BY[1:]) if looks_ahead else JUDGED_BY
    rows = [
        Row(
            formats.days(float(str(days))),
            (_events(own), *_figures(own, shown, with_interval=True)),
        )
        for days, own in ours.groupby("horizon_days", sort=True)
    ]
    return Table("By horizon", ("horizon", "events", *shown), tuple(rows))


def _for_whom(asked: pd.DataFrame, primary: int, material: Material) -> Table:
    """Segments, seen and new accounts, and milestones, each beside the rule that did best."""
    at = asked.loc[
        (asked["origin"] == TOGETHER)
        & (asked["horizon_days"] == primary)
        & (asked["group_kind"] != "all")
    ]
    order = {"history": 0, "segment": 1, "milestone": 2}
    rows, few = [], False
    groups = sorted(_grouped(at), key=lambda each: order[each[0]])
    for kind, name, own in groups:
        ours = own.loc[own["predictor"] == MODEL]
        count = int(ours["events"].iloc[0])
        few |= count < FEW_EVENTS
        label = _group_name(kind, name, material) + (" *" if count < FEW_EVENTS else "")
        figures = _figures(ours, ("auc", "predicted_over_observed"), with_interval=True)
        accounts = formats.count(int(ours["accounts"].iloc[0]))
        best = _best_rule(own)
        rows.append(Row(label, (accounts, _events(ours), figures[0], best, figures[1])))
    heads = ("group", "tested", "events", "auc", "best_rule", "predicted_over_observed")
    note = f"* Fewer than {FEW_EVENTS} events: chance tells more here than the model."
    return Table("For whom", heads, tuple(rows), note if few else "")


def _by_morning(everybody: pd.DataFrame, primary: int) -> Table:
    ours = everybody.loc[(everybody["predictor"] == MODEL) & (everybody["origin"] != TOGETHER)]
    ours = ours.loc[ours["horizon_days"].isna() | (ours["horizon_days"] == primary)]
    rows = [
        Row(
            formats.day(as_day(origin)),
            (_events(own.loc[own["horizon_days"].notna()]), *_figures(own, OVER_TIME)),
        )
        for origin, own in ours.groupby("origin", sort=True)
    ]
    return Table("Morning by morning", ("origin", "events", *OVER_TIME), tuple(rows[::-1]))


def _in_lists(whole: pd.DataFrame, material: Material) -> Table:
    capacity = formats.count(material.book.capacity)
    told = whole.loc[whole["measure"].isin(LISTS)]
    left = formats.count(int(told["events"].max())) if len(told) else ""
    return Table(
        f"In time? The {left} that left since the first of these mornings",
        ("predictor", *LISTS),
        tuple(_rows_by(told, "predictor", LISTS)),
        f"With lists of {capacity} for each owner, drawn up every morning of the record.",
    )


def _dates(whole: pd.DataFrame) -> Table:
    told = whole.loc[whole["measure"] == "days_off"]
    rows = tuple(_rows_by(told, "predictor", ("days_off",)))
    return Table("How many days off was the date?", ("predictor", "days_off"), rows)


def _coverage(asked: pd.DataFrame, material: Material) -> Table:
    told = asked.loc[asked["measure"].isin(COVERAGE)]
    rows = [
        Row(_group_name(kind, name, material), tuple(_figures(own, COVERAGE)))
        for kind, name, own in _grouped(told)
    ]
    note = "If the dates are right, 10 %, 50 %, 90 % and 80 % of the cases lie there."
    return Table("Were the dates' intervals right?", ("group", *COVERAGE), tuple(rows), note)


def _grouped(lines: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Walk through the groups of accounts, everybody first."""
    for kind in sorted(lines["group_kind"].unique()):
        own = lines.loc[lines["group_kind"] == kind]
        for name in sorted(own["group"].unique()):
            yield str(kind), str(name), own.loc[own["group"] == name]


def _rows_by(lines: pd.DataFrame, column: str, measures: Sequence[str]) -> Iterator[Row]:
    """One row per predictor, the model first."""
    names = sorted(lines[column].unique(), key=lambda name: (name != MODEL, str(name)))
    for name in names:
        own = lines.loc[lines[column] == name]
        label = "Model" if name == MODEL else spelt(str(name))
        yield Row(label, tuple(_figures(own, measures)), is_ours=name == MODEL)


def _by_measure(lines: pd.DataFrame) -> Mapping[str, Line]:
    told = [{str(k): v for k, v in line.items()} for line in lines.to_dict("records")]
    return {str(line["measure"]): line for line in told}


def _figures(
    lines: pd.DataFrame, measures: Sequence[str], *, with_interval: bool = False
) -> tuple[str, ...]:
    found = _by_measure(lines)
    return tuple(
        _written(name, found[name], with_interval=with_interval)
        if name in found
        else formats.NOTHING
        for name in measures
    )


def _written(measure: str, line: Line, *, with_interval: bool) -> str:
    written = _number(measure, line["value"])
    if with_interval and formats.known(line["low"]) and written != formats.NOTHING:
        low, high = _number(measure, line["low"]), _number(measure, line["high"])
        return f"{written} ({low} to {high})"
    return written


def _number(measure: str, value: float | None) -> str:
    if value is None or not formats.known(value):
        return formats.NOTHING
    if measure in SHARES:
        return formats.unbroken(formats.percent(value))
    if measure in DAYS:
        return formats.days(value)
    if measure == COUNTED:
        return formats.count(int(value))
    return f"{value:.{DECIMALS.get(measure, 2)}f}"


def _best_rule(lines: pd.DataFrame) -> str:
    rules = lines.loc[(lines["predictor"] != MODEL) & (lines["measure"] == "auc")]
    rules = rules.dropna(subset=["value"])
    if rules.empty:
        return formats.NOTHING
    best = rules.sort_values("value", kind="stable").iloc[-1]
    return f"{best['value']:.2f} ({best['predictor']})"


def _events(lines: pd.DataFrame) -> str:
    return formats.count(int(lines["events"].iloc[0])) if len(lines) else formats.NOTHING


def _group_name(kind: str, name: str, material: Material) -> str:
    many = material.phrases.words.account[1]
    if kind == "history":
        return f"New {many}" if name == "new" else f"{spelt(many)} it had learnt from"
    if kind == "segment":
        return segment_name(name)
    if kind == "milestone":
        return material.book.milestone_names.get(name, spelt(name))
    return f"All {many}"
