"""What is the hidden state of every account on the mornings of which the truth is told?"""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from features.simulated.company import Company
from features.simulated.journeys import Journeys, term_ends
from features.simulated.ladder import DASHBOARDS_DONE, RUNGS, SPINE, side_gate
from features.simulated.laws import SEGMENTS
from features.simulated.weeks import Bools, Ints, Span

NO_END = 10_000
WEEKS_AHEAD = 26
"""As far as the longest horizon reaches."""


@dataclass(frozen=True, slots=True, eq=False)
class Outlooks:
    """One entry per account and morning, of accounts that have begun and not ended."""

    account: Ints
    week: Ints
    """The morning is that of this week's Monday."""
    segment: Ints
    is_monthly: Bools
    industry_group: Ints
    state: Ints
    """The hidden state of the week just past."""
    place: Ints
    review: Ints
    integration: Ints
    dashboards: Ints
    is_leaving: Bools
    """Decided not to renew; leaves at ``ends_in`` whatever happens, unless acquired before."""
    ends_in: Ints
    """Days to the end of the newest term that was decided to begin."""
    decides_in: Ints
    """Weeks to the decision about the next term (0: this week)."""
    shock_in: Ints
    """Weeks to the first week under the price shock (0: already under it)."""
    due: Bools
    """Whether a monthly term ends in each of the weeks ahead, a column each."""
    due_day: Ints
    """Days to that end."""

    def where(self, keep: Bools | Ints) -> Self:
        return type(self)(*(getattr(self, f.name)[keep] for f in fields(self)))

    def __len__(self) -> int:
        return len(self.account)

    def is_open(self, slug: str) -> Bools:
        """Whether a milestone applies, may be reached now, and is not reached."""
        applies = np.array([name in RUNGS[slug].segments for name in SEGMENTS])[self.segment]
        if slug in SPINE.done_at:
            opens, done = SPINE.opens_at[slug], SPINE.done_at[slug]
            return applies & (self.place >= opens) & (self.place < done)
        at, top = self.side(slug)
        return applies & (self.place >= side_gate(slug)) & (at < top)

    def side(self, slug: str) -> tuple[Ints, int]:
        """Where each stands on a side milestone, and where it is reached."""
        if slug == "dashboards_polished":
            return self.dashboards, DASHBOARDS_DONE
        at = self.review if slug == "executive_review_held" else self.integration
        return at, RUNGS[slug].steps


def outlooks(
    company: Company,
    journeys: Journeys,
    *,
    span: Span,
    shock_day: int,
    weeks: Ints | None = None,
) -> Outlooks:
    """Stand on each morning of the truth (or of these weeks) and look at every live account."""
    weeks = span.morning_weeks if weeks is None else weeks
    alive = (company.first_week[:, None] < weeks) & (journeys.exit_day[:, None] >= 7 * weeks)
    account, at = np.nonzero(alive)
    week = weeks[at]
    term = journeys.term[account, week].astype(np.int64)
    ends = _end_of(company, account, term=term, span=span)
    due, due_day = _months_ahead(company, account, week=week, term=term, span=span)
    first_shocked = -(-shock_day // 7)
    return Outlooks(
        account=account,
        week=week,
        segment=company.segment[account],
        is_monthly=company.is_monthly[account],
        industry_group=company.industry_group[account],
        state=journeys.state[account, week - 1].astype(np.int64),
        place=journeys.place[account, week].astype(np.int64),
        review=journeys.review[account, week].astype(np.int64),
        integration=journeys.integration[account, week].astype(np.int64),
        dashboards=journeys.dashboards[account, week].astype(np.int64),
        is_leaving=~journeys.leaves_undecided[account, week],
        ends_in=ends - 7 * week,
        decides_in=ends // 7 - company.lead_weeks[account] - week,
        shock_in=np.maximum(first_shocked - week, 0),
        due=due,
        due_day=due_day,
    )


def _end_of(company: Company, account: Ints, *, term: Ints, span: Span) -> Ints:
    ends = np.zeros(len(account), dtype=np.int64)
    every = np.zeros(len(company), dtype=np.int64)
    for number in range(int(term.max(initial=0)) + 1):
        it = term == number
        ends[it] = term_ends(company, every + number, span=span)[account[it]]
    return ends


def _months_ahead(
    company: Company, account: Ints, *, week: Ints, term: Ints, span: Span
) -> tuple[Bools, Ints]:
    due = np.zeros((len(account), WEEKS_AHEAD), dtype=bool)
    due_day = np.full((len(account), WEEKS_AHEAD), NO_END)
    monthly = np.flatnonzero(company.is_monthly[account])
    for following in range(7):
        day = _end_of(company, account[monthly], term=term[monthly] + following, span=span)
        ahead = day // 7 - week[monthly]
        near = (ahead >= 0) & (ahead < WEEKS_AHEAD)
        due[monthly[near], ahead[near]] = True
        due_day[monthly[near], ahead[near]] = (day - 7 * week[monthly])[near]
    return due, due_day
