"""What does an account's page say, so that its CSM can call after reading for half a minute?"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from configs.phrases import Phrases
from configs.playbook import Milestone
from serving import formats
from serving.next_steps.queue import LEAST_CHANCE
from serving.records import Record, reasons_of
from serving.report.charts import share_bar, week_columns
from serving.report.facts import Book, Row, milestone_name
from serving.report.labels import evidence_in_words, spelt
from serving.report.ladder import Rung, rungs
from serving.report.news import News, NewsDesk
from serving.report.steps import Way, way

WEEKS_SHOWN = 26


@dataclass(frozen=True, slots=True)
class Ahead:
    """The risk within so many days."""

    days: int
    until: dt.date
    risk: float
    bar: Markup
    is_primary: bool


@dataclass(frozen=True, slots=True)
class Trend:
    """A line of weekly amounts, drawn and in words."""

    title: str
    words: str
    drawing: Markup


@dataclass(frozen=True, slots=True)
class RoleLine:
    """How one role uses the product."""

    role: str
    active: str
    last_active_on: dt.date | None


@dataclass(frozen=True, slots=True)
class NextStep:
    """What to do next with the customer, and how sure we are that it helps."""

    milestone: str
    purpose: str
    action: str | None
    doubt: str | None
    """What speaks against it, where it will hardly be reached."""
    nudge: str | None
    effect: str | None
    evidence: str | None


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything on one account's page."""

    row: Row
    ahead: tuple[Ahead, ...]
    way: Way | None
    rungs: tuple[Rung, ...]
    climbed: str
    is_done: bool
    """Whether there is no milestone left to reach."""
    lost: tuple[str, ...]
    """The milestones that were reached and lost again."""
    win_back: str | None
    """What to do about the first of them."""
    next_step: NextStep | None
    trends: tuple[Trend, ...]
    roles: tuple[RoleLine, ...]
    renewal: str | None
    expansion_chance: float | None
    news: News


@dataclass(frozen=True, slots=True)
class Sources:
    """What the pages are made from, beside the account's own row."""

    milestones: Mapping[str, Sequence[Record]]
    usage: Mapping[str, Sequence[Record]]
    weeks: tuple[dt.date, ...]
    tells_people: bool
    """Whether any account ever has more than one person active, so that their number tells."""
    roles: Mapping[str, Sequence[Record]]
    playbook: Sequence[Milestone]
    phrases: Phrases
    desk: NewsDesk


def dossier(account: Record, one: Row, *, book: Book, sources: Sources) -> Dossier:
    """Decide what the page of one account says."""
    account_id, slug = one.account_id, account.get("next_milestone")
    told = sources.milestones.get(account_id, ())
    gone = {line["milestone"] for line in told if line["state"] == "lost"}
    lost = [m for m in sources.playbook if m.slug in gone]
    return Dossier(
        row=one,
        ahead=_ahead(account, book),
        way=_way(account, sources.phrases),
        rungs=rungs(told, sources.playbook, next_slug=slug, book=book),
        climbed=one.climbed or f"no {book.words.milestone[0]} of the playbook applies",
        is_done=account.get("pace") == "done" and slug is None,
        lost=tuple(milestone_name(m.slug, book) for m in lost),
        win_back=next((action for m in lost[:1] for action in m.actions[:1]), None),
        next_step=_next_step(account, one, told, sources.playbook, book=book),
        trends=_trends(sources.usage.get(account_id, ()), sources),
        roles=tuple(_role(line) for line in sources.roles.get(account_id, ())),
        renewal=_renewal(one.renews_on, book.as_of),
        expansion_chance=account.get("expansion_chance"),
        news=sources.desk.news(account_id),
    )


def _way(account: Record, phrases: Phrases) -> Way | None:
    risk, base = account.get("churn_risk"), account.get("base_risk")
    if risk is None or base is None:
        return None
    return way(reasons_of(account), base_risk=base, risk=risk, phrases=phrases)


def _ahead(account: Record, book: Book) -> tuple[Ahead, ...]:
    risks = {days: account.get(f"churn_risk_{days}d") for days in book.horizons}
    return tuple(
        Ahead(
            days=days,
            until=book.as_of + dt.timedelta(days=days),
            risk=risk,
            bar=share_bar(risk),
            is_primary=days == book.horizon,
        )
        for days, risk in risks.items()
        if risk is not None
    )


def _next_step(
    account: Record,
    one: Row,
    told: Sequence[Record],
    playbook: Sequence[Milestone],
    *,
    book: Book,
) -> NextStep | None:
    if one.next_milestone is None:
        return None
    purpose = next((m.purpose for m in playbook if m.slug == account["next_milestone"]), "")
    return NextStep(
        milestone=one.next_milestone,
        purpose=purpose,
        action=one.next_action,
        doubt=_doubt(account["next_milestone"], told, book),
        nudge=account.get("nudge"),
        effect=_effect(account, book.horizons[-1]),
        evidence=evidence_in_words(account.get("next_evidence"), book.words),
    )


def _doubt(slug: str, told: Sequence[Record], book: Book) -> str | None:
    """Say plainly that a step will hardly be reached, and which open one is likelier."""
    chances = {
        line["milestone"]: line.get(f"chance_{book.horizon}d") or 0.0
        for line in told
        if line["state"] == "open"
    }
    own, within = chances.get(slug, 0.0), f"within {formats.days(book.horizon)}"
    if not any(chances.values()) or own >= LEAST_CHANCE:
        return None
    best = max(chances, key=lambda each: chances[each])
    lead = f"Hardly likely {within} ({formats.percent(own)})"
    if chances[best] < LEAST_CHANCE:
        return f"{lead}, and nothing else that is open is: ask first what stands in the way"
    return f"{lead}; likelier: “{milestone_name(best, book)}”, {formats.percent(chances[best])}"


def _effect(account: Record, days: int) -> str | None:
    points = account.get("next_effect_points")
    if points is None:
        return None
    low, high = account.get("next_effect_low"), account.get("next_effect_high")
    risk = f"the risk of leaving within {formats.days(days)}"
    told = f"Reaching it changes {risk} by {formats.points(points)} points"
    if low is None or high is None:
        return told
    return f"{told} (between {formats.points(low)} and {formats.points(high)})"


def _trends(told: Sequence[Record], sources: Sources) -> tuple[Trend, ...]:
    if not sources.weeks:
        return ()
    by_week = {line["week_on"]: line for line in told}
    shown = ("active_users", "activity_count") if sources.tells_people else ("activity_count",)
    lines = {
        name: [float(by_week.get(week, {}).get(name) or 0.0) for week in sources.weeks]
        for name in shown
    }
    names = {name: spelt(sources.phrases.measure[name].name) for name in shown}
    return tuple(
        Trend(names[name], _in_words(each), week_columns(each)) for name, each in lines.items()
    )


def _in_words(amounts: Sequence[float]) -> str:
    if not any(amounts):
        return "none in any of these weeks"
    last, top = formats.count(amounts[-1]), formats.count(max(amounts))
    usual = formats.about(sum(amounts) / len(amounts))
    return f"{last} in the last week; {usual} on average; {top} at most"


def _role(line: Record) -> RoleLine:
    lately, quarter = line.get("active_people"), line.get("quarter_people")
    active = f"{formats.count(lately) if lately else 'nobody'} active in the last 4 weeks"
    return RoleLine(
        role=spelt(str(line["role"])),
        active=f"{active}, {formats.count(quarter)} in the last 13"
        if quarter
        else "nobody active in the last 13 weeks",
        last_active_on=line.get("last_active_on"),
    )


def _renewal(renews_on: dt.date | None, as_of: dt.date) -> str | None:
    if renews_on is None:
        return None
    left = (renews_on - as_of).days
    if left == 0:
        return "today"
    return f"in {formats.days(left)}" if left > 0 else f"{formats.days(-left)} ago"
