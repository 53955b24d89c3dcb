"""How do customers adopt the product: how soon the first value, where do they drop off?

Every figure is a row of adoption.parquet; here it is decided which of them stand side by side.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from features.first_quarter import THIRDS
from serving import formats
from serving.adoption.cohorts import ALL
from serving.adoption.table import CHANGE
from serving.report.facts import milestone_name
from serving.report.labels import segment_name, spelt
from serving.report.material import Material
from serving.report.track import Row, Section, Table

COHORTS_SHOWN = 12
FUNNEL = (
    *("reached_within_30d", "reached_within_90d", "reached_within_180d"),
    *("median_days", "taken_within_90d", "followed_up_within_90d"),
)
HABITS = ("tried", "came_back", "made_a_habit")
THIRD_HEADS = tuple(f"first_{third}" for third in THIRDS)
IN_DAYS = ("median_days", "days_to_first_value", "first_active_days", "first_active_users")


@dataclass(frozen=True, slots=True)
class Adoption:
    """All that the page says."""

    sections: tuple[Section, ...]


def adoption_page(material: Material) -> Adoption | None:
    """Gather the page; None where nothing could be told yet."""
    told = material.tables.get("adoption")
    if told is None or told.empty:
        return None
    sections = (
        _first_value(told, material),
        _ladder(told, material),
        _cohorts(told, material),
        _first_days(told),
        _habits(told, material),
        _changes(told, material),
    )
    return Adoption(tuple(s for s in sections if s.tables))


def _first_value(told: pd.DataFrame, material: Material) -> Section:
    asked = told.loc[(told["metric"] == "days_to_first_value") & (told["cohort"] == ALL)]
    rows = [
        Row(
            _segment(line["segment"]),
            (_figure(line), formats.count(line["accounts"])),
            is_ours=line["segment"] == ALL,
        )
        for line in asked.to_dict("records")
    ]
    what = ""
    if len(asked):
        name = milestone_name(asked["subject"].iloc[0], material.book)
        what = f"The first value counts from “{name}”, the first step beyond onboarding."
    return _section("Time to first value", what, ("segment", "time_to_value", "counted"), rows)


def _ladder(told: pd.DataFrame, material: Material) -> Section:
    whole = told.loc[told["cohort"] == ALL]
    tables = [
        Table(_segment(segment), ("milestone", *FUNNEL), rows)
        for segment in dict.fromkeys(whole["segment"])
        if (rows := tuple(_steps(whole.loc[whole["segment"] == segment], material)))
    ]
    lead = "Who reaches each step, how soon, and where they stop. " + _worst(whole, material)
    return Section("The ladder, step by step", lead.strip(), tuple(tables))


def _steps(own: pd.DataFrame, material: Material) -> Iterator[Row]:
    for milestone in material.configuration.playbook.milestones:
        lines = own.loc[own["subject"] == milestone.slug]
        found = {line["metric"]: line for line in lines.to_dict("records")}
        if found:
            figures = tuple(
                _figure(found[m]) if m in found else formats.NOTHING for m in FUNNEL
            )
            yield Row(milestone.name, figures)


def _worst(whole: pd.DataFrame, material: Material) -> str:
    """Say at which step most of those who could take it do not."""
    taken = whole.loc[(whole["metric"] == "taken_within_90d") & (whole["segment"] == ALL)]
    if taken.empty:
        return ""
    worst = taken.sort_values(["value", "subject"]).iloc[0]
    name, share = milestone_name(worst["subject"], material.book), formats.percent
    return (
        f"Most are lost at “{name}”: {share(worst['value'])} of those to whom it is open "
        f"take it within 90 days."
    )


def _cohorts(told: pd.DataFrame, material: Material) -> Section:
    asked = told.loc[(told["metric"] == "reached_within_90d") & (told["segment"] == ALL)]
    asked = asked.loc[asked["cohort"] != ALL]
    tables = []
    for milestone in material.configuration.playbook.milestones:
        own = asked.loc[asked["subject"] == milestone.slug].sort_values("cohort")
        rows = tuple(
            Row(line["cohort"], (_figure(line), formats.count(line["accounts"])))
            for line in own.tail(COHORTS_SHOWN).to_dict("records")
        )
        if rows:
            heads = ("cohort", "reached_within_90d", "counted")
            tables.append(Table(milestone.name, heads, rows))
    lead = "By month of kickoff, who reached each step within 90 days; all segments together."
    return Section("Month by month", lead, tuple(tables))


def _first_days(told: pd.DataFrame) -> Section:
    tables = []
    for measure, title in (
        ("first_active_days", "Days with use"),
        ("first_active_users", "People active"),
    ):
        asked = told.loc[(told["metric"] == measure) & (told["segment"] == ALL)]
        months = sorted(set(asked["cohort"]) - {ALL})[-COHORTS_SHOWN:]
        rows = []
        for month in (ALL, *months):
            lines = asked.loc[asked["cohort"] == month].to_dict("records")
            found = {line["subject"]: line for line in lines}
            figures = tuple(
                _figure(found[t]) if t in found else formats.NOTHING for t in THIRDS
            )
            label = "All months" if month == ALL else month
            rows.append(Row(label, figures, is_ours=month == ALL))
        tables.append(Table(title, ("cohort", *THIRD_HEADS), tuple(rows)))
    lead = "How much is used early, in the middle and late in the first 90 days; silence is 0."
    return Section("The first 90 days", lead, tuple(tables))


def _habits(told: pd.DataFrame, material: Material) -> Section:
    asked = told.loc[told["metric"].isin(HABITS) & (told["segment"] == ALL)]
    rows = []
    for capability in sorted(set(asked["subject"])):
        lines = asked.loc[asked["subject"] == capability].to_dict("records")
        found = {line["metric"]: line for line in lines}
        figures = tuple(_figure(found[m]) if m in found else formats.NOTHING for m in HABITS)
        named = material.phrases.subjects.get(capability, capability)
        rows.append(Row(spelt(named), figures))
    lead = "In the first 90 days: which capabilities are tried, come back to, made a habit."
    return _section("Repeat use", lead, ("capability", *HABITS), rows)


def _changes(told: pd.DataFrame, material: Material) -> Section:
    asked = told.loc[told["metric"].str.startswith(CHANGE) & (told["segment"] == ALL)]
    rows = []
    for line in asked.to_dict("records"):
        metric, subject = line["metric"].removeprefix(CHANGE), line["subject"]
        if metric == "reached_within_90d":
            label = f"{milestone_name(subject, material.book)}, reached within 90 days"
            figures = [f"{formats.points(line[c])} points" for c in ("value", "low", "high")]
        else:
            label = f"Days with use, {subject} in the first 90 days"
            figures = [_signed(line[c]) for c in ("value", "low", "high")]
        told_as = f"{figures[0]} ({figures[1]} to {figures[2]})"
        rows.append(Row(label, (told_as, _verdict(line))))
    months = asked["cohort"].iloc[0] if len(asked) else ""
    lead = f"The cohorts of {months} against the three months before them." if months else ""
    heads = ("compared", "improvement", "better")
    return _section("Do newer cohorts do better?", lead, heads, rows)


def _verdict(line: Mapping[Hashable, Any]) -> str:
    if line["low"] > 0:
        return "better"
    return "worse" if line["high"] < 0 else "no clear difference"


def _signed(value: float) -> str:
    if not formats.known(value):
        return formats.NOTHING
    return formats.count(value) if value < 0 else f"+{formats.count(value)}"


def _section(title: str, lead: str, heads: tuple[str, ...], rows: Sequence[Row]) -> Section:
    return Section(title, lead, (Table("", heads, tuple(rows)),) if rows else ())


def _segment(segment: str) -> str:
    return "All segments" if segment == ALL else segment_name(segment)


def _figure(line: Mapping[Hashable, Any]) -> str:
    """Write a figure with its interval, in days or as a share."""
    write = _days if line["metric"] in IN_DAYS else formats.percent
    value, low, high = (float(str(line[c])) for c in ("value", "low", "high"))
    if not formats.known(value):
        return "most have not yet"
    if not formats.known(low):
        return write(value)
    ends = (
        write(end).removesuffix(" %") if formats.known(end) else "open" for end in (low, high)
    )
    return formats.unbroken(f"{write(value)} ({' to '.join(ends)})")


def _days(value: float) -> str:
    return formats.count(value)
