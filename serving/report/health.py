"""How are the data and the model doing? What the last look at them found, as a page.

Everything comes from the health that run.json holds: what to worry about, whether what was said
has come true so far, which inputs are not what they were, and what the tables brought lately.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from serving import formats
from serving.report.labels import spelt
from serving.report.material import Material
from serving.report.trust import QUESTIONS, Claim, as_day

SPOKE = {"model": "by the model", "baseline": "by a simple rule in its place"}
KINDS = {
    "decayed": "The model has decayed",
    "drifted": "Inputs have drifted",
    "stale": "A table is silent",
    "volume": "A table is unusually thin or full",
}
ALL, RECENT = "all", "recent"
SHOWN_INPUTS = 12
FIGURES = {"predicted_over_observed": 2, "auc": 2, "brier": 4}


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a table, its cells as they are written."""

    label: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """What was said of one question by one speaker, held against what came."""

    title: str
    together: tuple[Line, ...]
    by_month: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class HealthPage:
    """All that the page says."""

    looked_on: dt.date | None
    claims: tuple[Claim, ...]
    records: tuple[Record, ...]
    inputs: tuple[Line, ...]
    tables: tuple[Line, ...]


def health_page(material: Material) -> HealthPage | None:
    """Decide what the page says; None where nobody has looked yet."""
    found: Mapping[str, Any] | None = material.run.get("health")
    if not found:
        return None
    return HealthPage(
        looked_on=as_day(found.get("as_of")),
        claims=_claims(found["findings"]),
        records=tuple(_records(found["matured"])),
        inputs=tuple(_input(row) for row in _most_drifted(found["drift"])),
        tables=tuple(_table(row) for row in found["inflow"]),
    )


def _claims(findings: Sequence[Mapping[str, str]]) -> tuple[Claim, ...]:
    if not findings:
        text = "Nothing to worry about: what was said comes true, and the data still come."
        return (Claim(is_good=True, text=text),)
    return tuple(
        Claim(is_good=False, text=f"{KINDS.get(each['kind'], each['kind'])}: {each['text']}.")
        for each in findings
    )


def _records(matured: Sequence[Mapping[str, Any]]) -> Iterator[Record]:
    for question, said_by in dict.fromkeys((m["question"], m["said_by"]) for m in matured):
        own = [m for m in matured if (m["question"], m["said_by"]) == (question, said_by)]
        about = spelt(QUESTIONS.get(question, question))
        yield Record(
            title=f"{about}, said {SPOKE.get(said_by, said_by)}",
            together=tuple(
                _grade(m, f"within {formats.days(m['horizon_days'])}")
                for m in own
                if m["month"] == ALL
            ),
            by_month=tuple(
                _grade(m, f"{_month(m['month'])}, within {formats.days(m['horizon_days'])}")
                for m in sorted(
                    own, key=lambda m: (m["month"], -m["horizon_days"]), reverse=True
                )
                if m["month"] not in (ALL, RECENT)
            ),
        )


def _grade(row: Mapping[str, Any], label: str) -> Line:
    expected = formats.about(row["expected"])
    return Line(
        label,
        (
            formats.count(row["mornings"]),
            formats.count(row["statements"]),
            f"{formats.count(row['events'])} ({expected} expected)",
            *(_between(row, name, decimals) for name, decimals in FIGURES.items()),
        ),
    )


def _between(row: Mapping[str, Any], name: str, decimals: int) -> str:
    best, low, high = (row[name], row[f"{name}_low"], row[f"{name}_high"])
    if best is None:
        return formats.NOTHING
    if low is None or high is None:
        return f"{best:.{decimals}f}"
    return f"{best:.{decimals}f} ({low:.{decimals}f} to {high:.{decimals}f})"


def _month(written: str) -> str:
    return f"{dt.date.fromisoformat(written + '-01'):%b %Y}"


def _most_drifted(drift: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The inputs that the model reads; without a model that reads any, all of them."""
    read = [row for row in drift if row["is_used"]]
    return list(read or drift)[:SHOWN_INPUTS]


def _input(row: Mapping[str, Any]) -> Line:
    then, now = (row[f"typical_{when}"] for when in ("then", "now"))
    moved = "" if then is None and now is None else f"{_typical(then)} → {_typical(now)}"
    label = spelt(str(row["feature"]))
    return Line(label, (f"{row['index']:.2f}", f"{row['by_chance']:.2f}", moved))


def _typical(value: float | None) -> str:
    return formats.NOTHING if value is None else f"{value:.3g}"


def _table(row: Mapping[str, Any]) -> Line:
    return Line(
        spelt(str(row["table"])),
        (
            formats.day(as_day(row["newest_on"])),
            formats.days(row["longest_silence_days"]),
            formats.count(row["rows_last_day"]),
            formats.count(row["usual_rows_that_weekday"]),
            formats.count(row["rows_last_week"]),
            formats.count(row["usual_rows_a_week"]),
        ),
    )
