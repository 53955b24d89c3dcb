"""How much does each person use the product on each day, beyond the steps of the ladder?

Everybody has days on which they are there. The chance rises with the role, the person, the
account's hidden engagement and its own constant habit, and follows the weekdays and the year.
On such a day they log in and use some of the capabilities that their account has climbed to.
"""

from dataclasses import dataclass

import numpy as np

from features.simulated.company import Company
from features.simulated.journeys import Journeys
from features.simulated.ladder import RUNGS
from features.simulated.laws import SEGMENTS, level_of, sponsor_gone
from features.simulated.people import ADMIN, People
from features.simulated.weeks import NEVER, Bools, Floats, Ints, Span

CAPABILITIES = (
    "login",
    "source_synced",
    "workflow_edited",
    "workflow_run",
    "report_viewed",
    "dashboard_edited",
    "api_call",
    "export",
    "invite_sent",
    "comment",
)
DAY_CHANCE = np.array([0.28, 0.28, 0.13, 0.05])
"""Chance of a day of use at full engagement on a plain weekday, by role."""
LEVEL_USE = np.array([0.04, 0.22, 0.50, 0.80, 1.0])
LEVEL_BREADTH = np.array([0.45, 0.65, 0.85, 1.0, 1.1])
WEEKDAY_USE = np.array([0.98, 1.06, 1.06, 1.02, 0.9, 0.12, 0.08], dtype=np.float32)
WEEK_NOISE = 0.2
WINDING_DOWN = 0.7
"""What use shrinks to once it is decided not to renew."""
MOST = 0.9

# Chance to use a capability on a day of use, by role: admin, builder, member, viewer.
_WILL_USE = {
    "source_synced": (0.35, 0.15, 0.0, 0.0),
    "workflow_edited": (0.10, 0.35, 0.05, 0.0),
    "workflow_run": (0.10, 0.35, 0.25, 0.0),
    "report_viewed": (0.20, 0.10, 0.25, 0.45),
    "dashboard_edited": (0.05, 0.15, 0.05, 0.0),
    "api_call": (0.15, 0.15, 0.0, 0.0),
    "export": (0.05, 0.05, 0.10, 0.10),
    "comment": (0.10, 0.15, 0.20, 0.10),
}
QUANTITY = {"login": 0.4, "workflow_run": 6.0, "api_call": 60.0, "report_viewed": 1.0}
"""Mean of what is added to a quantity of one."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows of activity, in no order."""

    account: Ints
    user: Ints
    capability: Ints
    day: Ints
    second: Ints
    quantity: Ints
    may_be_late: Bools

    @classmethod
    def joined(cls, parts: "list[Rows]") -> "Rows":
        return cls(
            *(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__slots__)
        )

    def __len__(self) -> int:
        return len(self.account)


def free_from(company: Company, journeys: Journeys) -> Ints:
    """From which day on each capability (column) is used freely by each account (row)."""
    free = np.full((len(company), len(CAPABILITIES)), NEVER)
    for rung in RUNGS.values():
        if rung.capability is not None:
            reached = journeys.reached_day(rung.slug)
            if rung.opens_after is not None:
                asked = np.isin(np.array(SEGMENTS)[company.segment], rung.segments)
                reached = np.where(asked, reached, journeys.reached_day(rung.opens_after))
            free[:, CAPABILITIES.index(rung.capability)] = np.minimum(reached + 1, NEVER)
    free[:, CAPABILITIES.index("export")] = free[:, CAPABILITIES.index("workflow_edited")]
    return free


def season(span: Span) -> Floats:
    """How much is done in each week of the span against a plain one: holidays are quiet."""
    mondays = span.dates(7 * np.arange(span.weeks))
    of_year = (mondays - mondays.astype("datetime64[Y]")).astype(np.int64)
    wave = 1.0 + 0.06 * np.cos(2 * np.pi * (of_year - 75) / 365.25)
    christmas = np.where((of_year >= 354) | (of_year <= 2), 0.45, 1.0)
    august = np.where((of_year >= 208) & (of_year <= 236), 0.8, 1.0)
    return np.asarray(wave * christmas * august)


def days_of_use(
    company: Company,
    journeys: Journeys,
    *,
    people: People,
    span: Span,
    rng: np.random.Generator,
) -> tuple[Ints, Ints]:
    """Users and days on which they were there."""
    user, week = _user_weeks(journeys, people, span=span)
    account = people.account[user]
    weekly = _account_weeks(company, journeys, span=span, rng=rng)[account, week]
    personal = DAY_CHANCE[people.role] * people.intensity
    chance = (weekly * personal[user]).astype(np.float32)
    away = sponsor_gone(journeys.state)[account, week].astype(bool)
    chance[away & (people.role[user] == ADMIN)] = 0.0
    there = rng.random((len(user), 7), dtype=np.float32) < np.minimum(
        chance[:, None] * WEEKDAY_USE, MOST
    )
    at, weekday = np.nonzero(there)
    day = 7 * week[at] + weekday
    before_exit = day < journeys.exit_day[account[at]]
    return user[at[before_exit]], day[before_exit]


def _user_weeks(journeys: Journeys, people: People, *, span: Span) -> tuple[Ints, Ints]:
    """Every user in every week in which they have a desk in a living account."""
    gone = np.minimum(journeys.last_week() + 1, span.weeks)[people.account]
    weeks = np.maximum(np.minimum(people.until_week, gone) - people.from_week, 0)
    user = np.repeat(np.arange(len(people)), weeks)
    nth = np.arange(len(user)) - (np.cumsum(weeks) - weeks)[user]
    return user, people.from_week[user] + nth


def _account_weeks(
    company: Company, journeys: Journeys, *, span: Span, rng: np.random.Generator
) -> Floats:
    use = LEVEL_USE[level_of(np.maximum(journeys.state, 0))]
    noise = np.exp(rng.normal(0.0, WEEK_NOISE, use.shape))
    mood = np.where(journeys.leaves_undecided[:, 1:], 1.0, WINDING_DOWN)
    return use * noise * mood * season(span) * company.usage_factor[:, None]


def free_rows(
    company: Company,
    journeys: Journeys,
    *,
    people: People,
    days: tuple[Ints, Ints],
    rng: np.random.Generator,
) -> Rows:
    """One row per user, day and capability that they used of their own accord."""
    user, day = days
    account, role = people.account[user], people.role[user]
    breadth = LEVEL_BREADTH[level_of(journeys.state[account, day // 7])].astype(np.float32)
    free = free_from(company, journeys)
    parts = [(np.arange(len(user)), np.zeros(len(user), dtype=np.int64))]
    for name, by_role in _WILL_USE.items():
        column = CAPABILITIES.index(name)
        will = np.array(by_role, dtype=np.float32)[role] * breadth
        used = (rng.random(len(user), dtype=np.float32) < will) & (day >= free[account, column])
        at = np.flatnonzero(used)
        parts.append((at, np.full(len(at), column)))
    at, capability = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Rows(
        account=account[at],
        user=user[at],
        capability=capability,
        day=day[at],
        second=_office_hours(len(at), rng),
        quantity=_quantities(capability, rng),
        may_be_late=np.ones(len(at), dtype=bool),
    )


def invitations(journeys: Journeys, people: People, *, rng: np.random.Generator) -> Rows:
    """The lead administrator invites whoever comes later, in the week before they come."""
    week = people.created_day // 7
    opening = people.from_week[people.first_user[people.first_desk]]
    later = (people.from_week > opening[people.account]) & (people.desk > 0)
    present = journeys.state[people.account, week] >= 0
    present &= sponsor_gone(np.maximum(journeys.state[people.account, week], 0)) == 0
    invited = np.flatnonzero(later & present)
    account, week = people.account[invited], week[invited]
    return Rows(
        account=account,
        user=people.at_desk(account, np.zeros_like(account), week=week),
        capability=np.full(len(invited), CAPABILITIES.index("invite_sent")),
        day=people.created_day[invited],
        second=_office_hours(len(invited), rng),
        quantity=np.ones(len(invited), dtype=np.int64),
        may_be_late=np.ones(len(invited), dtype=bool),
    )


def _office_hours(count: int, rng: np.random.Generator) -> Ints:
    """Seconds of the day between seven in the morning and seven in the evening."""
    return rng.integers(7 * 3600, 19 * 3600, size=count)


def _quantities(capability: Ints, rng: np.random.Generator) -> Ints:
    mean = np.array([QUANTITY.get(name, 0.3) for name in CAPABILITIES])
    return 1 + rng.poisson(mean[capability])
