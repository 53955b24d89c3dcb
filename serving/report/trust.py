"""How far may a reader trust these pages: how fresh are the data, how good was the model?"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from serving import formats
from serving.report.labels import spelt

QUESTIONS: Mapping[str, str] = {
    "churn": "who leaves",
    "milestones": "when milestones are reached",
    "expansion": "who will pay more",
    "contraction": "who will pay less",
    "expansion amount": "by how much accounts will pay more",
    "contraction amount": "by how much accounts will pay less",
}
_INSTEAD: Mapping[str, str] = {
    "churn": "the baseline is shown instead",
    "milestones": "take the chances and dates of milestones with care",
    "expansion": "the rule's chance is shown instead",
    "contraction": "the rule's chance is used instead",
    "expansion amount": "the rule's share is used instead",
    "contraction amount": "the rule's share is used instead",
}
STALE_DAYS = 7
"""Newest activity older than this is called out."""
TOGETHER = "all"
"""The origin under which run.json tells of all past mornings together."""
_INTERVAL = "95\u00a0% interval"


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence about the model, and whether it is good news."""

    is_good: bool
    text: str


NO_SKILL = "No skill beyond the baseline is shown."
REFUSED = "The model did not pass all of its tests and is not in use."
"""Where it does tell more than the rule, its risks may still not be right often enough."""


@dataclass(frozen=True, slots=True)
class TestLine:
    """One test of a question: from one past morning, so many days ahead."""

    origin: str
    horizon_days: int
    accounts: str
    events: str
    auc: str
    interval: str
    baselines: tuple[str, ...]
    """One AUC per baseline, in the order of the table's columns."""
    ece: float | None
    predicted_over_observed: str


@dataclass(frozen=True, slots=True)
class TestTable:
    """The record of one question: all mornings together (or the newest), then one by one."""

    question: str
    baselines: tuple[str, ...]
    first: tuple[TestLine, ...]
    others: tuple[TestLine, ...]


@dataclass(frozen=True, slots=True)
class Trust:
    """All that the front page says of the data and the models."""

    newest_activity_on: dt.date | None
    freshness: str
    is_stale: bool
    churn_version: str
    trained_on: dt.date | None
    promotion: Claim | None
    promotion_reasons: tuple[str, ...]
    skill: tuple[Claim, ...]
    baseline: str
    """The best simple rule's name, which is what is shown where the model has no skill."""
    why_rule: str
    """Why it is that rule which speaks, where it does."""
    record: tuple[TestTable, ...]
    remarks: tuple[str, ...]


def trust(run: Mapping[str, Any], *, as_of: dt.date) -> Trust:
    """Gather from run.json what tells how far the pages may be trusted."""
    newest = as_day(run.get("data", {}).get("newest_activity_at"))
    models = run.get("models") or {}
    gate = models.get("gate") or {}
    skill = run.get("skill") or {}
    churn = skill.get("churn") or {}
    return Trust(
        newest_activity_on=newest,
        freshness=_freshness(newest, as_of),
        is_stale=newest is None or (as_of - newest).days > STALE_DAYS,
        churn_version=str(models.get("churn") or formats.NOTHING),
        trained_on=as_day(models.get("trained_on")),
        promotion=_promotion(gate),
        promotion_reasons=tuple(map(str, gate.get("reasons") or ())),
        skill=tuple(_skill(question, told) for question, told in skill.items() if told),
        baseline=baseline_name(churn.get("best_baseline")),
        why_rule=REFUSED if churn.get("has_skill") else NO_SKILL,
        record=tuple(
            _table(QUESTIONS.get(question, question), lines)
            for question, lines in (run.get("backtest") or {}).items()
            if lines
        ),
        remarks=tuple(spelt(str(remark)) for remark in run.get("too_small") or ()),
    )


def as_day(told: object) -> dt.date | None:
    """Read a date or a moment, however run.json wrote it."""
    if isinstance(told, dt.datetime):
        return told.date()
    if isinstance(told, dt.date):
        return told
    return dt.date.fromisoformat(str(told)[:10]) if told else None


def baseline_name(name: object) -> str:
    """Say a baseline's name in words."""
    return str(name).replace("_", " ") if name else "the segment's average"


def _freshness(newest: dt.date | None, as_of: dt.date) -> str:
    if newest is None:
        return "no activity is known at all"
    age = (as_of - newest).days
    return "the day before" if age == 1 else f"{formats.days(age)} before the as-of morning"


def _promotion(gate: Mapping[str, Any]) -> Claim | None:
    if "promoted" not in gate:
        return None
    if gate["promoted"]:
        return Claim(is_good=True, text="It passed its tests and was promoted.")
    return Claim(is_good=False, text="It did not pass its tests, and no other has.")


def _skill(question: str, told: Mapping[str, Any]) -> Claim:
    instead = _INSTEAD.get(question, "take its figures with care")
    question = QUESTIONS.get(question, question)
    rule, margin = baseline_name(told.get("best_baseline")), _margin(told)
    if told.get("has_skill"):
        beats = f"On {question}, the model beats the best simple rule ({rule})"
        return Claim(is_good=True, text=f"{beats}: {margin}.")
    because = f"{rule}; {margin}" if margin else "too little could be tested"
    text = f"On {question}, no skill beyond the baseline is shown ({because})"
    return Claim(is_good=False, text=f"{text}; {instead}.")


def _margin(told: Mapping[str, Any]) -> str:
    """Say by how much the model is better: in per cent of the rule's error, or in AUC."""
    margin = told.get("margin")
    if told.get("best_baseline") is None or margin is None or not formats.known(margin):
        return ""
    measure = str(told.get("measure") or "AUC")
    low, high = told.get("low"), told.get("high")
    if "relative" not in measure.lower():
        name = measure.upper() if measure == "auc" else measure
        return f"{name} {_signed(margin)}, {_INTERVAL} {_signed(low)} to {_signed(high)}"
    said = f"its errors are {_share(margin)} {_compared(margin)}, {_INTERVAL}"
    if low is None or high is None or _compared(low) == _compared(high):
        return f"{said} {_share(low)} to {_share(high)}"
    return f"{said} {_share(low)} {_compared(low)} to {_share(high)} {_compared(high)}"


def _table(question: str, lines: Sequence[Mapping[str, Any]]) -> TestTable:
    names = tuple(dict.fromkeys(n for line in lines for n in line.get("baseline_auc") or {}))
    by_horizon = sorted(lines, key=lambda line: line["horizon_days"])
    newest_first = sorted(by_horizon, key=lambda line: str(line["origin"]), reverse=True)
    told = [(str(line["origin"]), _line(line, names)) for line in newest_first]
    first = TOGETHER if any(origin == TOGETHER for origin, _ in told) else told[0][0]
    return TestTable(
        question=question,
        baselines=tuple(spelt(baseline_name(name)) for name in names),
        first=tuple(line for origin, line in told if origin == first),
        others=tuple(line for origin, line in told if origin != first),
    )


def _line(line: Mapping[str, Any], baselines: Sequence[str]) -> TestLine:
    theirs, origin = line.get("baseline_auc") or {}, line["origin"]
    low, high = _plain(line.get("auc_low")), _plain(line.get("auc_high"))
    return TestLine(
        origin="All together" if origin == TOGETHER else formats.day(as_day(origin)),
        horizon_days=int(line["horizon_days"]),
        accounts=formats.count(line.get("accounts")),
        events=formats.count(line.get("events")),
        auc=_plain(line.get("auc")),
        interval=f"{low} to {high}",
        baselines=tuple(_plain(theirs.get(name)) for name in baselines),
        ece=line.get("ece"),
        predicted_over_observed=_plain(line.get("predicted_over_observed")),
    )


def _plain(number: float | None) -> str:
    return formats.NOTHING if number is None or not formats.known(number) else f"{number:.2f}"


def _signed(number: float | None) -> str:
    if number is None or not formats.known(number):
        return formats.NOTHING
    return f"{formats.MINUS if number < 0 else '+'}{abs(number):.2f}"


def _share(number: float | None) -> str:
    if number is None or not formats.known(number):
        return formats.NOTHING
    return formats.unbroken(formats.percent(abs(number)))


def _compared(number: float) -> str:
    return "smaller" if number >= 0 else "larger"
