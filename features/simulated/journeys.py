"""What happens to each account, week by week: its hidden state, its climb, its end?

The order of things within a week: the hidden state moves; where a renewal is due for decision
it is decided, by the state of this week and the milestones reached before it; whoever leaves or
is acquired this week takes no step; everybody else may take a step on each open milestone.
"""

from dataclasses import dataclass, field

import numpy as np

from features.simulated.company import Company
from features.simulated.ladder import (
    DASHBOARDS_DONE,
    RUNGS,
    SPINE,
    SPINE_SLUGS,
    dashboards_after,
    side_gate,
)
from features.simulated.laws import (
    ACQUIRED_A_WEEK,
    INDUSTRY_HAZARD,
    SEGMENTS,
    SHOCK,
    leaving_hazard,
    start_chances,
    step_chance,
    transitions,
)
from features.simulated.weeks import NEVER, Bools, Codes, Floats, Ints, Span

STAYS, CHURNS, IS_ACQUIRED = 0, 1, 2
SIDE_NAMES = {"executive_review_held": "review", "systems_integrated": "integration"}


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Steps taken on milestones: the last one of a milestone is the moment it is reached."""

    account: Ints
    rung: Ints
    """Index into the ladder (RUNGS)."""
    step: Ints
    week: Ints
    day: Ints
    """Day of the step's last row."""
    is_last: Bools


@dataclass(frozen=True, slots=True, eq=False)
class Renewals:
    """Terms that were renewed: which one begins, when it was decided, in which state."""

    account: Ints
    term: Ints
    week: Ints
    state: Ints
    place: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Journeys:
    """Everything that happened, hidden or not. Weeks run along the second axis."""

    state: Codes
    """Hidden state in each week; -1 before the first and after the last week."""
    place: Codes
    """Place on the spine at the start of each week (one more column: at the end)."""
    review: Codes
    integration: Codes
    dashboards: Codes
    term: Codes
    """Terms already decided to begin, at the start of each week."""
    leaves_undecided: Bools
    """False from the decision not to renew on, at the start of each week."""
    exit_day: Ints
    exit_kind: Ints
    steps: Steps
    renewals: Renewals

    def reached_day(self, slug: str) -> Ints:
        """The day on which each account reached a milestone; NEVER where it did not."""
        day = np.full(len(self.exit_day), NEVER)
        it = self.steps.is_last & (self.steps.rung == _index(slug))
        day[self.steps.account[it]] = self.steps.day[it]
        return day

    def last_week(self) -> Ints:
        """The week of the exit; NEVER for those who stay."""
        return np.where(self.exit_day < NEVER, self.exit_day // 7, NEVER)


def term_ends(company: Company, term: Ints, *, span: Span) -> Ints:
    """The day on which each account's term (0 is the first) ends: the first not covered."""
    months = np.where(company.is_monthly, 1, 12)
    return span.months_later(company.starts_day, months * (term + 1))


def live(company: Company, *, span: Span, shock_day: int, rng: np.random.Generator) -> Journeys:
    """Live through the span, all accounts at once."""
    walk = _Walk(company, span, shock_day, rng)
    for week in range(span.weeks):
        walk.one_week(week)
    return walk.told()


@dataclass
class _Walk:
    company: Company
    span: Span
    shock_day: int
    rng: np.random.Generator
    steps: list[tuple[Ints, ...]] = field(default_factory=list)
    renewed: list[tuple[Ints, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        count, weeks = len(self.company), self.span.weeks
        self.now = {
            name: np.zeros(count, dtype=np.int64)
            for name in ("place", "review", "integration", "dashboards", "term", "doomed")
        }
        self.path = {name: np.zeros((count, weeks + 1), dtype=np.int8) for name in self.now}
        self.states = np.full((count, weeks), -1, dtype=np.int8)
        self.exit_day = np.full(count, NEVER)
        self.exit_kind = np.full(count, STAYS)
        self.ends = term_ends(self.company, np.zeros(count, dtype=np.int64), span=self.span)
        self.climb_chance = {
            slug: np.stack([step_chance(rung, segment=s) for s in range(len(SEGMENTS))])
            for slug, rung in RUNGS.items()
        }
        self.odds = np.cumsum(transitions(), axis=1)
        self.start = np.cumsum(start_chances())
        self.hazard = np.stack(
            [
                [leaving_hazard(s, is_monthly=monthly) for monthly in (False, True)]
                for s in range(len(SEGMENTS))
            ]
        )

    def one_week(self, week: int) -> None:
        for name, values in self.now.items():
            self.path[name][:, week] = values
        here = np.flatnonzero((self.company.first_week <= week) & (self.exit_day == NEVER))
        state = self._move(here, week=week)
        self._decide(here, state, week=week)
        stays = ~self._leave(here, week=week)
        self._climb(here[stays], state[stays], week=week)

    def _move(self, here: Ints, *, week: int) -> Ints:
        drawn = self.rng.random(len(here))
        before = self.states[here, max(week - 1, 0)]
        moved = (drawn[:, None] > self.odds[before]).sum(axis=1)
        begun = np.searchsorted(self.start, drawn)
        state = np.minimum(np.where(before < 0, begun, moved), len(self.odds) - 1)
        self.states[here, week] = state
        return state

    def _decide(self, here: Ints, state: Ints, *, week: int) -> None:
        company, now = self.company, self.now
        asked = self.ends[here] // 7 - company.lead_weeks[here] == week
        due = asked & (now["doomed"][here] == 0)
        who, state = here[due], state[due]
        leaves = self.rng.random(len(who)) < self._chance_to_leave(who, state, week=week)
        now["doomed"][who[leaves]] = 1
        renews = who[~leaves]
        now["term"][renews] += 1
        self.ends[renews] = term_ends(company, now["term"], span=self.span)[renews]
        when = np.full(len(renews), week)
        self.renewed.append(
            (renews, now["term"][renews], when, state[~leaves], now["place"][renews])
        )

    def _chance_to_leave(self, who: Ints, state: Ints, *, week: int) -> Floats:
        company, now = self.company, self.now
        hazard: Floats = self.hazard[
            company.segment[who],
            company.is_monthly[who].astype(np.int64),
            state,
            now["place"][who],
            now["review"][who],
            now["integration"][who],
        ]
        shock = SHOCK if 7 * week >= self.shock_day else 1.0
        hazard = hazard * INDUSTRY_HAZARD[company.industry_group[who]] * shock
        return np.asarray(-np.expm1(-hazard))

    def _leave(self, here: Ints, *, week: int) -> Bools:
        """End the terms that were not renewed, then let some of the others be acquired."""
        churns = self.now["doomed"][here].astype(bool) & (self.ends[here] // 7 == week)
        drawn, weekday = self.rng.random(len(here)), self.rng.integers(7, size=len(here))
        acquired = ~churns & (drawn < ACQUIRED_A_WEEK)
        self.exit_day[here[churns]] = self.ends[here[churns]]
        self.exit_day[here[acquired]] = 7 * week + weekday[acquired]
        self.exit_kind[here[churns]] = CHURNS
        self.exit_kind[here[acquired]] = IS_ACQUIRED
        return np.asarray(churns | acquired)

    def _climb(self, here: Ints, state: Ints, *, week: int) -> None:
        place = self.now["place"][here]
        self._climb_spine(here, state, place=place, week=week)
        for slug, name in SIDE_NAMES.items():
            is_open = place >= side_gate(slug)
            self._climb_side(slug, here, state=state, is_open=is_open, week=week, name=name)
        slug, at = "dashboards_polished", self.now["dashboards"][here]
        is_open = (place >= side_gate(slug)) & (at < DASHBOARDS_DONE)
        steps = is_open & (
            self.rng.random(len(here)) < self._step_chance(slug, here, state=state)
        )
        self._note(here[steps], _index(slug), step=np.minimum(at[steps], 1), week=week)
        self.now["dashboards"][here] = np.where(
            steps, dashboards_after(at, stepped=True), dashboards_after(at, stepped=False)
        )

    def _climb_spine(self, here: Ints, state: Ints, *, place: Ints, week: int) -> None:
        chances = np.stack(
            [self._step_chance(slug, here, state=state) for slug in SPINE_SLUGS], axis=1
        )
        below = np.minimum(place, len(SPINE.rung) - 1)
        rung, step = SPINE.rung[below], SPINE.step[below]
        chance = np.where(place < SPINE.places - 1, chances[np.arange(len(here)), rung], 0.0)
        steps = self.rng.random(len(here)) < chance
        self._note(here[steps], rung[steps], step=step[steps], week=week)
        self.now["place"][here] = np.where(
            steps, SPINE.after_step[place], SPINE.after_miss[place]
        )

    def _climb_side(
        self, slug: str, here: Ints, *, state: Ints, is_open: Bools, week: int, name: str
    ) -> None:
        applies = np.array([segment in RUNGS[slug].segments for segment in SEGMENTS])
        at = self.now[name][here]
        asked = is_open & (at < RUNGS[slug].steps) & applies[self.company.segment[here]]
        steps = asked & (
            self.rng.random(len(here)) < self._step_chance(slug, here, state=state)
        )
        self._note(here[steps], _index(slug), step=at[steps], week=week)
        self.now[name][here] = at + steps

    def _step_chance(self, slug: str, here: Ints, *, state: Ints) -> Floats:
        return self.climb_chance[slug][self.company.segment[here], state]

    def _note(self, who: Ints, rung: Ints | int, *, step: Ints, week: int) -> None:
        rungs = np.broadcast_to(np.asarray(rung), who.shape)
        before = _WEEKDAY_ODDS[rungs]
        weekday = (self.rng.random(len(who))[:, None] >= before[:, 1:]).sum(axis=1)
        self.steps.append((who, rungs, step, np.full(len(who), week), 7 * week + weekday))

    def told(self) -> Journeys:
        for name, values in self.now.items():
            self.path[name][:, self.span.weeks] = values
        account, rung, step, week, day = _strung(self.steps)
        last = np.array([r.steps - 1 for r in RUNGS.values()])[rung]
        path = self.path
        return Journeys(
            state=self.states,
            place=path["place"],
            review=path["review"],
            integration=path["integration"],
            dashboards=path["dashboards"],
            term=path["term"],
            leaves_undecided=path["doomed"] == 0,
            exit_day=self.exit_day,
            exit_kind=self.exit_kind,
            steps=Steps(account, rung, step, week, day, step == last),
            renewals=Renewals(*_strung(self.renewed)),
        )


def _strung(parts: list[tuple[Ints, ...]]) -> list[Ints]:
    return [np.concatenate(part) for part in zip(*parts, strict=True)]


def _index(slug: str) -> int:
    return list(RUNGS).index(slug)


_WEEKDAY_ODDS: Floats = np.stack([rung.by_weekday for rung in RUNGS.values()])
