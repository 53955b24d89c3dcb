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

    def at_desk(self, account: Ints, desk: Ints, week: Ints) -> Ints:
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


def staff(
    company: Company, journeys: Journeys, *, span: Span, rng: np.random.Generator
) -> People:
    """Draw the people of some accounts."""
    admins = 1 + company.seats // SEATS_AN_ADMIN
    always = np.maximum(FIRST_BUILDERS, shared_desks(company.seats))
    filled = np.round(company.seats * rng.uniform(0.65, 0.95, len(company))).astype(np.int64)
    desks = np.maximum(filled, admins + always)
    account = np.repeat(np.arange(len(company)), desks)
    first_desk = np.cumsum(desks) - desks
    desk = np.arange(len(account)) - first_desk[account]
    is_core = desk < (admins + always)[account]
    starts, ends = _tenures(company.first_week[account], is_core, span, rng)
    is_admin = desk < admins[account]
    starts[is_admin, 1:], ends[is_admin, 0] = span.weeks, span.weeks
    gone = np.minimum(journeys.last_week() + 1, span.weeks)[account]
    sits = starts < np.minimum(gone, span.weeks)[:, None]
    at, occupant = np.nonzero(sits)
    leads = _new_sponsors(journeys)
    at, starts_at, ends_at = _with_sponsors(
        at, starts[at, occupant], ends[at, occupant], (first_desk[leads[0]], leads[1]), span
    )
    return _seated(company, at, starts_at, ends_at, account, desk, first_desk, admins, rng)


def _seated(
    company: Company,
    at: Ints,
    starts: Ints,
    ends: Ints,
    account: Ints,
    desk: Ints,
    first_desk: Ints,
    admins: Ints,
    rng: np.random.Generator,
) -> People:
    role = _roles(account, desk, admins, rng)
    week_before = 7 * starts - rng.integers(1, 5, size=len(at))
    return People(
        account=account[at],
        desk=desk[at],
        role=role[at],
        from_week=starts,
        until_week=ends,
        created_day=np.maximum(week_before, company.starts_day[account[at]]),
        intensity=np.exp(rng.normal(-0.08, 0.4, len(at))),
        desk_account=account,
        first_desk=first_desk,
        first_user=np.searchsorted(at, np.arange(len(account) + 1)),
        admins=admins,
    )


def _tenures(
    first_week: Ints, is_core: Bools, span: Span, rng: np.random.Generator
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
    at: Ints, starts: Ints, ends: Ints, arriving: tuple[Ints, Ints], span: Span
) -> tuple[Ints, Ints, Ints]:
    """Add the later lead administrators to desk 0 and end each one's time as the next comes."""
    desk, week = np.concatenate([at, arriving[0]]), np.concatenate([starts, arriving[1]])
    until = np.concatenate([ends, np.full(len(arriving[0]), span.weeks)])
    order = np.lexsort((week, desk))
    desk, week, until = desk[order], week[order], until[order]
    same = np.append(desk[1:] == desk[:-1], False)
    following = np.append(week[1:], span.weeks)
    return desk, week, np.where(same, np.minimum(until, following), until)


def _roles(account: Ints, desk: Ints, admins: Ints, rng: np.random.Generator) -> Ints:
    """Administrators first, then at least three builders, then whoever comes."""
    drawn = rng.choice([BUILDER, MEMBER, VIEWER], size=len(desk), p=(0.2, 0.5, 0.3))
    rank = desk - admins[account]
    return np.where(rank < 0, ADMIN, np.where(rank < FIRST_BUILDERS, BUILDER, drawn))
