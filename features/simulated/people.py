"""Who works in each account, in which role, from when until when?

Every account has desks. A desk has one occupant after another; the tables never say when
somebody leaves, they only fall silent. Desk 0 belongs to the lead administrator, the sponsor:
when the hidden state says that the sponsor is gone, all administrators are silent, until a new
lead administrator arrives. The first desks after the administrators are always occupied by
somebody, enough of them for every step of the ladder.
"""

from dataclasses import dataclass

import numpy as np

from features.simulated.company import Company
from features.simulated.journeys import Journeys
from features.simulated.laws import sponsor_gone
from features.simulated.weeks import Bools, Floats, Ints, Span

ROLES = ("admin", "builder", "member", "viewer")
ADMIN, BUILDER, MEMBER, VIEWER = range(4)
FIRST_BUILDERS = 3
SEATS_AN_ADMIN = 60
SHARED_SEATS = 0.5
"""Share of the seats whose collaboration is asked for by the ladder."""
OCCUPANTS = 3
LEAVES_DESK = 0.009
DESK_EMPTY = 0.12
ARRIVES = 0.07
"""Weekly chances: an occupant leaves, an empty desk is taken, a desk is first taken."""


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Desks, and one entry per user, sorted by account, desk and occupant."""

    account: Ints
    desk: Ints
    """Number of the desk within its account."""
    role: Ints
    from_week: Ints
    until_week: Ints
    """The first week in which the desk is no longer theirs."""
    created_day: Ints
    intensity: Floats
    desk_account: Ints
    first_desk: Ints
    """Position of each account's desk 0 among all desks."""
    first_user: Ints
    """Position of each desk's first occupant among all users; one more entry at the end."""
    admins: Ints
    """Administrators' desks in each account."""

    def __len__(self) -> int:
        return len(self.account)

    def at_desk(self, account: Ints, desk: Ints, *, week: Ints) -> Ints:
        """The user who sits there in that week: the last one who had come by then."""
        at = self.first_desk[account] + desk
        user = self.first_user[at]
        for _ in range(int(np.diff(self.first_user).max(initial=1)) - 1):
            following = np.minimum(user + 1, self.first_user[at + 1] - 1)
            user = np.where(self.from_week[following] <= week, following, user)
        return np.asarray(user)


def shared_desks(seats: Ints) -> Ints:
    """How many people make up the share of the seats that the ladder asks for."""
    return np.asarray(np.ceil(seats * SHARED_SEATS).astype(np.int64))


@dataclass(frozen=True, slots=True, eq=False)
class _Desks:
    """The desks of some accounts, sorted by account and number."""

    account: Ints
    number: Ints
    first: Ints
    """Position of each account's desk 0."""
    admins: Ints
    is_core: Bools
    """Whether the desk is never empty."""

    @classmethod
    def of(cls, company: Company, rng: np.random.Generator) -> "_Desks":
        admins = 1 + company.seats // SEATS_AN_ADMIN
        core = admins + np.maximum(FIRST_BUILDERS, shared_desks(company.seats))
        filled = np.round(company.seats * rng.uniform(0.65, 0.95, len(company)))
        desks = np.maximum(filled.astype(np.int64), core)
        account = np.repeat(np.arange(len(company)), desks)
        first = np.cumsum(desks) - desks
        number = np.arange(len(account)) - first[account]
        return cls(account, number, first, admins, number < core[account])

    @property
    def is_admins(self) -> Bools:
        return np.asarray(self.number < self.admins[self.account])


def staff(
    company: Company, journeys: Journeys, *, span: Span, rng: np.random.Generator
) -> People:
    """Draw the people of some accounts."""
    desks = _Desks.of(company, rng)
    at, starts, ends = _seated(desks, company, journeys=journeys, span=span, rng=rng)
    at, starts, ends = _with_sponsors(desks, journeys, seated=(at, starts, ends), span=span)
    account = desks.account[at]
    week_before = 7 * starts - rng.integers(1, 5, size=len(at))
    return People(
        account=account,
        desk=desks.number[at],
        role=_roles(desks, rng)[at],
        from_week=starts,
        until_week=ends,
        created_day=np.maximum(week_before, company.starts_day[account]),
        intensity=np.exp(rng.normal(-0.08, 0.4, len(at))),
        desk_account=desks.account,
        first_desk=desks.first,
        first_user=np.searchsorted(at, np.arange(len(desks.account) + 1)),
        admins=desks.admins,
    )


def _seated(
    desks: _Desks,
    company: Company,
    *,
    journeys: Journeys,
    span: Span,
    rng: np.random.Generator,
) -> tuple[Ints, Ints, Ints]:
    """Desk, first and one-past-last week of every occupant, sorted by desk and time."""
    starts, ends = _tenures(
        company.first_week[desks.account], desks.is_core, span=span, rng=rng
    )
    starts[desks.is_admins, 1:], ends[desks.is_admins, 0] = span.weeks, span.weeks
    gone = np.minimum(journeys.last_week() + 1, span.weeks)[desks.account]
    at, occupant = np.nonzero(starts < gone[:, None])
    return at, starts[at, occupant], ends[at, occupant]


def _tenures(
    first_week: Ints, is_core: Bools, *, span: Span, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """First and one-past-last week of up to three occupants of each desk."""
    size = (len(first_week), OCCUPANTS)
    stays = rng.geometric(LEAVES_DESK, size=size)
    empty = rng.geometric(DESK_EMPTY, size=size)
    empty[:, 0] = rng.geometric(ARRIVES, size=len(first_week)) - 1
    empty[is_core] = 0
    stays[:, -1] = span.weeks
    ends = first_week[:, None] + np.cumsum(stays + empty, axis=1)
    return ends - stays, np.minimum(ends, span.weeks)


def _new_sponsors(journeys: Journeys) -> tuple[Ints, Ints]:
    """Accounts and weeks in which a new lead administrator takes over."""
    gone = np.where(journeys.state >= 0, sponsor_gone(journeys.state), 0)
    back = (gone[:, :-1] == 1) & (gone[:, 1:] == 0) & (journeys.state[:, 1:] >= 0)
    account, week = np.nonzero(back)
    return account, week + 1


def _with_sponsors(
    desks: _Desks, journeys: Journeys, *, seated: tuple[Ints, Ints, Ints], span: Span
) -> tuple[Ints, Ints, Ints]:
    """Add the later lead administrators to desk 0 and end each one's time as the next comes."""
    who, arrival = _new_sponsors(journeys)
    desk = np.concatenate([seated[0], desks.first[who]])
    week = np.concatenate([seated[1], arrival])
    until = np.concatenate([seated[2], np.full(len(who), span.weeks)])
    order = np.lexsort((week, desk))
    desk, week, until = desk[order], week[order], until[order]
    same = np.append(desk[1:] == desk[:-1], False)
    following = np.append(week[1:], span.weeks)
    return desk, week, np.where(same, np.minimum(until, following), until)


def _roles(desks: _Desks, rng: np.random.Generator) -> Ints:
    """Administrators first, then at least three builders, then whoever comes."""
    drawn = rng.choice([BUILDER, MEMBER, VIEWER], size=len(desks.number), p=(0.2, 0.5, 0.3))
    rank = desks.number - desks.admins[desks.account]
    return np.where(rank < 0, ADMIN, np.where(rank < FIRST_BUILDERS, BUILDER, drawn))
