"""Which pages are there, and what is on all of them?"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import pandas as pd

from configs.load import Configuration
from configs.phrases import Phrases, Words
from serving import formats
from serving.prioritise import this_week
from serving.records import Record, by_account, records
from serving.report.addresses import page_names
from serving.report.chapters import Chapter, written_chapters
from serving.report.dossier import WEEKS_SHOWN, Dossier, Sources, dossier
from serving.report.facts import Book, Row, as_shown, row
from serving.report.glossary import Entry, families, terms
from serving.report.material import Material
from serving.report.news import NewsDesk, news_for_people
from serving.report.totals import Total, totals
from serving.report.trust import Trust, as_day, trust
from serving.report.weeks import OwnersWeek, weeks_of_owners


@dataclass(frozen=True, slots=True)
class Link:
    """Another account's page."""

    page: str
    title: str


@dataclass(frozen=True, slots=True)
class Page:
    """One account's page, and the pages before and after it in the order of work."""

    content: Dossier
    before: Link | None
    after: Link | None


@dataclass(frozen=True, slots=True)
class Site:
    """Everything that the pages say."""

    book: Book
    trust: Trust
    phrases: Phrases
    terms: Mapping[str, Entry]
    families: Mapping[str, Entry]
    rows: tuple[Row, ...]
    totals: tuple[Total, ...]
    weeks: tuple[OwnersWeek, ...]
    owners: tuple[str, ...]
    segments: tuple[str, ...]
    cut: str | None
    """What to say of accounts without a page of their own, where there are any."""
    chapters: tuple[tuple[Chapter, object], ...]
    """The other pages, with what they say."""
    ranked: Sequence[Record]
    sources: Sources

    def pages(self) -> Iterator[Page]:
        """Give the account pages one after the other, in the order of work."""
        paged = [(a, r) for a, r in zip(self.ranked, self.rows, strict=True) if r.page]
        links = [Link(str(one.page), one.title) for _, one in paged]
        around = zip([None, *links], [*links[1:], None], strict=False)
        for (account, one), (before, after) in zip(paged, around, strict=False):
            content = dossier(account, one, book=self.book, sources=self.sources)
            yield Page(content, before=before, after=after)


def site(
    *,
    accounts: pd.DataFrame,
    milestones: pd.DataFrame,
    usage: pd.DataFrame,
    roles: pd.DataFrame | None,
    run: Mapping[str, Any],
    configuration: Configuration,
    phrases: Phrases,
    tables: Mapping[str, pd.DataFrame],
) -> Site:
    """Decide everything that the pages say."""
    ordered = accounts.sort_values(["rank", "account_id"], kind="stable")
    ranked = [as_shown(account) for account in records(ordered)]
    told = by_account(milestones)
    known = {"accounts": accounts, "milestones": milestones, **tables}
    desk = NewsDesk(news_for_people(known), phrases)
    book = _book(accounts, ranked, told, run=run, configuration=configuration, desk=desk)
    rows = tuple(row(account, book) for account in ranked)
    material = Material(book, known, run, configuration, phrases)
    return Site(
        book=book,
        trust=trust(run, as_of=book.as_of),
        phrases=phrases,
        terms=terms(phrases, book=book),
        families=families(phrases, book=book),
        rows=rows,
        totals=totals(rows, book),
        weeks=weeks_of_owners(rows, book),
        owners=tuple(sorted({one.owner for one in rows if one.owner})),
        segments=tuple(sorted({one.segment for one in rows if one.segment})),
        cut=_cut(len(book.pages), len(rows), book.words),
        chapters=tuple(written_chapters(material)),
        ranked=ranked,
        sources=_sources(told, usage, roles, material, desk),
    )


def _sources(
    told: Mapping[str, Sequence[Record]],
    usage: pd.DataFrame,
    roles: pd.DataFrame | None,
    material: Material,
    desk: NewsDesk,
) -> Sources:
    return Sources(
        milestones=told,
        usage=by_account(usage),
        weeks=_weeks(usage, material.book.as_of),
        tells_people=bool((usage["active_users"] > 1).any()),
        roles={} if roles is None else by_account(roles),
        playbook=material.configuration.playbook.milestones,
        phrases=material.phrases,
        desk=desk,
    )


def _book(
    accounts: pd.DataFrame,
    ranked: Sequence[Record],
    told: Mapping[str, Sequence[Record]],
    *,
    run: Mapping[str, Any],
    configuration: Configuration,
    desk: NewsDesk,
) -> Book:
    project = configuration.project
    paged = [str(account["account_id"]) for account in ranked[: project.serving.account_pages]]
    return Book(
        project=project.name,
        as_of=as_day(run.get("as_of")) or _as_of(ranked),
        horizon=project.outcomes.primary_horizon_days,
        horizons=tuple(project.outcomes.horizons_days),
        capacity=project.serving.capacity_per_owner,
        currency=project.serving.currency,
        words=desk.words,
        shows_baseline=any(account.get("risk_source") == "baseline" for account in ranked),
        shows_risks=any(account.get("churn_risk") is not None for account in ranked),
        average_risk=_average(ranked),
        milestone_names={m.slug: m.name for m in configuration.playbook.milestones},
        pages=page_names(paged),
        etas={
            (account_id, line["milestone"]): line
            for account_id, lines in told.items()
            for line in lines
        },
        lost=_lost(told),
        has_arr=any(account.get("arr") is not None for account in ranked),
        has_owners=any(account.get("owner") for account in ranked),
        has_renewals=any(account.get("renews_on") is not None for account in ranked),
        has_segments=bool(project.segments),
        moves=_of_each(ranked, desk.text_of_move),
        places=_of_each(ranked, desk.place),
        alarms=_of_each(ranked, desk.new_alarms),
        set_aside=_of_each(ranked, desk.set_aside),
        this_week=_this_week(accounts, desk, project.serving.capacity_per_owner),
    )


def _this_week(accounts: pd.DataFrame, desk: NewsDesk, capacity: int) -> frozenset[str]:
    """The accounts of this week's lists; by rank alone where no lists were made."""
    worked = this_week(accounts, capacity=capacity)
    by_rank = frozenset(map(str, accounts.loc[worked, "account_id"]))
    listed = desk.this_week()
    return by_rank if listed is None else listed


Told = TypeVar("Told")


def _of_each(
    ranked: Sequence[Record], told: Callable[[str], Told | None]
) -> Mapping[str, Told]:
    """What is told of each account of which anything is."""
    ids = [str(account["account_id"]) for account in ranked]
    return {i: said for i in ids if (said := told(i))}


def _lost(told: Mapping[str, Sequence[Record]]) -> Mapping[str, int]:
    return Counter(
        account_id
        for account_id, lines in told.items()
        for line in lines
        if line["state"] == "lost"
    )


def _as_of(ranked: Sequence[Record]) -> dt.date:
    return ranked[0]["as_of"] if ranked else dt.date(1970, 1, 1)


def _average(ranked: Sequence[Record]) -> float | None:
    """Give the mean risk of the scored accounts, beside which a risk is high or low."""
    risks: list[float] = [a["churn_risk"] for a in ranked if a.get("churn_risk") is not None]
    return sum(risks) / len(risks) if risks else None


def _cut(pages: int, accounts: int, words: Words) -> str | None:
    if pages >= accounts:
        return None
    first = f"The first {formats.count(pages)} of {formats.count(accounts)} {words.account[1]}"
    return (
        f"{first} by rank have a page of their own; the others stand in this list only. "
        "All of them are in accounts.parquet."
    )


def _weeks(usage: pd.DataFrame, as_of: dt.date) -> tuple[dt.date, ...]:
    """Give every week since the first with any use; a week of silence is one too."""
    known = [line["week_on"] for line in records(usage[["week_on"]].drop_duplicates())]
    count = (as_of - min(known)).days // 7 if known else 0
    shown = range(min(count, WEEKS_SHOWN), 0, -1)
    return tuple(as_of - dt.timedelta(days=7 * back) for back in shown)
