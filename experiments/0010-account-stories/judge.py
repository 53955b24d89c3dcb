"""Is one sentence about one account true, by the raw rows or by what the model published?"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from raw import Account
from recounts import ATTRIBUTE, RECOUNTS, TREND, is_near, number
from world import World

from serving import formats

RAW, MODEL, FALSE, NOTHING = "true", "as published", "FALSE", "not recounted"
PLACE = re.compile(
    r"(?P<own>.*): (?:(?P<way>ahead of|behind) about (?P<share>[\d.]+ %)|"
    r"in the (?P<mid>middle)|more than (?P<first>any)) of \w+ like this .*"
)
COHORT = re.compile(
    r"([\d.]+ %) of (?:those who began the module with them withdrew|the accounts of "
    r"its segment that began in the same month were found to have left) in the last 4 weeks"
)
OTHER_END = re.compile(
    r"(?:The module may be|The module will hardly be) completed first: "
    r"((?:under |over )?[\d.]+ %) within these (\d+) days"
)
BESIDE = re.compile(
    r"(?P<own>.*?)(?:; \w+ like this: (?P<usual>.+)|(?P<same>, the same as) .*)$"
)


@dataclass(frozen=True)
class Verdict:
    """What was found of a line, and what was held against what."""

    kind: str
    shown: str = ""


def first_number(text: str) -> str | None:
    """The first number of a few words: of "12 days early" it is 12."""
    found = re.search(r"[\d,.]+(?: %)?|\ball\b", text)
    return found[0] if found else None


def reason(text: str, a: Account, world: World) -> Verdict:
    """Recount a reason: its own fact, and its peers' or its place among them."""
    if place := PLACE.fullmatch(text):
        return _placed(place, a, world)
    beside = BESIDE.match(text)
    own = beside["own"] if beside else text
    if trend := TREND.fullmatch(own):
        return _trended(trend, a)
    for pattern, recount in RECOUNTS:
        if found := re.fullmatch(pattern, own):
            return _recounted(found, recount, a, world, beside)
    return _of_others(own, a, world)


def _of_others(own: str, a: Account, world: World) -> Verdict:
    """Hold what is no amount of the account's own against the rows of others, or its own."""
    if found := OTHER_END.match(own):
        # The model's own chance; whether the module ends in time to be completed is a fact.
        left = -a.ago(a.renews)
        within, chance = left <= float(found[2]), number(found[1].split("er ")[-1])
        good = within == (chance >= 0.5)
        return Verdict(MODEL if good else FALSE, f"the module ends in {left:.0f} days")
    if found := COHORT.match(own):
        true = world.cohort_left(a)
        good = is_near(found[1], true)
        return Verdict(RAW if good else FALSE, f"said {found[1]}, raw {true:.4f}")
    if found := ATTRIBUTE.fullmatch(own):
        said, true = found["value"], str(a.own.get(found["name"].lower(), "")).replace("_", " ")
        if true:
            return Verdict(RAW if said == true else FALSE, f"said {said}, raw {true}")
    return Verdict(NOTHING)


def _said(found: re.Match[str]) -> str | None:
    groups = found.groupdict()
    return groups.get("n") or groups.get("m")


def _recounted(
    found: re.Match[str],
    recount: Callable[[Account, re.Match[str]], float],
    a: Account,
    world: World,
    beside: re.Match[str] | None,
) -> Verdict:
    if found.groupdict().get("w", "") is None:
        found = re.match(r"(?P<w>.+)", found["v"]) or found
    true = float(recount(a, found))
    said = _said(found)
    good, shown = is_near(said, true), f"said {said or 'none'}, raw {true:.4g}"
    if beside and (beside["usual"] or beside["same"]):
        usual = world.median(a, recount, found)
        told = first_number(beside["usual"]) if beside["usual"] else said
        way = {"early": "late", "late": "early"}
        other = next((way[word] for word in way if f"days {word}" in found[0]), None)
        turned = beside["usual"] and other and other in beside["usual"]
        close = is_near(told, -usual if turned else usual)
        good, shown = good and close, f"{shown}; peers said {told}, raw {usual:.4g}"
    return Verdict(RAW if good else FALSE, shown)


def _placed(place: re.Match[str], a: Account, world: World) -> Verdict:
    for pattern, recount in RECOUNTS:
        if found := re.fullmatch(pattern, place["own"]):
            if found.groupdict().get("w", "") is None:
                found = re.match(r"(?P<w>.+)", found["v"]) or found
            true, rank = float(recount(a, found)), world.place(a, recount, found)
            said = _said(found)
            told = rank if place["way"] == "ahead of" else 1 - rank
            good = abs(rank - 0.5) <= 0.051 if place["mid"] else rank > 1 - 1e-9
            if place["way"]:
                good = abs(number(place["share"]) - min(told, 0.99)) <= 0.0051
            good = good and is_near(said, true)
            shown = f"said {said or 'none'}, raw {true:.4g}; ahead of {rank:.1%} of its peers"
            return Verdict(RAW if good else FALSE, shown)
    return Verdict(NOTHING)


def _trended(trend: re.Match[str], a: Account) -> Verdict:
    from recounts import _trend

    then, now = _trend(a, trend)
    told = [trend["then"] or trend["both"], trend["now"] or trend["both"]]
    shown = f"said {told[0]} → {told[1]}, raw {then:.3g} → {now:.3g}"
    good = told == [formats.about(then), formats.about(now)]
    return Verdict(RAW if good else FALSE, shown)


def message(text: str, slug: str, a: Account, world: World) -> Verdict:
    """Recount what a message says of the customer's own progress and of its peers."""
    rung, checks = a.ladder[slug], []
    if found := re.search(r"(?:open|waiting|open for|waiting for) (?:for )?(\d+) days", text):
        checks.append((found[1], a.ago(rung.opened)))
    if found := re.match(r"(\d+)% of (?:companies|students)", text):
        checks.append((f"{found[1]} %", world.in_time(a.segment, slug)))
    if found := re.search(r"(\d+)% of the way", text):
        checks.append((f"{found[1]} %", rung.progress))
    if found := re.match(r"(\d+) of (\d+) ", text):
        checks.append((found[1], rung.progress * float(found[2])))
    if not checks and not pd.isna(rung.met):
        lately = a.ago(rung.met) <= 7
        return Verdict(RAW if lately else FALSE, f"reached on {formats.day(rung.met)}")
    if not checks:
        return Verdict(NOTHING)
    shown = "; ".join(f"said {said}, raw {true:.4g}" for said, true in checks)
    return Verdict(RAW if all(is_near(s, t) for s, t in checks) else FALSE, shown)


def alarm(text: str, slugs: Sequence[str], a: Account, mean: float) -> Verdict:
    """Recount the evidence of an alert: of several milestones, each part by its own."""
    parts = re.sub(r"^\d+ \w+ are [a-z]+: ", "", text).split("; ") if slugs[1:] else [text]
    told = zip(parts, slugs, strict=True)
    held = [each for part, slug in told for each in _evidence(part, slug, a, mean)]
    if not held:
        return Verdict(NOTHING)
    shown = "; ".join(f"said {said}, found {true}" for said, true in held)
    good = all(said == true for said, true in held)
    return Verdict(RAW if good else FALSE, shown)


def _evidence(text: str, slug: str, a: Account, mean: float) -> Iterator[tuple[str, str]]:
    if slug in a.ladder:
        rung = a.ladder[slug]
        yield from _dates(text, rung, a)
    if found := re.search(
        r"Active (\w+?)s: (\d+) in the last 4 weeks; (\d+) in .* before", text
    ):
        now, then = (
            a.by_role(found[1], 28)["user_id"].nunique(),
            a.by_role(found[1], 56, until=28)["user_id"].nunique(),
        )
        yield from ((found[2], str(now)), (found[3], str(then)))
    if found := re.search(r"(?:Used|Active) on (\d+) of the last 28 days; on (\d+) of", text):
        days = [
            a.rows("activity", 28 + u, until=u)["occurred_at"].dt.normalize().nunique()
            for u in (0, 28)
        ]
        yield from ((found[1], str(days[0])), (found[2], str(days[1])))
    if found := re.search(r"the mean of all is ([\d.]+ %)", text):
        yield found[1], formats.percent(mean)
    if found := re.search(r"(?:Renews|ends) on (\d+ \w+ \d+), in (\d+) days?", text):
        yield from ((found[1], formats.day(a.renews)), (found[2], f"{-a.ago(a.renews):.0f}"))


def _dates(text: str, rung: object, a: Account) -> Iterator[tuple[str, str]]:
    due, met, opened = (getattr(rung, name) for name in ("due", "met", "opened"))
    if found := re.search(r"(?:due on|due date of) (\d+ \w+ \d+)", text):
        yield found[1], formats.day(due)
    if found := re.search(r"open for ([\d,]+) days?", text):
        yield found[1], formats.count(a.ago(opened))
    if found := re.search(r"stuck: ([\d,]+) days? past", text):
        yield found[1], formats.count(a.ago(due))
    if found := re.search(r"reached on (\d+ \w+ \d+), (?:is lost|“)", text):
        yield found[1], formats.day(met)
        yield "lost", "lost" if rung.is_lost else "not lost"  # type: ignore[attr-defined]
    if found := re.search(r"([\d.]+ %) of the way", text):
        yield found[1], formats.percent(min(rung.progress, 1.0))  # type: ignore[attr-defined]


def climbed(done: int, total: int, pace: str, a: Account) -> Verdict:
    """Recount how far it is, and whether something open is past its date."""
    reached = sum(not pd.isna(rung.met) for rung in a.ladder.values())
    late = [
        a.ago(rung.due)
        for rung in a.ladder.values()
        if pd.isna(rung.met) and not pd.isna(rung.opened) and not pd.isna(rung.due)
    ]
    worst = max(late, default=-np.inf)
    is_late = worst > 0
    good = (reached, len(a.ladder)) == (done, total) and is_late == (
        pace in ("behind", "stuck")
    )
    shown = f"raw {reached} of {len(a.ladder)}, {'late' if is_late else 'nothing late'}"
    return Verdict(RAW if good else FALSE, shown)
