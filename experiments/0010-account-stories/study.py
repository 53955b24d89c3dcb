"""Is what a reader is told of an account true, line by line?

Runs the main job on one morning and scores the next, for the simulated company and for the
students; then tells ten accounts of each as their CSM would read them, and judges every line:
by the raw rows, read by a reading of its own, or, where it is the model that speaks, by what
the model published. A line that states nothing of the kind is said to.
"""

import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from judge import FALSE, MODEL, NOTHING, RAW, Verdict, alarm, climbed, message, reason
from published import Told, published
from raw import Account

from configs.load import Configuration
from features.simulated import simulate
from serving import formats
from serving.next_steps.queue import LEAST_CHANCE
from serving.records import reasons_of, records
from serving.report.dossier import Dossier, NextStep

STORIES, REASONS, ALARMS, MOST = 10, 6, 4, 500
Line = tuple[str, Verdict]


def stories(title: str, told: Told) -> Counter[str]:
    """Print ten accounts, spread over the ranks, and every line with its verdict."""
    scored = told.accounts.loc[told.accounts["status"] == "scored"].sort_values("rank")
    places = np.linspace(0, len(scored) - 1, STORIES).round().astype(int)
    counts: Counter[str] = Counter()
    print(f"\n## {title}, as of {told.world.as_of:%-d %B %Y}\n")
    for row in records(scored.iloc[places]):
        account = dict(row)
        name = account["name"] or account["account_id"]
        print(f"\n**{name}**, rank {account['rank']} of {len(scored)}\n")
        for text, verdict in lines(account, told):
            counts[verdict.kind] += 1
            shown = f": {verdict.shown}" if verdict.shown else ""
            print(f"- {text}  \n  *{verdict.kind}{shown}*")
    return counts


def lines(account: Mapping[str, Any], told: Told) -> Iterator[Line]:
    """Everything a CSM reads of one account, as its page has it and in the page's order."""
    own, page = told.world.account(own_id(account)), told.page(account)
    yield _risk(account, page, told)
    yield from _money(account, own, told)
    pace, row = str(account["pace"]), page.row
    done, total = int(account["milestones_done"]), int(account["milestones_total"])
    paced = row.pace.word if row.pace else ""
    yield f"{paced}, {row.climbed}", climbed(done, total, pace, own)
    for step in page.way.steps[:REASONS] if page.way else ():
        mark, text = "▲" if step.direction == "up" else "▼", _plain(step.text)
        yield f"{mark} {text}", reason(text, own, told.world)
    yield from _change(account, told)
    yield from _next(account, page, own, told)
    letters = [n for n in told.of("nudges", own_id(account)) if n["decision"] == "send"]
    for letter in letters:
        text = str(letter["text"])
        verdict = message(text, letter["milestone"], own, told.world)
        yield f"Goes out, on “{letter['milestone']}”: {text}", verdict
    yield from _alarms(account, page, own, told)


def _alarms(
    account: Mapping[str, Any], page: Dossier, own: Account, told: Told
) -> Iterator[Line]:
    mean = float(told.accounts["churn_risk"].mean())
    subjects = {a["text"]: a["subject"] for a in told.of("alerts", own_id(account))}
    for one in page.news.alarms[:ALARMS]:
        text = _plain(one.text)
        subject = subjects[text] or _named(text, told.configuration)
        slugs = subject.split(", ")
        yield f"{one.name}: {text} ({one.when})", alarm(text, slugs, own, mean)


def _plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def own_id(account: Mapping[str, Any]) -> str:
    return str(account["account_id"])


def _named(text: str, configuration: Configuration) -> str:
    """The milestone that a text names, where it names one."""
    steps = configuration.playbook.milestones
    return next((m.slug for m in steps if f"“{m.name.lower()}”" in text.lower()), "")


def _risk(account: Mapping[str, Any], page: Dossier, told: Told) -> Line:
    """The reasons must lead to it, its band hold it, and it must not fall with the horizon."""
    risk, low, high = (account[f"churn_risk{end}"] for end in ("", "_low", "_high"))
    outcomes = told.configuration.project.outcomes
    ends = [formats.percent(end) for end in (page.row.low, page.row.high)]
    band = "" if page.row.low is None else f", between {' and '.join(ends)}"
    text = (
        f"Risk within {outcomes.primary_horizon_days} days {formats.percent(risk)} "
        f"({page.row.tag.word}){band}; typical: {formats.percent(account['base_risk'])}"
    )
    led = account["base_risk"] + sum(one.points for one in reasons_of(account))
    ahead = [account[f"churn_risk_{days}d"] for days in outcomes.horizons_days]
    good = abs(led - risk) < 1e-6 and low <= risk <= high and ahead == sorted(ahead)
    return text, Verdict(MODEL if good else FALSE, f"reasons lead to {led:.4f}")


def _money(account: Mapping[str, Any], own: Account, told: Told) -> Iterator[Line]:
    if account["arr"] is not None:
        true = float(own.in_force(own.as_of)["arr"].sum())
        text = f"Pays {formats.money(account['arr'])} a year"
        good = abs(true - account["arr"]) < 0.5
        yield text, Verdict(RAW if good else FALSE, f"raw {true:,.0f}")
    if account["renews_on"] is not None:
        name = told.phrases.definitions["renewal"].name
        text = f"{name} {formats.day(account['renews_on'])}"
        good = own.renews.date() == account["renews_on"]
        yield text, Verdict(RAW if good else FALSE, f"raw {formats.day(own.renews)}")


def _change(account: Mapping[str, Any], told: Told) -> Iterator[Line]:
    """The move must be the difference of both mornings' scores, and its parts sum to it."""
    before = told.before.set_index("account_id")["churn_risk"].get(account["account_id"])
    for row in told.of("changes", own_id(account)):
        moved = account["churn_risk"] - before
        parts = sum(value for name, value in row.items() if name.endswith("_points"))
        size = formats.points(abs(moved)).removeprefix("+")
        text = str(row["text"])
        good = size in text or ("unchanged" in text and abs(moved) < 0.0005)
        good = good and abs(parts - moved) < 1e-6
        yield text, Verdict(MODEL if good else FALSE, f"moved {100 * moved:+.2f} points")


def _next(
    account: Mapping[str, Any], page: Dossier, own: Account, told: Told
) -> Iterator[Line]:
    """The step must be open by the raw rows; its dates and its evidence as published."""
    slug, step = account["next_milestone"], page.next_step
    if slug is None or step is None:
        yield from _advice(account, own, told)
        return
    rung = own.ladder[slug]
    is_open = pd.isna(rung.met) and not pd.isna(rung.opened)
    do = f". Do: {step.action}" if step.action else ""
    shown = "open by the raw rows"
    yield f"Next: {step.milestone}{do}", Verdict(RAW if is_open else FALSE, shown)
    row = next(m for m in told.of("milestones", own_id(account)) if m["milestone"] == slug)
    dates = [row[f"eta_p{q}_on"] for q in (10, 50, 90)]
    outcomes = told.configuration.project.outcomes
    horizons, primary = outcomes.horizons_days, outcomes.primary_horizon_days
    chances = [row[f"chance_{days}d"] for days in horizons]
    known = [day for day in dates if day is not None]
    good = known == sorted(known) and chances == sorted(chances)
    good = good and (dates[1] is not None) == (chances[-1] >= 0.5)
    shown = f"{chances[-1]:.3f} by the end; in order, and a date where it is likely"
    by = f"ETA {formats.day(dates[1])}"
    if dates[1] is None:
        by = f"not expected within {horizons[-1]} days"
    elif dates[2] is not None:
        by += f" ({formats.day(dates[0])} to {formats.day(dates[2])})"
    chance = formats.percent(row[f"chance_{primary}d"])
    yield (
        f"{chance} chance within {primary} days; {by}",
        Verdict(MODEL if good else FALSE, shown),
    )
    if step.doubt:
        open_ones = [m for m in told.of("milestones", own_id(account)) if m["state"] == "open"]
        best = max(m[f"chance_{primary}d"] for m in open_ones)
        good = chance in step.doubt and ("likelier" in step.doubt) == (best >= LEAST_CHANCE)
        shown = f"the likeliest that is open has {best:.4f}"
        yield _plain(step.doubt), Verdict(MODEL if good else FALSE, shown)
    yield from _evidence(account, slug, step, told)


def _advice(account: Mapping[str, Any], own: Account, told: Told) -> Iterator[Line]:
    """What is to be done where nothing is open: the day and the risk must be so."""
    if text := account["next_action"]:
        times = formats.about(account["churn_risk"] / told.accounts["churn_risk"].mean())
        left = f"in {formats.days(-own.ago(own.renews))}"
        facts = (formats.day(own.renews), left, f"{times} times")
        good = all(fact in text for fact in facts)
        shown = f"raw {formats.day(own.renews)}, {left}; {times} times the mean risk"
        yield f"Nothing open. Do: {text}", Verdict(RAW if good else FALSE, shown)


def _evidence(
    account: Mapping[str, Any], slug: str, step: NextStep, told: Told
) -> Iterator[Line]:
    audit = told.tables["audit"]
    own = audit["milestone"].eq(slug) & audit["segment"].eq(account["segment"])
    (row,) = records(audit.loc[own])
    points = account["next_effect_points"]
    good = account["next_evidence"] == row["evidence"]
    if points is not None:
        good = good and abs(points - row["points"]) < 1e-9
    effect = f"{_plain(step.effect)}. " if step.effect else ""
    text = f"{effect}Evidence: {step.evidence}"
    yield text, Verdict(MODEL if good else FALSE, f"audit: {row['evidence']}, {row['verdict']}")


def ladders(told: Told) -> str:
    """Hold the raw rows' ladder against the published one, for the accounts ranked first."""
    first = told.accounts.sort_values("rank")["account_id"].head(MOST)
    rows = told.tables["milestones"]
    met = due = progress = 0
    own = rows.loc[rows["account_id"].isin(first)]
    for row in records(own):
        rung = told.world.account(str(row["account_id"])).ladder[str(row["milestone"])]
        reached = row["achieved_at"]
        same = pd.isna(rung.met) if reached is None else rung.met.date() == _day(reached)
        met += not same
        if row["state"] == "open":
            due += (None if pd.isna(rung.due) else rung.due.date()) != row["due_on"]
            progress += abs(rung.progress - row["progress"]) > 1e-6
    return f"{len(own)} | {met} | {due} | {progress}"


def _day(moment: Any) -> date:
    return pd.Timestamp(moment).date()


def main(names: list[str], lake: Path) -> None:
    """Tell and judge the stories, and count the verdicts."""
    data = lake / "stories-data"
    if "company" in names and "MILEPOST_DEMO_DATA" not in os.environ:
        if not data.is_dir():
            simulate(data, accounts=500, seed=7)
        os.environ["MILEPOST_DEMO_DATA"] = str(data)
    titles = {"company": "The simulated company", "students": "The Open University's students"}
    told = {name: published(name, lake) for name in names}
    counted = {name: stories(titles[name], told[name]) for name in names}
    kinds = (RAW, MODEL, NOTHING, FALSE)
    print(f"\n### Lines\n\n| | lines | {' | '.join(kinds)} |\n|---|---|---|---|---|---|")
    for name, counts in counted.items():
        cells = " | ".join(str(counts[kind]) for kind in kinds)
        print(f"| {titles[name]} | {counts.total()} | {cells} |")
    print(
        f"\n### Ladders of the {MOST} accounts ranked first, by the raw rows and as published\n"
    )
    print("| | milestones | reached another day | due another day | other progress |")
    print("|---|---|---|---|---|")
    for name in names:
        print(f"| {titles[name]} | {ladders(told[name])} |")


if __name__ == "__main__":
    _lake, *_names = sys.argv[1:] or ("lake",)
    main(_names or ["company", "students"], Path(_lake).absolute() / "stories")
